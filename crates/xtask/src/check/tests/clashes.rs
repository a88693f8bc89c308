//! Names that clash in Rust, and what their cures give.

use super::*;

#[test]
fn names_in_rust() {
    let word = |word: &str| json!({"type": "string", "enum": ["a b", word]});
    let schema = |name: &str| {
        let mut document =
            with(SCHEMAS, json!({ name: {"type": "object", "properties": {"a": {"type": "string"}}} }));
        document.pointer_mut(DRILL).unwrap()["more"] =
            json!({"$ref": format!("#/components/schemas/{name}")});
        document
    };
    let input = || {
        let mut document = with(SCHEMAS, json!({"DrillInput": {"type": "object"}}));
        document.pointer_mut(CHANGE).unwrap()["drill"] = json!({"$ref": "#/components/schemas/Drill"});
        document
    };
    expect(vec![
        (with(DRILL, json!({"userId": {}, "user_id": {}})), "Drill.userId", "as that of user_id"),
        (with(CHANGE, json!({"self": {}, "Self": {}})), "DrillChange.self", "self_"),
        (
            with(
                DRILL,
                json!({"in": {"allOf": [{"$ref": "#/components/schemas/DrillChange"}, {"properties": {"Name": {}}}]}}),
            ),
            "Drill.in.Name",
            "as that of name",
        ),
        (with(DRILL, json!({"word": word("a_b")})), "Drill.word", "would both be AB"),
        (
            with(DRILL, json!({"word": {"type": "string", "enum": ["other", "Other"]}})),
            "Drill.word",
            "OtherValue",
        ),
        (with(CHANGE, json!({"word": word("a-b")})), "DrillChange.word", "would both be"),
        (
            with(CHANGE, json!({"word": {"type": "string", "enum": ["+", "-"]}})),
            "DrillChange.word",
            "would both be",
        ),
        (with(CHANGE, json!({"word": {"enum": ["a"]}})), "DrillChange.word", "not one type"),
        (
            with(CHANGE, json!({"word": {"type": "string", "enum": ["a", 1]}})),
            "DrillChange.word",
            "another type",
        ),
        (schema("drill"), "drill", "as that of Drill"),
        (schema("Some"), "Some", "something else"),
        (schema("Secret"), "Secret", "something else"),
        (schema("Id"), "Id", "something else"),
        (input(), "Drill", "DrillInput is needed"),
    ]);
    for name in ["Result", "String", "foo-bar", "Box", "9lives"] {
        assert_eq!(check(&schema(name), &Ignored::default()), [], "{name}");
    }
    let fields = json!({"userId": {"x-ofauth-name": "No name"}});
    expect(vec![(with(DRILL, fields), "Drill.userId", "which no field can have")]);
    let named = with(&format!("{SCHEMAS}/Drill"), json!({"x-ofauth-name": "no name"}));
    expect(vec![(named, "Drill", "none that a type can have")]);
}

/// What the cures of clashes give is generated, with the wire's own names in it.
#[test]
fn renamed_parameters_and_fields_keep_their_names_on_the_wire() {
    let mut document = with(PARAMETERS, query("send", json!({"type": "string"})));
    document
        .pointer_mut(PARAMETERS)
        .and_then(Value::as_array_mut)
        .unwrap()
        .push(query("Word", json!({"type": "string"})));
    for at in [DRILL, CHANGE] {
        let fields = document.pointer_mut(at).and_then(Value::as_object_mut).unwrap();
        fields.extend([
            ("userId".to_owned(), json!({"type": "integer"})),
            ("user_id".to_owned(), json!({"type": "string"})),
        ]);
    }
    document.pointer_mut(SCHEMAS).unwrap()["Default"] = json!({"type": "object", "properties": {"a": {}}});
    document.pointer_mut(DRILL).unwrap()["default"] = json!({"$ref": "#/components/schemas/Default"});
    document.pointer_mut(CHANGE).unwrap()["default"] = json!({"$ref": "#/components/schemas/Default"});
    let mut lines = Vec::new();
    let found = check(&document, &Ignored::default());
    assert_eq!(found.len(), 4, "{found:#?}");
    paste(&mut document, &mut lines, &found);
    assert_eq!(check(&document, &Ignored::default()), []);
    let client = crate::typed::generated(&document).unwrap().client;
    let text = prettyplease::unparse(&client);
    for wanted in [
        "pub fn send_value<V>",
        "QueryParam::new(\"send\", &send_value)",
        "QueryParam::new(\"Word\", &word_value)",
        "#[serde(rename = \"userId\")]\n        pub other_user_id",
        "::std::default::Default::default()",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    assert!(!text.contains(" Default::default()"), "{text}");
}

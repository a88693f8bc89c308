//! What becomes of documents that nothing can be made of as they are.

use serde_json::{Value, json};

use super::*;

fn read(paths: Value, schemas: Value) -> Document {
    Document::read(&json!({
        "openapi": "3.1.0",
        "info": { "title": "Test", "version": "1" },
        "paths": paths,
        "components": { "schemas": schemas },
    }))
    .unwrap()
}

/// An operation that answers this.
fn answers(id: &str, schema: Value) -> Value {
    json!({ "get": { "operationId": id, "tags": ["T"], "responses": {
        "200": { "description": "", "content": { "application/json": { "schema": schema } } },
    } } })
}

fn with(parameters: Value) -> Value {
    let mut item =
        answers("odd_one", json!({ "type": "object", "properties": { "a": { "type": "string" } } }));
    item["get"]["parameters"] = parameters;
    item
}

/// Why the operation `odd_one` has no method, beside one that has.
fn reason(path: &str, item: Value, schemas: Value) -> Option<String> {
    let good = answers("good_one", json!({ "type": "object", "properties": { "id": { "type": "string" } } }));
    let typed = client(read(json!({ "/v2/good": good, path: item }), schemas)).unwrap();
    let text = prettyplease::unparse(&typed.client);
    assert!(text.contains("fn good_one"), "{text}");
    assert_eq!(text.contains("fn odd_one"), typed.raw_only.is_empty());
    typed.raw_only.into_iter().map(|raw| format!("{}: {}", raw.operation, raw.reason)).next()
}

#[test]
fn what_cannot_be_typed_is_left_out_and_says_why() {
    let place = |name: &str, place: &str, rest: Value| {
        let mut parameter =
            json!({ "name": name, "in": place, "required": place == "path", "schema": { "type": "string" } });
        parameter.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        parameter
    };
    let component = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let nested = json!({ "type": "array", "items": { "type": "object", "properties": {} } });
    for (path, item, schemas, said) in [
        ("/v2/{a}", with(json!([])), json!({}), "the parameter a of the path is not described"),
        ("/v2/a", with(json!([place("a", "path", json!({}))])), json!({}), "no place for the parameter a"),
        (
            "/v2/{a}",
            with(json!([place("a", "path", json!({})), place("a", "query", json!({}))])),
            json!({}),
            "two parameters have the name a",
        ),
        (
            "/v2/{a}",
            with(json!([place("a", "path", json!({ "style": "matrix" }))])),
            json!({}),
            "style matrix",
        ),
        (
            "/v2/a",
            with(json!([place("a", "query", json!({ "schema": nested }))])),
            json!({}),
            "a holds lists or objects",
        ),
        ("/v2/a", answers("odd_one", component("Gone")), json!({}), "Gone"),
        (
            "/v2/a",
            answers("odd_one", component("A")),
            json!({ "A": component("B"), "B": { "allOf": [component("A")] } }),
            "is made of itself",
        ),
        (
            "/v2/a",
            answers(
                "odd_one",
                json!({ "type": "object", "properties": {
                "userId": { "type": "string" }, "user_id": { "type": "string" },
            } }),
            ),
            json!({}),
            "user_id",
        ),
    ] {
        let reason = reason(path, item, schemas).unwrap_or_default();
        assert!(reason.starts_with("odd_one: ") && reason.contains(said), "{said}: {reason}");
    }
    let typed = client(read(
        json!({ "/v2/a": answers("type", json!({})), "/v2/b": answers("good_one", json!({})) }),
        json!({}),
    ));
    assert_eq!(typed.unwrap().raw_only[0].operation, "type");
}

#[test]
fn a_component_that_nobody_uses_stops_nothing() {
    let item = answers("odd_one", json!({ "type": "object", "properties": { "a": { "type": "string" } } }));
    let reference = json!({ "$ref": "#/components/schemas/Self" });
    assert_eq!(
        reason(
            "/v2/a",
            item,
            json!({ "Self": { "allOf": [reference] }, "other one": { "enum": ["+1", "-1"] } })
        ),
        None
    );
}

#[test]
fn what_cannot_stand_together_stands_apart() {
    // Each is fine alone: the second needs a name that the first has, for the form in which its type is sent.
    let odd = json!({ "$ref": "#/components/schemas/Odd" });
    let object = |field: &str| json!({ "type": "object", "properties": { field: { "type": "string" } } });
    let schemas = json!({ "OddInput": object("b"), "Odd": object("a") });
    let good = answers("good_one", json!({ "$ref": "#/components/schemas/OddInput" }));
    let mut both = answers("odd_one", odd.clone());
    both["get"]["requestBody"] =
        json!({ "required": true, "content": { "application/json": { "schema": odd } } });
    let document = read(json!({ "/v2/a": good, "/v2/b": both }), schemas);
    let typed = client(document.clone()).unwrap();
    let left: Vec<_> = typed.raw_only.iter().map(|raw| raw.operation.as_str()).collect();
    assert_eq!(left, ["odd_one"], "{:?}", typed.raw_only);
}

#[test]
fn deep_and_wide_schemas_end() {
    let mut deep = json!({ "type": "string" });
    for _ in 0..100 {
        deep = json!({ "type": "object", "properties": { "a": deep } });
    }
    let _ = reason("/v2/a", answers("odd_one", deep), json!({}));
    // Each is made of the next one twice.
    let schemas: Value = (0..40)
        .map(|at| {
            let next = json!({ "$ref": format!("#/components/schemas/A{}", at + 1) });
            (format!("A{at}"), json!({ "type": "object", "properties": { "x": next, "y": next } }))
        })
        .chain([("A40".to_owned(), json!({ "type": "string" }))])
        .collect::<serde_json::Map<_, _>>()
        .into();
    let item = answers("odd_one", json!({ "$ref": "#/components/schemas/A0" }));
    let document = read(json!({ "/v2/a": item.clone() }), schemas.clone());
    crate::emit::sandbox::sandbox(&document).unwrap();
    assert_eq!(reason("/v2/a", item, schemas), None);
}

#[test]
fn odd_requests_are_typed_all_the_same() {
    let text = json!({ "type": "string" });
    let list = json!({ "type": "array", "items": text });
    let parameter = |name: &str, place: &str, rest: Value| {
        let mut parameter = json!({ "name": name, "in": place, "required": place == "path", "schema": list });
        parameter.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        parameter
    };
    let map = json!({ "type": "object", "additionalProperties": text });
    let mut item = with(json!([
        parameter("a", "path", json!({})),
        parameter("commas", "query", json!({ "explode": false })),
        parameter("X-Ids", "header", json!({})),
        parameter("X-Must", "header", json!({ "required": true })),
        parameter("filter", "query", json!({ "style": "deepObject", "schema": map })),
        parameter("json", "query", json!({ "content": { "application/json": { "schema": map } } })),
        parameter("mixed", "query", json!({ "schema": { "type": ["string", "boolean", "null"] } })),
        parameter("any", "header", json!({ "schema": true })),
        parameter("word", "header", json!({ "schema": { "type": ["string", "null"], "enum": ["a", null] } })),
    ]));
    item["get"]["requestBody"] = json!({ "content": { "application/vnd.api+json": { "schema": {
        "type": "object",
        "properties": {
            "words": { "type": "string", "enum": ["+1", "-1"] },
            "twins": { "type": "string", "enum": ["a-b", "a_b"] },
            "three": { "const": 3 },
            "flag": { "const": true },
            "numbers": { "enum": [1, 2] },
            "tuple": { "prefixItems": [text], "items": false },
        },
    } } } });
    item["get"]["responses"]["200"]["content"] = json!({ "text/csv": { "schema": text } });
    assert_eq!(reason("/v2/{a}", item.clone(), json!({})), None);
    let text = prettyplease::unparse(&client(read(json!({ "/v2/{a}": item }), json!({}))).unwrap().client);
    for expected in [
        "json_as(&body, \"application/vnd.api+json\")",
        "from_static(\"text/csv\")",
        "client.text(request, \"odd_one\")",
        "ResponseValue<::std::string::String>",
        "\"commas\"",
        "operation::Style::Commas",
        "operation::Style::DeepObject",
        "operation::Style::Json",
        "let a = crate::parameter::text",
        "let x_must = crate::parameter::text",
        "let x_ids = x_ids",
        "pub three: ::std::option::Option<i64>",
    ] {
        assert!(squeezed(&text).contains(&squeezed(expected)), "{expected} is not in\n{text}");
    }
}

#[test]
fn odd_answers_are_typed_all_the_same() {
    let pet = |kind: &str, size: &str| {
        json!({ "type": "object", "properties": {
        "kind": { "const": kind }, "size": { "type": size },
    } })
    };
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let schemas = json!({
        "Cat": pet("cat", "integer"),
        "Dog": pet("dog", "string"),
        "Pet": { "oneOf": [reference("Cat"), reference("Dog")], "discriminator": { "propertyName": "kind" } },
        "Tree": { "oneOf": [{ "type": "object", "properties": { "a": { "type": "array", "items": reference("Tree") } } }, { "type": "string" }] },
    });
    let item = answers(
        "odd_one",
        json!({ "type": "object", "properties": {
        "pets": { "type": "array", "items": reference("Pet") },
        "pet": reference("Pet"),
        "inline": { "oneOf": [pet("a", "integer"), pet("b", "string")], "discriminator": { "propertyName": "kind" } },
        "either": { "oneOf": [reference("Cat"), reference("Dog")] },
        "mixed": { "type": ["object", "string", "null"] },
        "tree": reference("Tree"),
        "word": { "type": "string", "enum": ["a-b", "a_b", "other"] },
        "three": { "const": 3 },
        "nothing": { "const": null },
        "odd": { "properties": { "yes": true, "no": false } },
        "list": { "type": "array" },
    } }),
    );
    assert_eq!(reason("/v2/a", item.clone(), schemas.clone()), None);
    let made = client(read(json!({ "/v2/a": item }), schemas)).unwrap();
    let text = prettyplease::unparse(&made.client);
    for expected in [
        "Cat(::std::boxed::Box<Cat>)",
        "crate::tagged::tagged!",
        "pub enum OddOneResponseInline",
        "pub pets: ::std::vec::Vec<crate::generated::types::Pet>",
        "pub three: ::std::option::Option<i64>",
        "pub mixed: ::std::option::Option<::serde_json::Value>",
        "pub size: ::std::option::Option<::serde_json::Value>",
        "AB2",
    ] {
        assert!(squeezed(&text).contains(&squeezed(expected)), "{expected} is not in\n{text}");
    }
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}

#[test]
fn a_component_with_heirs_has_their_fields() {
    let base = json!({ "type": "object", "discriminator": { "propertyName": "kind" }, "properties": { "kind": { "type": "string" } } });
    let heir = |field: &str| json!({ "allOf": [{ "$ref": "#/components/schemas/Base" }, { "type": "object", "properties": { field: { "type": "integer" } } }] });
    let schemas = json!({ "Base": base, "One": heir("one"), "Two": heir("two") });
    let item = answers("odd_one", json!({ "$ref": "#/components/schemas/Base" }));
    let made = client(read(json!({ "/v2/a": item }), schemas)).unwrap();
    let text = squeezed(&prettyplease::unparse(&made.client));
    for field in ["kind", "one", "two"] {
        assert!(text.contains(&format!("pub{field}:::std::option::Option")), "{field}");
    }
}

#[test]
fn a_document_of_which_nothing_can_be_typed_has_a_client_all_the_same() {
    let document = read(json!({ "/v2/{a}": with(json!([])) }), json!({}));
    let typed = client(document.clone()).unwrap();
    assert_eq!(typed.raw_only.len(), 1);
    crate::emit::typed_calls::typed_calls(&typed.client, &document, &typed.raw_only).unwrap();
}

#[test]
fn a_list_of_itself_has_an_end_everywhere() {
    let list = json!({ "type": "array", "items": { "$ref": "#/components/schemas/List" } });
    let item = answers("odd_one", json!({ "$ref": "#/components/schemas/List" }));
    let document = read(json!({ "/v2/a": item }), json!({ "List": list }));
    crate::emit::schemas::schemas(&document).unwrap();
    crate::emit::sandbox::sandbox(&document).unwrap();
    crate::emit::table::table(&document).unwrap();
    client(document.clone()).unwrap();
}

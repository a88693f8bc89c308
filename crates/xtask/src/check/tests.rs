//! Small documents with what a check must say of them. Each cure is pasted where it says, and then nothing is left to say.

use serde_json::{Value, json};

use super::{Ignored, check};
use crate::complete::complete;
use crate::finding::Finding;
use crate::overlay::lay;

/// A document in which nothing is wrong: a list, a request with a body, and two named schemas.
fn right() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Test", "version": "1"},
        "servers": [{"url": "https://api.ofauth.com"}],
        "security": [{"apiKey": []}],
        "paths": {"/v2/access/drills/{drillId}": {
            "get": {
                "operationId": "get_drill",
                "parameters": [
                    {"name": "drillId", "in": "path", "required": true, "schema": {"type": "string"}},
                    {"name": "word", "in": "query", "schema": {"type": "string"}},
                ],
                "responses": {"200": answer("Drill")},
            },
            "put": {
                "operationId": "update_drill",
                "parameters": [{"name": "drillId", "in": "path", "required": true, "schema": {"type": "string"}}],
                "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DrillChange"}}}},
                "responses": {"200": {"description": "Done."}},
            },
        }},
        "components": {
            "schemas": {
                "Drill": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "kind": {"type": "string", "enum": ["a", "b"]}}},
                "DrillChange": {"type": "object", "properties": {"name": {"type": ["string", "null"]}}},
            },
            "securitySchemes": {"apiKey": {"type": "apiKey", "in": "header", "name": "apiKey"}},
        },
    })
}

fn answer(component: &str) -> Value {
    json!({"description": "It.", "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{component}")}}}})
}

const ITEM: &str = "/paths/~1v2~1access~1drills~1{drillId}";
const GET: &str = "/paths/~1v2~1access~1drills~1{drillId}/get";
const PUT: &str = "/paths/~1v2~1access~1drills~1{drillId}/put";
const PARAMETERS: &str = "/paths/~1v2~1access~1drills~1{drillId}/get/parameters";
const SCHEMAS: &str = "/components/schemas";
const DRILL: &str = "/components/schemas/Drill/properties";
const CHANGE: &str = "/components/schemas/DrillChange/properties";

/// The document with something laid over a place: members of an object, or an item more of a list.
fn with(at: &str, update: Value) -> Value {
    let mut document = right();
    let node = document.pointer_mut(at).unwrap_or_else(|| panic!("{at}"));
    match (node, update) {
        (Value::Object(node), Value::Object(update)) => node.extend(update),
        (Value::Array(node), update) => node.push(update),
        (node, update) => *node = update,
    }
    document.sort_all_objects();
    document
}

fn query(name: &str, schema: Value) -> Value {
    json!({"name": name, "in": "query", "schema": schema})
}

/// Writes the cures of findings into overlay and ignored, and looks again.
fn paste(document: &mut Value, lines: &mut Vec<Value>, findings: &[Finding]) {
    for finding in findings {
        let read = |text: &str| -> Vec<Value> {
            serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{finding}"))
        };
        if let Some((_, text)) = finding.cure.split_once("openapi/ignored.yaml, with a reason of your own:\n")
        {
            lines.extend(read(text));
        } else if let Some((_, text)) = finding.cure.split_once("openapi/overlay.yaml:\n") {
            let unmatched = lay(document, &json!({"overlay": "1.0.0", "actions": read(text)}));
            assert!(unmatched.is_empty(), "{finding}\n{unmatched:#?}");
        } else {
            panic!("no cure: {finding}");
        }
    }
    document.sort_all_objects();
}

/// What is wrong with a document, and that its cures cure it.
fn findings(mut document: Value) -> Vec<Finding> {
    let first = check(&document, &Ignored::default());
    let (mut left, mut lines) = (first.clone(), Vec::new());
    for _ in 0..3 {
        // One cure may take away what another would change.
        let Some(next) = left.first().cloned() else { break };
        paste(&mut document, &mut lines, std::slice::from_ref(&next));
        left = check(&document, &Ignored::read(&json!(lines)));
        assert!(!left.contains(&next), "the cure does not cure: {next}");
    }
    assert!(left.is_empty(), "{left:#?}");
    first
}

/// Each document has findings, and the first of these places has one with this text.
fn expect(rows: Vec<(Value, &str, &str)>) {
    assert_eq!(check(&right(), &Ignored::default()), []);
    for (document, place, text) in rows {
        let found = findings(document.clone());
        let hit = found.iter().any(|finding| finding.place == place && finding.problem.contains(text));
        assert!(hit, "no finding at {place:?} with {text:?}: {found:#?}");
    }
}

#[test]
fn documents_that_are_none() {
    expect(vec![
        (with("/openapi", json!("2.0")), "openapi", "2.0"),
        (with("/info/title", json!(null)), "info", "title"),
        (with("/info", json!("x")), "info", "version"),
        (with("/components/schemas", json!([])), "components.schemas", "no object"),
        (with(DRILL, json!({"any": true})), "Drill.any", "all or nothing"),
        (with(DRILL, json!({"any": {"enum": []}})), "Drill.any", "its enum is []"),
        (with(DRILL, json!({"any": {"type": "file"}})), "Drill.any", "its type is \"file\""),
        (with(DRILL, json!({"any": {"type": "string", "minLength": -1}})), "Drill.any", "minLength"),
        (with(DRILL, json!({"any": {"const": {"a": 1}}})), "Drill.any", "const is no plain value"),
        (with(DRILL, json!({"any": {"type": "string", "const": 3}})), "Drill.any", "its const has 3"),
        (with(CHANGE, json!({"any": {"type": "array", "enum": [[]]}})), "DrillChange.any", "not plain"),
        (
            with("/info", json!({"description": 3, "title": "T", "version": "1"})),
            "info",
            "its description is 3",
        ),
        (
            with(DRILL, json!({"any": {"type": "object", "properties": []}})),
            "Drill.any",
            "its properties is []",
        ),
        (with(DRILL, json!({"any": {"type": "object", "required": ["a", "a"]}})), "Drill.any", "required"),
    ]);
    for paths in [json!([]), json!({})] {
        let mut document = right();
        document["paths"] = paths;
        assert!(check(&document, &Ignored::default()).iter().any(|finding| finding.place == "paths"));
    }
    let mut deep = json!({"type": "string"});
    for _ in 0..90 {
        deep = json!({"type": "array", "items": deep});
    }
    let found = findings(with(DRILL, json!({"deep": deep})));
    assert!(found.iter().any(|finding| finding.problem.contains("nested")), "{found:#?}");
}

#[test]
fn operations() {
    let item = json!({"responses": {"200": {"description": "It."}}});
    let path = |path: &str| {
        with("/paths", json!({ path: {"get": {"operationId": "other", "responses": item["responses"]}} }))
    };
    let mut rows = vec![
        (with(ITEM, json!({"head": item})), "head /v2/access/drills/{drillId}", "not supported"),
        (with(ITEM, json!({"query": item})), "query /v2/access/drills/{drillId}", "not supported"),
        (with(ITEM, json!({"get": []})), "get /v2/access/drills/{drillId}", "no object"),
        (with("/paths", json!({"/a": {"$ref": "#/components/pathItems/A"}})), "paths /a", "another place"),
        (path("/a/:id"), "paths /a/:id", "looks like a parameter"),
        (path("/a/{id"), "paths /a/{id", "braces"),
        (path("/a/{}"), "paths /a/{}", "braces"),
        (path("a"), "paths a", "slash"),
        (path("/a?b=1"), "paths /a?b=1", "no query"),
        (path("/a/{id}/{id}"), "paths /a/{id}/{id}", "twice"),
        (with(GET, json!({"operationId": "update_drill"})), "put /v2/access/drills/{drillId}", "that of get"),
        (
            with(GET, json!({"operationId": "getV2Drill"})),
            "get /v2/access/drills/{drillId}",
            "no name for a method",
        ),
        (
            with(GET, json!({"operationId": "type"})),
            "get /v2/access/drills/{drillId}",
            "no name for a method",
        ),
        (with(GET, json!({"operationId": ""})), "get /v2/access/drills/{drillId}", "no operationId"),
        (
            with(GET, json!({"responses": {"302": {"description": "There."}}})),
            "get /v2/access/drills/{drillId}",
            "no success",
        ),
        (with(GET, json!({"responses": {}})), "get /v2/access/drills/{drillId}", "no success"),
        (
            with(GET, json!({"responses": {"default": answer("Drill")}})),
            "get /v2/access/drills/{drillId}",
            "no success",
        ),
        (with(GET, json!({"responses": []})), "get /v2/access/drills/{drillId}", "no object"),
        (
            with(&format!("{GET}/responses"), json!({"ok": {"description": "It."}})),
            "get /v2/access/drills/{drillId} ok",
            "no response",
        ),
        (with(PUT, json!({"requestBody": {}})), "put /v2/access/drills/{drillId} body", "no media type"),
    ];
    let mut gone = right();
    gone.pointer_mut(GET).and_then(Value::as_object_mut).unwrap().remove("responses");
    rows.push((gone, "get /v2/access/drills/{drillId}", "no responses"));
    expect(rows);
}

#[test]
fn parameters_and_their_places() {
    let get = "get /v2/access/drills/{drillId}";
    let parameter = |parameter: Value| with(PARAMETERS, parameter);
    let plain = || json!({"type": "string"});
    let first = |member: &str, value: Value| with(&format!("{PARAMETERS}/0"), json!({ member: value }));
    let shared = |parameter: Value| {
        let mut document = with(ITEM, json!({"parameters": [parameter]}));
        document.sort_all_objects();
        document
    };
    let referred = |value: Value| {
        let mut document = with(PARAMETERS, json!({"$ref": "#/components/parameters/P"}));
        document["components"]["parameters"] = json!({ "P": value });
        document
    };
    let at = |rest: &str| format!("{get} {rest}");
    let rows = vec![
        (with(GET, json!({"parameters": []})), at("path drillId"), "no parameter is declared"),
        (
            parameter(json!({"name": "other", "in": "path", "required": true, "schema": plain()})),
            at("path other"),
            "does not name it",
        ),
        (
            shared(json!({"name": "other", "in": "path", "required": true, "schema": plain()})),
            at("path other"),
            "does not name it",
        ),
        (
            referred(json!({"name": "other", "in": "path", "required": true, "schema": plain()})),
            at("path other"),
            "does not name it",
        ),
        (first("required", json!(false)), at("path drillId"), "not required"),
        (parameter(query("word", plain())), at("query word"), "declared twice"),
        (parameter(query("drillId", plain())), at("query drillId"), "path drillId is"),
        (parameter(query("Word", plain())), at("query Word"), "query word is"),
        (parameter(query("send", plain())), at("query send"), "a method of the builder"),
        (parameter(query("+", plain())), at("query +"), "nothing"),
        (parameter(query("", plain())), at("query "), "no name"),
        (parameter(json!({"name": "sid", "in": "cookie", "schema": plain()})), at("cookie sid"), "cookie"),
        (
            parameter(json!({"name": "sid", "in": "body", "schema": plain()})),
            at("body sid"),
            "path, query and header",
        ),
        (
            parameter(json!({"name": "apiKey", "in": "header", "required": true, "schema": plain()})),
            at("header apiKey"),
            "writes itself",
        ),
        (
            parameter(json!({"name": "a b", "in": "header", "schema": plain()})),
            at("header a b"),
            "no name of a header",
        ),
        (
            parameter(json!({"name": "q", "in": "query", "allowReserved": true, "schema": plain()})),
            at("query q allowReserved"),
            "reserved",
        ),
        (
            parameter(json!({"name": "q", "in": "query", "content": {"application/json": {"schema": {}}}})),
            at("query q"),
            "a content instead",
        ),
        (parameter(json!({"name": "q", "in": "query"})), at("query q"), "no schema"),
        (parameter(query("q", json!({}))), at("query q"), "no type"),
        (parameter(query("q", json!({"type": ["string", "boolean"]}))), at("query q"), "boolean, string"),
        (
            parameter(query("q", json!({"type": "array", "items": {"type": "object"}}))),
            at("query q"),
            "lists or objects",
        ),
        (parameter(query("q", json!({"type": "array"}))), at("query q"), "items have no type"),
        (parameter(query("q", json!({"type": "object"}))), at("query q"), "style form"),
        (referred(query("q", json!({"type": "object"}))), at("query q"), "style form"),
        (
            parameter(json!({"name": "q", "in": "header", "schema": {"type": "object"}})),
            at("header q"),
            "where no style",
        ),
        (
            parameter(json!({"name": "q", "in": "header", "style": "form", "schema": plain()})),
            at("header q"),
            "style form",
        ),
        (first("style", json!("matrix")), at("path drillId"), "style matrix"),
        (first("style", json!("label")), at("path drillId"), "style label"),
        (
            parameter(
                json!({"name": "f", "in": "query", "style": "deepObject", "schema": {"type": "object", "properties": {"a": {"type": "object"}, "b": plain()}}}),
            ),
            at("query f[a]"),
            "no plain value",
        ),
        (
            parameter(
                json!({"name": "f", "in": "query", "style": "deepObject", "schema": {"type": "object", "additionalProperties": true, "properties": {"b": plain()}}}),
            ),
            at("query f"),
            "without a name",
        ),
        (with(GET, json!({"parameters": {}})), get.to_owned(), "no list"),
    ];
    expect(rows.iter().map(|(document, place, text)| (document.clone(), place.as_str(), *text)).collect());
    let body = query("body", plain());
    let mut document = with(PUT, json!({}));
    document.pointer_mut(&format!("{PUT}/parameters")).and_then(Value::as_array_mut).unwrap().push(body);
    expect(vec![(document, "put /v2/access/drills/{drillId} query body", "the body is")]);
}

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

#[test]
fn references() {
    let to = |reference: &str| with(DRILL, json!({"more": {"$ref": reference}}));
    expect(vec![
        (to("#/components/schemas/Gone"), "Drill.more", "points to nothing"),
        (to("other.yaml#/A"), "Drill.more", "out of the document"),
        (to("https://example.com/a.json"), "Drill.more", "out of the document"),
        (to("#/components/schemas/Drill/properties/id"), "Drill.more", "no named schema"),
        (to("#anchor"), "Drill.more", "points to nothing"),
        (with(SCHEMAS, json!({"Loop": {"$ref": "#/components/schemas/Loop"}})), "Loop", "consists of itself"),
        (
            with(
                SCHEMAS,
                json!({"A": {"allOf": [{"$ref": "#/components/schemas/B"}]}, "B": {"allOf": [{"$ref": "#/components/schemas/A"}]}}),
            ),
            "A",
            "consists of itself",
        ),
        (
            with(PARAMETERS, json!({"$ref": "#/components/parameters/Gone"})),
            "get /v2/access/drills/{drillId} parameters 2",
            "points to nothing",
        ),
        (
            with(GET, json!({"responses": {"200": {"$ref": "#/components/responses/Gone"}}})),
            "get /v2/access/drills/{drillId} responses 200",
            "points to nothing",
        ),
        (
            with(PUT, json!({"requestBody": {"$ref": "#/components/requestBodies/Gone"}})),
            "put /v2/access/drills/{drillId} requestBody",
            "points to nothing",
        ),
    ]);
    let recursive = with(
        DRILL,
        json!({"parts": {"type": "array", "items": {"$ref": "#/components/schemas/Drill"}}, "$ref": {"type": "string"}}),
    );
    assert_eq!(check(&recursive, &Ignored::default()), []);
}

#[test]
fn bodies_and_answers() {
    let inner = json!({"type": "object", "properties": {"a": {"type": ["integer", "null"]}}});
    let forms = |forms: Value| with(DRILL, json!({ "more": {"oneOf": forms} }));
    expect(vec![
        (with(CHANGE, json!({"inner": inner})), "DrillChange.inner", "no name"),
        (with(CHANGE, json!({"inner": {"type": "array", "items": inner}})), "DrillChange.inner[]", "no name"),
        (
            forms(json!([{"$ref": "#/components/schemas/Drill"}, {"type": "string"}])),
            "Drill.more",
            "no common form",
        ),
        (
            forms(json!([{"type": "array", "items": {}}, {"type": "array", "items": {"type": "string"}}])),
            "Drill.more",
            "no common form",
        ),
        (
            with(DRILL, json!({"more": {"type": ["object", "string", "null"]}})),
            "Drill.more",
            "no common form",
        ),
    ]);
    for right in [
        json!([{"$ref": "#/components/schemas/Drill"}, {"type": "null"}]),
        json!([{"type": "string"}, {"type": "boolean"}]),
        json!([{"type": "array", "items": {}}, {"$ref": "#/components/schemas/Drill"}]),
    ] {
        assert_eq!(check(&forms(right), &Ignored::default()), []);
    }
}

#[test]
fn marks() {
    let get = "get /v2/access/drills/{drillId}";
    let mark = |name: &str, value: Value| with(GET, json!({ name: value }));
    let field = |field: Value| with(DRILL, json!({ "more": field }));
    expect(vec![
        (mark("x-ofauth-retry", json!("sometimes")), get, "repeatable or once"),
        (mark("x-ofauth-success", json!(true)), get, "optional"),
        (mark("x-ofauth-unconfirmed", json!("yes")), get, "it is true"),
        (mark("x-ofauth-unconfirmed-parameters", json!(["gone", "word"])), get, "\"gone\""),
        (mark("x-ofauth-setters", json!({"query gone": "a"})), get, "not there"),
        (mark("x-ofauth-setters", json!({"query word": "send it"})), get, "no setter can have"),
        (mark("x-ofauth-retries", json!("once")), get, "none of the marks"),
        (mark("x-ofauth-page", json!({"style": "offset", "items": "list"})), get, "\"offset\""),
        (mark("x-ofauth-page", json!("some")), get, "use none"),
        (with(PARAMETERS, query("limit", json!({"type": "integer"}))), get, "x-ofauth-page is missing"),
        (field(json!({"type": "object", "x-ofauth-secret": true})), "Drill.more", "no plain text"),
        (field(json!({"type": "string", "x-ofauth-secret": "yes"})), "Drill.more", "it is true"),
        (field(json!({"type": "string", "x-ofauth-kept": true})), "Drill.more", "does not require it"),
        (
            field(json!({"type": "array", "items": {"type": "string", "x-ofauth-secret": true}})),
            "Drill.more[]",
            "no mark for this place",
        ),
        (field(json!({"type": "string", "x-ofauth-hidden": true})), "Drill.more", "no mark for this place"),
    ]);
    let mut list = with(PARAMETERS, query("offset", json!({"type": "integer"})));
    list.pointer_mut(GET).unwrap()["x-ofauth-page"] = json!({"style": "offset", "items": "kind"});
    expect(vec![(list, get, "which is no list")]);
}

#[test]
fn what_is_dropped_needs_a_line() {
    let get = "get /v2/access/drills/{drillId}";
    let at = |rest: &str| format!("{get} {rest}");
    let event = |name: &str| {
        let schema = json!({"oneOf": [
            {"properties": {"type": {"type": "string", "enum": [name]}}},
            {"properties": {"type": {"const": "connection.created"}}},
        ]});
        with(
            "",
            json!({"webhooks": {"events": {"post": {"requestBody": {"content": {"application/json": {"schema": schema}}}}}}}),
        )
    };
    let rows = vec![
        (with(GET, json!({"callbacks": {"done": {}}})), at("callbacks done"), "callback"),
        (with(GET, json!({"servers": []})), at("servers"), "servers of its own"),
        (
            with(ITEM, json!({"servers": []})),
            "paths /v2/access/drills/{drillId} servers".to_owned(),
            "servers of its own",
        ),
        (with(GET, json!({"security": []})), at("security"), "another way"),
        (with(GET, json!({"security": [{"oauth": []}]})), at("security"), "another way"),
        (with("/security", json!({"oauth": []})), String::new(), ""),
        (with("", json!({"security": [{"oauth": []}]})), "security".to_owned(), "another way"),
        (
            with("/servers", json!({"url": "https://eu.ofauth.com"})),
            "servers https://eu.ofauth.com".to_owned(),
            "no server that",
        ),
        (with(&format!("{GET}/responses/200"), json!({"links": {"next": {}}})), at("200 links next"), "link"),
        (event("realtime.new.thing"), "webhooks realtime.new.thing".to_owned(), "does not know"),
    ];
    let (silent, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(_, place, _)| place.is_empty());
    expect(rows.iter().map(|(document, place, text)| (document.clone(), place.as_str(), *text)).collect());
    // The key is still one of the ways.
    assert!(silent.iter().all(|(document, ..)| check(document, &Ignored::default()).is_empty()));
    assert_eq!(check(&event("realtime.post.published"), &Ignored::default()), []);
}

#[test]
fn what_only_lowering_knows_is_a_finding() {
    let mut document = with(DRILL, json!({"part": {"type": "object", "properties": {"a": {}}}}));
    document.pointer_mut(SCHEMAS).unwrap()["DrillPart"] = json!({"type": "string"});
    document.pointer_mut(CHANGE).unwrap()["part"] = json!({"$ref": "#/components/schemas/DrillPart"});
    expect(vec![(document, "the document", "DrillPart is needed")]);
}

#[test]
fn a_line_that_says_nothing_is_a_finding() {
    let document = with(GET, json!({"callbacks": {"done": {}}}));
    let place = "get /v2/access/drills/{drillId} callbacks done";
    for (lines, wanted) in [
        (json!([{"place": place, "reason": "Nobody needs it."}]), None),
        (json!([{"place": place}]), Some("has no reason")),
        (json!([{"place": place, "reason": "a"}, {"place": place, "reason": "b"}]), Some("there twice")),
        (
            json!([{"place": place, "reason": "a"}, {"place": "get /gone callbacks x", "reason": "b"}]),
            Some("any more"),
        ),
        (json!("x"), Some("no list of lines")),
    ] {
        let found = check(&document, &Ignored::read(&lines));
        let text: Vec<String> = found.iter().map(Finding::to_string).collect();
        match wanted {
            None => assert!(found.is_empty(), "{text:?}"),
            Some(wanted) => assert!(text.iter().any(|text| text.contains(wanted)), "{lines}: {text:?}"),
        }
    }
}

#[test]
fn a_new_operation_is_completed_before_it_is_checked() {
    let mut document = with(
        "/paths",
        json!({"/v2/access/stories": {"post": {"responses": {"200": {"description": "It."}}}}}),
    );
    complete(&mut document);
    assert_eq!(check(&document, &Ignored::default()), []);
}

/// Numbers that are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most.max(1)
    }

    /// A place of the value, changed in one of the ways in which documents are wrong.
    fn mutate(&mut self, value: &mut Value, words: &[String]) {
        let odd = |chance: &mut Self| match chance.below(12) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(-1),
            3 => json!(1.5e300),
            4 => json!([]),
            5 => json!({}),
            6 => json!({"$ref": "#/components/schemas/Drill"}),
            7 => json!({"$ref": "#/paths"}),
            8 => json!([null, "a", {"type": "object"}]),
            9 => json!(""),
            _ => words.get(chance.below(words.len())).map_or(Value::Null, |word| json!(word)),
        };
        match value {
            Value::Object(members) if !members.is_empty() && self.below(5) > 0 => {
                let name = members.keys().nth(self.below(members.len())).unwrap().clone();
                match self.below(12) {
                    0 => drop(members.remove(&name)),
                    1 => {
                        let value = members.remove(&name).unwrap();
                        members.insert(words[self.below(words.len())].clone(), value);
                    }
                    2 => drop(members.insert(words[self.below(words.len())].clone(), odd(self))),
                    _ => self.mutate(&mut members[&name], words),
                }
            }
            Value::Array(items) if !items.is_empty() && self.below(4) > 0 => {
                let index = self.below(items.len());
                match self.below(5) {
                    0 => drop(items.remove(index)),
                    1 => items.push(items[index].clone()),
                    _ => self.mutate(&mut items[index], words),
                }
            }
            other => *other = odd(self),
        }
    }
}

/// Every name and text of a document, to put where they do not belong.
fn words(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            all.push(name.clone());
            words(value, all);
        }),
        Value::Array(items) => items.iter().for_each(|item| words(item, all)),
        Value::String(text) => all.push(text.clone()),
        _ => {}
    }
}

#[test]
fn no_document_makes_it_panic_and_what_it_lets_pass_can_be_lowered() {
    let mut all = [
        "",
        "type",
        "Self",
        "+1",
        "ä",
        "'",
        "{x}",
        ":x",
        "$ref",
        "nullable",
        "const",
        "deepObject",
        "multipart/form-data",
        "head",
    ]
    .map(str::to_owned)
    .to_vec();
    words(&right(), &mut all);
    let mut passed = 0;
    for seed in 0..3_000 {
        let mut chance = Chance(seed);
        let mut document = right();
        for _ in 0..=chance.below(4) {
            chance.mutate(&mut document, &all);
        }
        complete(&mut document);
        let found = check(&document, &Ignored::default());
        passed += usize::from(found.is_empty());
        assert!(found.iter().all(|finding| !finding.cure.is_empty()), "{found:#?}");
    }
    assert!(passed > 100, "{passed}");
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

//! Schemas, marks, and what is dropped.

use super::*;
use crate::complete::complete;

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
    ]);
    for right in [
        json!([{"$ref": "#/components/schemas/Drill"}, {"type": "null"}]),
        json!([{"type": "string"}, {"type": "boolean"}]),
        json!([{"$ref": "#/components/schemas/Drill"}, {"type": "string"}]),
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

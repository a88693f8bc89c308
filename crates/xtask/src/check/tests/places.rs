//! Documents, operations and parameters.

use super::*;

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

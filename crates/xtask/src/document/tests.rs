//! What reading a document settles, and what it leaves out.

use serde_json::{Value, json};

use super::*;

fn document(item: Value, components: Value) -> Result<Document> {
    Document::read(&json!({
        "openapi": "3.1.0",
        "info": { "title": "Test", "version": "1" },
        "paths": { "/v2/{id}": item },
        "components": components,
    }))
}

#[test]
fn shared_parts_are_inlined() {
    let item = json!({
        "parameters": [
            { "$ref": "#/components/parameters/Id" },
            { "name": "limit", "in": "query", "description": "of the path", "schema": {} },
        ],
        "get": {
            "operationId": "get_it",
            "parameters": [{ "name": "limit", "in": "query", "description": "of the operation", "schema": {} }],
            "responses": { "2xx": { "$ref": "#/components/responses/One" }, "default": { "description": "" } },
        },
    });
    let components = json!({
        "parameters": { "Id": { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } } },
        "responses": { "One": { "$ref": "#/components/responses/Two" }, "Two": {
            "description": "Two",
            "content": { "text/html": {}, "application/json": { "schema": { "type": "object" }, "example": { "a": 1 } } },
        } },
    });
    let document = document(item, components).unwrap();
    let operation = &document.operations[0];
    let parameters: Vec<_> =
        operation.parameters.iter().map(|p| (p.name.as_str(), p.description.as_str())).collect();
    assert_eq!(parameters, [("id", ""), ("limit", "of the operation")]);
    let (status, response) = operation.success().unwrap();
    assert_eq!((status.as_str(), response.description.as_str()), ("2XX", "Two"));
    assert_eq!(response.schema, Some(json!({ "type": "object" })));
    assert_eq!(response.example, Some(json!({ "a": 1 })));
    assert!(operation.responses.contains_key("default"));
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    let responses = json!({ "200": { "description": "" } });
    for (operation, expected) in [
        (json!({ "responses": responses }), "overlay.yaml"),
        (json!({ "operationId": "a" }), "responses"),
        (
            json!({ "operationId": "a", "responses": { "200": { "$ref": "#/components/gone" } } }),
            "#/components/gone",
        ),
    ] {
        let error = format!("{:#}", document(json!({ "get": operation }), json!({})).unwrap_err());
        assert!(error.contains("get /v2/{id}") && error.contains(expected), "{error}");
    }
}

#[test]
fn what_is_left_out_is_told() {
    let header = |name: &str| json!({ "name": name, "in": "header", "schema": {} });
    let operation = json!({
        "operationId": "a",
        "parameters": [{ "name": "session", "in": "cookie" }, header("apiKey"), header("Accept"), header("x-other")],
        "responses": { "200": { "description": "", "links": {} } },
        "callbacks": {},
        "security": [],
    });
    let document = document(json!({ "get": operation, "head": {}, "servers": [] }), json!({})).unwrap();
    let told: Vec<_> = document.dropped.iter().map(|it| (it.place.as_str(), it.what.as_str())).collect();
    assert_eq!(
        told,
        [
            ("/v2/{id}", "servers"),
            ("get /v2/{id}", "callbacks"),
            ("get /v2/{id}", "cookie session"),
            ("get /v2/{id}", "links of 200"),
            ("get /v2/{id}", "security"),
            ("head /v2/{id}", "the operation"),
        ]
    );
    let names: Vec<_> = document.operations[0].parameters.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["x-other"]);
}

#[test]
fn a_path_may_stand_elsewhere() {
    let operation = json!({ "operationId": "a", "responses": {} });
    let components = json!({ "pathItems": { "A": { "get": operation } } });
    let document = document(json!({ "$ref": "#/components/pathItems/A" }), components).unwrap();
    assert_eq!(document.operations[0].id, "a");
}

#[test]
fn style_and_explode_have_their_defaults() {
    let style = |place: &str, rest: Value| {
        let mut parameter = json!({ "name": "it", "in": place, "schema": {} });
        parameter.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        let item = json!({ "get": { "operationId": "a", "parameters": [parameter], "responses": {} } });
        document(item, json!({})).unwrap().operations[0].parameters[0].style()
    };
    for (place, rest, expected) in [
        ("query", json!({}), Style::Repeated),
        ("query", json!({ "explode": false }), Style::Commas),
        ("query", json!({ "style": "form" }), Style::Repeated),
        ("query", json!({ "style": "spaceDelimited" }), Style::Spaces),
        ("query", json!({ "style": "pipeDelimited", "explode": false }), Style::Pipes),
        ("query", json!({ "style": "pipeDelimited", "explode": true }), Style::Repeated),
        ("query", json!({ "style": "deepObject", "explode": true }), Style::DeepObject),
        ("query", json!({ "style": "simple" }), Style::Other),
        ("query", json!({ "content": { "application/json": { "schema": {} } } }), Style::Json),
        ("query", json!({ "content": { "text/plain": {} } }), Style::Other),
        ("path", json!({}), Style::Commas),
        ("path", json!({ "explode": true }), Style::Fields),
        ("path", json!({ "style": "matrix" }), Style::Other),
        ("path", json!({ "style": "label" }), Style::Other),
        ("header", json!({ "style": "simple" }), Style::Commas),
    ] {
        assert_eq!(style(place, rest.clone()), expected, "{place} {rest}");
    }
}

#[test]
fn of_several_media_types_json_counts_and_the_others_are_kept() {
    for (types, chosen, form) in [
        (
            vec!["application/xml", "application/problem+json", "application/json"],
            "application/json",
            Form::Json,
        ),
        (vec!["application/xml", "application/vnd.api+json"], "application/vnd.api+json", Form::Json),
        (vec!["application/json; charset=utf-8"], "application/json; charset=utf-8", Form::Json),
        (vec!["text/csv"], "text/csv", Form::Text),
        (vec!["text/event-stream"], "text/event-stream", Form::Text),
        (vec!["application/octet-stream"], "application/octet-stream", Form::Bytes),
        (vec!["image/png"], "image/png", Form::Bytes),
        (vec!["*/*"], "*/*", Form::Json),
    ] {
        let content: Object = types.iter().map(|it| ((*it).to_owned(), json!({ "schema": {} }))).collect();
        let response = json!({ "description": "", "content": content });
        let item = json!({ "get": { "operationId": "a", "responses": { "200": response } } });
        let document = document(item, json!({})).unwrap();
        let (_, response) = document.operations[0].success().unwrap();
        assert_eq!(
            (response.media_type.as_deref(), response.form()),
            (Some(chosen), Some(form)),
            "{types:?}"
        );
        assert_eq!(response.others.len(), types.len() - 1);
    }
}

#[test]
fn a_reference_to_itself_is_an_error() {
    let operation =
        json!({ "operationId": "a", "responses": { "200": { "$ref": "#/components/responses/A" } } });
    let components = json!({ "responses": { "A": { "$ref": "#/components/responses/A" } } });
    let error = format!("{:#}", document(json!({ "get": operation }), components).unwrap_err());
    assert!(error.contains("leads back to itself"), "{error}");
}

//! Writes what the sandbox knows of the document, as JSON.
//!
//! The file is a list with one operation per line, sorted by id:
//!
//! ```json
//! {
//!   "id": "list_vault_media",
//!   "method": "GET",
//!   "path": "/v2/access/vault/media",
//!   "tag": "Vault",
//!   "connection": "required",
//!   "permission": "vault:read",
//!   "parameters": [{"name": "limit", "in": "query", "required": false, "type": "integer", "schema": {…}}],
//!   "page": {"style": "offset", "place": "offset", "items": "list", "more": "hasMore", "next": null, "size": "limit",
//!            "usual": 24, "most": 40},
//!   "body": "none",
//!   "request": null,
//!   "status": 200,
//!   "response": {"list": [], "hasMore": false}
//! }
//! ```
//!
//! - `connection`: `required`, `optional` or `none`: whether `x-connection-id` is sent. It is not among `parameters`.
//! - `permission`: the permission of the connection, or the scope of the key, or null.
//! - `parameters`: `type` is `string`, `integer`, `number`, `boolean`, `id` (text or number), `array` or `object`.
//!   `schema` is as of `request`, and has the `default`. `style` is how an array or an object is written: `form` (the name is
//!   repeated, or the fields are pairs of their own), `deepObject` (`name[field]=value`), or one text: `commas`, `spaces`,
//!   `pipes`, `fields` (`a=1,b=2`), `json`; `other` is a form that the document does not define. `deprecated` is there if it is
//!   true.
//! - `page`: how a long list is handed out, or null: the style and the members of the mark `x-ofauth-page`, the parameter
//!   that takes a `place` in the list, and how long a page is without `size` (`usual`) and at `most`, if that is documented.
//! - `body`: `none`, `json`, `optional-json`, `bytes` or `optional-bytes`.
//! - `request`: JSON Schema 2020-12 without references, in the document's own terms: `type` (a name or a list),
//!   `properties`, `required`, `items`, `additionalProperties`, `enum`, `oneOf`, `anyOf`, `allOf`, the limits. A schema
//!   that contains itself is cut off with `{}`, which allows anything. Null unless the body is JSON.
//! - `status`: the documented success.
//! - `mediaType`: what the answer is, unless it is plain JSON. `response` is the text of it then, unless it is JSON all the same.
//! - `response`: an example that satisfies the schema, or null if the answer has no body. Lists have one item and pages
//!   are the last: no `next…` field, `hasMore` false.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::example;
use super::inline::{Keep, inlined};
use super::parameter::is_connection;
use super::table::{Cell, Page, Row};
use crate::document::{Document, Form, Object, Operation, Parameter};
use crate::lower::resolved;

/// The data, as the text of a JSON file.
pub fn sandbox(document: &Document) -> Result<String> {
    let mut operations: Vec<&Operation> = document.operations.iter().collect();
    operations.sort_by_key(|operation| &operation.id);
    let rows = operations
        .into_iter()
        .map(|operation| Ok(row(document, operation).with_context(|| operation.id.clone())?.to_string()))
        .collect::<Result<Vec<_>>>()?;
    Ok(format!("[\n{}\n]\n", rows.join(",\n")))
}

fn row(document: &Document, operation: &Operation) -> Result<Value> {
    let row = Row::read(document, operation)?;
    let body = match row.body {
        "OptionalJson" => "optional-json".to_owned(),
        "OptionalBytes" => "optional-bytes".to_owned(),
        other => other.to_lowercase(),
    };
    let request = operation.body.as_ref().filter(|_| body.ends_with("json"));
    let success = operation.success();
    let response = success.map(|(_, response)| response);
    let example = match response.map(|response| (&response.example, &response.schema)) {
        Some((Some(example), _)) => example.clone(),
        Some((None, Some(schema))) => example::of(document, schema),
        _ => Value::Null,
    };
    let form = response.and_then(|response| Some((response.form()?, response.media_type.clone()?)));
    let example = match form {
        Some((Form::Text | Form::Bytes, _)) if !example.is_string() => json!("example"),
        _ => example,
    };
    let media_type =
        form.map(|(_, media_type)| media_type).filter(|it| it != "application/json" && it != "*/*");
    let documented = operation.parameters.iter().filter(|parameter| !is_connection(parameter));
    let parameters: Vec<Value> = row
        .parameters
        .iter()
        .zip(documented)
        .map(|(cell, documented)| parameter(document, cell, documented))
        .collect();
    let page = row.page.as_ref().map(|page| self::page(page, &row.parameters));
    let mut row = json!({
        "id": operation.id,
        "method": operation.method.to_uppercase(),
        "path": operation.path,
        "tag": operation.tag,
        "connection": row.connection.to_lowercase(),
        "permission": row.permission,
        "parameters": parameters,
        "page": page,
        "body": body,
        "request": request.map(|body| inlined(document, &body.schema, Keep::Rules)),
        // A range such as `2XX` promises no particular one.
        "status": success.and_then(|(status, _)| status.parse().ok()).unwrap_or(200_u16),
        "response": example,
    });
    if let (Some(media_type), Some(row)) = (media_type, row.as_object_mut()) {
        row.insert("mediaType".to_owned(), json!(media_type));
    }
    row.sort_all_objects();
    Ok(row)
}

/// What the styles of the table are called here.
const STYLES: [(&str, &str); 8] = [
    ("Repeated", "form"),
    ("Commas", "commas"),
    ("Spaces", "spaces"),
    ("Pipes", "pipes"),
    ("Fields", "fields"),
    ("DeepObject", "deepObject"),
    ("Json", "json"),
    ("Other", "other"),
];

fn parameter(document: &Document, cell: &Cell, documented: &Parameter) -> Value {
    let mut schema = inlined(document, &documented.schema, Keep::Rules);
    let default = resolved(&document.schemas, &documented.schema).get("default");
    if let (Some(default), Some(schema)) = (default, schema.as_object_mut()) {
        schema.insert("default".to_owned(), default.clone());
    }
    let mut parameter = Object::from_iter([
        ("name".to_owned(), json!(cell.name)),
        ("in".to_owned(), json!(cell.place)),
        ("required".to_owned(), json!(cell.required)),
        ("type".to_owned(), json!(cell.kind)),
        ("schema".to_owned(), schema),
    ]);
    let style = STYLES.iter().find(|(style, _)| *style == cell.style).map(|(_, name)| *name);
    let is_told = ["array", "object", "json"].contains(&cell.kind) || style == Some("other");
    if let Some(style) = style.filter(|_| is_told) {
        parameter.insert("style".to_owned(), json!(style));
    }
    if cell.deprecated {
        parameter.insert("deprecated".to_owned(), json!(true));
    }
    Value::Object(parameter)
}

/// How the operation hands out a long list. Unlike the mark's `max`, which clients keep to, `most` is what is served.
fn page(page: &Page<'_>, parameters: &[Cell]) -> Value {
    let (style, place) = page.in_the_mark();
    let size = parameters.iter().find(|parameter| Some(parameter.name.as_str()) == page.size);
    let usual = size.and_then(|size| size.limits.default.as_ref()?.parse::<u64>().ok());
    json!({
        "style": style,
        "place": place,
        "items": page.items,
        "more": page.more,
        "next": page.next,
        "size": page.size,
        "usual": usual,
        "most": size.and_then(|size| size.limits.maximum),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::testing::document;

    #[test]
    fn a_row_in_full() {
        let operation = json!({
            "tags": ["Test"],
            "summary": "Does it",
            "x-api-key-scope": "ACCOUNT",
            "parameters": [
                {"name": "x-connection-id", "in": "header", "required": true, "schema": {"type": "string"}},
                {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 9, "default": 3}},
                {"name": "filter", "in": "query", "deprecated": true, "style": "deepObject", "schema": {
                    "type": "object", "properties": {"a": {"type": "string", "description": "D."}},
                }},
            ],
            "requestBody": {
                "required": true,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}},
            },
            "responses": {"201": {"description": "", "content": {"application/json": {
                "schema": {}, "examples": {"one": {"value": {"done": true}}},
            }}}},
        });
        let item = json!({"type": "object", "description": "D.", "required": ["self"], "properties": {
            "self": {"$ref": "#/components/schemas/Item"},
            "title": {"type": "string", "title": "T", "maxLength": 5},
        }});
        let text = sandbox(&document("post", operation, json!({"Item": item}))).unwrap();
        let rows: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            rows,
            json!([{
                "id": "do_it",
                "method": "POST",
                "path": "/v2/it",
                "tag": "Test",
                "connection": "required",
                "permission": "ACCOUNT",
                "parameters": [
                    {"name": "limit", "in": "query", "required": false, "type": "integer",
                        "schema": {"type": "integer", "maximum": 9, "default": 3}},
                    {"name": "filter", "in": "query", "required": false, "type": "object", "deprecated": true,
                        "style": "deepObject",
                        "schema": {"type": "object", "properties": {"a": {"type": "string"}}}},
                ],
                "page": null,
                "body": "json",
                "request": {"type": "object", "required": ["self"], "properties": {
                    "self": {},
                    "title": {"type": "string", "maxLength": 5},
                }},
                "status": 201,
                "response": {"done": true},
            }])
        );
    }

    #[test]
    fn each_way_to_write_a_list_has_its_name() {
        let ids = |rest: Value| {
            let schema = json!({"type": "array", "items": {"type": "string"}});
            let mut ids = json!({"name": "ids", "in": "query", "schema": schema});
            ids.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            let text = sandbox(&document("get", json!({"parameters": [ids]}), json!({}))).unwrap();
            serde_json::from_str::<Value>(&text).unwrap()[0]["parameters"][0]["style"].clone()
        };
        for (rest, style) in [
            (json!({}), "form"),
            (json!({"explode": false}), "commas"),
            (json!({"style": "spaceDelimited"}), "spaces"),
            (json!({"style": "pipeDelimited"}), "pipes"),
            (json!({"in": "header"}), "commas"),
            (json!({"content": {"application/json": {"schema": {}}}}), "json"),
            (json!({"in": "path", "style": "matrix"}), "other"),
        ] {
            assert_eq!(ids(rest.clone()), json!(style), "{rest}");
        }
    }

    #[test]
    fn an_answer_that_is_no_json_is_a_text_of_its_media_type() {
        for (media_type, schema, response) in [
            ("text/csv", json!({"type": "string", "example": "a;b"}), json!("a;b")),
            ("image/png", json!({}), json!("example")),
            ("application/vnd.api+json", json!({"type": "object"}), json!({})),
        ] {
            let operation = json!({"responses": {"200": {"description": "", "content": {media_type: {"schema": schema}}}}});
            let rows: Value =
                serde_json::from_str(&sandbox(&document("get", operation, json!({}))).unwrap()).unwrap();
            assert_eq!((&rows[0]["mediaType"], &rows[0]["response"]), (&json!(media_type), &response));
        }
    }

    #[test]
    fn a_page_in_full() {
        let parameter = |name: &str, schema: Value| json!({"name": name, "in": "query", "schema": schema});
        let operation = json!({
            "x-ofauth-page": {"style": "time-marker", "items": "list", "next": "tailMarker", "size": "limit"},
            "parameters": [
                parameter("limit", json!({"type": "integer", "maximum": 10, "default": 5})),
                parameter("beforePublishTime", json!({"type": "string"})),
            ],
            "responses": {"200": {"description": "", "content": {"application/json": {"schema": {
                "type": "object", "properties": {"list": {}, "tailMarker": {}},
            }}}}},
        });
        let rows: Value =
            serde_json::from_str(&sandbox(&document("get", operation, json!({}))).unwrap()).unwrap();
        let wanted = json!({"style": "time-marker", "place": "beforePublishTime", "items": "list", "more": null,
            "next": "tailMarker", "size": "limit", "usual": 5, "most": 10});
        assert_eq!(rows[0]["page"], wanted);
    }

    #[test]
    fn bytes_have_no_schema_and_an_empty_answer_no_example() {
        let operation =
            json!({"requestBody": {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}});
        let rows: Value =
            serde_json::from_str(&sandbox(&document("put", operation, json!({}))).unwrap()).unwrap();
        assert_eq!(
            (&rows[0]["body"], &rows[0]["request"], &rows[0]["response"]),
            (&json!("optional-bytes"), &Value::Null, &Value::Null)
        );
    }
}

//! Passes over parameters and request bodies. Requests stay strict: required fields, closed enums, lengths of texts.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::direction::{Direction, reachable};
use super::schema::{is_type, resolved, variants, walk};
use crate::document::{Document, Object, Parameter};

/// The header that names the connection.
pub const CONNECTION_HEADER: &str = "x-connection-id";

/// The client knows the connection, so a call does not ask for it; a call that names one overrides the client's.
pub(super) fn connection_header(document: &mut Document) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for operation in &mut document.operations {
        for parameter in &mut operation.parameters {
            if parameter.place == "header" && parameter.name.eq_ignore_ascii_case(CONNECTION_HEADER) {
                parameter.required = false;
                parameter.schema = json!({ "type": "string" });
                places.push(operation.id.clone());
            }
        }
    }
    Ok(places)
}

/// The generator panics on an object in the query. How the service wants one is not documented; it is sent as JSON
/// text.
pub(super) fn object_parameters(document: &mut Document) -> Result<Vec<String>> {
    let schemas = document.schemas.clone();
    let mut places = Vec::new();
    for operation in &mut document.operations {
        for parameter in operation.parameters.iter_mut().filter(|parameter| parameter.place == "query") {
            if is_type(resolved(&schemas, &parameter.schema), "object") {
                parameter.schema = json!({ "type": "string" });
                parameter.description =
                    format!("{} An object as JSON text.", parameter.description).trim().to_owned();
                places.push(format!("{} {}", operation.id, parameter.name));
            }
        }
    }
    Ok(places)
}

/// A query parameter that takes one text or a list of them takes a list: a list of one is sent in the same way.
pub(super) fn text_or_list_parameters(document: &mut Document) -> Result<Vec<String>> {
    let schemas = document.schemas.clone();
    let mut places = Vec::new();
    for operation in &mut document.operations {
        for parameter in operation.parameters.iter_mut().filter(|parameter| parameter.place == "query") {
            let list = resolved(&schemas, &parameter.schema)
                .as_object()
                .and_then(variants)
                .and_then(|variants| variants.iter().find(|variant| is_type(variant, "array")));
            if let Some(list) = list.cloned() {
                parameter.schema = list;
                places.push(format!("{} {}", operation.id, parameter.name));
            }
        }
    }
    Ok(places)
}

/// The generator takes raw bytes as `application/octet-stream` alone and sends that type. A `Content-Type` parameter
/// lets the caller say what the bytes are; it is sent in place of the generator's.
pub(super) fn raw_bodies(document: &mut Document) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for operation in &mut document.operations {
        let Some(body) = &mut operation.body else { continue };
        if body.media_type.starts_with("application/json") {
            continue;
        }
        if body.media_type.starts_with("multipart/") || body.media_type.contains("form-urlencoded") {
            bail!("{}: bodies of type {} are not supported", operation.id, body.media_type);
        }
        places.push(format!("{}: {}", operation.id, body.media_type));
        body.media_type = "application/octet-stream".to_owned();
        body.schema = json!({ "type": "string", "format": "binary" });
        operation.parameters.push(Parameter {
            name: "Content-Type".to_owned(),
            place: "header".to_owned(),
            required: true,
            deprecated: false,
            style: None,
            description: "The media type of the bytes, such as `video/mp4`.".to_owned(),
            schema: json!({ "type": "string" }),
        });
    }
    Ok(places)
}

/// A pattern needs a regular expression engine in the client; the service checks it. List lengths, unique items and
/// closed objects change the Rust type and gain nothing.
pub(super) fn request_limits(document: &mut Document) -> Result<Vec<String>> {
    each(document, |object| {
        let mut changed = false;
        for key in ["pattern", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"] {
            changed |= object.remove(key).is_some();
        }
        if object.get("additionalProperties") == Some(&json!(false)) {
            changed |= object.remove("additionalProperties").is_some();
        }
        changed
    })
}

/// The generator leaves an empty optional list out of the request. To empty a list of the service one must be able to
/// send `[]`, so an optional list may be unset, which is something else.
pub(super) fn empty_lists(document: &mut Document) -> Result<Vec<String>> {
    each(document, |object| {
        let required: Vec<Value> =
            object.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) else {
            return false;
        };
        let mut changed = false;
        for (name, property) in properties {
            if is_type(property, "array") && !required.iter().any(|required| required == name) {
                property["nullable"] = json!(true);
                changed = true;
            }
        }
        changed
    })
}

/// Runs `change` on every schema that requests use.
fn each(document: &mut Document, change: impl Fn(&mut Object) -> bool) -> Result<Vec<String>> {
    let names = reachable(document, Direction::Request);
    let mut places = Vec::new();
    let mut visit = |name: &str, schema: &mut Value| {
        let mut changed = false;
        walk(schema, &mut |object| changed |= change(object));
        if changed {
            places.push(name.to_owned());
        }
    };
    for (name, schema) in document.schemas.iter_mut().filter(|(name, _)| names.contains(*name)) {
        visit(name, schema);
    }
    for operation in &mut document.operations {
        operation.parameters.iter_mut().for_each(|parameter| visit(&operation.id, &mut parameter.schema));
        operation.body.iter_mut().for_each(|body| visit(&operation.id, &mut body.schema));
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{components, content, operation};
    use super::*;

    fn parameter(name: &str, place: &str, schema: Value) -> Value {
        json!({ "name": name, "in": place, "required": true, "schema": schema })
    }

    #[test]
    fn the_connection_may_be_left_out() {
        let mut document = operation(json!({
            "parameters": [parameter("x-connection-id", "header", json!({ "type": "string", "minLength": 1 }))]
        }));
        assert_eq!(connection_header(&mut document).unwrap(), ["do_it"]);
        let parameter = &document.operations[0].parameters[0];
        assert!(!parameter.required);
        assert_eq!(parameter.schema, json!({ "type": "string" }));
    }

    #[test]
    fn an_object_in_the_query_is_text() {
        let mut document = operation(
            json!({ "parameters": [parameter("filter", "query", json!({ "$ref": "#/components/schemas/Filter" }))] }),
        );
        document.schemas.insert("Filter".to_owned(), json!({ "type": "object" }));
        assert_eq!(object_parameters(&mut document).unwrap(), ["do_it filter"]);
        let parameter = &document.operations[0].parameters[0];
        assert_eq!(parameter.schema, json!({ "type": "string" }));
        assert_eq!(parameter.description, "An object as JSON text.");
    }

    #[test]
    fn one_text_or_a_list_is_a_list() {
        let list = json!({ "type": "array", "items": { "type": "string" } });
        let mut document = operation(json!({
            "parameters": [parameter("ids", "query", json!({ "oneOf": [{ "type": "string" }, list] }))]
        }));
        assert_eq!(text_or_list_parameters(&mut document).unwrap(), ["do_it ids"]);
        assert_eq!(document.operations[0].parameters[0].schema, list);
    }

    #[test]
    fn raw_bytes_name_their_type_in_a_parameter() {
        let body = json!({ "required": true, "content": { "video/mp4": { "schema": {} } } });
        let mut document = operation(json!({ "requestBody": body }));
        assert_eq!(raw_bodies(&mut document).unwrap(), ["do_it: video/mp4"]);
        let operation = &document.operations[0];
        assert_eq!(operation.body.as_ref().unwrap().media_type, "application/octet-stream");
        assert_eq!(operation.body.as_ref().unwrap().schema, json!({ "type": "string", "format": "binary" }));
        assert_eq!(operation.parameters[0].name, "Content-Type");
    }

    #[test]
    fn forms_are_refused_by_name() {
        let body = json!({ "content": { "multipart/form-data": { "schema": {} } } });
        let error = raw_bodies(&mut operation(json!({ "requestBody": body }))).unwrap_err();
        assert!(error.to_string().contains("do_it") && error.to_string().contains("multipart/form-data"));
    }

    #[test]
    fn patterns_go_and_lengths_stay() {
        let mut document = components(json!({
            "Sent": { "type": "string", "pattern": "^a", "maxLength": 3 },
            "Answer": { "type": "string", "pattern": "^a" },
        }));
        assert_eq!(request_limits(&mut document).unwrap(), ["Sent"]);
        assert_eq!(document.schemas["Sent"], json!({ "type": "string", "maxLength": 3 }));
        assert_eq!(document.schemas["Answer"], json!({ "type": "string", "pattern": "^a" }));
    }

    #[test]
    fn an_optional_list_may_be_empty_or_unset() {
        let list = json!({ "type": "array", "items": {} });
        let fields =
            json!({ "type": "object", "required": ["all"], "properties": { "all": list, "some": list } });
        let mut document = operation(json!({ "requestBody": content(fields) }));
        assert_eq!(empty_lists(&mut document).unwrap(), ["do_it"]);
        let properties = &document.operations[0].body.as_ref().unwrap().schema["properties"];
        assert_eq!(properties["all"].get("nullable"), None);
        assert_eq!(properties["some"]["nullable"], json!(true));
    }
}

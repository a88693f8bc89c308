//! Passes over parameters and request bodies. Requests stay strict: required fields, closed enums, lengths of texts.

use anyhow::Result;
use serde_json::{Value, json};

use super::direction::{Direction, reachable};
use super::mark;
use super::schema::{describe, is_type, walk};
use crate::document::{Document, Object, Parameter};
use crate::rust_name::snake;

const JSON: &str = "application/json";

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

/// The generator takes raw bytes as `application/octet-stream` alone and sends that type. A `Content-Type` parameter
/// lets the caller say what the bytes are; it is sent in place of the generator's. JSON of a name of its own is sent as that.
pub(super) fn raw_bodies(document: &mut Document) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for operation in &mut document.operations {
        let Some(body) = &mut operation.body else { continue };
        if body.is_json() {
            if body.media_type != JSON {
                places.push(format!("{}: {}", operation.id, body.media_type));
                let wire = std::mem::replace(&mut body.media_type, JSON.to_owned());
                operation.extensions.insert(mark::CONTENT_TYPE.to_owned(), json!(wire));
            }
            continue;
        }
        places.push(format!("{}: {}", operation.id, body.media_type));
        let example = if body.media_type.contains('*') { "video/mp4" } else { body.media_type.as_str() };
        let example = match example {
            form if form.starts_with("multipart/") => format!("{form}; boundary=…"),
            other => other.to_owned(),
        };
        let description = format!("The media type of the bytes, such as `{example}`.");
        body.media_type = "application/octet-stream".to_owned();
        body.schema = json!({ "type": "string", "format": "binary" });
        operation.parameters.push(Parameter {
            name: "Content-Type".to_owned(),
            place: "header".to_owned(),
            required: body.required,
            deprecated: false,
            description,
            style: None,
            explode: None,
            content: None,
            schema: json!({ "type": "string" }),
        });
    }
    Ok(places)
}

/// The words of an enum whose Rust names would be the same, or none, are taken as texts.
pub(super) fn request_words(document: &mut Document) -> Result<Vec<String>> {
    each(document, |object| {
        let words = object.get("enum").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut names = std::collections::BTreeSet::new();
        let is_clear = words.iter().all(|word| match word.as_str() {
            // The generator has small names for these two, which the compiler does not like.
            Some("+1" | "-1") => false,
            Some(word) => names.insert(snake(word)) && word.chars().any(char::is_alphanumeric),
            None => false,
        });
        if is_clear {
            return false;
        }
        object.remove("enum");
        let shown: Vec<String> = words.iter().map(Value::to_string).collect();
        describe(object, &format!("One of {}.", shown.join(", ")));
        true
    })
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

/// Of words or any text, in a request, the generator makes an object of texts, which nothing can send. Any text it is.
pub(super) fn texts(document: &mut Document) -> Result<Vec<String>> {
    let schemas = document.schemas.clone();
    each(document, |object| {
        let all = super::schema::variants(object).cloned().unwrap_or_default();
        let all: Vec<&Value> = all.iter().map(|variant| super::schema::resolved(&schemas, variant)).collect();
        if all.is_empty() || !all.iter().all(|variant| is_type(variant, "string")) {
            return false;
        }
        object.remove("oneOf");
        object.remove("anyOf");
        object.insert("type".to_owned(), json!("string"));
        let words: Option<Vec<&Vec<Value>>> =
            all.iter().map(|variant| variant.get("enum")?.as_array()).collect();
        if let Some(words) = words {
            let mut each_once: Vec<Value> = Vec::new();
            words.into_iter().flatten().for_each(|word| {
                if !each_once.contains(word) {
                    each_once.push(word.clone());
                }
            });
            object.insert("enum".to_owned(), Value::Array(each_once));
        }
        true
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
    #[test]
    fn words_or_any_text_are_a_text() {
        let word = |words: Value| json!({ "type": "string", "enum": words });
        let field =
            |variants: Value| json!({ "type": "object", "properties": { "a": { "anyOf": variants } } });
        for (variants, wanted) in [
            (json!([word(json!(["a", "b"])), { "type": "string" }]), json!({ "type": "string" })),
            (json!([word(json!(["a", "b"])), word(json!(["b", "c"]))]), word(json!(["a", "b", "c"]))),
        ] {
            let mut document =
                components(json!({ "Sent": field(variants.clone()), "Answer": field(variants.clone()) }));
            assert_eq!(texts(&mut document).unwrap(), ["Sent"]);
            assert_eq!(document.schemas["Sent"]["properties"]["a"], wanted);
            assert_eq!(document.schemas["Answer"], field(variants));
        }
        let mut document = components(
            json!({ "Sent": field(json!([{ "type": "string" }, { "type": "integer" }])), "Answer": {} }),
        );
        assert_eq!(texts(&mut document).unwrap(), Vec::<String>::new());
    }

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
    fn forms_are_bytes_and_json_of_another_name_is_json() {
        let body =
            |media_type: &str| json!({ "content": { media_type: { "schema": { "type": "object" } } } });
        let mut form = operation(json!({ "requestBody": body("multipart/form-data") }));
        raw_bodies(&mut form).unwrap();
        assert!(form.operations[0].parameters[0].description.contains("multipart/form-data; boundary="));
        let mut json = operation(json!({ "requestBody": body("application/vnd.api+json") }));
        raw_bodies(&mut json).unwrap();
        let operation = &json.operations[0];
        assert_eq!(operation.body.as_ref().unwrap().media_type, "application/json");
        assert_eq!(operation.extensions[mark::CONTENT_TYPE], json!("application/vnd.api+json"));
    }

    #[test]
    fn words_without_a_name_in_rust_are_texts() {
        for (words, expected) in [
            (json!(["a", "b"]), json!({ "type": "string", "enum": ["a", "b"] })),
            (json!(["a-b", "a_b"]), json!({ "type": "string", "description": "One of \"a-b\", \"a_b\"." })),
            (json!(["+1", "-1"]), json!({ "type": "string", "description": "One of \"+1\", \"-1\"." })),
            (json!(["+", "-"]), json!({ "type": "string", "description": "One of \"+\", \"-\"." })),
        ] {
            let mut document =
                components(json!({ "Sent": { "type": "string", "enum": words }, "Answer": {} }));
            request_words(&mut document).unwrap();
            assert_eq!(document.schemas["Sent"], expected);
        }
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

//! Passes over parameters: which of them the generator can write, and what the others become.
//!
//! The generator knows plain values in all places and lists whose name is repeated. Whatever else the document asks for,
//! `crate::refine::styles` has it written by a function of the client, which is given the value as it is.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::{Value, json};

use super::mark;
use super::schema::{has_properties, is_type, resolved, target, variants};
use crate::document::{Document, Parameter, Style};

/// A parameter that takes one text or a list of them takes a list: a list of one is sent in the same way.
pub(super) fn text_or_list_parameters(document: &mut Document) -> Result<Vec<String>> {
    let schemas = document.schemas.clone();
    let mut places = Vec::new();
    for operation in &mut document.operations {
        for parameter in &mut operation.parameters {
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

/// The generator panics on an object in the query. Each of its fields becomes a parameter, `filter[online]=1` or `online=1`
/// by the style; where its fields have no names, or all of them make up one text, it is any JSON that is written later.
pub(super) fn object_parameters(document: &mut Document) -> Result<Vec<String>> {
    let schemas = &document.schemas;
    let mut places = Vec::new();
    for operation in &mut document.operations {
        let mut parameters = Vec::new();
        let taken: BTreeSet<String> = operation.parameters.iter().map(|it| it.name.clone()).collect();
        for mut parameter in operation.parameters.drain(..) {
            let style = parameter.style();
            if !is_object(schemas, &parameter) && style != Style::Json {
                parameters.push(parameter);
                continue;
            }
            places.push(format!("{} {}", operation.id, parameter.name));
            let fields = fields(schemas, &parameter);
            let name_of = |field: &Parameter| match style {
                Style::DeepObject => format!("{}[{}]", parameter.name, field.name),
                _ => field.name.clone(),
            };
            let is_free = fields.iter().all(|field| !taken.contains(&name_of(field)));
            let by_field =
                matches!(style, Style::DeepObject | Style::Repeated) && is_closed(schemas, &parameter);
            if by_field && is_free && !fields.is_empty() {
                parameters.extend(fields.into_iter().map(|field| Parameter {
                    name: name_of(&field),
                    required: parameter.required && field.required,
                    deprecated: parameter.deprecated || field.deprecated,
                    ..field
                }));
            } else {
                parameter.schema = json!({ mark::WRITTEN: true });
                parameters.push(parameter);
            }
        }
        operation.parameters = parameters;
    }
    Ok(places)
}

/// A parameter that is a text on the wire, whatever it is, takes a text; numbers and ids have types of their own.
pub(super) fn plain_parameters(document: &mut Document) -> Result<Vec<String>> {
    let schemas = document.schemas.clone();
    let mut places = Vec::new();
    for operation in &mut document.operations {
        for parameter in &mut operation.parameters {
            if parameter.schema.get(mark::WRITTEN).is_some() {
                continue;
            }
            if parameter.place != "query" {
                // What is not sent is not null.
                parameter.schema.as_object_mut().map(|object| object.remove("nullable"));
            }
            let schema = resolved(&schemas, &parameter.schema);
            let kinds: Vec<&str> = schema
                .as_object()
                .and_then(variants)
                .into_iter()
                .flatten()
                .filter_map(|variant| resolved(&schemas, variant).get("type")?.as_str())
                .collect();
            let is_number = |kind: &&str| ["integer", "number"].contains(kind);
            let is_id = kinds.len() == 2 && kinds.contains(&"string") && kinds.iter().any(is_number);
            let is_typed = ["type", "allOf"].iter().any(|key| schema.get(*key).is_some());
            if is_typed || is_id {
                continue;
            }
            parameter.schema = json!({ "type": "string" });
            places.push(format!("{} {}", operation.id, parameter.name));
        }
    }
    Ok(places)
}

/// Whether the value of a parameter is an object.
#[must_use]
pub fn is_object(schemas: &BTreeMap<String, Value>, parameter: &Parameter) -> bool {
    let schema = resolved(schemas, &parameter.schema);
    is_type(schema, "object") || has_properties(schema)
}

/// Whether an object has no fields but those that the document names.
fn is_closed(schemas: &BTreeMap<String, Value>, parameter: &Parameter) -> bool {
    let object = resolved(schemas, &parameter.schema);
    object.get("additionalProperties").is_none_or(|others| *others == json!(false))
}

/// The fields of an object in a parameter, as parameters with the names that they have in the object.
#[must_use]
pub fn fields(schemas: &BTreeMap<String, Value>, parameter: &Parameter) -> Vec<Parameter> {
    let object = resolved(schemas, &parameter.schema);
    let is_required = |field: &str| {
        let required = object.get("required").and_then(Value::as_array);
        required.is_some_and(|names| names.iter().any(|required| required == field))
    };
    let properties = object.get("properties").and_then(Value::as_object);
    let fields = properties.into_iter().flatten().map(|(field, schema)| {
        let meant = resolved(schemas, schema);
        let said = |key: &str| schema.get(key).or_else(|| meant.get(key));
        let description = said("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        Parameter {
            name: field.clone(),
            place: parameter.place.clone(),
            required: is_required(field),
            deprecated: said("deprecated").and_then(Value::as_bool).unwrap_or(false),
            description,
            style: None,
            explode: None,
            content: None,
            schema: alone(schema),
        }
    });
    fields.collect()
}

/// A reference without what stands beside it, which the older dialect does not know.
fn alone(schema: &Value) -> Value {
    target(schema).map_or_else(|| schema.clone(), super::schema::reference)
}

#[cfg(test)]
mod tests {
    use super::super::testing::operation;
    use super::*;

    fn with(parameter: Value) -> Document {
        let mut document = operation(json!({ "parameters": [parameter] }));
        document.schemas.insert("Flag".to_owned(), json!({ "type": "string", "enum": ["0", "1"] }));
        document
    }

    fn filter(schema: Value) -> Value {
        json!({ "name": "filter", "in": "query", "required": true, "style": "deepObject", "schema": schema })
    }

    #[test]
    fn each_field_of_an_object_is_a_parameter() {
        let online = json!({ "$ref": "#/components/schemas/Flag", "description": "Who is there." });
        let mut document = with(filter(json!({ "type": "object", "required": ["online"], "properties": {
            "online": online,
            "spent": { "type": "integer", "minimum": 1, "deprecated": true },
        } })));
        assert_eq!(object_parameters(&mut document).unwrap(), ["do_it filter"]);
        let parameters = &document.operations[0].parameters;
        let facts: Vec<_> = parameters
            .iter()
            .map(|it| (it.name.as_str(), it.required, it.deprecated, it.description.as_str()))
            .collect();
        assert_eq!(
            facts,
            [("filter[online]", true, false, "Who is there."), ("filter[spent]", false, true, "")]
        );
        assert_eq!(parameters[0].schema, json!({ "$ref": "#/components/schemas/Flag" }));
    }

    #[test]
    fn one_text_or_a_list_is_a_list() {
        let list = json!({ "type": "array", "items": { "type": "string" } });
        let schema = json!({ "oneOf": [{ "type": "string" }, list] });
        let mut document =
            operation(json!({ "parameters": [{ "name": "ids", "in": "query", "schema": schema }] }));
        assert_eq!(text_or_list_parameters(&mut document).unwrap(), ["do_it ids"]);
        assert_eq!(document.operations[0].parameters[0].schema, list);
    }

    #[test]
    fn an_object_that_is_one_text_is_any_json() {
        let open = json!({ "type": "object", "additionalProperties": { "type": "string" } });
        let mut commas = filter(json!({ "type": "object", "properties": { "a": { "type": "string" } } }));
        commas["style"] = json!("form");
        commas["explode"] = json!(false);
        let json =
            json!({ "name": "filter", "in": "query", "content": { "application/json": { "schema": open } } });
        for parameter in [filter(open.clone()), commas, json] {
            let mut document = with(parameter);
            assert_eq!(object_parameters(&mut document).unwrap(), ["do_it filter"]);
            assert!(plain_parameters(&mut document).unwrap().is_empty());
            let parameter = &document.operations[0].parameters[0];
            assert_eq!(
                (parameter.name.as_str(), &parameter.schema),
                ("filter", &json!({ mark::WRITTEN: true }))
            );
        }
    }

    #[test]
    fn fields_that_are_pairs_of_their_own_have_their_own_names() {
        let mut form = filter(json!({ "type": "object", "properties": { "a": { "type": "string" } } }));
        form["style"] = json!("form");
        let mut document = with(form);
        object_parameters(&mut document).unwrap();
        assert_eq!(document.operations[0].parameters[0].name, "a");
    }

    #[test]
    fn what_is_one_text_whatever_it_is_is_a_text() {
        for (schema, expected) in [
            (json!({ "oneOf": [{ "type": "string" }, { "type": "boolean" }] }), json!({ "type": "string" })),
            (json!({ "type": "integer" }), json!({ "type": "integer" })),
        ] {
            let mut document = with(json!({ "name": "it", "in": "query", "schema": schema }));
            plain_parameters(&mut document).unwrap();
            assert_eq!(document.operations[0].parameters[0].schema, expected);
        }
    }
}

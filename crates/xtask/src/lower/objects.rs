//! Objects in the query, each field of which is a pair of its own: `filter[online]=1`.
//!
//! The document calls this form `deepObject`. It is defined for objects of plain values alone, so that is what there is here.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::schema::{is_type, resolved, target};
use crate::document::{Document, Parameter};

/// The generator panics on an object in the query, so each of its fields becomes a parameter.
pub(super) fn object_parameters(document: &mut Document) -> Result<Vec<String>> {
    let schemas = &document.schemas;
    let mut places = Vec::new();
    for operation in &mut document.operations {
        let mut parameters = Vec::new();
        for parameter in operation.parameters.drain(..) {
            if parameter.place != "query" || !is_object(schemas, &parameter) {
                parameters.push(parameter);
                continue;
            }
            places.push(format!("{} {}", operation.id, parameter.name));
            parameters.extend(fields(schemas, &parameter)?.into_iter().map(|field| Parameter {
                name: format!("{}[{}]", parameter.name, field.name),
                required: parameter.required && field.required,
                deprecated: parameter.deprecated || field.deprecated,
                ..field
            }));
        }
        operation.parameters = parameters;
    }
    Ok(places)
}

/// Whether the value of a parameter is an object.
fn is_object(schemas: &BTreeMap<String, Value>, parameter: &Parameter) -> bool {
    is_type(resolved(schemas, &parameter.schema), "object")
}

/// The fields of an object in the query, as parameters with the names that they have in the object.
pub fn fields(schemas: &BTreeMap<String, Value>, parameter: &Parameter) -> Result<Vec<Parameter>> {
    let object = resolved(schemas, &parameter.schema);
    let name = &parameter.name;
    ensure!(
        parameter.style.as_deref() == Some("deepObject"),
        "the parameter {name} is an object whose style is not deepObject, which no caller can write: teach it"
    );
    let others = object.get("additionalProperties").unwrap_or(&Value::Bool(false));
    ensure!(*others == json!(false), "the parameter {name} takes fields without a name: teach it");
    let is_required = |field: &str| {
        let required = object.get("required").and_then(Value::as_array);
        required.is_some_and(|names| names.iter().any(|required| required == field))
    };
    let properties = object.get("properties").and_then(Value::as_object);
    let fields = properties.into_iter().flatten().map(|(field, schema)| {
        let meant = resolved(schemas, schema);
        ensure!(
            !["object", "array"].iter().any(|kind| is_type(meant, kind)),
            "{name}[{field}] is no plain value, and deepObject does not say how to write it: teach it"
        );
        let said = |key: &str| schema.get(key).or_else(|| meant.get(key));
        let description = said("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Parameter {
            name: field.clone(),
            place: "query".to_owned(),
            required: is_required(field),
            deprecated: said("deprecated").and_then(Value::as_bool).unwrap_or(false),
            description,
            style: None,
            schema: alone(schema),
        })
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
    fn what_the_form_cannot_say_is_an_error_that_names_it() {
        let any = json!({ "type": "object", "additionalProperties": true });
        let deep = json!({ "type": "object", "properties": { "a": { "type": "array" } } });
        let mut form = filter(json!({ "type": "object" }));
        form["style"] = json!("form");
        for (parameter, said) in [(filter(any), "filter"), (filter(deep), "filter[a]"), (form, "deepObject")]
        {
            let error = object_parameters(&mut with(parameter)).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}

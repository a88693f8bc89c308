//! Marks the fields of requests that may be sent as null, which is something else than to leave them out.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::direction::{Direction, reachable};
use super::mark;
use super::schema::{describe, walk};
use crate::document::{Document, Object};

/// The generator has one `None` for a field that is left out and for one that is null, and always leaves it out. The marked
/// fields get a value for null.
pub(super) fn nulls(document: &mut Document) -> Result<Vec<String>> {
    let names = reachable(document, Direction::Request);
    let mut places = Vec::new();
    for (name, schema) in document.schemas.iter_mut().filter(|(name, _)| names.contains(*name)) {
        let marked = schema.as_object_mut().map(mark_fields).unwrap_or_default();
        let mut all = 0_usize;
        walk(schema, &mut |object| all = all.saturating_add(nullable_fields(object).len()));
        ensure!(
            marked.len() == all,
            "{name} has a nullable field inside an object without a name, which the client cannot send as null: \
             give the object a name"
        );
        places.extend(marked.into_iter().map(|field| format!("{name}.{field}")));
    }
    Ok(places)
}

fn mark_fields(object: &mut Object) -> Vec<String> {
    let fields = nullable_fields(object);
    for field in &fields {
        if let Some(Value::Object(property)) = object.get_mut("properties").and_then(|all| all.get_mut(field))
        {
            describe(property, "May be null.");
        }
    }
    if !fields.is_empty() {
        object.insert(mark::NULL_FIELDS.to_owned(), json!(fields));
    }
    fields
}

/// The optional fields that may be null.
fn nullable_fields(object: &Object) -> Vec<String> {
    let required = object.get("required").and_then(Value::as_array);
    let is_required =
        |name: &str| required.is_some_and(|names| names.iter().any(|required| required == name));
    let properties = object.get("properties").and_then(Value::as_object);
    let fields = properties.into_iter().flatten().filter(|(name, property)| {
        property.get("nullable") == Some(&json!(true)) && !is_required(name.as_str())
    });
    fields.map(|(name, _)| name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::components;
    use super::*;

    #[test]
    fn optional_fields_of_requests_that_may_be_null_are_marked() {
        let fields = json!({ "type": "object", "required": ["must"], "properties": {
            "must": { "type": "string", "nullable": true },
            "may": { "type": "string", "nullable": true, "description": "It." },
            "never": { "type": "string" },
        } });
        let mut document = components(json!({ "Sent": fields, "Answer": fields }));
        assert_eq!(nulls(&mut document).unwrap(), ["Sent.may"]);
        assert_eq!(document.schemas["Sent"][mark::NULL_FIELDS], json!(["may"]));
        assert_eq!(document.schemas["Sent"]["properties"]["may"]["description"], "It. May be null.");
        assert_eq!(document.schemas["Answer"], fields);
    }

    #[test]
    fn a_nullable_field_that_no_name_leads_to_is_an_error() {
        let inner =
            json!({ "type": "object", "properties": { "a": { "type": "string", "nullable": true } } });
        let sent = json!({ "type": "object", "properties": { "inner": inner } });
        let error = nulls(&mut components(json!({ "Sent": sent, "Answer": {} }))).unwrap_err();
        assert!(error.to_string().contains("Sent"), "{error}");
    }
}

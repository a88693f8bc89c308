//! Texts that must not appear in logs become the hand-written type `Secret`.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::mark;
use super::schema::{is_type, reference, resolved, walk};
use crate::document::{Document, Object};

const SECRET: &str = "Secret";

/// The generator derives `Debug`, which would print a signed address into any log that shows an answer. The overlay marks
/// the fields by which whoever reads them can fetch media, finish a link or act as a creator.
pub(super) fn secrets(document: &mut Document) -> Result<Vec<String>> {
    let schemas = document.schemas.clone();
    let mut places = Vec::new();
    let mut wrong = Vec::new();
    for (owner, schema) in document.named_schemas_mut() {
        walk(schema, &mut |object| {
            for (name, field) in marked_fields(object) {
                let place = format!("{owner}.{name}");
                if hide(&schemas, field) { places.push(place) } else { wrong.push(place) }
            }
        });
    }
    ensure!(wrong.is_empty(), "no texts, but marked as secrets in the overlay: {}", wrong.join(", "));
    if !places.is_empty() {
        let secret = json!({ "type": "string", mark::RUST_TYPE: "crate::secret::Secret" });
        let taken = document.schemas.insert(SECRET.to_owned(), secret);
        ensure!(taken.is_none(), "the component {SECRET} is needed for the type of that name; rename it");
    }
    Ok(places)
}

fn marked_fields(object: &mut Object) -> impl Iterator<Item = (&String, &mut Value)> {
    let fields = object.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten();
    fields.filter(|(_, field)| field.get(mark::SECRET) == Some(&json!(true)))
}

/// Makes a secret of a field. False if it is no text.
fn hide(schemas: &BTreeMap<String, Value>, field: &mut Value) -> bool {
    let is_text = is_type(resolved(schemas, field), "string");
    if is_text {
        *field = match field.get("nullable") {
            Some(Value::Bool(true)) => json!({ "allOf": [reference(SECRET)], "nullable": true }),
            _ => reference(SECRET),
        };
    }
    is_text
}

#[cfg(test)]
mod tests {
    use super::super::testing::components;
    use super::*;

    #[test]
    fn a_marked_field_becomes_a_secret() {
        let fields = json!({ "type": "object", "properties": {
            "url": { "type": "string", "x-ofauth-secret": true },
            "word": { "$ref": "#/components/schemas/Word", "x-ofauth-secret": true },
            "old": { "type": "string", "nullable": true, "x-ofauth-secret": true },
            "name": { "type": "string", "x-ofauth-secret": false },
        } });
        let mut document = components(json!({ "Sent": {}, "Answer": fields, "Word": { "type": "string" } }));
        assert_eq!(secrets(&mut document).unwrap(), ["Answer.old", "Answer.url", "Answer.word"]);
        let properties = &document.schemas["Answer"]["properties"];
        assert_eq!(properties["url"], reference(SECRET));
        assert_eq!(properties["word"], reference(SECRET));
        assert_eq!(properties["old"], json!({ "allOf": [reference(SECRET)], "nullable": true }));
        assert_eq!(properties["name"]["type"], "string");
        assert!(document.schemas.contains_key(SECRET));
    }

    #[test]
    fn a_secret_that_is_no_text_is_an_error_that_names_it() {
        let field = json!({ "type": "object", "x-ofauth-secret": true });
        let mut document =
            components(json!({ "Sent": {}, "Answer": { "type": "object", "properties": { "url": field } } }));
        let error = secrets(&mut document).unwrap_err();
        assert!(error.to_string().contains("Answer.url"), "{error}");
    }
}

//! Gives named schemas the names that their types have.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use serde_json::Value;

use super::mark;
use super::schema::{target, walk};
use crate::document::Document;
use crate::rust_name;

/// The generator writes names in Pascal case and finds a type under no other name afterwards, and the overlay can give a
/// schema another name where the document's own is taken.
pub(super) fn names(document: &mut Document) -> Result<Vec<String>> {
    let all: BTreeMap<String, String> =
        document.schemas.iter().map(|(name, schema)| (name.clone(), resolved_name(name, schema))).collect();
    let different: BTreeSet<&String> = all.values().collect();
    ensure!(
        different.len() == all.len(),
        "two named schemas have the same name in Rust; give one another by {} in the overlay",
        mark::NAME
    );
    let changed: BTreeMap<&String, &String> = all.iter().filter(|(name, new)| name != new).collect();
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    for (_, schema) in document.named_schemas_mut() {
        walk(schema, &mut |object| {
            let new = target(&Value::Object(object.clone())).and_then(|name| changed.get(&name.to_owned()));
            if let (Some(new), Some(reference)) = (new, object.get_mut("$ref")) {
                *reference = Value::from(format!("#/components/schemas/{new}"));
            }
        });
    }
    let schemas = std::mem::take(&mut document.schemas);
    document.schemas =
        schemas.into_iter().map(|(name, schema)| (all.get(&name).cloned().unwrap_or(name), schema)).collect();
    Ok(changed.iter().map(|(name, new)| format!("{name}: {new}")).collect())
}

/// The name of the type of a named schema.
#[must_use]
pub fn resolved_name(name: &str, schema: &Value) -> String {
    if let Some(given) = schema.get(mark::NAME).and_then(Value::as_str) {
        return given.to_owned();
    }
    rust_name::pascal(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::schema::reference;
    use super::super::testing::components;
    use super::*;

    #[test]
    fn names_are_those_of_types() {
        let mut document = components(json!({
            "Sent": { "type": "object", "properties": { "a": reference("foo-bar"), "b": reference("Result") } },
            "Answer": { "type": "array", "items": reference("9lives") },
            "foo-bar": {}, "Result": { "x-ofauth-name": "Outcome" }, "9lives": {}, "URLInfo": {},
        }));
        assert_eq!(
            names(&mut document).unwrap(),
            ["9lives: X9lives", "Result: Outcome", "URLInfo: UrlInfo", "foo-bar: FooBar"]
        );
        assert_eq!(
            document.schemas.keys().collect::<Vec<_>>(),
            ["Answer", "FooBar", "Outcome", "Sent", "UrlInfo", "X9lives"]
        );
        assert_eq!(
            document.schemas["Sent"]["properties"],
            json!({ "a": reference("FooBar"), "b": reference("Outcome") })
        );
        assert_eq!(document.schemas["Answer"]["items"], reference("X9lives"));

        let mut twins = components(json!({ "Sent": {}, "Answer": {}, "answer": {} }));
        assert!(names(&mut twins).unwrap_err().to_string().contains("same name"));
    }
}

//! What operations take and answer, as JSON Schema 2020-12.
//!
//! The texts are made of the same document as everything else here: names, types, limits, enums, defaults and
//! descriptions. They are apart from the table of operations, so that a program that does not ask for them does not
//! carry them. This module reads none of them and checks no values.

// Written by `cargo xtask codegen`, never by hand.
#[rustfmt::skip]
mod generated;

use generated::SCHEMAS;

/// The schemas of the operation with this id, as the text of a JSON object.
///
/// `parameters` is an array of objects with `name`, `in`, `required`, `description` and `schema`. `body` is null, or an
/// object with `required` and either `schema` or, of bytes, `mediaType`. `answer` has the documented `status` of a
/// success, and a `schema` with the fields at the top of the answer, or null if it has no body.
///
/// ```
/// use ofauth_operations::schemas;
/// use serde_json::Value;
///
/// let post: Value = serde_json::from_str(schemas::find("create_post").unwrap())?;
/// assert_eq!(post["body"]["required"], true);
/// println!("{:#}", post["body"]["schema"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn find(id: &str) -> Option<&'static str> {
    let index = SCHEMAS.binary_search_by(|(known, _)| (*known).cmp(id)).ok()?;
    SCHEMAS.get(index).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::operation::Body;
    use crate::operations::OPERATIONS;

    #[test]
    fn every_operation_has_schemas_that_agree_with_the_table() {
        assert_eq!(SCHEMAS.len(), OPERATIONS.len());
        for operation in OPERATIONS {
            let schemas: Value = serde_json::from_str(find(operation.id).unwrap()).unwrap();
            let parameters = schemas["parameters"].as_array().unwrap();
            assert_eq!(parameters.len(), operation.parameters.len(), "{}", operation.id);
            for (schema, parameter) in parameters.iter().zip(operation.parameters) {
                assert_eq!(schema["name"], parameter.name, "{}", operation.id);
                assert_eq!(schema["required"], parameter.required, "{}", operation.id);
            }
            let body = &schemas["body"];
            let agrees = match operation.body {
                Body::None => body.is_null(),
                Body::Json => body["required"] == true && body["schema"].is_object(),
                Body::OptionalJson => body["required"] == false && body["schema"].is_object(),
                Body::Bytes => body["required"] == true && body["mediaType"].is_string(),
                Body::OptionalBytes => body["required"] == false && body["mediaType"].is_string(),
            };
            assert!(agrees, "{}: {body}", operation.id);
        }
        assert_eq!(find("no_such_operation"), None);
    }

    #[test]
    fn numbers_and_truth_values_of_posts_and_messages_may_be_null() {
        for id in
            ["create_post", "update_post", "send_chat_message", "create_mass_message", "update_mass_message"]
        {
            let schemas: Value = serde_json::from_str(find(id).unwrap()).unwrap();
            let fields = schemas["body"]["schema"]["properties"].as_object().unwrap();
            for (name, field) in fields {
                let types = match &field["type"] {
                    Value::Array(types) => types.clone(),
                    one => vec![one.clone()],
                };
                let is = |names: &[&str]| types.iter().any(|it| names.iter().any(|name| it == name));
                assert!(!is(&["number", "integer", "boolean"]) || is(&["null"]), "{id} {name}: {field}");
            }
            assert!(fields.contains_key("price"), "{id}");
        }
    }
}

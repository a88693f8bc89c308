//! The schemas of operations at their own places, with shared parameters, bodies and responses read where they are used.

use serde_json::Value;

use super::roots::{content_place, parameter_place};
use crate::document::methods;

/// More `$ref`s in a row than this are a circle.
const CHAIN: usize = 16;

/// A schema of an operation that stands in no other schema.
#[derive(Debug)]
pub(super) struct Root<'a> {
    /// Its place in the operation: `get /v2/posts query limit`, `get /v2/posts 404`.
    pub place: String,
    /// Where the document writes it, as [`super::roots::each`] names it: the same, or `responses NotFound`.
    pub written: String,
    /// The schema.
    pub schema: &'a Value,
}

/// Every such schema, by path and then method.
#[must_use]
pub(super) fn of(document: &Value) -> Vec<Root<'_>> {
    let mut roots = Vec::new();
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        for method in methods() {
            if let Some(operation) = item.get(method) {
                parameters(document, &format!("{method} {path}"), path, item, &mut roots);
                operation_roots(document, &format!("{method} {path}"), operation, &mut roots);
            }
        }
    }
    roots
}

fn operation_roots<'a>(document: &'a Value, place: &str, operation: &'a Value, roots: &mut Vec<Root<'a>>) {
    parameters(document, place, place, operation, roots);
    if let Some(body) = operation.get("requestBody") {
        let own = format!("{place} body");
        let (body, written) = shared(document, body, "requestBodies", &own);
        contents(&own, &written, body, roots);
    }
    let responses = operation.get("responses").and_then(Value::as_object);
    for (status, response) in responses.into_iter().flatten() {
        let own = format!("{place} {status}");
        let (response, written) = shared(document, response, "responses", &own);
        contents(&own, &written, response, roots);
    }
}

/// The parameters of `holder`, which stand at `written` and belong to the operation at `place`.
fn parameters<'a>(
    document: &'a Value,
    place: &str,
    written: &str,
    holder: &'a Value,
    roots: &mut Vec<Root<'a>>,
) {
    for parameter in holder.get("parameters").and_then(Value::as_array).into_iter().flatten() {
        let (parameter, written) = shared(document, parameter, "parameters", written);
        let (own, written) = (parameter_place(place, parameter), parameter_place(&written, parameter));
        if let Some(schema) = parameter.get("schema") {
            roots.push(Root { place: own.clone(), written: written.clone(), schema });
        }
        contents(&own, &written, parameter, roots);
    }
}

fn contents<'a>(place: &str, written: &str, holder: &'a Value, roots: &mut Vec<Root<'a>>) {
    for (media_type, media) in holder.get("content").and_then(Value::as_object).into_iter().flatten() {
        if let Some(schema) = media.get("schema") {
            let (place, written) = (content_place(place, media_type), content_place(written, media_type));
            roots.push(Root { place, written, schema });
        }
    }
}

/// What a part means, and where it is written: behind its `$ref`s, or at `own`.
fn shared<'a>(document: &'a Value, mut part: &'a Value, kind: &str, own: &str) -> (&'a Value, String) {
    let mut written = own.to_owned();
    for _ in 0..CHAIN {
        let Some(reference) = part.get("$ref").and_then(Value::as_str) else { break };
        let Some(name) = reference.strip_prefix(&format!("#/components/{kind}/")) else { break };
        let Some(next) = document.pointer(&format!("/components/{kind}/{name}")) else { break };
        written = format!("{kind} {}", name.replace("~1", "/").replace("~0", "~"));
        part = next;
    }
    (part, written)
}

/// Whether a place of an operation is in an answer.
pub(super) fn is_answer(place: &str) -> bool {
    let third = place.split(' ').nth(2).unwrap_or_default();
    !["query", "path", "header", "cookie", "body"]
        .contains(&third.split(['.', '[', '{', '|']).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shared_parts_stand_at_the_places_of_operations() {
        let document = json!({
            "paths": {"/a": {
                "parameters": [{"name": "q", "in": "query", "schema": {}}],
                "get": {
                    "parameters": [{"$ref": "#/components/parameters/Limit"}],
                    "requestBody": {"$ref": "#/components/requestBodies/B"},
                    "responses": {"404": {"$ref": "#/components/responses/No"}, "200": {"$ref": "#/gone"}},
                },
            }},
            "components": {
                "parameters": {"Limit": {"name": "limit", "in": "query", "schema": {}}},
                "requestBodies": {"B": {"content": {"text/csv": {"schema": {}}}}},
                "responses": {"No": {"$ref": "#/components/responses/Error"}, "Error": {"content": {"application/json": {"schema": {}}}}},
            },
        });
        let found: Vec<_> = of(&document).into_iter().map(|root| (root.place, root.written)).collect();
        let pair = |place: &str, written: &str| (place.to_owned(), written.to_owned());
        assert_eq!(
            found,
            [
                pair("get /a query q", "/a query q"),
                pair("get /a query limit", "parameters Limit query limit"),
                pair("get /a body text/csv", "requestBodies B text/csv"),
                pair("get /a 404", "responses Error"),
            ]
        );
    }
}

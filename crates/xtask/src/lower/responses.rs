//! Passes over the responses of operations as a whole: which statuses, which of them with a body.

use anyhow::Result;
use serde_json::{Value, json};

use super::mark;
use crate::document::{Document, Form, Response};

/// The generator panics when an operation has a `200` and a `default` of another type, or errors of several types. One
/// type stands for `4XX` and `5XX`; single error codes beside the ranges go.
pub(super) fn errors(document: &mut Document) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for operation in &mut document.operations {
        let is_error =
            |status: &str| status == "default" || status.starts_with('4') || status.starts_with('5');
        let documented: Vec<String> =
            operation.responses.keys().filter(|status| is_error(status)).cloned().collect();
        // `default` sorts last and speaks for all of them.
        let Some(error) = documented.last().and_then(|status| operation.responses.get(status)).cloned()
        else {
            continue;
        };
        operation.responses.retain(|status, _| !is_error(status));
        for range in ["4XX", "5XX"] {
            operation.responses.insert(range.to_owned(), error.clone());
        }
        places.push(format!("{}: {}", operation.id, documented.join(" ")));
    }
    Ok(places)
}

/// Any 2xx is a success: the documentation names 200, 201 and 204 in general but rarely per operation. The generator
/// panics on two success types, so all of them become one of which nothing is lost.
pub(super) fn success(document: &mut Document) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for operation in &mut document.operations {
        let documented: Vec<String> = operation
            .responses
            .keys()
            .filter(|status| status.starts_with(['1', '2', '3']))
            .cloned()
            .collect();
        let successes: Vec<Response> = operation.successes().map(|(_, response)| response.clone()).collect();
        operation.responses.retain(|status, _| !documented.contains(status));
        operation.responses.insert("2XX".to_owned(), one_of(&successes));
        for (name, value) in marks(&successes) {
            operation.extensions.insert(name.to_owned(), json!(value));
        }
        places.push(format!("{}: {}", operation.id, documented.join(" ")));
    }
    Ok(places)
}

/// One response for all successes.
fn one_of(successes: &[Response]) -> Response {
    let Some(first) = successes.first() else { return Response::empty() };
    let mut forms: Vec<Value> = Vec::new();
    for schema in successes.iter().filter_map(|response| response.schema.as_ref()) {
        if !forms.contains(schema) {
            forms.push(schema.clone());
        }
    }
    let is_json = successes.iter().filter_map(Response::form).all(|form| form == Form::Json);
    let mut schema = match forms.as_slice() {
        [] => return Response { media_type: None, schema: None, ..first.clone() },
        _ if !is_json => json!({ "type": "string" }),
        [only] => only.clone(),
        several => json!({ "oneOf": several }),
    };
    if is_json && successes.iter().any(|response| response.schema.is_none()) {
        if schema.get("$ref").is_some() {
            schema = json!({ "allOf": [schema] });
        }
        schema["nullable"] = json!(true);
    }
    Response { schema: Some(schema), ..first.clone() }
}

/// What the client has to know of successes that are not plain JSON.
fn marks(successes: &[Response]) -> Vec<(&'static str, String)> {
    let mut types: Vec<String> = successes.iter().filter_map(Response::media_types).collect();
    types.dedup();
    let types = types.join(", ");
    let form = successes.iter().filter_map(Response::form).max();
    let is_mixed = form != successes.iter().filter_map(Response::form).min();
    let answer = match form {
        None | Some(Form::Json) => None,
        Some(Form::Text) if !is_mixed => Some(mark::TEXT),
        Some(_) => Some(mark::BYTES),
    };
    let is_usual = types.is_empty() || types == "application/json" || types == "*/*";
    let accept = (!is_usual && types.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
        .then_some((mark::ACCEPT, types));
    answer.map(|answer| (mark::ANSWER, answer.to_owned())).into_iter().chain(accept).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{content, operation};
    use super::*;

    fn statuses(document: &Document) -> Vec<&str> {
        document.operations[0].responses.keys().map(String::as_str).collect()
    }

    #[test]
    fn default_and_single_codes_become_two_ranges_of_one_type() {
        let bare = json!({ "description": "Gone" });
        let error = content(json!({ "type": "object" }));
        let mut document =
            operation(json!({ "responses": { "200": bare, "404": bare, "413": error, "default": error } }));
        assert_eq!(errors(&mut document).unwrap(), ["do_it: 404 413 default"]);
        assert_eq!(statuses(&document), ["200", "4XX", "5XX"]);
        for range in ["4XX", "5XX"] {
            assert_eq!(document.operations[0].responses[range].schema, Some(json!({ "type": "object" })));
        }
    }

    #[test]
    fn an_operation_without_errors_stays_without() {
        let mut document = operation(json!({ "responses": { "200": { "description": "" } } }));
        assert!(errors(&mut document).unwrap().is_empty());
        assert_eq!(statuses(&document), ["200"]);
    }

    #[test]
    fn every_2xx_is_the_success() {
        let mut document = operation(json!({
            "responses": { "200": content(json!({ "type": "object" })), "308": { "description": "" } }
        }));
        success(&mut document).unwrap();
        assert_eq!(statuses(&document), ["2XX"]);
        assert_eq!(document.operations[0].responses["2XX"].schema, Some(json!({ "type": "object" })));
        assert!(document.operations[0].extensions.is_empty());
    }

    #[test]
    fn of_several_successes_nothing_is_lost() {
        let (one, other) = (json!({ "type": "object" }), json!({ "type": "array" }));
        let empty = json!({ "description": "" });
        for (responses, expected) in [
            (json!({ "200": content(one.clone()), "201": content(one.clone()) }), one.clone()),
            (
                json!({ "200": content(one.clone()), "201": content(other.clone()) }),
                json!({ "oneOf": [one, other] }),
            ),
            (
                json!({ "200": empty, "201": content(one.clone()) }),
                json!({ "type": "object", "nullable": true }),
            ),
        ] {
            let mut document = operation(json!({ "responses": responses }));
            success(&mut document).unwrap();
            assert_eq!(document.operations[0].responses["2XX"].schema, Some(expected));
        }
    }

    #[test]
    fn what_is_not_json_is_marked() {
        let of = |media_type: &str| json!({ "description": "", "content": { media_type: { "schema": {} } } });
        for (responses, answer, accept) in [
            (json!({ "200": of("text/csv") }), Some("text"), Some("text/csv")),
            (json!({ "200": of("image/png") }), Some("bytes"), Some("image/png")),
            (json!({ "200": of("application/vnd.api+json") }), None, Some("application/vnd.api+json")),
            (
                json!({ "200": of("application/json"), "202": of("text/plain") }),
                Some("bytes"),
                Some("application/json, text/plain"),
            ),
            (json!({ "200": of("*/*") }), None, None),
        ] {
            let mut document = operation(json!({ "responses": responses }));
            success(&mut document).unwrap();
            let said = |name: &str| document.operations[0].extensions.get(name).and_then(Value::as_str);
            assert_eq!((said(mark::ANSWER), said(mark::ACCEPT)), (answer, accept), "{responses}");
        }
    }
}

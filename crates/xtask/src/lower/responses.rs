//! Passes over the responses of operations as a whole: which statuses, which of them with a body.

use anyhow::Result;

use crate::document::{Document, Response};

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
/// panics on two success types, so the lowest status gives the type.
pub(super) fn success(document: &mut Document) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for operation in &mut document.operations {
        let documented: Vec<String> = operation
            .responses
            .keys()
            .filter(|status| status.starts_with(['1', '2', '3']))
            .cloned()
            .collect();
        let answer = operation.success().map(|(_, response)| response.clone());
        operation.responses.retain(|status, _| !documented.contains(status));
        let nothing = || Response { description: String::new(), schema: None, example: None };
        operation.responses.insert("2XX".to_owned(), answer.unwrap_or_else(nothing));
        places.push(format!("{}: {}", operation.id, documented.join(" ")));
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
    fn every_2xx_is_the_success_of_the_lowest() {
        let mut document = operation(json!({
            "responses": { "200": content(json!({ "type": "object" })), "204": { "description": "" }, "308": { "description": "" } }
        }));
        success(&mut document).unwrap();
        assert_eq!(statuses(&document), ["2XX"]);
        assert_eq!(document.operations[0].responses["2XX"].schema, Some(json!({ "type": "object" })));
    }
}

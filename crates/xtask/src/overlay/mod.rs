//! Lays an OpenAPI Overlay 1.0 over a document.
//!
//! Targets are JSONPath (RFC 9535). Beyond the specification, a target that matches nothing is an error: a mark that
//! silently stops applying after an update of the document is how operation ids get lost. This module knows nothing
//! of what the marks mean.

mod action;
mod nearest;

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use serde_json_path::JsonPath;

pub use self::action::{Action, Step, appended, target, yaml_text};
use crate::finding::Finding;

/// Where the overlay lies.
pub const FILE: &str = "openapi/overlay.yaml";

/// Applies every action of `overlay` to `document`, in order.
///
/// # Errors
///
/// If an action could not be applied; the error names all of them.
pub fn apply(document: &mut Value, overlay: &Value) -> Result<()> {
    let findings = lay(document, overlay);
    let all: Vec<String> = findings.iter().map(Finding::to_string).collect();
    ensure!(all.is_empty(), "the overlay does not fit the document:\n{}", all.join("\n"));
    Ok(())
}

/// Applies the actions of `overlay` that can be applied, and tells of the others.
pub fn lay(document: &mut Value, overlay: &Value) -> Vec<Finding> {
    let version = overlay.get("overlay").and_then(Value::as_str).unwrap_or_default();
    if !version.starts_with("1.") {
        return vec![Finding::new(
            FILE,
            format!("its version {version:?} is not 1.x"),
            "write `overlay: 1.0.0`",
        )];
    }
    let Some(actions) = overlay.get("actions").and_then(Value::as_array) else {
        return vec![Finding::new(FILE, "it has no list of actions", "write `actions: []`")];
    };
    let targets: Vec<&str> =
        actions.iter().filter_map(|action| action.get("target").and_then(Value::as_str)).collect();
    // Before anything is removed.
    let original = document.clone();
    let mut findings = Vec::new();
    for (index, action) in actions.iter().enumerate() {
        let place = format!("{FILE} action {}", index.saturating_add(1));
        let Some(target) = action.get("target").and_then(Value::as_str) else {
            findings.push(Finding::new(place, "it has no target", "write a `target`, or remove the action"));
            continue;
        };
        match apply_action(document, target, action) {
            Ok(true) => {}
            Ok(false) => findings.push(unmatched(&original, &place, target, &targets)),
            Err(error) => findings.push(Finding::new(
                place,
                format!("it cannot be applied to {target}: {error:#}"),
                "correct the action, or remove it",
            )),
        }
    }
    findings
}

fn unmatched(document: &Value, place: &str, target: &str, targets: &[&str]) -> Finding {
    let others: BTreeSet<&str> = targets.iter().copied().filter(|other| *other != target).collect();
    let cure = match nearest::nearest(document, target, &others) {
        Some(candidate) => format!(
            "correct its target, probably to this, or remove the action if the document has it no longer:\n  - target: \
             {candidate}"
        ),
        None => "remove the action; nothing in the document is like its target".to_owned(),
    };
    Finding::new(place, format!("its target {target} matches nothing in the document"), cure)
}

/// Applies an action. False if its target matches nothing.
fn apply_action(document: &mut Value, target: &str, action: &Value) -> Result<bool> {
    let places = locate(document, target)?;
    if places.is_empty() {
        return Ok(false);
    }
    if action.get("remove").and_then(Value::as_bool) == Some(true) {
        // From the last to the first, so that earlier list positions stay valid.
        places.iter().rev().try_for_each(|place| remove(document, place))?;
        return Ok(true);
    }
    let update = action.get("update").context("it has neither `update` nor `remove: true`")?;
    for place in places {
        let node = document.pointer_mut(&place).with_context(|| format!("{place} vanished"))?;
        match node {
            Value::Array(list) => list.push(update.clone()),
            node => merge(node, update),
        }
    }
    Ok(true)
}

/// The JSON pointers of everything that `target` selects.
fn locate(document: &Value, target: &str) -> Result<Vec<String>> {
    let path = JsonPath::parse(target).context("the target is not a JSONPath")?;
    Ok(path.query_located(document).locations().map(|place| place.to_json_pointer()).collect())
}

fn remove(document: &mut Value, pointer: &str) -> Result<()> {
    let (parent, last) = pointer.rsplit_once('/').context("the root cannot be removed")?;
    let last = last.replace("~1", "/").replace("~0", "~");
    match document.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.remove(&last);
        }
        Some(Value::Array(list)) => {
            let index: usize = last.parse().context("a list is removed from by number")?;
            ensure!(index < list.len(), "the list has no item {index}");
            list.remove(index);
        }
        _ => bail!("{parent} vanished"),
    }
    Ok(())
}

/// Objects merge, lists grow, everything else is replaced: the rules of Overlay 1.0 for `update`.
fn merge(node: &mut Value, update: &Value) {
    match (node, update) {
        (Value::Object(node), Value::Object(update)) => {
            for (key, value) in update {
                match node.get_mut(key) {
                    Some(existing) => merge(existing, value),
                    None => {
                        node.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(node), Value::Array(update)) => node.extend(update.iter().cloned()),
        (node, update) => *node = update.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn overlay(action: Value) -> Value {
        json!({"overlay": "1.0.0", "actions": [action]})
    }

    fn document() -> Value {
        json!({"paths": {"/v2/a/{b}": {"post": {"tags": ["A"], "x": 1}}}, "list": ["p", "q", "r"]})
    }

    #[test]
    fn update_merges_objects_and_appends_to_lists() {
        let mut document = document();
        let update = json!({"operationId": "make_a", "tags": ["B"], "x": {"y": 2}});
        apply(&mut document, &overlay(json!({"target": "$.paths['/v2/a/{b}'].post", "update": update})))
            .unwrap();
        assert_eq!(
            document["paths"]["/v2/a/{b}"]["post"],
            json!({"operationId": "make_a", "tags": ["A", "B"], "x": {"y": 2}})
        );
        apply(&mut document, &overlay(json!({"target": "$.list", "update": "s"}))).unwrap();
        assert_eq!(document["list"], json!(["p", "q", "r", "s"]));
    }

    #[test]
    fn remove_takes_every_match() {
        let mut document = document();
        apply(&mut document, &overlay(json!({"target": "$.list[0,2]", "remove": true}))).unwrap();
        assert_eq!(document["list"], json!(["q"]));
        apply(&mut document, &overlay(json!({"target": "$.paths['/v2/a/{b}'].post", "remove": true})))
            .unwrap();
        assert_eq!(document["paths"]["/v2/a/{b}"], json!({}));
    }

    #[test]
    fn a_target_without_a_match_is_an_error_that_names_it() {
        let error =
            apply(&mut document(), &overlay(json!({"target": "$.paths['/v2/gone'].get", "update": {}})))
                .unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains("$.paths['/v2/gone'].get") && text.contains("matches nothing"), "{text}");
    }

    #[test]
    fn a_target_that_is_no_path_is_an_error() {
        let error = apply(&mut document(), &overlay(json!({"target": "paths", "update": {}}))).unwrap_err();
        assert!(format!("{error:#}").contains("not a JSONPath"));
    }

    #[test]
    fn all_that_does_not_fit_is_told_in_one_run_and_the_rest_is_applied() {
        let mut document = document();
        let actions = json!([
            {"target": "$.paths['/v2/a/{c}'].post", "update": {"gone": true}},
            {"target": "$.paths['/v2/a/{b}']", "update": {"post": {"operationId": "make_a"}}},
            {"update": {}},
            {"target": "$.list"},
            {"target": "$.nowhere", "remove": true},
        ]);
        let findings = lay(&mut document, &json!({"overlay": "1.0.0", "actions": actions}));
        let places: Vec<&str> = findings.iter().map(|finding| finding.place.as_str()).collect();
        assert_eq!(places, [1, 3, 4, 5].map(|number| format!("openapi/overlay.yaml action {number}")));
        assert_eq!(document["paths"]["/v2/a/{b}"]["post"]["operationId"], "make_a");
        assert!(findings[0].cure.ends_with("\n  - target: $.paths['/v2/a/{b}'].post"), "{}", findings[0]);
        assert!(findings[3].cure.starts_with("remove the action"), "{}", findings[3]);

        for broken in [json!({}), json!({"overlay": "2.0"}), json!({"overlay": "1.0.0"})] {
            assert_eq!(lay(&mut self::document(), &broken).len(), 1, "{broken}");
        }
    }
}

//! Lays an OpenAPI Overlay 1.0 over a document.
//!
//! Targets are JSONPath (RFC 9535). Beyond the specification, a target that matches nothing is an error: a mark that
//! silently stops applying after an update of the document is how operation ids get lost. This module knows nothing
//! of what the marks mean.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use serde_json_path::JsonPath;

/// Applies every action of `overlay` to `document`, in order.
pub fn apply(document: &mut Value, overlay: &Value) -> Result<()> {
    let version = overlay.get("overlay").and_then(Value::as_str).unwrap_or_default();
    ensure!(version.starts_with("1."), "overlay: version {version:?} is not 1.x; set `overlay: 1.0.0`");
    let actions =
        overlay.get("actions").and_then(Value::as_array).context("overlay: `actions` is missing")?;
    for (index, action) in actions.iter().enumerate() {
        let target = action
            .get("target")
            .and_then(Value::as_str)
            .with_context(|| format!("overlay: action {index} has no `target`"))?;
        apply_action(document, target, action)
            .with_context(|| format!("overlay: action {index} with target {target}"))?;
    }
    Ok(())
}

fn apply_action(document: &mut Value, target: &str, action: &Value) -> Result<()> {
    let places = locate(document, target)?;
    ensure!(
        !places.is_empty(),
        "the target matches nothing in the document; correct its path, or remove the action if the document no \
         longer has it"
    );
    if action.get("remove").and_then(Value::as_bool) == Some(true) {
        // From the last to the first, so that earlier list positions stay valid.
        return places.iter().rev().try_for_each(|place| remove(document, place));
    }
    let update = action.get("update").context("it has neither `update` nor `remove: true`")?;
    for place in places {
        let node = document.pointer_mut(&place).with_context(|| format!("{place} vanished"))?;
        match node {
            Value::Array(list) => list.push(update.clone()),
            node => merge(node, update),
        }
    }
    Ok(())
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
}

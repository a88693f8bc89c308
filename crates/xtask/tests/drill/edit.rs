//! What a case does to the base: `set` a place to a value, `merge` into it, `remove` it, `move` it.
//!
//! A place is a JSON pointer; its first step may be the short form of a place in the base, such as `$list`. A last step
//! `-` appends to a list, and what is missing on the way to a place that is set is made.

use serde_json::{Value, json};

/// Short forms: the four operations, then any component by its name.
const PLACES: &[(&str, &str)] = &[
    ("$list", "/paths/~1v2~1access~1drills/get"),
    ("$create", "/paths/~1v2~1access~1drills/post"),
    ("$get", "/paths/~1v2~1access~1drills~1{drillId}/get"),
    ("$delete", "/paths/~1v2~1access~1drills~1{drillId}/delete"),
    ("$drills", "/paths/~1v2~1access~1drills"),
    ("$drill", "/paths/~1v2~1access~1drills~1{drillId}"),
];

/// Applies one edit.
pub(crate) fn apply(document: &mut Value, edit: &Value) -> Result<(), String> {
    let place = |member: &str| edit.get(member).and_then(Value::as_str).map(full);
    let to = || edit.get("to").cloned().ok_or("an edit without `to`");
    if let Some(place) = place("set") {
        set(document, &place, to()?)
    } else if let Some(place) = place("merge") {
        let node = document.pointer_mut(&place).ok_or(format!("{place} is not there"))?;
        merge(node, &to()?);
        Ok(())
    } else if let Some(place) = place("remove") {
        take(document, &place).map(drop)
    } else if let Some(place) = place("move") {
        let value = take(document, &place)?;
        set(document, &full(to()?.as_str().ok_or("`to` is no place")?), value)
    } else {
        Err(format!("{edit} is none of set, merge, remove, move"))
    }
}

fn full(place: &str) -> String {
    let (first, rest) = place.find('/').map_or((place, ""), |at| place.split_at(at));
    match (PLACES.iter().find(|(short, _)| *short == first), first.strip_prefix('$')) {
        (Some((_, long)), _) => format!("{long}{rest}"),
        (None, Some(component)) => format!("/components/schemas/{component}{rest}"),
        (None, None) => place.to_owned(),
    }
}

fn set(document: &mut Value, place: &str, value: Value) -> Result<(), String> {
    let mut node = document;
    for step in place.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        node = match node {
            Value::Array(list) => {
                let index = if step == "-" { Ok(list.len()) } else { step.parse::<usize>() };
                let index = index.map_err(|_| format!("{place}: {step} is no number"))?;
                if index == list.len() {
                    list.push(json!({}));
                }
                list.get_mut(index).ok_or(format!("{place}: there is no item {index}"))?
            }
            Value::Object(object) => object.entry(step).or_insert_with(|| json!({})),
            _ => return Err(format!("{place}: {step} stands in no object")),
        };
    }
    *node = value;
    Ok(())
}

fn take(document: &mut Value, place: &str) -> Result<Value, String> {
    let (parent, last) = place.rsplit_once('/').ok_or("the root")?;
    let last = last.replace("~1", "/").replace("~0", "~");
    let gone = match document.pointer_mut(parent) {
        Some(Value::Object(object)) => object.remove(&last),
        Some(Value::Array(list)) => last.parse().ok().filter(|i| *i < list.len()).map(|i| list.remove(i)),
        _ => None,
    };
    gone.ok_or(format!("{place} is not there"))
}

/// RFC 7396.
fn merge(node: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *node = patch.clone();
        return;
    };
    if !node.is_object() {
        *node = json!({});
    }
    if let Value::Object(object) = node {
        for (key, value) in patch {
            if value.is_null() {
                object.remove(key);
            } else {
                merge(object.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

/// The document as text in a form.
pub(crate) fn written(document: &Value, form: Option<&str>) -> String {
    let pretty = serde_json::to_string_pretty(document).unwrap();
    match form {
        // JSON is YAML, too.
        None | Some("json" | "base") => pretty,
        Some("one-line") => serde_json::to_string(document).unwrap(),
        Some("crlf") => pretty.replace('\n', "\r\n"),
        Some("bom") => format!("\u{feff}{pretty}"),
        Some("colons") => colons(document),
        Some("inline") => serde_json::to_string(&inlined(document)).unwrap(),
        Some("inline-colons") => colons(&inlined(document)),
        Some(other) => panic!("no form {other}"),
    }
}

/// The document without components but the schemes of security.
fn inlined(document: &Value) -> Value {
    let mut plain = document.clone();
    if let Some(Value::Object(components)) = plain.get_mut("components") {
        components.retain(|name, _| name == "securitySchemes");
    }
    inline(document, &mut plain);
    plain
}

fn inline(root: &Value, node: &mut Value) {
    let target =
        node.get("$ref").and_then(Value::as_str).and_then(|text| root.pointer(text.trim_start_matches('#')));
    if let Some(target) = target {
        *node = target.clone();
    }
    match node {
        Value::Object(object) => object.values_mut().for_each(|value| inline(root, value)),
        Value::Array(list) => list.iter_mut().for_each(|value| inline(root, value)),
        _ => {}
    }
}

/// The publisher's way to write paths.
fn colons(document: &Value) -> String {
    let mut document = document.clone();
    if let Some(Value::Object(paths)) = document.get_mut("paths") {
        *paths = std::mem::take(paths)
            .into_iter()
            .map(|(path, item)| (path.replace('{', ":").replace('}', ""), item))
            .collect();
    }
    serde_json::to_string(&document).unwrap()
}

#[test]
fn edits_do_what_they_say() {
    let mut document =
        json!({"paths": {"/v2/access/drills": {"get": {"parameters": [1]}}}, "components": {}});
    for edit in [
        json!({"set": "$list/parameters/-", "to": 2}),
        json!({"set": "$New/type", "to": "object"}),
        json!({"merge": "$list", "to": {"summary": "S", "tags": null}}),
        json!({"move": "$list/parameters/0", "to": "/x-first"}),
    ] {
        apply(&mut document, &edit).unwrap();
    }
    assert_eq!(
        document,
        json!({
            "paths": {"/v2/access/drills": {"get": {"parameters": [2], "summary": "S"}}},
            "components": {"schemas": {"New": {"type": "object"}}},
            "x-first": 1,
        })
    );
    assert!(apply(&mut document, &json!({"remove": "$Gone"})).is_err());
}

//! Whatever is taken out or put elsewhere in a document: nothing is unseen, and nothing panics or hangs.

use serde_json::Value;
use xtask::verdict::{Level, diff};

use super::base;

/// Every place of a document that can be taken out, by its pointer.
fn places(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let below = format!("{pointer}/{}", escaped(key));
                places(value, &below, found);
                found.push(below);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                let below = format!("{pointer}/{index}");
                places(value, &below, found);
                found.push(below);
            }
        }
        _ => {}
    }
}

#[test]
fn whatever_is_taken_out_is_seen_or_words() {
    let document = base();
    let mut all = Vec::new();
    places(&document, "", &mut all);
    let mut unseen = Vec::new();
    for pointer in all {
        let mut new = document.clone();
        let (holder, key) = pointer.rsplit_once('/').unwrap();
        match new.pointer_mut(holder) {
            Some(Value::Object(object)) => {
                object.remove(&key.replace("~1", "/").replace("~0", "~"));
            }
            Some(Value::Array(list)) => {
                list.remove(key.parse().unwrap());
            }
            _ => unreachable!(),
        }
        // Without paths it is no document.
        let (Ok(there), Ok(back)) = (diff(&document, &new), diff(&new, &document)) else { continue };
        let words = ["description", "summary", "tags", "title", "version", "info", "openapi"];
        let meant = !words.iter().any(|word| pointer.split('/').any(|part| part == *word));
        if there.changes.is_empty()
            || back.changes.is_empty()
            || (there.level() == Level::None && back.level() == Level::None && meant)
        {
            unseen.push(pointer);
        }
    }
    // Words have a type without saying it, a parameter of a path is always required, and a document that does not name
    // servers, credentials or our ids says nothing about them.
    let expected = [
        "/components/schemas/Post/properties/state/type",
        "/components/schemas/PostInput/properties/expireAfter/type",
        "/components/schemas/PostInput/properties/mode/type",
        "/components/securitySchemes/apiKey",
        "/components/securitySchemes",
        "/paths/~1v2~1posts/get/operationId",
        "/paths/~1v2~1posts/get/parameters/3/schema/type",
        "/paths/~1v2~1posts/post/operationId",
        "/paths/~1v2~1posts~1{postId}/delete/operationId",
        "/paths/~1v2~1posts~1{postId}/parameters/0/required",
        "/security",
        "/servers/0/url",
        "/servers/0",
        "/servers",
    ];
    assert_eq!(unseen, expected, "{unseen:#?}");
}

/// The next number of a simple generator.
fn next(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap()
}

#[test]
fn a_document_that_is_shuffled_about_is_compared() {
    let document = base();
    let mut all = Vec::new();
    places(&document, "", &mut all);
    let mut seed = 7;
    let mut changed = document.clone();
    for round in 0..600 {
        if round % 12 == 0 {
            changed = document.clone();
        }
        let (from, to) = (&all[next(&mut seed) % all.len()], &all[next(&mut seed) % all.len()]);
        let moved = document.pointer(from).cloned().unwrap();
        if let Some(place) = changed.pointer_mut(to) {
            *place = moved;
        }
        let (there, back) = (diff(&document, &changed), diff(&changed, &document));
        assert_eq!(there.is_ok(), back.is_ok());
        if let (Ok(there), Ok(back)) = (there, back) {
            assert_eq!(there.changes.is_empty(), document == changed, "{from} to {to}: {there}");
            assert_eq!(back.changes.is_empty(), document == changed, "{from} to {to}: {back}");
        }
    }
}

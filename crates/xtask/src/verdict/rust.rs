//! What becomes of a schema in Rust, as far as the comparison has to know: the kind of type, not its name.

use super::shape::Shape;
use super::spot::Spot;
use crate::lower::is_id_name;

/// The kind of Rust type of a value.
pub(super) fn kind(shape: &Shape, spot: &Spot) -> String {
    let Some(types) = &shape.types else {
        return if shape.variants.is_empty() { "any JSON" } else { "alternatives" }.to_owned();
    };
    let types: Vec<&str> = types.iter().map(String::as_str).collect();
    let words = shape.values.as_ref().is_some_and(|values| values.iter().any(serde_json::Value::is_string));
    // Ids are numbers or texts in answers, and text in any case in a path or query.
    let by_name = !words
        && is_id_name(&spot.name, "")
        && (!spot.is_request() || (spot.parameter && !spot.owner.starts_with("header")));
    match types.as_slice() {
        ["string"] if shape.format.as_deref() == Some("binary") => "bytes".to_owned(),
        ["string"] if words => "an enum".to_owned(),
        ["string"] if by_name => "an id".to_owned(),
        ["integer" | "number"] if by_name && !spot.is_request() => "an id".to_owned(),
        ["integer" | "number", "string"] => "an id".to_owned(),
        ["string"] => "a text".to_owned(),
        ["integer"] => "a whole number".to_owned(),
        ["number"] => "a number".to_owned(),
        ["boolean"] => "a truth value".to_owned(),
        ["array"] => "a list".to_owned(),
        ["object"] if !shape.properties.is_empty() => "an object with fields".to_owned(),
        ["object"] if shape.rest.as_ref().is_some_and(serde_json::Value::is_object) => "a map".to_owned(),
        // An answer without named fields is read as whatever comes.
        ["object"] if !spot.is_request() => "any JSON".to_owned(),
        ["object"] => "any object".to_owned(),
        several => several.join(" or "),
    }
}

/// Whether a type of that kind has a name of its own in Rust.
pub(super) fn has_name(kind: &str) -> bool {
    kind == "an enum" || kind == "an object with fields" || kind == "alternatives"
}

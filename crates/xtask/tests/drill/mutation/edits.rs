//! What one random edit does to a document. The pieces of what is put in are those of OpenAPI, so that most documents get
//! past the first look.

use fastrand::Rng;
use serde_json::{Value, json};

/// Names that are put in place of others.
const NAMES: &[&str] = &[
    "",
    " ",
    "$ref",
    "a-b",
    "a_b",
    "body",
    "client",
    "default",
    "drillId",
    "id",
    "items",
    "other",
    "properties",
    "self",
    "Self",
    "String",
    "Result",
    "type",
    "userId",
    "user_id",
    "x-ofauth-page",
    "x-ofauth-secret",
    "{drillId}",
    "~1",
    "ß",
    "9",
    "+",
    "get",
    "/v2/{a}/:b",
    "2XX",
    "application/json",
    "multipart/form-data",
];

/// Members of schemas, operations and parameters that are put in.
const MEMBERS: &[&str] = &[
    "$defs",
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "callbacks",
    "const",
    "content",
    "default",
    "deprecated",
    "description",
    "discriminator",
    "enum",
    "example",
    "exclusiveMinimum",
    "explode",
    "format",
    "if",
    "in",
    "items",
    "maximum",
    "maxLength",
    "minimum",
    "minItems",
    "name",
    "not",
    "nullable",
    "oneOf",
    "operationId",
    "parameters",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "readOnly",
    "requestBody",
    "required",
    "responses",
    "schema",
    "security",
    "servers",
    "style",
    "tags",
    "type",
    "webhooks",
    "writeOnly",
    "x-ofauth-kept",
    "x-ofauth-page",
    "x-ofauth-retry",
    "x-ofauth-secret",
    "x-permission",
];

/// One random edit of one random place.
pub(super) fn edit(document: &mut Value, random: &mut Rng) {
    let places = places(document);
    let some = |random: &mut Rng| random.choice(&places).cloned().unwrap_or_default();
    let (here, there) = (some(random), some(random));
    let other = document.pointer(&there).cloned().unwrap_or_default();
    match random.u8(..12) {
        0 => remove(document, &here),
        1 => duplicate(document, &here, random),
        2 => rename(document, &here, random),
        3 => refer(document, &here, &there, random),
        4 | 5 => put(document, &here, odd(random)),
        6 => {
            let one = document.pointer(&here).cloned().unwrap_or_default();
            put(document, &here, other);
            put(document, &there, one);
        }
        7 => put(document, &here, other),
        8 | 9 => {
            let value = if random.bool() { other } else { odd(random) };
            if let Some(Value::Object(object)) = document.pointer_mut(&here) {
                object.insert(one_of(MEMBERS, random).to_owned(), value);
            }
        }
        10 => nest(document, &here, random),
        // A place within itself: what refers to it goes in a circle.
        _ => {
            let above = here.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
            let above = above.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
            put(document, &here, json!({"$ref": format!("#{above}")}));
        }
    }
}

/// Cuts a piece out of a text.
pub(super) fn cut(text: &mut String, random: &mut Rng) {
    let place = |random: &mut Rng, text: &str| {
        let mut at = random.usize(..=text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (one, two) = (place(random, text), place(random, text));
    let end = one.max(two).min(one.min(two) + 50);
    if text.is_char_boundary(end) {
        text.replace_range(one.min(two)..end, "");
    }
}

/// The pointers of everything in a document, but for the document itself.
fn places(document: &Value) -> Vec<String> {
    let mut all = Vec::new();
    let mut open = vec![(String::new(), document)];
    while let Some((place, value)) = open.pop() {
        let mut add = |step: String, value| {
            let step = step.replace('~', "~0").replace('/', "~1");
            open.push((format!("{place}/{step}"), value));
        };
        match value {
            Value::Object(object) => object.iter().for_each(|(name, value)| add(name.clone(), value)),
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(index, value)| add(index.to_string(), value))
            }
            _ => {}
        }
        if !place.is_empty() {
            all.push(place);
        }
    }
    all.sort();
    all
}

/// What holds a place, and the last step to it.
fn holder<'a>(document: &'a mut Value, place: &str) -> Option<(&'a mut Value, String)> {
    let (above, last) = place.rsplit_once('/')?;
    Some((document.pointer_mut(above)?, last.replace("~1", "/").replace("~0", "~")))
}

fn put(document: &mut Value, place: &str, value: Value) {
    if let Some(node) = document.pointer_mut(place) {
        *node = value;
    }
}

fn remove(document: &mut Value, place: &str) {
    match holder(document, place) {
        Some((Value::Object(object), name)) => {
            object.remove(&name);
        }
        Some((Value::Array(list), index)) => {
            if let Some(index) = index.parse::<usize>().ok().filter(|index| *index < list.len()) {
                list.remove(index);
            }
        }
        _ => {}
    }
}

fn duplicate(document: &mut Value, place: &str, random: &mut Rng) {
    let Some(value) = document.pointer(place).cloned() else { return };
    match holder(document, place) {
        Some((Value::Object(object), name)) => {
            object.insert(like(&name, random), value);
        }
        Some((Value::Array(list), _)) => list.push(value),
        _ => {}
    }
}

fn rename(document: &mut Value, place: &str, random: &mut Rng) {
    if let Some((Value::Object(object), name)) = holder(document, place)
        && let Some(value) = object.remove(&name)
    {
        object.insert(like(&name, random), value);
    }
}

/// A name that is like another, or another altogether.
fn like(name: &str, random: &mut Rng) -> String {
    match random.u8(..6) {
        0 => name.to_uppercase(),
        1 => name.to_lowercase(),
        2 => format!("{name}2"),
        3 => format!("{name}_"),
        4 => name.replace('/', ""),
        _ => one_of(NAMES, random).to_owned(),
    }
}

fn refer(document: &mut Value, here: &str, there: &str, random: &mut Rng) {
    let odd = [
        "#",
        "#/",
        "",
        "other.yaml#/A",
        "#/components/schemas/Gone",
        "#/components/schemas/Drill/properties/size",
    ];
    let target = if random.u8(..4) == 0 { one_of(&odd, random).to_owned() } else { format!("#{there}") };
    put(document, here, json!({"$ref": target}));
}

/// Puts a place many levels deeper.
fn nest(document: &mut Value, place: &str, random: &mut Rng) {
    let Some(mut value) = document.pointer(place).cloned() else { return };
    let levels = if random.u8(..8) == 0 { 400 } else { random.usize(1..40) };
    let kind = random.u8(..5);
    for _ in 0..levels {
        value = match kind {
            0 => json!({"type": "array", "items": value}),
            1 => json!({"type": "object", "properties": {"a": value}}),
            2 => json!({"allOf": [value]}),
            3 => json!({"oneOf": [value, {"type": "null"}]}),
            _ => json!([value]),
        };
    }
    put(document, place, value);
}

/// A value that does not belong.
fn odd(random: &mut Rng) -> Value {
    match random.u8(..22) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(false),
        3 => json!(-1),
        4 => json!(1e300),
        5 => json!(u64::MAX),
        6 => json!(0.5),
        7 => json!([]),
        8 => json!({}),
        9 => json!(one_of(NAMES, random)),
        10 => json!([one_of(NAMES, random), one_of(NAMES, random), null, 5, {}]),
        11 => json!({"type": one_of(&["object", "array", "string", "integer", "null", "date"], random)}),
        12 => json!({"type": ["string", "object", "null"]}),
        13 => {
            json!({"oneOf": [{"type": "string"}, {"$ref": "#/components/schemas/Drill"}, {"type": "array", "items": {}}]})
        }
        14 => {
            json!({"allOf": [{"$ref": "#/components/schemas/Drill"}, {"$ref": "#/components/schemas/Shape"}]})
        }
        15 => json!({"enum": ["a-b", "a_b", "", "other", null, 5]}),
        16 => json!({"const": {"a": [1]}}),
        17 => json!({"type": "object", "properties": {"userId": {}, "user_id": {}}}),
        18 => json!({"enum": (0..2000).map(|n| format!("word {n}")).collect::<Vec<_>>(), "type": "string"}),
        19 => json!({"get": {"responses": {"200": {"description": ""}}}}),
        20 => {
            json!([{"name": one_of(NAMES, random), "in": one_of(&["path", "query", "header", "cookie", "x"], random), "schema": {"type": "string"}}])
        }
        _ => json!("a \"quoted\" text */ \u{2028} ` { } \\ \n end"),
    }
}

fn one_of<'a>(all: &[&'a str], random: &mut Rng) -> &'a str {
    random.choice(all).copied().unwrap_or_default()
}

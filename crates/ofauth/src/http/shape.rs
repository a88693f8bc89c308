//! The outline of a JSON answer: enough to tell a success from an error, and no more memory than that takes.
//!
//! An answer may be 32 MiB long and take many times that as a tree, so only the few fields that decide are kept. All of it
//! is read, though: what breaks off in the middle is no answer.

use std::fmt;

use ofauth_operations::operation::{Success, SuccessBody};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Value};

/// The fields of an object that decide.
pub(super) type Fields = Map<String, Value>;

/// Names that an error may have, and the success that may stand beside them.
const DECIDING: [&str; 12] = [
    "error",
    "errors",
    "message",
    "type",
    "code",
    "status",
    "statusCode",
    "ok",
    "success",
    "requestId",
    "actionRequired",
    "details",
];
/// Where a page has its items.
const LIST: &str = "list";

/// serde_json reads objects and lists that lie in one another up to this depth.
const DEEPEST: usize = 127;

/// An answer of more values is not read: as a tree each takes a hundred bytes and more, so that 32 MiB of zeros would take
/// a gigabyte. A plan of the most parts has 600 000.
const MOST_VALUES: usize = 1_000_000;

/// Whether a body is JSON of more values than are read.
pub(super) fn has_too_many_values(body: &[u8]) -> bool {
    let begins = body.trim_ascii_start().first();
    body.len() > MOST_VALUES && matches!(begins, Some(b'{' | b'[')) && depth_and_values(body).1 > MOST_VALUES
}

/// The outline of an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Shape {
    /// An object, its deciding fields, and whether it has what it is about.
    Object(Fields, bool),
    /// A list, and whether an item has what the list is about.
    List(bool),
    /// null.
    Nothing,
    /// A text, a number, true or false.
    Scalar,
}

impl Shape {
    /// Reads JSON. The error ends a sentence about the answer and quotes nothing of it.
    pub(super) fn read(body: &[u8], expected: Success) -> Result<Self, String> {
        if depth_and_values(body).0 > DEEPEST {
            return Err(format!("its objects or lists are nested more than {DEEPEST} deep"));
        }
        let mut json = serde_json::Deserializer::from_slice(body);
        let read = match body.trim_ascii_start().first() {
            Some(b'{') => json.deserialize_map(Outline(expected)),
            Some(b'[') => json.deserialize_seq(Outline(expected)),
            _ => Value::deserialize(&mut json)
                .map(|value| if value.is_null() { Self::Nothing } else { Self::Scalar }),
        };
        read.and_then(|shape| json.end().map(|()| shape)).map_err(|error| match error.classify() {
            Category::Eof => "it ends too early".to_owned(),
            _ => format!("it is not JSON (line {}, column {})", error.line(), error.column()),
        })
    }

    /// Whether the answer has the field without which it means nothing.
    pub(super) fn has_key(&self) -> bool {
        matches!(self, Self::Object(_, true) | Self::List(true))
    }

    /// The deciding fields of an object.
    pub(super) fn fields(&self) -> Option<&Fields> {
        match self {
            Self::Object(fields, _) => Some(fields),
            _ => None,
        }
    }
}

/// How deep the deepest object or list of a JSON text lies, and how many values it has, or more: what is empty counts as
/// well.
fn depth_and_values(body: &[u8]) -> (usize, usize) {
    let (mut now, mut deepest, mut values, mut in_text, mut escaped) = (0_usize, 0, 1_usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                now = now.saturating_add(1);
                deepest = deepest.max(now);
                values = values.saturating_add(1);
            }
            b',' if !in_text => values = values.saturating_add(1),
            b'}' | b']' if !in_text => now = now.saturating_sub(1),
            _ => {}
        }
    }
    (deepest, values)
}

/// Whether a value of this name can be what an answer is about.
fn is_there(name: &str, value: &Value) -> bool {
    match value {
        Value::Number(_) => true,
        Value::String(text) => !text.trim().is_empty(),
        // No id is true or false.
        Value::Bool(_) => name == "exists",
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

#[derive(Clone, Copy)]
struct Outline(Success);

impl Outline {
    fn is_of_item(self, item: &Value) -> bool {
        let key = self.0.key.filter(|_| self.0.body == SuccessBody::Listing);
        key.is_some_and(|key| item.get(key).is_some_and(|value| is_there(key, value)))
    }
}

impl<'de> Visitor<'de> for Outline {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        let (mut fields, mut has_key) = (Fields::new(), false);
        // Of a field that stands twice the last one counts.
        while let Some(name) = map.next_key::<String>()? {
            if self.0.key == Some(name.as_str()) {
                has_key = is_there(&name, &map.next_value()?);
            } else if name == LIST && self.0.key.is_some() && self.0.body == SuccessBody::Listing {
                let items: Value = map.next_value()?;
                has_key |= items.as_array().into_iter().flatten().any(|item| self.is_of_item(item));
            } else if DECIDING.contains(&name.as_str()) {
                fields.insert(name, map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Shape::Object(fields, has_key))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Shape, A::Error> {
        let mut has_key = false;
        if self.0.key.is_some() && self.0.body == SuccessBody::Listing {
            while let Some(item) = list.next_element::<Value>()? {
                has_key |= self.is_of_item(&item);
            }
        } else {
            while list.next_element::<IgnoredAny>()?.is_some() {}
        }
        Ok(Shape::List(has_key))
    }
}

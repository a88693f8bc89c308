//! Readers of single fields in answers.
//!
//! They decide what a field may look like beside what the document says: null is as good as missing, a number may come
//! as text and the other way round, an empty object may be written `[]`. A scalar that cannot be read as its type at
//! all counts as missing; a list or object of the wrong shape stays an error. Requests are not read here.

use std::collections::BTreeMap;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
use serde_json::Value;

/// A scalar that may be missing.
pub(crate) fn scalar<'de, D: Deserializer<'de>, T: Scalar>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(T::read(Value::deserialize(deserializer)?))
}

/// A scalar without which the answer means nothing.
pub(crate) fn required<'de, D: Deserializer<'de>, T: Scalar>(deserializer: D) -> Result<T, D::Error> {
    T::read(Value::deserialize(deserializer)?)
        .ok_or_else(|| D::Error::custom(format!("expected {}", T::NAME)))
}

/// A list of scalars; what cannot be read as one is left out.
pub(crate) fn scalars<'de, D: Deserializer<'de>, T: Scalar>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let items = items(Value::deserialize(deserializer)?).map_err(D::Error::custom)?;
    Ok(items.filter_map(T::read).collect())
}

/// An object.
pub(crate) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::Array(items) if items.is_empty() => Ok(None),
        value => T::deserialize(value).map(Some).map_err(D::Error::custom),
    }
}

/// A list; null items are left out.
pub(crate) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let items = items(Value::deserialize(deserializer)?).map_err(D::Error::custom)?;
    items.map(|item| T::deserialize(item).map_err(D::Error::custom)).collect()
}

/// A map; null values are left out.
pub(crate) fn map<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<BTreeMap<String, T>, D::Error> {
    let entries = entries(Value::deserialize(deserializer)?).map_err(D::Error::custom)?;
    let entries = entries.into_iter().filter(|(_, value)| !value.is_null());
    entries
        .map(|(key, value)| T::deserialize(value).map(|value| (key, value)).map_err(D::Error::custom))
        .collect()
}

/// A list of scalars among which null has a place; what cannot be read as one is null.
#[allow(dead_code)]
pub(crate) fn nullable_scalars<'de, D: Deserializer<'de>, T: Scalar>(
    deserializer: D,
) -> Result<Vec<Option<T>>, D::Error> {
    let items = all_items(Value::deserialize(deserializer)?).map_err(D::Error::custom)?;
    Ok(items.into_iter().map(T::read).collect())
}

/// A list in which null has a place.
#[allow(dead_code)]
pub(crate) fn nullable_list<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<Option<T>>, D::Error> {
    let items = all_items(Value::deserialize(deserializer)?).map_err(D::Error::custom)?;
    items.into_iter().map(|item| Option::deserialize(item).map_err(D::Error::custom)).collect()
}

/// A map whose values may be null.
#[allow(dead_code)]
pub(crate) fn nullable_map<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<BTreeMap<String, Option<T>>, D::Error> {
    let entries = entries(Value::deserialize(deserializer)?).map_err(D::Error::custom)?;
    let read = |value| Option::deserialize(value).map_err(D::Error::custom);
    entries.into_iter().map(|(key, value)| read(value).map(|value| (key, value))).collect()
}

/// A page, or the list of it alone.
pub(crate) fn page(answer: Value) -> Value {
    match answer {
        Value::Array(_) => Value::from_iter([("list", answer)]),
        other => other,
    }
}

/// A list, or one item of it alone.
pub(crate) fn single(answer: Value) -> Value {
    match answer {
        Value::Object(item) if !item.contains_key("list") => {
            Value::from_iter([("list", Value::Array(vec![Value::Object(item)]))])
        }
        other => page(other),
    }
}

/// Reads `$name` from the forms that [`page`] or [`single`] takes. The type derives its readers as methods of its own
/// (`remote = "Self"`). Names in full: a schema may be called `Result`.
macro_rules! listing {
    ($name:ident, $form:ident) => {
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                let answer = <::serde_json::Value as ::serde::Deserialize>::deserialize(deserializer)?;
                Self::deserialize(crate::lenient::$form(answer)).map_err(::serde::de::Error::custom)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                Self::serialize(self, serializer)
            }
        }
    };
}

pub(crate) use listing;

/// The items of a list that are not null.
fn items(value: Value) -> Result<impl Iterator<Item = Value>, &'static str> {
    Ok(all_items(value)?.into_iter().filter(|item| !item.is_null()))
}

fn all_items(value: Value) -> Result<Vec<Value>, &'static str> {
    match value {
        Value::Array(items) => Ok(items),
        Value::Null => Ok(Vec::new()),
        Value::Object(entries) if entries.is_empty() => Ok(Vec::new()),
        _ => Err("expected a list"),
    }
}

fn entries(value: Value) -> Result<serde_json::Map<String, Value>, &'static str> {
    match value {
        Value::Null => Ok(serde_json::Map::new()),
        Value::Array(items) if items.is_empty() => Ok(serde_json::Map::new()),
        Value::Object(entries) => Ok(entries),
        _ => Err("expected an object"),
    }
}

/// A value that JSON can write in more than one way.
pub(crate) trait Scalar: Sized {
    /// What an error says was expected.
    const NAME: &'static str;

    /// Reads the value from any form that stands for it.
    fn read(value: Value) -> Option<Self>;
}

/// A whole number, also as `5.0` or `"5"`.
impl Scalar for i64 {
    const NAME: &'static str = "a whole number";

    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Value::String(text) => text.parse().ok().or_else(|| whole(text.parse().ok()?)),
            _ => None,
        }
    }
}

/// A number, also as text.
impl Scalar for f64 {
    const NAME: &'static str = "a number";

    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }
}

/// `true` or `false`, also as text or as 1 or 0.
impl Scalar for bool {
    const NAME: &'static str = "true or false";

    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Bool(flag) => Some(flag),
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => match number.as_i64() {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A text, also as a number or truth value.
impl Scalar for String {
    const NAME: &'static str = "a text";

    fn read(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }
}

/// The i64 that `number` stands for exactly.
fn whole(number: f64) -> Option<i64> {
    // Both bounds are exact in f64; 2^63 itself is out of range.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    let fits = number.fract() == 0.0 && (-LIMIT..LIMIT).contains(&number);
    fits.then_some(number as i64)
}

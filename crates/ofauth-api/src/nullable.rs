//! A value that may be sent as null.
//!
//! It stands in the fields of requests that may be null, inside an `Option`: `None` leaves the field out.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value, or null. To leave a field out is a third thing, for which the fields that may be null are an
/// `Option<Nullable<_>>`.
///
/// ```
/// use ofauth_api::{Nullable, types::PostInput};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let post: PostInput = PostInput::builder().price(5.0).expire_after_null().try_into()?;
/// assert_eq!(post.price, Some(Nullable::Value(5.0)));
/// assert_eq!(serde_json::to_string(&post)?, r#"{"expireAfter":null,"price":5.0}"#);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nullable<T> {
    /// Null.
    Null,
    /// A value.
    Value(T),
}

impl<T> Nullable<T> {
    /// The value, if it is not null.
    ///
    /// ```
    /// use ofauth_api::Nullable;
    ///
    /// assert_eq!(Nullable::Value(5).into_option(), Some(5));
    /// assert_eq!(Nullable::<i64>::Null.into_option(), None);
    /// ```
    #[must_use]
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

impl<T> From<T> for Nullable<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl<T: Serialize> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

/// Reads a field that is there: a plain `Option` would take null for a field that is left out.
pub(crate) fn sent<'de, D, T>(deserializer: D) -> Result<Option<Nullable<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Nullable::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sent {
        #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "sent")]
        price: Option<Nullable<f64>>,
    }

    #[test]
    fn null_a_value_and_nothing_are_three_things_both_ways() {
        for (price, text) in [
            (None, "{}"),
            (Some(Nullable::Null), r#"{"price":null}"#),
            (Some(Nullable::Value(5.0)), r#"{"price":5.0}"#),
        ] {
            let sent = Sent { price };
            assert_eq!(serde_json::to_string(&sent).unwrap(), text);
            assert_eq!(serde_json::from_str::<Sent>(text).unwrap(), sent);
        }
    }
}

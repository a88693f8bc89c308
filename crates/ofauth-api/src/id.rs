//! Identifiers. The service writes some as numbers and some as text, and not always the same one in the same way.

use std::convert::Infallible;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// An identifier: of a post, a user, a vault media; also what `mediaItems` takes, such as an upload reference.
///
/// Reads from a JSON number or text. Writes what it was made from: a number as a number, a text as a text. Two ids with
/// the same text are equal, whichever of the two they came as.
///
/// ```
/// use ofauth_api::Id;
///
/// let media: Id = serde_json::from_str("4492994399")?;
/// assert_eq!(media.as_u64(), Some(4_492_994_399));
/// assert_eq!(media, Id::from("4492994399"));
/// assert_eq!(serde_json::to_string(&media)?, "4492994399");
/// assert_eq!(serde_json::to_string(&Id::from("me"))?, "\"me\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct Id {
    text: String,
    number: bool,
}

impl Id {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The id as a number, if it is one.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.text.parse().ok()
    }

    fn number(text: String) -> Self {
        Self { text, number: true }
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.number { f.write_str(&self.text) } else { fmt::Debug::fmt(&self.text, f) }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Id {}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl PartialEq<str> for Id {
    fn eq(&self, other: &str) -> bool {
        self.text == other
    }
}

impl PartialEq<&str> for Id {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

impl AsRef<str> for Id {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl From<&str> for Id {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Id {
    fn from(text: String) -> Self {
        Self { text, number: false }
    }
}

impl From<&Id> for Id {
    fn from(id: &Id) -> Self {
        id.clone()
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.text
    }
}

impl FromStr for Id {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::from(text))
    }
}

macro_rules! from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Id {
            fn from(number: $integer) -> Self {
                Self::number(number.to_string())
            }
        }
    )*};
}

// i32 is what an integer literal becomes where nothing says otherwise.
from_integer!(i32, i64, u32, u64);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.number {
            if let Ok(number) = self.text.parse::<i64>() {
                return serializer.serialize_i64(number);
            }
            if let Ok(number) = self.text.parse::<u64>() {
                return serializer.serialize_u64(number);
            }
        }
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id, as a number or a text")
    }

    fn visit_i64<E>(self, number: i64) -> Result<Id, E> {
        Ok(Id::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Id, E> {
        Ok(Id::from(number))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Id, E> {
        // Display writes a whole f64 without a fraction or an exponent.
        if number.fract() == 0.0 {
            Ok(Id::number(number.to_string()))
        } else {
            Err(E::custom("an id has no fraction"))
        }
    }

    fn visit_str<E>(self, text: &str) -> Result<Id, E> {
        Ok(Id::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Id, E> {
        Ok(Id::from(text))
    }
}

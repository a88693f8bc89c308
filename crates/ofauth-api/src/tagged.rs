//! What the enums can do that stand for one of several objects, by a field that says which.

/// Implements serde for an enum whose last variant, `Other`, keeps an object that the document does not list.
macro_rules! tagged {
    ($name:ident by $field:literal { $($variant:ident = $value:literal),* $(,)? }) => {
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                match self {
                    $(Self::$variant(value) => ::serde::Serialize::serialize(value, serializer),)*
                    Self::Other(value) => ::serde::Serialize::serialize(value, serializer),
                }
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                let value = <::serde_json::Value as ::serde::Deserialize>::deserialize(deserializer)?;
                let word = crate::tagged::word(&value, $field);
                match word.as_deref() {
                    $(::std::option::Option::Some($value) => ::serde_json::from_value(value)
                        .map(Self::$variant)
                        .map_err(::serde::de::Error::custom),)*
                    _ => ::std::result::Result::Ok(Self::Other(value)),
                }
            }
        }
    };
}

// Whether there is such an enum is up to the document.
#[allow(unused_imports)]
pub(crate) use tagged;

/// The word that a field of an object holds.
pub(crate) fn word(value: &serde_json::Value, field: &str) -> Option<String> {
    match value.get(field)? {
        serde_json::Value::String(word) => Some(word.clone()),
        other @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => Some(other.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    #[derive(Debug, Clone, Serialize, Deserialize)]
    struct Cat {
        size: i64,
    }

    #[derive(Debug, Clone, Serialize, Deserialize)]
    struct Dog {
        size: Option<String>,
    }

    #[derive(Debug, Clone)]
    enum Pet {
        Cat(Box<Cat>),
        Dog(Box<Dog>),
        Other(serde_json::Value),
    }

    super::tagged!(Pet by "kind" { Cat = "cat", Dog = "dog" });

    #[test]
    fn the_field_decides_and_what_nobody_lists_is_kept() {
        let read = |value: serde_json::Value| serde_json::from_value::<Pet>(value);
        assert!(matches!(read(json!({"kind": "cat", "size": 1})).unwrap(), Pet::Cat(cat) if cat.size == 1));
        let dog = read(json!({"kind": "dog", "size": "big"})).unwrap();
        assert!(matches!(&dog, Pet::Dog(dog) if dog.size.as_deref() == Some("big")));
        assert_eq!(serde_json::to_value(&dog).unwrap(), json!({"size": "big"}));
        for other in [json!({"kind": "fish"}), json!({}), json!(null), json!({"kind": ["cat"]})] {
            assert!(matches!(read(other.clone()).unwrap(), Pet::Other(kept) if kept == other));
        }
        assert!(read(json!({"kind": "cat"})).is_err());
    }
}

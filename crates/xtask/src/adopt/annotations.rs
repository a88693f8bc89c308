//! Words about a type that was gathered from many places: which of them are its own, and which belong to a place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{roots, shape};
use crate::document::Object;
use crate::lower::target;

/// What is true of a place, and never of its type.
const OF_A_PLACE: [&str; 3] = ["deprecated", "readOnly", "writeOnly"];

/// Gives each type of `gathered` the words that most of its places have, and leaves at a place what differs. A default
/// becomes the type's own only where all places have it.
pub(super) fn settle(document: &mut Value, gathered: &BTreeSet<String>) {
    let mut said: BTreeMap<String, Said> = BTreeMap::new();
    each_reference(document, gathered, &mut |name, words| {
        said.entry(name.to_owned()).or_default().hear(words)
    });
    let own: BTreeMap<String, Object> = said.into_iter().map(|(name, said)| (name, said.own())).collect();
    each_reference(document, gathered, &mut |name, words| {
        if let Some(own) = own.get(name) {
            words.retain(|key, value| own.get(key) != Some(value));
        }
    });
    let types = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
    for (name, schema) in types.into_iter().flatten() {
        if let (Some(own), Some(schema)) = (own.get(name), schema.as_object_mut()) {
            schema.extend(own.clone());
        }
    }
}

fn each_reference(
    document: &mut Value,
    gathered: &BTreeSet<String>,
    visit: &mut dyn FnMut(&str, &mut Object),
) {
    roots::each(document, &mut |_, schema| {
        roots::walk(schema, &mut |inner| {
            let Some(name) = target(inner).filter(|name| gathered.contains(*name)).map(str::to_owned) else {
                return;
            };
            if let Some(object) = inner.as_object_mut() {
                visit(&name, object);
            }
        });
    });
}

/// What the places of a type say of it.
#[derive(Default)]
struct Said {
    places: usize,
    /// By keyword, each value with the number of places that say it. Few values, and no order among JSON values.
    words: BTreeMap<String, Vec<(Value, usize)>>,
}

impl Said {
    fn hear(&mut self, words: &Object) {
        self.places = self.places.saturating_add(1);
        for (key, value) in words.iter() {
            if !shape::ANNOTATIONS.contains(&key.as_str()) || OF_A_PLACE.contains(&key.as_str()) {
                continue;
            }
            let values = self.words.entry(key.clone()).or_default();
            match values.iter_mut().find(|(there, _)| there == value) {
                Some((_, count)) => *count = count.saturating_add(1),
                None => values.push((value.clone(), 1)),
            }
        }
    }

    fn own(self) -> Object {
        let places = self.places;
        let own = self.words.into_iter().filter_map(|(key, values)| {
            let (value, count) =
                values.into_iter().reduce(|most, next| if next.1 > most.1 { next } else { most })?;
            (key != "default" || count == places).then_some((key, value))
        });
        own.collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_type_has_the_words_of_most_places_and_a_default_of_all() {
        let at = |words: Value| {
            let mut schema = json!({"$ref": "#/components/schemas/A"});
            schema.as_object_mut().unwrap().extend(words.as_object().unwrap().clone());
            schema
        };
        let mut document = json!({"components": {"schemas": {
            "A": {"type": "string"},
            "B": {"properties": {
                "x": at(json!({"description": "D.", "default": "a", "deprecated": true})),
                "y": at(json!({"description": "D.", "default": "a"})),
                "z": at(json!({"description": "Other.", "default": "a"})),
            }},
        }}});
        settle(&mut document, &BTreeSet::from(["A".to_owned()]));
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["A"], json!({"type": "string", "description": "D.", "default": "a"}));
        assert_eq!(schemas["B"]["properties"]["x"], at(json!({"deprecated": true})));
        assert_eq!(schemas["B"]["properties"]["y"], at(json!({})));
        assert_eq!(schemas["B"]["properties"]["z"], at(json!({"description": "Other."})));
    }
}

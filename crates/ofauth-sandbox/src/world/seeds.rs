//! How many items each collection begins with.

use std::collections::BTreeMap;

use super::collection::Collection;

/// More would run into the ids of what is created.
const MOST: u64 = 100_000_000;

/// The sizes of the collections at the start. One that is not named has one item, which has the id of the examples.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seeds(BTreeMap<Collection, u64>);

impl Seeds {
    /// Has the collection called `name` begin with `count` items.
    pub(crate) fn set(&mut self, name: &str, count: u64) -> Result<(), String> {
        let Some(collection) = Collection::named(name) else {
            let known: Vec<&str> = Collection::all().map(Collection::name).collect();
            return Err(format!("\"{name}\" is no collection; known are {}", known.join(", ")));
        };
        if count > MOST {
            return Err(format!("{count} {name} are too many: the most is {MOST}"));
        }
        self.0.insert(collection, count);
        Ok(())
    }

    /// The same, with a number for each collection: what others are drawn from has as many as these, at least.
    pub(crate) fn settled(&self) -> Self {
        Self(Collection::all().map(|collection| (collection, self.least(collection))).collect())
    }

    fn least(&self, collection: Collection) -> u64 {
        let drawn = Collection::all().filter(|other| other.drawn_from() == Some(collection));
        drawn.map(|other| self.least(other)).fold(self.count(collection), u64::max)
    }

    /// How many items a collection begins with.
    pub(crate) fn count(&self, collection: Collection) -> u64 {
        self.0.get(&collection).copied().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_are_drawn_from_is_large_enough() {
        let mut seeds = Seeds::default();
        assert_eq!(seeds.count(Collection::Fans), 1);
        seeds.set("fans", 250).unwrap();
        seeds.set("users", 10).unwrap();
        let settled = seeds.settled();
        assert_eq!((settled.count(Collection::Fans), settled.count(Collection::Users)), (250, 250));
        seeds.set("posts", 0).unwrap();
        assert_eq!(seeds.count(Collection::Posts), 0);
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let error = Seeds::default().set("fan", 1).unwrap_err();
        assert!(error.contains("\"fan\"") && error.contains("fans, subscriptions"), "{error}");
        assert!(Seeds::default().set("fans", MOST + 1).unwrap_err().contains("too many"));
    }
}

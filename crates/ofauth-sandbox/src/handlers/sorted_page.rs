//! Pages of copies in Vault+ in the order of a fact: when they came into being, when they were stored, how long they play.
//!
//! All copies are looked at for each page, which other lists avoid. A cursor says behind which copy the next page begins, and
//! still does when copies come and go. What has no such fact comes last.

use serde_json::Value;

use super::filter::Filter;
use super::page::{Cut, base36};
use crate::error::ApiError;
use crate::world::list::{Order, Start};
use crate::world::store::{Key, World};

/// How these cursors begin.
const CURSOR: &str = "sorted_";

/// The facts by the names of the orders.
const FACTS: &[(&str, &str)] =
    &[("createdAt", "createdAt"), ("cachedAt", "cachedAt"), ("duration", "duration")];

/// An order of copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sort {
    fact: &'static str,
    falls: bool,
}

/// The place of a copy: the higher, the later. Numbers are in the order of this as whole numbers are.
type Place = (bool, u64, u64);

impl Sort {
    /// Reads the name of an order, such as `duration_asc`.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let (fact, way) = name.rsplit_once('_')?;
        let (_, fact) = FACTS.iter().find(|(known, _)| *known == fact)?;
        Some(Self { fact, falls: way == "desc" })
    }

    fn place(self, world: &World, key: &Key, id: u64) -> Place {
        let fact = world.facts(key, id, "").get(self.fact).and_then(Value::as_f64);
        // Thousandths are whole numbers, and none is negative.
        let number = (fact.unwrap_or(0.0).max(0.0) * 1e3) as u64;
        let turned = |number: u64| if self.falls { u64::MAX - number } else { number };
        (fact.is_none(), turned(number), turned(id))
    }

    /// The page behind `cursor`, and the cursor of the next one.
    pub(crate) fn page(
        self,
        world: &World,
        key: &Key,
        filter: &Filter,
        limit: u64,
        cursor: Option<&str>,
    ) -> Result<(Cut, Option<String>), ApiError> {
        let behind = cursor.map(read).transpose()?;
        let ids = world.view(key).ids(Order::NewestFirst, Start::Index(0));
        let places =
            ids.filter(|id| filter.passes(world, key, *id)).map(|id| (self.place(world, key, id), id));
        let mut places: Vec<(Place, u64)> =
            places.filter(|(place, _)| behind.is_none_or(|behind| *place > behind)).collect();
        places.sort_unstable();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = places.len() > limit;
        places.truncate(limit);
        let cursor = places.last().filter(|_| more).map(|(place, _)| written(*place));
        let ids = places.into_iter().map(|(_, id)| id).collect();
        Ok((Cut { ids, more, next: Start::Index(0) }, cursor))
    }
}

fn written((none, number, id): Place) -> String {
    format!("{CURSOR}{}_{}_{}", u8::from(none), base36(number), base36(id))
}

fn read(cursor: &str) -> Result<Place, ApiError> {
    let wrong =
        || ApiError::bad_request("cursor: must be the nextCursor of the page before, in the same order");
    let mut parts = cursor.strip_prefix(CURSOR).ok_or_else(wrong)?.split('_');
    let mut number = || u64::from_str_radix(parts.next()?, 36).ok();
    match (number(), number(), number(), number()) {
        (Some(none @ (0 | 1)), Some(fact), Some(id), None) => Ok((none == 1, fact, id)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_and_cursors_are_read() {
        assert_eq!(Sort::of("duration_asc"), Some(Sort { fact: "duration", falls: false }));
        assert_eq!(Sort::of("cachedAt_desc"), Some(Sort { fact: "cachedAt", falls: true }));
        assert_eq!((Sort::of("recent"), Sort::of("size_asc")), (None, None));
        for place in [(true, 0, u64::MAX), (false, 1_777_457_928_831_000, 12345)] {
            assert_eq!(read(&written(place)).unwrap(), place);
        }
        for wrong in ["", "cur_1", "sorted_", "sorted_1_2", "sorted_1_2_3_4", "sorted_2_1_1", "sorted_0_x!_1"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}

//! How pages of lists go wrong: what services do that were never walked to the end.
//!
//! Which items a distorted page has is decided where pages are cut.

use serde::{Deserialize, Serialize};

/// What is wrong with a page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PageChange {
    /// The page before once more, with the same place behind it; of lists that go by `offset`, the first page.
    Stuck,
    /// There is always more; behind the end comes the last page, again and again.
    Clamped,
    /// No items, although there are more behind a new place. Only an offset cannot be a new one.
    EmptyWithMore,
    /// A page begins with the last two items before its place.
    Repeated,
    /// A list that comes as a bare array comes as an object that says whether there is more.
    Wrapped,
}

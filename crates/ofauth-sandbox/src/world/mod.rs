//! The world that the sandbox shows: fans, posts, messages, media and everything else that operations list.
//!
//! A collection has seeded items, which are computed from their number when they are asked for and take no memory, and
//! what requests created, changed and deleted on top of them. Facts are turned into answers by `shape`, in the form of
//! the document's examples. Nothing here knows operations or answers requests.

mod cached_list;
pub(crate) mod caching;
pub(crate) mod collection;
pub(crate) mod copy_totals;
mod facts;
pub(crate) mod linked_facts;
pub(crate) mod list;
pub(crate) mod moments;
pub(crate) mod pace;
pub(crate) mod people;
pub(crate) mod seeds;
pub(crate) mod shape;
pub(crate) mod store;
mod synced_lists;
pub(crate) mod vault_plus;

//! What each operation of the API does: functions of a call, one file for what belongs together.
//!
//! Which of them a request is for is decided by the router, and by the rows of `table` for most. They share the state
//! through the call.

pub(crate) mod connections;
pub(crate) mod counts;
pub(crate) mod events;
pub(crate) mod example;
mod fields;
mod filter;
pub(crate) mod link;
mod list;
mod media_items;
pub(crate) mod members;
mod page;
mod parameters;
pub(crate) mod resource;
pub(crate) mod settings;
mod sorted_page;
pub(crate) mod table;
pub(crate) mod uploads;
pub(crate) mod validate;
pub(crate) mod vault_plus;
pub(crate) mod vault_plus_lists;

//! Calls: a request with a short body, sent as often as is safe and as soon as the rate limit allows.
//!
//! [`transport`] is the one road of every JSON call, typed, raw or inside an upload; [`generated_transport`] is the generated
//! client's entrance to it, [`raw`] that of a call by its operation's id, whose parameters [`params`] places, [`values`]
//! writes and [`allowed`] holds against the document, [`typed`] that of the calls with a method of their own. [`pages`] makes
//! many calls of one, for a list that comes in pages. [`pause`] tells what a call waits for, and
//! [`used_references`] keeps what works once from being sent twice.

mod allowed;
#[cfg(feature = "typed")]
pub(crate) mod generated_transport;
mod pages;
mod params;
pub(crate) mod pause;
pub(crate) mod raw;
mod shared_references;
pub(crate) mod transport;
pub(crate) mod typed;
pub(crate) mod used_references;
mod values;

pub use pages::{Items, Page, Pages};
pub use raw::Call;
pub use typed::TypedCall;

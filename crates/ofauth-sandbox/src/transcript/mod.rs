//! What was seen: one exchange for each request to the API, in bounded memory.
//!
//! An exchange is opened when the head of a request was read, and filled in by what serves it. How faults, routes and
//! handlers come to know what they note here is theirs.

mod exchange;
mod kept;
mod wanted;

pub(crate) use exchange::{Entry, Head, MISPLACED_KEYS};
pub use exchange::{Exchange, Recorded};
pub(crate) use kept::Transcript;
pub(crate) use wanted::{Query, Wanted};

//! Everything that crosses crates or languages. The tests are in `tests/`; this library holds what they play against.
//!
//! [`server`] is an HTTP/1.1 server whose every byte a test decides; [`guide`] follows the upload guide on top of it.
//! Both were written from the guide, and share no code with the client or the sandbox. [`gate`] is a line in front of a
//! server that fails below HTTP. [`one_rule`] is a table of answers for every language, [`lists`] one of lists that
//! come in pages, [`every_operation`] one of calls, [`webhooks`] one of webhooks, [`story`] all of it in one program. [`watch`] reads all logs for secrets, in every form that [`canary`] knows.

// A tool of tests: where it is wrong, a test has to fail.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
// Servers and what is made of closures: a test that fails shows what they recorded, not them.
#![allow(missing_debug_implementations)]

pub mod canary;
pub mod every_operation;
pub mod exchange;
pub mod gate;
pub mod guide;
pub mod lists;
pub mod one_rule;
pub mod response;
pub mod server;
pub mod session;
pub mod story;
pub mod tls;
pub mod watch;
pub mod webhooks;

pub use exchange::{Exchange, Next};
pub use gate::{Failing, Gate, Pass};
pub use guide::{Guide, Play, Site, Step};
pub use response::Answer;
pub use server::{Listen, Server};
pub use tls::Identity;

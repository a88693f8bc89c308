//! Webhooks of the OFAuth API: who sent them, and what they say.
//!
//! A [`Verifier`] checks the signature of a request, in either of the two schemes that the service has had, and reads its
//! [`Event`]: one type for both envelopes. This crate does no I/O: the program receives the request, keeps its body as it
//! came, and says what time it is.
//!
//! ```
//! use std::time::SystemTime;
//! use ofauth_webhooks::{Error, Event, Verifier};
//!
//! /// In a program it holds for all requests: `Verifier::new` once, with the secrets of the endpoint.
//! fn receive(verifier: &Verifier, headers: Vec<(String, String)>, body: &[u8]) -> Result<Event, Error> {
//!     // `&HeaderMap` of the crate http, which axum and hyper use, can be given as it is.
//!     verifier.verify(headers, body, SystemTime::now())
//! }
//! ```
//!
//! - **Two schemes**: `OFAuth-Signature` and the older `svix-*` (or `webhook-*`) headers. Those that are there decide.
//! - **Rotation**: any number of secrets at a time.
//! - **Old requests are refused**: 5 minutes either way, or what [`Verifier::tolerance`] says.
//! - **Duplicates**: the service sends again what was not answered in 10 s. [`Event::dedupe_key`] is the same each time.
//! - **Room for new events**: [`Kind::Other`] has their name and data, and a field that is odd is `None` and no error.
//!
//! Answer 2xx as soon as the event is kept, and do the work afterwards. Tests of an endpoint make requests of their own with
//! [`sign`] and [`examples`].

mod connection;
mod dedupe;
mod encoding;
mod error;
mod event;
pub mod examples;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod headers;
mod json;
mod scheme;
mod secret;
mod sign;
mod verifier;

pub use connection::{Connection, User};
pub use error::{Error, ErrorKind};
pub use event::{Event, Kind, Realtime, Rules};
pub use scheme::Scheme;
pub use sign::sign;
pub use verifier::{DEFAULT_TOLERANCE, Verifier};

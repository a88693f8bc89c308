//! The client against a server that follows the upload guide, and against servers that do not.
//!
//! One binary, a module per topic. [`support`] sets up clients; the server is in the library of this package.

// Helpers of tests are tests, which lints do not see.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod answers;
mod expiry;
mod happy;
mod lost;
mod plans;
mod refusal;
mod retry;
mod support;
mod tidy;

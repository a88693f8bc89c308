//! The client against a server that follows the upload guide, and against servers that do not.
//!
//! One binary, a module per topic. [`support`] sets up clients; the server is in the library of this package.

// Helpers of tests are tests, which lints do not see; tables of cases are clearer with their types written out.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::type_complexity)]

mod all_tries_fail;
mod answers;
mod blocking_face;
mod clocks;
mod expiry;
mod fault_matrix;
mod happy;
mod hostile;
mod lost;
mod metadata;
mod one_rule;
mod pacing;
mod plans;
mod proxies;
mod proxy_faults;
mod refusal;
mod resume;
mod retry;
mod scale;
mod secrets;
mod sources;
mod stopping;
mod support;
mod tidy;
mod tls_settings;
mod waits;

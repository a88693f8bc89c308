//! The client against a server that follows the upload guide, and against servers that do not.
//!
//! One binary, a module per topic. [`support`] sets up clients; the server is in the library of this package.

// Helpers of tests are tests, which lints do not see; tables of cases are clearer with their types written out.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::type_complexity)]

mod all_tries_fail;
mod ambiguous_outcome;
mod batch;
mod blocking_face;
mod cancellation;
mod connections;
mod early_response;
mod every_operation;
mod examples;
mod fault_matrix;
mod flows;
mod for_connection;
mod foreign_origins;
mod given_up_calls;
mod lists;
mod malformed_responses;
mod metadata;
mod one_rule;
mod open_upload;
mod parallel_parts;
mod parity;
mod plans;
mod posts;
mod progress;
mod proxies;
mod proxy_faults;
mod rate_limit;
mod resume;
mod retry;
mod scale;
mod secrets;
mod session_expiry;
mod sources;
mod stall_timeout;
mod story;
mod support;
mod surface;
mod tidy;
mod timeouts;
mod tls_settings;
mod upload_guide;
mod webhooks;

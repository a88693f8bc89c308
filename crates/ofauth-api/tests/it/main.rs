//! Tests of the generated client and the seam around it.

// clippy.toml lets tests panic, but its reach ends at functions marked as tests; their helpers are in the same files.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod answers;
mod requests;
mod seam;
mod server;

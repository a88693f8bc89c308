//! The command as a user runs it: the built binary, against a sandbox over real sockets.
//!
//! Each test starts its own process with an empty environment and a home of its own. What the library does behind a
//! command is tested there; here it is flags, streams and exit codes.

// Signals, FIFOs and file modes are Unix's.
#![cfg(unix)]
// Clippy's leave for tests covers test functions, and not the helpers beside them.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod api;
mod batch;
mod budget;
mod completion;
mod failures;
#[cfg(target_os = "linux")]
mod gate;
mod gone;
mod known;
mod limits;
mod local;
#[cfg(target_os = "linux")]
mod many;
mod names;
mod network;
mod one_rule;
mod posting;
#[cfg(target_os = "linux")]
mod pty;
mod resume;
mod same_file;
#[cfg(target_os = "linux")]
mod scarce;
mod settings;
mod state_files;
mod streams;
mod support;
#[cfg(target_os = "linux")]
mod terminal;
mod untold;
mod upload;
mod user_input;
#[cfg(target_os = "linux")]
mod waiting;

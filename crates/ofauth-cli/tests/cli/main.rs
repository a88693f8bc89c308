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
#[cfg(target_os = "linux")]
mod batch_memory;
mod budget;
mod completion;
mod failures;
mod file_names;
mod flows;
#[cfg(target_os = "linux")]
mod interrupted_calls;
mod interrupted_reads;
mod lists;
mod local;
mod lost_output;
mod network;
mod outage;
mod post_once;
#[cfg(target_os = "linux")]
mod progress_bar;
#[cfg(target_os = "linux")]
mod pty;
mod readme;
mod response_bodies;
mod resume;
mod same_file;
mod settings;
mod skip_existing;
mod state_files;
mod story;
mod streams;
mod support;
mod system_limits;
#[cfg(target_os = "linux")]
mod terminal_escapes;
#[cfg(target_os = "linux")]
mod thread_shortage;
mod upload;
mod user_input;
mod webhook;

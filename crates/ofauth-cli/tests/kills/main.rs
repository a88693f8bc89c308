//! Uploads that are killed: the built command against a sandbox, ended by SIGKILL at any byte of the line and around
//! every write of the journal, and run again until it has done what it was asked to.
//!
//! Where to kill is drawn from a seed that each test prints. `OFAUTH_KILL_SEED=n` draws the same again, though what the
//! system does in between is never the same twice; `OFAUTH_KILLS=200` kills so often instead of 40 times.
//! The faults of a service are not tested here, and neither are flags and texts.

// Handles of processes and watches of directories are Linux's.
#![cfg(target_os = "linux")]
// Clippy's leave for tests covers test functions, and not the helpers beside them.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod batches;
mod bytes;
mod figures;
mod line;
mod process;
mod scene;
mod signals;
mod verdict;
mod watch;
mod writes;

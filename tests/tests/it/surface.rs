//! What users rely on, made anew and compared with the listings in `tests/surface`: [`rust`] is what the crates show, [`c`]
//! the header, [`json`] the lines that the command prints for programs. Flags and exit codes are compared by a test of the
//! command itself, which alone has them.
//!
//! How to accept a change is in CONTRIBUTING.md.

mod c;
mod json;
mod names;
mod rust;
mod sources;
mod syntax;

//! What users rely on, made anew and compared with the listings in `tests/surface`: [`rust`] is what the crates show, [`c`]
//! the header, [`json`] the lines that the command prints for programs; [`examples`] holds documentation to showing what
//! users do. Flags and exit codes are compared by a test of the
//! command itself, which alone has them.
//!
//! How to accept a change is in CONTRIBUTING.md.

mod c;
mod examples;
mod json;
mod names;
mod rust;
mod sources;
mod syntax;

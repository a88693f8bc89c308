//! The C library as its users meet it: the installed tree, and programs in C, C++ and Go that are built against that
//! tree alone and run against the sandbox.
//!
//! One binary, a module per topic. [`tree`] builds the tree once, [`program`] compiles C programs of `tests/c` in
//! several ways, [`run`] runs anything with a time limit. What a machine lacks is said in so many words, and is a
//! failure where nothing may be skipped.

// Helpers of tests are tests, which lints do not see; tables of cases are clearer with their types written out.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::type_complexity)]

mod built;
mod cases;
mod cpp;
mod dist;
mod documents;
mod examples;
mod exports;
mod go;
mod guest;
mod headers;
mod library;
mod lists;
mod one_rule;
mod operations;
mod program;
mod resume;
mod run;
mod server;
mod story;
mod tree;
mod webhooks;

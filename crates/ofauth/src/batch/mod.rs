//! A batch: many files, some of them at once, in memory that does not grow with their number.
//!
//! [`builder`] is what callers see and what starts the files; [`file`](mod@file) carries one of them out; [`batched`] is what is told of
//! it. [`circuit_breaker`] says what the failure of one means for the others, and [`gate`] waits for it. [`window`] bounds how
//! far files are ahead of others, and [`record`] knows what was uploaded when a batch is stopped. How one file is uploaded is
//! [`crate::upload`]'s matter.

mod batched;
mod builder;
mod circuit_breaker;
mod file;
mod gate;
mod record;
mod window;

pub use batched::{BatchFile, Batched};
pub use builder::UploadAll;

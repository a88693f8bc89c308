//! Tasks of the repository, as a library so that tests run what the commands run.
//!
//! `codegen` reads `openapi/`, merges overlay and document, lowers the merge to what the generator takes, and writes
//! the generated client, the operation table and the sandbox's data. Nothing that is shipped depends on this package.

pub mod abi;
pub mod codegen;
pub mod dist;
pub mod document;
pub mod emit;
pub mod generate;
pub mod header;
pub mod lower;
pub mod overlay;
pub mod refine;
pub mod report;
pub mod simulate;
pub mod source;

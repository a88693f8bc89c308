//! Tasks of the repository, as a library so that tests run what the commands run.
//!
//! `codegen` reads `openapi/`, merges overlay and document, lowers the merge to what the generator takes, and writes
//! the generated client, the operation table and the sandbox's data. Nothing that is shipped depends on this package.

pub mod abi;
pub mod adopt;
pub mod artefact;
pub mod check;
pub mod codegen;
pub mod complete;
pub mod dist;
pub mod document;
pub mod emit;
pub mod finding;
pub mod generate;
pub mod header;
pub mod lower;
pub mod overlay;
pub mod raw_only;
pub mod refine;
pub mod report;
pub mod rust_name;
pub mod simulate;
pub mod site;
pub mod source;
pub mod typed;
pub mod update;
pub mod verdict;

/// What the command says of its tasks.
pub const USAGE: &str = "\
cargo xtask codegen [--check]          write the generated files, or fail if one is not current
cargo xtask codegen header [--check]   the same for include/ofauth.h alone, in a moment
cargo xtask update FILE|-              take FILE as the API's new document: all that is made of it, and what it means to users
cargo xtask diff OLD NEW               what changed from one document to another, for whom, and the verdict
cargo xtask merge [FILE|-]             write the merged OpenAPI document as JSON
cargo xtask dist [OUT_DIR]             build libofauth and lay out what users install, with a .tar.gz of it
cargo xtask abi OLD.so [NEW.so]        compare the binary interface with an older build's, by abidiff
cargo xtask simulate [--seeds N] [--from M] | [--seed S]
                                       run seeds of the engine's simulation, or one with all that happens in it
";

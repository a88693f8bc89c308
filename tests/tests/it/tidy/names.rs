//! What files are called: by the terms of the field, which a newcomer searches for, and not by verbs or pictures that only
//! those know who chose them.

use super::{files, root};

/// The folders that are held to it.
const FOLDERS: &[&str] = &["crates", "bindings", "fuzz", "tests"];

/// Names that were in use and that nobody found anything by.
const VAGUE: &[&str] = &[
    "answer",
    "birthplace",
    "decide",
    "delivered",
    "done",
    "job",
    "known",
    "opening",
    "problem",
    "pump",
    "remembered",
    "sending",
    "survey",
    "tracked",
    "wait",
];

fn is_vague(path: &std::path::Path) -> bool {
    let is_source = path.extension().is_some_and(|extension| extension == "rs");
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    is_source && stem.is_some_and(|stem| VAGUE.contains(&stem))
}

#[test]
fn files_are_called_by_the_fields_terms() {
    let mut paths = Vec::new();
    for folder in FOLDERS {
        files(&root().join(folder), &mut paths);
    }
    assert!(paths.iter().any(|path| path.ends_with("ofauth-sandbox/src/router.rs")));
    let found: Vec<_> = paths.iter().filter(|path| is_vague(path)).collect();
    assert!(found.is_empty(), "{found:#?}");
    assert!(is_vague("src/pump.rs".as_ref()) && !is_vague("c/pump.c".as_ref()));
}

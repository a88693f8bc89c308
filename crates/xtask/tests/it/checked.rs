//! The document of the repository has nothing that a person would still have to decide.

use serde_json::Value;
use xtask::check::{Ignored, check};
use xtask::finding::Finding;

use crate::MERGED;

fn ignored() -> Ignored {
    let path = xtask::source::root().unwrap().join(xtask::check::IGNORED);
    let file: Value = serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    Ignored::read(&file)
}

#[test]
fn our_document_has_no_findings() {
    let findings = check(&MERGED, &ignored());
    let all: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

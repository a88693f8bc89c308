//! Generated files are those of the document.

use xtask::{artefact, codegen, source};

use crate::{ARTEFACTS, MERGED};

#[test]
fn every_generated_file_is_current() {
    let stale = artefact::stale(&source::root().unwrap(), &ARTEFACTS);
    assert!(
        stale.is_empty(),
        "run `cargo xtask codegen`: {stale:?}. A line that operations.txt, calls.txt or types.txt loses, or has otherwise, \
         breaks users: if that is meant, the same commit has a line in CHANGELOG.md."
    );
}

#[test]
fn a_changed_file_is_found_and_mended() {
    let folder = std::env::temp_dir().join(format!("xtask-current-{}", std::process::id()));
    let artefacts = ARTEFACTS.as_slice();
    for artefact in artefacts {
        std::fs::create_dir_all(folder.join(&artefact.path).parent().unwrap()).unwrap();
    }
    assert_eq!(artefact::write(&folder, artefacts).unwrap().len(), artefacts.len());
    assert!(artefact::write(&folder, artefacts).unwrap().is_empty());

    let client = folder.join(&artefacts[0].path);
    let mut text = std::fs::read_to_string(&client).unwrap();
    let line = text.lines().count() + 1;
    text.push_str("// by hand\n");
    std::fs::write(&client, text).unwrap();
    let stale = artefact::stale(&folder, artefacts);
    assert_eq!(stale.len(), 1);
    assert_eq!((&stale[0].path, stale[0].line), (&artefacts[0].path, line));
    assert_eq!(artefact::write(&folder, artefacts).unwrap(), [artefacts[0].path.clone()]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_same_document_gives_the_same_text() {
    let again = codegen::artefacts(&MERGED).unwrap();
    for (first, second) in ARTEFACTS.iter().zip(&again) {
        assert_eq!(first.text, second.text, "{}", first.path.display());
    }
}

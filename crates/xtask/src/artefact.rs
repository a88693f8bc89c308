//! Generated files: what each must contain, and which of them in the repository do not.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A generated file.
#[derive(Debug)]
pub struct Artefact {
    /// Its path from the root of the repository.
    pub path: PathBuf,
    /// What it must contain.
    pub text: String,
}

/// Writes the files under `root` that differ, and returns their paths.
pub fn write(root: &Path, artefacts: &[Artefact]) -> Result<Vec<PathBuf>> {
    let stale = stale(root, artefacts);
    for artefact in artefacts.iter().filter(|artefact| stale.iter().any(|stale| stale.path == artefact.path))
    {
        let path = root.join(&artefact.path);
        std::fs::write(&path, &artefact.text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(stale.into_iter().map(|stale| stale.path).collect())
}

/// A generated file that is not what its sources say.
#[derive(Debug)]
pub struct Stale {
    /// Its path from the root of the repository.
    pub path: PathBuf,
    /// The first line that differs, from 1.
    pub line: usize,
}

/// The files under `root` that are missing or differ.
#[must_use]
pub fn stale(root: &Path, artefacts: &[Artefact]) -> Vec<Stale> {
    artefacts
        .iter()
        .filter_map(|artefact| {
            // A checkout may have turned line ends into those of its system.
            let found =
                std::fs::read_to_string(root.join(&artefact.path)).map(|text| text.replace("\r\n", "\n"));
            let is_missing = found.is_err();
            let found = found.unwrap_or_default();
            let same = found
                .lines()
                .zip(artefact.text.lines())
                .take_while(|(found, wanted)| found == wanted)
                .count();
            (is_missing || found != artefact.text)
                .then(|| Stale { path: artefact.path.clone(), line: same + 1 })
        })
        .collect()
}

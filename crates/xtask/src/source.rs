//! Finds the repository, reads its `openapi/`, and merges overlay and document.
//!
//! The merge is the only document that anything else in this package sees.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{complete, overlay};

/// What lies in the root of this repository and of no other.
const MARK: &str = "crates/xtask/Cargo.toml";

/// The root of the repository that this process works on.
///
/// Looked for when it runs, not when it was built: clones and worktrees that share a target directory share the built
/// program too. Cargo says which package it runs; a program that is started by hand works on the checkout around the
/// current directory.
///
/// # Errors
///
/// If there is no checkout at either place.
pub fn root() -> Result<PathBuf> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = std::env::current_dir().ok();
    let Some(root) = package.iter().chain(&here).find_map(|place| around(place)) else {
        let here = here.unwrap_or_default();
        bail!("{} is not in a checkout of ofauth: go into one, and run it there", here.display());
    };
    Ok(root)
}

/// The checkout that `place` is in.
fn around(place: &Path) -> Option<PathBuf> {
    place.ancestors().find(|folder| folder.join(MARK).is_file()).map(Path::to_owned)
}

/// The merged document: `openapi/upstream.yaml` with `openapi/overlay.yaml` laid over it.
pub fn merged() -> Result<Value> {
    let folder = root()?.join("openapi");
    let mut document = yaml(&folder.join("upstream.yaml"))?;
    complete::drop_foreign_ids(&mut document);
    overlay::apply(&mut document, &yaml(&folder.join("overlay.yaml"))?)?;
    // One order whatever features the JSON library was built with: another package may ask it to keep the file's.
    document.sort_all_objects();
    Ok(document)
}

fn yaml(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_saphyr::from_str(&text).with_context(|| format!("{} is not YAML", path.display()))
}

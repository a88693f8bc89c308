//! Finds the repository, reads its `openapi/`, and merges overlay and document.
//!
//! The merge is the only document that anything else in this package sees.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::adopt::{self, Adopted, Names};
use crate::check::Ignored;
use crate::overlay;

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

/// Where the publisher's document lies, as it came.
pub const UPSTREAM: &str = "openapi/upstream.yaml";

/// The publisher's document as it came.
pub fn upstream() -> Result<Value> {
    yaml(UPSTREAM)
}

/// What is ours and laid over it: `openapi/overlay.yaml`.
pub fn overlay() -> Result<Value> {
    yaml(overlay::FILE)
}

/// Which places have which type: `openapi/names.yaml`.
pub fn names() -> Result<Names> {
    Names::read(&yaml(adopt::FILE)?).context(adopt::FILE)
}

/// What the document says and nothing here carries.
pub fn ignored() -> Result<Ignored> {
    Ok(Ignored::read(&yaml("openapi/ignored.yaml")?))
}

/// The merged document: the publisher's in our form, with the overlay laid over it.
pub fn merged() -> Result<Value> {
    let Adopted { mut document, findings, .. } = adopt::adopt(upstream()?, &names()?);
    let found: Vec<String> = findings.iter().map(ToString::to_string).collect();
    ensure!(found.is_empty(), "openapi/upstream.yaml:\n{}", found.join("\n"));
    overlay::apply(&mut document, &overlay()?)?;
    // One order whatever features the JSON library was built with: another package may ask it to keep the file's.
    document.sort_all_objects();
    Ok(document)
}

/// The text of a file of the repository.
pub fn text(path: &str) -> Result<String> {
    std::fs::read_to_string(root()?.join(path)).with_context(|| format!("cannot read {path}"))
}

fn yaml(path: &str) -> Result<Value> {
    serde_saphyr::from_str(&text(path)?).with_context(|| format!("{path} is not YAML"))
}

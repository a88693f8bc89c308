//! Reads `openapi/` and merges overlay and document.
//!
//! The merge is the only document that anything else in this package sees.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::overlay;

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).to_path_buf()
}

/// The merged document: `openapi/upstream.yaml` with `openapi/overlay.yaml` laid over it.
pub fn merged() -> Result<Value> {
    let folder = root().join("openapi");
    let mut document = yaml(&folder.join("upstream.yaml"))?;
    overlay::apply(&mut document, &yaml(&folder.join("overlay.yaml"))?)?;
    // One order whatever features the JSON library was built with: another package may ask it to keep the file's.
    document.sort_all_objects();
    Ok(document)
}

fn yaml(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_saphyr::from_str(&text).with_context(|| format!("{} is not YAML", path.display()))
}

//! `cargo xtask diff OLD NEW`: reads two documents and says what the second means to users of the first.

use std::io::Read;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::verdict::{self, Verdict};

/// Compares two documents, YAML or JSON: files, or `-` for standard input.
///
/// # Errors
///
/// If one of them cannot be read, or is no OpenAPI document.
pub fn diff(old: &str, new: &str) -> Result<Verdict> {
    ensure!(old != "-" || new != "-", "only one of the two documents can come from standard input");
    verdict::diff_with_clients(&read(old)?, &read(new)?)
}

fn read(file: &str) -> Result<Value> {
    let mut text = String::new();
    if file == "-" {
        std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
    } else {
        text = std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
    }
    verdict::parse(&text).with_context(|| format!("cannot read {file}"))
}

//! Compiles what was generated together with everything that was written by hand.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use cargo_metadata::Message;
use cargo_metadata::diagnostic::DiagnosticLevel;

use crate::finding::Finding;

/// More errors of one file than this say nothing new.
const OF_A_FILE: usize = 5;

/// Checks the whole workspace, with its tests, and returns what no longer fits.
///
/// # Errors
///
/// If cargo cannot be run, or fails for another reason than code that does not compile.
pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["check", "--workspace", "--all-targets", "--keep-going", "--message-format=json"])
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    let findings = findings(&output.stdout);
    ensure!(output.status.success() || !findings.is_empty(), "cargo check failed: see above");
    Ok(findings)
}

/// The errors among cargo's messages.
fn findings(messages: &[u8]) -> Vec<Finding> {
    let mut found: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for message in Message::parse_stream(messages).filter_map(Result::ok) {
        let Message::CompilerMessage(message) = message else { continue };
        let told = message.message;
        let Some(span) = told.spans.iter().find(|span| span.is_primary) else { continue };
        if told.level != DiagnosticLevel::Error {
            continue;
        }
        let cure = if span.file_name.ends_with("generated.rs") {
            "what the generator wrote does not compile: remove the operation by an action in openapi/overlay.yaml, or teach \
             the generator"
        } else {
            "the file was written for the document as it was: change it, or keep what it needs by an action in \
             openapi/overlay.yaml; then run the update again"
        };
        let finding = Finding::new(format!("{}:{}", span.file_name, span.line_start), told.message, cure);
        let of_file = found.entry(span.file_name.clone()).or_default();
        // A crate is compiled for itself and for its tests.
        if of_file.len() < OF_A_FILE && !of_file.contains(&finding) {
            of_file.push(finding);
        }
    }
    found.into_values().flatten().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn message(level: &str, file: &str, line: u32, text: &str) -> Value {
        let span = json!({
            "file_name": file, "line_start": line, "line_end": line, "byte_start": 0, "byte_end": 0, "column_start": 1,
            "column_end": 2, "is_primary": true, "text": [], "label": null, "suggested_replacement": null,
            "suggestion_applicability": null, "expansion": null,
        });
        json!({
            "reason": "compiler-message",
            "package_id": "path+file:///x#y@0.1.0",
            "manifest_path": "/x/Cargo.toml",
            "target": {
                "kind": ["lib"], "crate_types": ["lib"], "name": "y", "src_path": "/x/src/lib.rs", "edition": "2024",
                "doc": true, "doctest": true, "test": true,
            },
            "message": {
                "message": text, "code": null, "level": level, "spans": [span], "children": [], "rendered": text,
                "$message_type": "diagnostic",
            },
        })
    }

    #[test]
    fn errors_become_findings_that_name_the_file() {
        let mut lines = vec![
            message("error", "crates/ofauth/src/posts/mod.rs", 7, "no field `price`"),
            message("warning", "crates/ofauth/src/posts/mod.rs", 8, "unused"),
            message("error", "crates/ofauth/src/posts/mod.rs", 7, "no field `price`"),
            message("error", "crates/ofauth-api/src/generated.rs", 9, "cannot find type"),
        ];
        lines.extend((0..20).map(|line| message("error", "a.rs", line, "again")));
        let stream: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let findings = findings(stream.as_bytes());
        let places: Vec<_> = findings.iter().map(|finding| finding.place.as_str()).collect();
        assert_eq!(places.len(), 2 + OF_A_FILE);
        assert_eq!(
            (places[5], places[6]),
            ("crates/ofauth-api/src/generated.rs:9", "crates/ofauth/src/posts/mod.rs:7")
        );
        assert!(findings[5].cure.contains("teach the generator"));
        assert!(
            findings[6].problem == "no field `price`" && findings[6].cure.contains("run the update again")
        );
    }
}

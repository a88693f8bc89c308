//! Writes for the Go binding which operations may be carried out twice: it gives up waiting for a call without knowing
//! whether it was, and has to say what that means.

use std::fmt::Write as _;

use anyhow::Result;

use super::table::Row;
use crate::document::Document;

/// The text of a Go file, as gofmt leaves it.
pub fn repeatable(document: &Document) -> Result<String> {
    let mut ids = Vec::new();
    for operation in &document.operations {
        if Row::read(document, operation)?.retry == "Repeatable" {
            ids.push(operation.id.as_str());
        }
    }
    ids.sort_unstable();
    let mut text = String::from(
        "package ofauth\n\n// repeatable reports whether an operation of the API document may be carried out twice.\n\
         func repeatable(operation string) bool {\n\tswitch operation {\n\tcase ",
    );
    for (index, id) in ids.iter().enumerate() {
        let between = if index == 0 { "" } else { ",\n\t\t" };
        write!(text, "{between}\"{id}\"")?;
    }
    text.push_str(":\n\t\treturn true\n\t}\n\treturn false\n}\n");
    Ok(text)
}

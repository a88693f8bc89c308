//! The net under the checks: what lowering and the tables would stop at although no check foresaw it.
//!
//! Both are run for their errors alone, when nothing else was found; an error has no better place than its own words.

use anyhow::{Context, Error, Result};
use serde_json::Value;

use crate::document::Document;
use crate::emit::table::Row;
use crate::finding::Finding;
use crate::lower::lower;
use crate::overlay::FILE;

pub(super) fn check(merged: &Value) -> Option<Finding> {
    let error = read(merged).err()?;
    let text = format!("{error:#}");
    let place = place(merged, &error);
    let cure = format!("change what it names by an action in {FILE}, or remove the operation");
    Some(Finding::new(place, text, cure))
}

fn read(merged: &Value) -> Result<()> {
    let document = Document::read(merged)?;
    for operation in &document.operations {
        Row::read(&document, operation).with_context(|| operation.id.clone())?;
    }
    lower(&mut document.clone())?;
    Ok(())
}

/// The operation that the error begins with, or the document.
fn place(merged: &Value, error: &Error) -> String {
    let first = error.to_string();
    let operations = crate::site::operations(merged);
    let of_id = operations.iter().find(|operation| operation.id() == first || operation.place() == first);
    of_id.map_or_else(|| "the document".to_owned(), crate::site::OperationSite::place)
}

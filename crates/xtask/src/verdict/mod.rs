//! What a new document means to those who use what was made from the old one.
//!
//! A pure function over two documents. The measure is what a caller of the old document can notice: what a request may
//! not be any more, and what an answer may be now. oasdiff's checks are the model; where this is stricter or milder,
//! `openapi/README.md` says so. What the comparison of schemas cannot foresee, such as the name that the generator gives
//! a type, is caught by the listing of the generated client, see the module `surface`.

mod api;
mod change;
mod changelog;
mod components;
mod contents;
mod fields;
mod limits;
mod matching;
mod members;
mod operations;
mod page;
mod parameters;
mod rust;
mod shape;
mod spot;
mod surface;
mod values;
mod variants;
mod walk;
mod webhooks;
mod words;

use anyhow::{Context, Result};
use serde_json::Value;

pub use api::Api;
pub use change::{Audience, Change, Level, Section, Verdict};
pub use surface::Surface;

/// What `new` means to users of `old`.
#[must_use]
pub fn verdict(old: &Api, new: &Api) -> Verdict {
    let pairs = matching::pairs(old, new);
    let operations = pairs.iter().filter_map(matching::address).collect();
    let mut verdict = Verdict { operations, ..Verdict::default() };
    operations::compare(old, new, &pairs, &mut verdict);
    components::compare(old, new, &mut verdict);
    webhooks::compare(old, new, &mut verdict);
    operations::words(old, new, &pairs, &mut verdict);
    verdict.sort();
    verdict
}

/// The verdict over two merged documents.
///
/// # Errors
///
/// If one of them is no OpenAPI document.
pub fn diff(old: &Value, new: &Value) -> Result<Verdict> {
    let old = Api::read(old).context("the old document")?;
    Ok(verdict(&old, &Api::read(new).context("the new document")?))
}

/// The verdict over two merged documents and the clients that are generated from them. Where no client can be generated,
/// a note says so.
///
/// # Errors
///
/// If one of them is no OpenAPI document.
pub fn diff_with_clients(old: &Value, new: &Value) -> Result<Verdict> {
    let mut verdict = diff(old, new)?;
    match Surface::of(old, new) {
        Ok((old, new)) => verdict.hold_against(&old, &new),
        Err(error) => verdict.notes.push(format!("The generated clients were not compared: {error:#}.")),
    }
    Ok(verdict)
}

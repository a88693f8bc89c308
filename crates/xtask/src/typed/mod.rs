//! The typed client of as much of a document as can be typed.
//!
//! The generator panics on what it does not know, and one such operation would stop all others. So what cannot be typed is
//! looked for, first by rules that can give a reason, then by trying, and is left out of the client. Nothing here decides
//! what is right for a user: it only makes sure that a client comes out of it.

mod attempt;
mod clash;
mod cycle;
mod rules;

use std::collections::BTreeSet;

use anyhow::{Context, Result, anyhow};
use serde_json::Value;

use self::attempt::{Attempt, attempt};
use crate::document::Document;
use crate::lower::Change;
use crate::raw_only::RawOnly;

/// A merged document, and what becomes of it on the way to the client.
// A syntax tree has no `Debug`.
#[allow(missing_debug_implementations)]
pub struct Generated {
    /// The merged document.
    pub document: Document,
    /// What the generator reads.
    pub lowered: Document,
    /// What lowering changed.
    pub changes: Vec<Change>,
    /// The client, as a syntax tree.
    pub client: syn::File,
    /// The operations that the client has no method for, by id.
    pub raw_only: Vec<RawOnly>,
}

/// Lowers a merged document and generates the client. What has no place in the client is left out of it and told.
pub fn generated(merged: &Value) -> Result<Generated> {
    client(Document::read(merged)?)
}

/// Generates the client of `document`.
fn client(document: Document) -> Result<Generated> {
    let mut raw_only = Vec::new();
    let mut open = Vec::new();
    for (index, operation) in document.operations.iter().enumerate() {
        match rules::reason(&document, operation) {
            Some(reason) => raw_only.push(RawOnly { operation: operation.id.clone(), reason }),
            None => open.push(index),
        }
    }
    let made = match attempt(&document, &open) {
        Ok(made) => made,
        Err(whole) => {
            let mut culprits = Vec::new();
            // Most often one operation is to blame, and is so alone.
            alone(&document, &open, &whole, &mut culprits);
            open.retain(|index| !culprits.iter().any(|(culprit, _)| culprit == index));
            let made = attempt(&document, &open).or_else(|_| {
                open = together(&document, &[], &open, &mut culprits);
                attempt(&document, &open)
            });
            raw_only.extend(culprits.into_iter().filter_map(|(index, reason)| {
                Some(RawOnly { operation: document.operations.get(index)?.id.clone(), reason })
            }));
            made.map_err(|_| anyhow!(whole))?
        }
    };
    raw_only.sort_by(|one, other| one.operation.cmp(&other.operation));
    let Attempt { lowered, changes, client } = made;
    let client = syn::parse_str(&client).context("the generated client cannot be read again")?;
    Ok(Generated { document, lowered, changes, client, raw_only })
}

/// Finds the operations that cannot be typed whatever else is there. `failure` is what the attempt of all of them says.
fn alone(document: &Document, open: &[usize], failure: &str, culprits: &mut Vec<(usize, String)>) {
    if let [one] = open {
        culprits.push((*one, failure.to_owned()));
        return;
    }
    let (left, right) = open.split_at(open.len() / 2);
    for half in [left, right].into_iter().filter(|half| !half.is_empty()) {
        if let Err(failure) = attempt(document, half) {
            alone(document, half, &failure, culprits);
        }
    }
}

/// Of operations each of which can be typed alone, as many as can be typed together with those that are `kept`.
fn together(
    document: &Document,
    kept: &[usize],
    open: &[usize],
    culprits: &mut Vec<(usize, String)>,
) -> Vec<usize> {
    let all: Vec<usize> = kept.iter().chain(open).copied().collect::<BTreeSet<_>>().into_iter().collect();
    match (attempt(document, &all), open) {
        (Ok(_), _) => all,
        (Err(failure), [one]) => {
            culprits.push((*one, failure));
            kept.to_vec()
        }
        (Err(_), []) => kept.to_vec(),
        (Err(_), open) => {
            let (left, right) = open.split_at(open.len() / 2);
            let kept = together(document, kept, left, culprits);
            together(document, &kept, right, culprits)
        }
    }
}

#[cfg(test)]
mod tests;

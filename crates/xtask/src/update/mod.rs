//! `cargo xtask update`: a document of the publisher's becomes everything that is made of it, or a list of what somebody
//! has to decide first.
//!
//! The steps are adopt, overlay, complete, check, generate, compile, verdict. Everything that can be found is found in one
//! run, and nothing is written unless all is well: files that compilation needed are put back.

mod compile;
mod files;
mod input;
mod plan;

use std::path::Path;

use anyhow::{Context, Result};

use crate::artefact::Artefact;
use crate::finding::Finding;
use crate::verdict::{self, Verdict};
use crate::{codegen, overlay, source};

pub use input::Input;
pub use plan::{Ours, Plan, plan};

/// How an update ends.
#[derive(Debug)]
pub enum Outcome {
    /// Everything is written.
    Updated {
        /// What the update means to users.
        verdict: Verdict,
        /// What somebody should know.
        notes: Vec<String>,
    },
    /// Somebody has to decide these; nothing is written.
    Undecided(Vec<Finding>),
}

/// Takes `input` as the new document of the repository.
///
/// # Errors
///
/// If what is in the repository cannot be read, written or compiled at all.
pub fn update(input: Input) -> Result<Outcome> {
    let root = source::root()?;
    let before = source::merged().context("what the repository has now")?;
    let Plan { merged, actions, notes, findings, generated } = plan(input.document, &ours()?);
    let Some(generated) = generated.filter(|_| findings.is_empty()) else {
        return Ok(Outcome::Undecided(sorted(findings)));
    };
    let verdict = verdict::diff_with_clients(&before, &merged)?;
    let mut artefacts = vec![
        Artefact { path: source::UPSTREAM.into(), text: input.text },
        Artefact {
            path: overlay::FILE.into(),
            text: overlay::appended(&source::text(overlay::FILE)?, &actions),
        },
    ];
    artefacts.extend(codegen::files(&merged, &generated)?);
    let findings = write(&root, &artefacts)?;
    if findings.is_empty() {
        Ok(Outcome::Updated { verdict, notes })
    } else {
        Ok(Outcome::Undecided(findings))
    }
}

/// What the step from one document to another means to users, whatever somebody would have to decide about either.
///
/// # Errors
///
/// If what is ours in the repository cannot be read, or a document breaks a rule that comparing cannot do without.
pub fn diff(old: Input, new: Input) -> Result<Verdict> {
    let ours = ours()?;
    verdict::diff_with_clients(
        &plan::merged(old.document, &ours).merged,
        &plan::merged(new.document, &ours).merged,
    )
}

/// What is ours in the repository.
fn ours() -> Result<Ours> {
    Ok(Ours { overlay: source::overlay()?, names: source::names()?, ignored: source::ignored()? })
}

/// Writes everything, and puts it back if the repository does not compile with it.
fn write(root: &Path, artefacts: &[Artefact]) -> Result<Vec<Finding>> {
    let written = files::Written::write(root, artefacts)?;
    // Documents and reports alone change no code.
    if !written
        .paths()
        .any(|path| path.extension().is_some_and(|extension| extension != "yaml" && extension != "txt"))
    {
        return Ok(Vec::new());
    }
    match compile::check(root) {
        Ok(findings) if findings.is_empty() => Ok(findings),
        Ok(findings) => {
            written.put_back()?;
            Ok(findings)
        }
        Err(error) => {
            written.put_back()?;
            Err(error)
        }
    }
}

fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort();
    findings.dedup();
    findings
}

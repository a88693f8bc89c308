//! The first pass over the files: looks at each, counts them, and tells of those that cannot be uploaded.
//!
//! Of those it remembers a hash, so that the second pass does not try and tell again; of the others nothing.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use futures_util::StreamExt;
use ofauth::{ErrorKind, Inspected};

use super::job::Job;
use super::summary::Summary;
use super::walk::{Found, place, walk};
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::name::Name;

/// So many links are named.
const LINKS_NAMED: usize = 3;

/// What the first pass found out.
pub(super) struct Survey {
    /// The files and bytes that can be uploaded, and what failed already.
    pub(super) summary: Summary,
    /// Standard input, if it was asked for and can be uploaded.
    pub(super) standard_input: Option<Input>,
    bad: HashSet<u64>,
    /// Of a command that names several things: what is uploaded and was not told yet to be named more than once.
    taken: HashSet<u64>,
    hasher: RandomState,
}

/// The symbolic links that were found, the first ones by name.
#[derive(Debug, Default)]
struct Links {
    named: Vec<String>,
    more: u64,
}

impl Links {
    fn add(&mut self, path: &Path) {
        if self.named.len() < LINKS_NAMED {
            self.named.push(Name::from(path).to_string());
        } else {
            self.more += 1;
        }
    }

    fn text(&self) -> Option<String> {
        let names = self.named.join(", ");
        match (self.named.len(), self.more) {
            (0, _) => None,
            (1, 0) => Some(format!("symbolic link was not followed: {names}")),
            (_, 0) => Some(format!("symbolic links were not followed: {names}")),
            (_, more) => Some(format!("symbolic links were not followed: {names} and {more} more")),
        }
    }
}

impl Survey {
    /// Whether the first pass has told that this cannot be uploaded.
    pub(super) fn is_bad(&self, path: &Path) -> bool {
        self.bad.contains(&self.hasher.hash_one(path))
    }

    /// How many files are left to upload, and their bytes.
    pub(super) fn left(&self) -> (u64, u64) {
        (self.summary.files.saturating_sub(self.summary.failed), self.summary.bytes)
    }
}

impl Job<'_> {
    /// Looks at every file and reads standard input. Fails only if the user asks to stop.
    pub(super) async fn survey(&self) -> Result<Survey> {
        let mut survey = Survey {
            summary: Summary::new(),
            standard_input: None,
            bad: HashSet::new(),
            taken: HashSet::new(),
            hasher: RandomState::new(),
        };
        let mut all = walk(self.args.files.as_slice().into(), self.args.recursive);
        let mut links = Links::default();
        while let Some(found) =
            self.app.interrupt.or_stop(async { Ok::<_, Failure>(all.next().await) }).await?
        {
            let (path, looked) = match found {
                Found::Again(path) => {
                    // What is not uploaded was told to be so, or is no medium.
                    if survey.taken.remove(&survey.hasher.hash_one(place(&path))) {
                        let name = Name::from(path.as_path());
                        self.app.out.note(&format!("{name}: named more than once, uploaded once"));
                    }
                    continue;
                }
                Found::Link(path) => {
                    links.add(&path);
                    continue;
                }
                Found::Special(_) => {
                    survey.summary.not_media += 1;
                    continue;
                }
                Found::Bad(path, failure) => (path, Err(failure)),
                Found::StandardInput => {
                    let read = self.app.interrupt.or_stop(self.standard_input()).await;
                    let about = read.map(|(input, about)| {
                        survey.standard_input = Some(input);
                        Some(about)
                    });
                    ("-".into(), about)
                }
                Found::Named(path) => {
                    let input = Input::path(&path);
                    let about = self.app.interrupt.or_stop(self.inspect(&input)).await;
                    (path, about.map(Some))
                }
                Found::Inside(path) => {
                    let about = self.app.interrupt.or_stop(self.inspect_inside(&path)).await;
                    (path, about)
                }
            };
            self.enter(&mut survey, &path, looked)?;
        }
        if let Some(text) = links.text() {
            self.app.out.note(&format!("ofauth: {text}"));
        }
        Ok(survey)
    }

    /// Counts one file, or tells why it cannot be uploaded.
    fn enter(&self, survey: &mut Survey, path: &Path, looked: Result<Option<Inspected>>) -> Result<()> {
        match looked {
            Ok(Some(about)) => {
                survey.summary.files += 1;
                survey.summary.bytes = survey.summary.bytes.saturating_add(about.size);
                if self.args.files.len() > 1 {
                    survey.taken.insert(survey.hasher.hash_one(place(path)));
                }
                if self.args.dry_run {
                    self.tell_inspected(&Name::from(path), &about);
                }
            }
            Ok(None) => survey.summary.not_media += 1,
            Err(failure) => {
                let failure = failure.of(&Name::from(path));
                if failure.kind() == ErrorKind::Cancelled {
                    return Err(failure);
                }
                self.app.out.failure(&failure);
                survey.summary.fail(failure.exit());
                survey.bad.insert(survey.hasher.hash_one(path));
            }
        }
        Ok(())
    }

    async fn standard_input(&self) -> Result<(Input, Inspected)> {
        let mut input = Input::standard_input(self.args.spool_limit).await?;
        let mut about = self.inspect(&input).await?;
        if self.args.filename.is_none() {
            input.name_by_type(&about.content_type)?;
            about = self.inspect(&input).await?;
        }
        Ok((input, about))
    }
}

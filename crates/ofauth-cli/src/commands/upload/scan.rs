//! The scan, the first pass over the files: looks at each, counts them, and tells of those that cannot be uploaded.
//!
//! Of those it remembers a hash, so that the second pass does not try and tell again; of the others nothing.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use futures_util::StreamExt;
use ofauth::{ErrorKind, OpenUpload};

use super::context::UploadContext;
use super::discover::{Found, discover, place};
use super::input::Input;
use super::report;
use super::summary::Summary;
use crate::failure::{Failure, Result};
use crate::name::Name;

/// So many links are named.
const LINKS_NAMED: usize = 3;

/// What the first pass found out.
pub(super) struct Scan {
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

impl Scan {
    /// Whether the first pass has told that this cannot be uploaded.
    pub(super) fn is_bad(&self, path: &Path) -> bool {
        self.bad.contains(&self.hasher.hash_one(path))
    }

    /// How many files are left to upload, and their bytes.
    pub(super) fn left(&self) -> (u64, u64) {
        (self.summary.files.saturating_sub(self.summary.failed), self.summary.bytes)
    }

    /// Looks at every file and reads standard input. Fails only if the user asks to stop.
    pub(super) async fn run(upload: &UploadContext<'_>) -> Result<Scan> {
        let (app, args) = (upload.app, upload.args);
        let mut scan = Scan {
            summary: Summary::new(),
            standard_input: None,
            bad: HashSet::new(),
            taken: HashSet::new(),
            hasher: RandomState::new(),
        };
        let mut all = discover(args.files.as_slice().into(), args.recursive);
        let mut links = Links::default();
        while let Some(found) = app.interrupt.or_stop(async { Ok::<_, Failure>(all.next().await) }).await? {
            let (path, looked) = match found {
                Found::Again(path) => {
                    // What is not uploaded was told to be so, or is no medium.
                    if scan.taken.remove(&scan.hasher.hash_one(place(&path))) {
                        let name = Name::from(path.as_path());
                        app.out.note(&format!("{name}: named more than once, uploaded once"));
                    }
                    continue;
                }
                Found::Link(path) => {
                    links.add(&path);
                    continue;
                }
                Found::Special(_) => {
                    scan.summary.not_media += 1;
                    continue;
                }
                Found::Bad(path, failure) => (path, Err(failure)),
                Found::StandardInput => {
                    let read = app.interrupt.or_stop(standard_input(upload)).await;
                    let opened = read.map(|(input, opened)| {
                        scan.standard_input = Some(input);
                        Some(opened)
                    });
                    ("-".into(), opened)
                }
                Found::Named(path) => {
                    let input = Input::path(&path);
                    let opened = app.interrupt.or_stop(upload.open(&input)).await;
                    (path, opened.map(Some))
                }
                Found::Inside(path) => {
                    let opened = app.interrupt.or_stop(upload.open_inside(&path)).await;
                    (path, opened)
                }
            };
            scan.enter(upload, &path, looked)?;
        }
        if let Some(text) = links.text() {
            app.out.note(&format!("ofauth: {text}"));
        }
        Ok(scan)
    }

    /// Counts one file, or tells why it cannot be uploaded.
    fn enter(
        &mut self,
        upload: &UploadContext<'_>,
        path: &Path,
        looked: Result<Option<OpenUpload>>,
    ) -> Result<()> {
        match looked {
            Ok(Some(opened)) => {
                self.summary.files += 1;
                self.summary.bytes = self.summary.bytes.saturating_add(opened.size());
                if upload.args.files.len() > 1 {
                    self.taken.insert(self.hasher.hash_one(place(path)));
                }
                if upload.args.dry_run {
                    report::inspected(&upload.app.out, &Name::from(path), &opened);
                }
            }
            Ok(None) => self.summary.not_media += 1,
            Err(failure) => {
                let failure = failure.of(&Name::from(path));
                if failure.kind() == ErrorKind::Cancelled {
                    return Err(failure);
                }
                upload.app.out.failure(&failure);
                self.summary.fail(failure.exit());
                self.bad.insert(self.hasher.hash_one(path));
            }
        }
        Ok(())
    }
}

async fn standard_input(upload: &UploadContext<'_>) -> Result<(Input, OpenUpload)> {
    let mut input = Input::standard_input(upload.args.spool_limit).await?;
    let mut opened = upload.open(&input).await?;
    if upload.args.filename.is_none() {
        input.name_by_type(opened.content_type())?;
        opened = upload.open(&input).await?;
    }
    Ok((input, opened))
}

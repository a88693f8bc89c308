//! An early look at what was sent, beside the sending of the rest: a file that was edited and given its old modification
//! time is found before gigabytes follow what is of no use.
//!
//! Only something about the file that changed gives reason to look. However often that happens, what is read again early is
//! never more than twice what was sent. It proves nothing about the end: [`crate::upload::engine`] looks at everything then.

use std::future::pending;
use std::pin::Pin;

use super::ledger::Ledger;
use crate::error::Result;
use crate::upload::source::compare::compare;
use crate::upload::source::opened::Opened;
use crate::upload::source::revision::Revision;

/// Early looks of one session.
#[derive(Default)]
pub(crate) struct EarlyLook {
    under_way: Option<Look>,
    /// Bytes that were read again so far.
    read_again: u64,
    /// The revision in which the last look found nothing left to look at.
    settled: Revision,
}

type Look = Pin<Box<dyn Future<Output = Result<Option<(Revision, Vec<usize>)>>> + Send>>;

impl EarlyLook {
    /// Begins to look if there is reason to and the bound allows it.
    pub(crate) fn begin(&mut self, source: &Opened, revision: Revision, ledger: &Ledger) {
        if revision == self.settled || self.under_way.is_some() || self.read_again > ledger.acknowledged() {
            return;
        }
        let parts = ledger.not_known_in(revision);
        if parts.is_empty() {
            self.settled = revision;
            return;
        }
        tracing::info!(parts = parts.len(), "the metadata of the file changed: comparing what was sent");
        let bytes = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(part.length));
        self.read_again = self.read_again.saturating_add(bytes);
        self.under_way = Some(Box::pin(compare(source.clone(), parts)));
    }

    /// Resolves when a look that is under way has ended and the ledger knows what it found. It is an error if the source
    /// holds something else.
    pub(crate) async fn ended(&mut self, ledger: &mut Ledger) -> Result<()> {
        let Some(look) = &mut self.under_way else { return pending().await };
        // Of a source that went on to another revision meanwhile there is nothing to know.
        if let Some((revision, parts)) = look.await? {
            ledger.known_in(revision, parts);
        }
        self.under_way = None;
        Ok(())
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{FileExt as _, PermissionsExt};
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::error::ErrorKind;
    use crate::journal::PartHash;
    use crate::upload::plan::upload_plan::tests_support::parts;
    use crate::upload::source::file::tests_support::wait_for_another_time;
    use crate::upload::source::input::Source;

    /// A file of three parts of ten bytes, two of which were sent.
    fn half_sent() -> (tempfile::TempDir, PathBuf, Opened, Ledger) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("clip.mp4");
        std::fs::write(&path, [7; 30]).unwrap();
        let opened = Source::path(&path).open().unwrap();
        let mut ledger = Ledger::new(&parts(&[10, 10, 10]));
        let mut hash = PartHash::new();
        hash.update(&[7; 10]);
        for part in 0..2 {
            assert!(ledger.sent(part, hash.digest128(), opened.look().ok()));
            ledger.acknowledge(part, None);
        }
        (dir, path, opened, ledger)
    }

    fn change_mode(path: &Path, mode: u32) {
        wait_for_another_time();
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    #[tokio::test]
    async fn what_is_read_again_is_bounded_however_often_metadata_changes() {
        let (_dir, path, opened, mut ledger) = half_sent();
        let mut early = EarlyLook::default();
        early.begin(&opened, opened.look().unwrap(), &ledger);
        assert!(early.under_way.is_none(), "nothing changed");
        let mut looks = 0;
        for round in 0..20 {
            change_mode(&path, 0o400 + (round % 2));
            early.begin(&opened, opened.look().unwrap(), &ledger);
            if early.under_way.is_some() {
                looks += 1;
                early.ended(&mut ledger).await.unwrap();
                assert_eq!(ledger.not_known_in(opened.look().unwrap()), []);
            }
        }
        assert_eq!((looks, early.read_again), (2, 40));
    }

    #[tokio::test]
    async fn an_edit_behind_the_old_time_is_found() {
        let (_dir, path, opened, mut ledger) = half_sent();
        let mut early = EarlyLook::default();
        wait_for_another_time();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        let before = file.metadata().unwrap().modified().unwrap();
        file.write_all_at(b"x", 15).unwrap();
        file.set_modified(before).unwrap();
        early.begin(&opened, opened.look().unwrap(), &ledger);
        let error = early.ended(&mut ledger).await.unwrap_err();
        assert_eq!((error.kind(), error.part()), (ErrorKind::SourceChanged, Some(2)));
    }

    #[tokio::test]
    async fn of_a_file_that_does_not_rest_nothing_is_known() {
        let (_dir, path, opened, mut ledger) = half_sent();
        let mut early = EarlyLook::default();
        change_mode(&path, 0o400);
        let seen = opened.look().unwrap();
        early.begin(&opened, seen, &ledger);
        // Before the look: what it finds it says of the revision that it began in.
        change_mode(&path, 0o600);
        early.ended(&mut ledger).await.unwrap();
        assert_eq!(ledger.not_known_in(seen).len(), 2);
        assert_eq!(ledger.not_known_in(opened.look().unwrap()), []);
    }
}

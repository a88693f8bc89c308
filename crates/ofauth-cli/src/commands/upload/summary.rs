//! How the files of a command ended, counted.

use std::time::Instant;

use bytesize::ByteSize;

use super::outcome::StoredFile;
use crate::exit::Exit;
use crate::output::events::Event;

/// The counts of a command so far, and what it ends with.
#[derive(Debug, Clone)]
pub(super) struct Summary {
    started: Instant,
    /// Everything that was to be uploaded.
    pub(super) files: u64,
    /// Bytes of what is to be uploaded, then those that the service acknowledged in this run.
    pub(super) bytes: u64,
    pub(super) uploaded: u64,
    /// Of the uploaded ones, those that an earlier run had begun.
    pub(super) resumed: u64,
    pub(super) skipped: u64,
    /// What lay in a directory and is no medium.
    pub(super) not_media: u64,
    pub(super) failed: u64,
    /// Those that were not tried, because all would have failed or the user stopped.
    pub(super) not_tried: u64,
    pub(super) end: Exit,
}

impl Summary {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            files: 0,
            bytes: 0,
            uploaded: 0,
            resumed: 0,
            skipped: 0,
            not_media: 0,
            failed: 0,
            not_tried: 0,
            end: Exit::Done,
        }
    }

    /// Counts a file that is in the vault.
    pub(super) fn add(&mut self, file: &StoredFile) {
        self.files += 1;
        match file {
            StoredFile::Uploaded { upload, .. } => {
                self.uploaded += 1;
                self.resumed += u64::from(upload.resumed() > 0);
            }
            StoredFile::Skipped { .. } => self.skipped += 1,
        }
    }

    /// Counts a file that failed.
    pub(super) fn fail(&mut self, end: Exit) {
        self.files += 1;
        self.failed += 1;
        self.end = self.end.worse(end);
    }

    /// Counts a file that was not tried.
    pub(super) fn leave_out(&mut self, end: Exit) {
        self.files += 1;
        self.not_tried += 1;
        self.end = self.end.worse(end);
    }

    /// The counts as people read them; of a dry run, which uploads nothing, what it would.
    pub(super) fn line(&self, dry_run: bool) -> String {
        let mut counts = Vec::new();
        if dry_run {
            let ready = self.files.saturating_sub(self.failed);
            counts.push(format!("{ready} would be uploaded"));
        } else {
            let resumed = match self.resumed {
                0 => String::new(),
                resumed => format!(" ({resumed} resumed)"),
            };
            counts.push(format!("{} uploaded{resumed}", self.uploaded));
        }
        let mut count = |number: u64, what: &str| {
            if number > 0 {
                counts.push(format!("{number} {what}"));
            }
        };
        count(self.skipped, "skipped");
        count(self.failed, "failed");
        count(self.not_tried, "not tried");
        count(self.not_media, "not media");
        let s = if self.files == 1 { "" } else { "s" };
        let bytes = ByteSize(self.bytes).display().iec();
        let seconds = self.started.elapsed().as_secs_f64();
        format!("ofauth: {} file{s}: {}; {bytes} in {seconds:.1} s", self.files, counts.join(", "))
    }

    /// The counts as scripts read them.
    pub(super) fn event(&self) -> Event<'static> {
        Event::Summary {
            files: self.files,
            uploaded: self.uploaded,
            resumed: self.resumed,
            skipped: self.skipped,
            not_media: self.not_media,
            failed: self.failed,
            not_tried: self.not_tried,
            bytes: self.bytes,
            seconds: (self.started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_there_is_is_named() {
        let mut summary = Summary { files: 1, uploaded: 1, bytes: 2048, ..Summary::new() };
        assert!(
            summary.line(false).starts_with("ofauth: 1 file: 1 uploaded; 2.0 KiB in "),
            "{}",
            summary.line(false)
        );
        summary.resumed = 1;
        summary.skipped = 2;
        summary.not_media = 3;
        summary.fail(Exit::Usage);
        let line = summary.line(false);
        assert!(
            line.contains("2 files: 1 uploaded (1 resumed), 2 skipped, 1 failed, 3 not media; "),
            "{line}"
        );
        assert!(summary.line(true).contains(": 1 would be uploaded, 2 skipped"), "{}", summary.line(true));
        assert_eq!(summary.end, Exit::Usage);
        summary.leave_out(Exit::Again);
        let line = summary.line(false);
        assert!(
            line.contains("3 files: 1 uploaded (1 resumed), 2 skipped, 1 failed, 1 not tried, "),
            "{line}"
        );
        assert_eq!(summary.end, Exit::Again);
    }
}

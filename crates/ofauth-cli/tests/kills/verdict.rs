//! What must be true when a command that was killed has been run again until it ended by itself.

use ofauth_sandbox::{UploadRecord, UploadState};
use serde_json::Value;

use crate::line::{Side, Traffic};
use crate::process::{Run, Target};
use crate::scene::{Content, Scene, Strike};

impl Scene<'_> {
    /// Leaves the command alone until it ends, if it has not ended before, and checks what came of all its runs:
    ///
    /// - every file is in the sandbox as it is here, and was completed once;
    /// - the references that the last run printed are those;
    /// - per kill and file at most as many parts were sent again as there are connections;
    /// - of a session that is not the one that was completed, nothing but its begin was ever sent;
    ///
    /// or, of a file that goes in one piece, that nobody can know ([`unknown`](Self::unknown)).
    pub(crate) async fn end(mut self) {
        let last = match self.last.take() {
            Some(last) => last,
            None => self.run(Strike::Never).await.run,
        };
        self.end_with(last).await;
    }

    /// [`end`](Self::end) with a run that has ended already.
    pub(crate) async fn end_with(mut self, last: Run) {
        self.said.extend(last.lines().into_iter().map(str::to_owned));
        match last.code {
            None | Some(0) => self.uploaded(&last).await,
            // A run was killed while it made the post.
            Some(6) if self.setting.has("--post") && self.kills > 0 => self.in_doubt(&last).await,
            Some(6) => self.unknown(&last).await,
            Some(_) => drop(last.ends_with(0)),
        }
        self.figures.scene();
    }

    async fn uploaded(&self, last: &Run) {
        let records = self.completed();
        let references: Vec<&str> = records.iter().map(|record| record.media_upload_id.as_str()).collect();
        if self.setting.has("--skip-existing") {
            let media = |record: &UploadRecord| record.media_id.unwrap().to_string();
            for ((line, record), reference) in last.lines().into_iter().zip(&records).zip(&references) {
                assert!(line == *reference || line == media(record), "{line}, not {record:?}");
                assert!(self.said.iter().any(|line| line == reference), "nobody was told of {reference}");
            }
        } else {
            assert_eq!(last.lines(), references, "the references of the last run:\n{}", last.err);
        }
        assert_eq!(self.sessions(&["list"]).await.out, "", "nothing is left of it");
        if self.setting.has("--post") {
            self.check_post(&references);
        } else {
            self.is_remembered().await;
        }
    }

    /// Every file was completed once, as it is here. Returns what the sandbox knows of them.
    fn completed(&self) -> Vec<UploadRecord> {
        let completed = |(name, content): (&String, &Content)| {
            let is_open = |record: &UploadRecord| record.state == UploadState::Open;
            let (others, mut complete): (Vec<_>, Vec<_>) = self.records(name).into_iter().partition(is_open);
            assert_eq!(complete.len(), 1, "{name} was completed so often after {} kills", self.kills);
            let record = complete.remove(0);
            assert_eq!(record.sha256.as_ref(), Some(&content.sha256), "{name} is another file");
            self.check_others(&others);
            let again = record.parts.iter().map(|part| part.attempts.saturating_sub(1)).sum();
            let bound = self.kills * self.setting.connections;
            assert!(again <= bound, "{again} parts were sent again after {} kills: {record:?}", self.kills);
            self.figures.sent_again(again);
            record
        };
        self.names.iter().zip(&*self.setting.contents).map(completed).collect()
    }

    /// What the sandbox knows of a file: every session that was opened for it.
    pub(crate) fn records(&self, name: &str) -> Vec<UploadRecord> {
        let records = self.stage.sandbox.uploads();
        records.into_iter().filter(|record| record.filename == name).collect()
    }

    /// A session may have been opened and lost before it could be written down. Nothing more was sent in it.
    fn check_others(&self, others: &[UploadRecord]) {
        assert!(others.len() <= self.kills as usize, "too many sessions: {others:?}");
        for other in others {
            assert!(other.parts.iter().all(|part| part.attempts == 0), "a second session: {other:?}");
        }
    }

    /// What was uploaded is found again by a run that asks for it, whatever was killed while it was written down.
    async fn is_remembered(&self) {
        let opened = self.stage.sandbox.uploads().len();
        self.stage.line.count_in(&Traffic::new(None, || {}));
        let mut command = self.upload();
        if !self.setting.has("--skip-existing") {
            command.arg("--skip-existing");
        }
        let again = Run::of(Target::default().start(&mut command)).await.ends_with(0);
        assert_eq!(again.err.matches("the vault has it").count(), self.names.len(), "{}", again.err);
        assert_eq!(self.stage.sandbox.uploads().len(), opened, "a file was uploaded that the vault has");
    }

    /// One post was made of all files.
    fn check_post(&self, references: &[&str]) {
        let is_of_these = |post: &Value| post["mediaItems"].to_string().contains(references[0]);
        let posts: Vec<_> = self.stage.sandbox.posts().into_iter().filter(is_of_these).collect();
        let [post] = &posts[..] else { panic!("{} posts: {posts:?}", posts.len()) };
        for reference in references {
            assert!(post["mediaItems"].to_string().contains(reference), "{post}");
        }
    }

    /// A run was killed when it made the post and did not know how that ended. The next one does not post, and one
    /// without the post delivers what was uploaded and sends nothing.
    async fn in_doubt(&self, last: &Run) {
        assert!(last.err.contains("an earlier run with these files may have made the post"), "{}", last.err);
        assert_eq!(last.out, "");
        let records = self.completed();
        let references: Vec<&str> = records.iter().map(|record| record.media_upload_id.as_str()).collect();
        if records.iter().all(|record| record.state == UploadState::Consumed) {
            self.check_post(&references);
            self.figures.in_doubt_and_posted();
        } else {
            assert!(records.iter().all(|record| record.state == UploadState::Complete), "{records:?}");
            self.figures.in_doubt_and_not_posted();
        }
        let traffic = Traffic::new(None, || {});
        self.stage.line.count_in(&traffic);
        let delivered = Run::of(Target::default().start(&mut self.upload_without_post())).await.ends_with(0);
        assert_eq!(delivered.lines(), references, "{}", delivered.err);
        assert_eq!(traffic.passed(Side::Sent), 0, "nothing is sent again");
        assert_eq!(self.sessions(&["list"]).await.out, "", "nothing is left of it");
    }

    /// The one thing that a kill may leave unknown: a file that goes in one piece was sent to its end and no answer
    /// came. The sandbox does not say whether it had that file before, as far as anyone knows of the real service. So
    /// it is sent once more and refused, or not sent at all if it was out twice.
    async fn unknown(&self, last: &Run) {
        let [name] = &self.names[..] else { panic!("exit code 6 of several files:\n{}", last.err) };
        let (begun, others): (Vec<_>, Vec<_>) =
            self.records(name).into_iter().partition(|record| record.parts[0].attempts > 0);
        let [record] = &begun[..] else { panic!("{} sessions: {begun:?}", begun.len()) };
        assert_eq!(record.parts.len(), 1, "a file in parts can always be completed: {}", last.err);
        self.check_others(&others);
        if record.state == UploadState::Complete {
            assert_eq!(record.sha256.as_ref(), Some(&self.setting.contents[0].sha256));
            self.figures.unknown_and_complete();
        } else {
            assert!(self.kills >= 2, "only one kill, and the sandbox has no file: {record:?}");
            self.figures.unknown_and_open();
        }
        assert_eq!(last.out, "");
        assert!(last.err.contains(&record.media_upload_id), "{}", last.err);

        let opened = self.stage.sandbox.uploads().len();
        self.run(Strike::Never).await.run.ends_with(6);
        assert_eq!(
            self.stage.sandbox.uploads().len(),
            opened,
            "a second session while the outcome is unknown"
        );
        let sessions = self.sessions(&["list"]).await.json();
        let [session] = &sessions[..] else { panic!("{sessions:?}") };
        assert_eq!(session["state"], "outcome_unknown");
        assert_eq!(session["mediaUploadId"], Value::from(record.media_upload_id.as_str()));
        self.sessions(&["forget", session["id"].as_str().unwrap()]).await;
        assert_eq!(self.sessions(&["list"]).await.out, "");
    }
}

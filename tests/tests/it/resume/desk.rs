//! A file, a place for journals, and runs of its upload that end in the middle.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use ofauth::{Client, Journal, Notice, Upload, Uploaded};
use ofauth_tests::guide::Site;
use ofauth_tests::{Play, Step, watch};
use tokio::sync::Notify;

use crate::support::{KIB, builder, data, parts, single, within};

pub(super) const PARTS: u64 = 6;
pub(super) const SIZE: u64 = PARTS * 64 * KIB;

/// A directory with a file to upload and a place for journals.
pub(super) struct Desk {
    dir: tempfile::TempDir,
    pub(super) file: PathBuf,
}

impl Desk {
    pub(super) fn new(size: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("clip.mp4");
        std::fs::write(&file, data(size)).unwrap();
        Self { dir, file }
    }

    pub(super) fn journals(&self) -> PathBuf {
        self.dir.path().join("journal")
    }

    pub(super) fn journal(&self) -> Journal {
        Journal::new(self.journals())
    }

    pub(super) fn client(&self, site: &Site) -> Client {
        builder(site).journal_dir(self.journals()).concurrency(1).build().unwrap()
    }

    pub(super) fn upload(&self, site: &Site) -> (Upload, Said) {
        let said = Said::default();
        let hears = said.clone();
        let upload = self.client(site).upload_path(&self.file).on_notice(move |notice| hears.hear(notice));
        (upload, said)
    }

    pub(super) async fn run(&self, site: &Site) -> (ofauth::Result<Uploaded>, Said) {
        let (upload, said) = self.upload(site);
        (within(20, upload).await, said)
    }

    /// Runs until `reached` says so, and is gone then.
    pub(super) async fn killed(&self, site: &Site, reached: &Notify) {
        let (upload, _) = self.upload(site);
        let upload = upload.send();
        tokio::pin!(upload);
        within(20, async {
            tokio::select! {
                ended = &mut upload => panic!("not interrupted: {ended:?}"),
                () = reached.notified() => {}
            }
        })
        .await;
    }

    /// What is left of journals. None of it holds a secret but the addresses of the plan.
    pub(super) fn left(&self) -> usize {
        let Ok(entries) = std::fs::read_dir(self.journals()) else { return 0 };
        entries.map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).for_each(|bytes| {
            assert!(
                !String::from_utf8_lossy(&bytes).contains(crate::support::KEY),
                "the key is in a journal"
            );
        });
        std::fs::read_dir(self.journals()).unwrap().count()
    }

    pub(super) fn journal_file(&self) -> PathBuf {
        let mut entries = std::fs::read_dir(self.journals()).unwrap();
        entries.next().unwrap().unwrap().path()
    }

    pub(super) fn content(&self) -> bytes::Bytes {
        std::fs::read(&self.file).unwrap().into()
    }
}

/// The notices of a run.
#[derive(Clone, Default)]
pub(super) struct Said(Arc<Mutex<Vec<Notice>>>);

impl Said {
    pub(super) fn hear(&self, notice: &Notice) {
        assert!(!watch::is_forbidden(&format!("{notice} {notice:?}")));
        self.0.lock().unwrap().push(notice.clone());
    }

    pub(super) fn all(&self) -> Vec<Notice> {
        self.0.lock().unwrap().clone()
    }

    #[track_caller]
    pub(super) fn one(&self) -> Notice {
        let all = self.all();
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].clone()
    }
}

/// A site whose first session never answers `step`, and tells when that was asked for.
pub(super) async fn silent_at(step: Step) -> (Site, Arc<Notify>) {
    let reached = Arc::new(Notify::new());
    let tell = Arc::clone(&reached);
    let guide = if step == Step::Single { single() } else { parts(64 * KIB) };
    let site = guide
        .script(move |visit| {
            if visit.step != step || visit.session > 0 || visit.attempt > 1 {
                return Play::Guide;
            }
            let tell = Arc::clone(&tell);
            Play::Then(Box::pin(async move {
                tell.notify_one();
                std::future::pending().await
            }))
        })
        .start()
        .await;
    (site, reached)
}

/// An upload that got four parts through and was killed at the fifth.
pub(super) async fn interrupted() -> (Desk, Site) {
    let desk = Desk::new(SIZE);
    let (site, reached) = silent_at(Step::Part(5)).await;
    desk.killed(&site, &reached).await;
    assert_eq!(desk.left(), 1);
    (desk, site)
}

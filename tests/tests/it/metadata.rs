//! Files of which something changes under way that is not their content, and edits that hide behind such a change.

use std::fs::{File, FileTimes};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ofauth::{ErrorKind, UploadedPart};
use ofauth_tests::guide::{Site, Visit, holds};
use ofauth_tests::{Answer, Play, Step};

use crate::support::{KIB, Together, builder, check, data, parts, single, within};

const PARTS: u32 = 10;
const SIZE: u64 = PARTS as u64 * 64 * KIB;

type Change = fn(&Path) -> io::Result<()>;

/// What backups, indexers, virus scanners and people do to a file without changing it.
const HARMLESS: &[(&str, Change)] = &[
    ("chmod", |path| std::fs::set_permissions(path, PermissionsExt::from_mode(0o440))),
    ("a hard link is made", |path| std::fs::hard_link(path, path.with_extension("link"))),
    ("a hard link is made and removed", |path| {
        std::fs::hard_link(path, path.with_extension("link"))?;
        std::fs::remove_file(path.with_extension("link"))
    }),
    ("an extended attribute", |path| {
        match rustix::fs::setxattr(path, "user.origin", b"here", rustix::fs::XattrFlags::empty()) {
            // Where there are none, the mode stands in.
            Err(rustix::io::Errno::OPNOTSUPP) => {
                std::fs::set_permissions(path, PermissionsExt::from_mode(0o440))
            }
            set => Ok(set?),
        }
    }),
    ("renamed", |path| std::fs::rename(path, path.with_extension("moved"))),
    ("renamed away and back", |path| {
        std::fs::rename(path, path.with_extension("moved"))?;
        std::fs::rename(path.with_extension("moved"), path)
    }),
    ("removed", |path| std::fs::remove_file(path)),
    ("chown to its owner", |path| {
        let about = path.metadata()?;
        chown(path, Some(about.uid()), Some(about.gid()))
    }),
    ("touch -a", |path| File::open(path)?.set_times(FileTimes::new().set_accessed(SystemTime::now()))),
    ("its modification time is set to what it is", |path| {
        let file = File::open(path)?;
        file.set_modified(file.metadata()?.modified()?)
    }),
];

/// What makes another file of it, the old modification time or not.
const HARMFUL: &[(&str, Change)] = &[
    ("edited at the start, and its time set back", |path| edit(path, 0)),
    ("truncated, and its time set back", |path| keeping_time(path, |file| file.set_len(SIZE - 1))),
    ("appended to, and its time set back", |path| keeping_time(path, |file| file.write_all_at(b"x", SIZE))),
    ("replaced by another of the same size and time", |path| {
        replace(path, &vec![0; usize::try_from(SIZE).unwrap()])
    }),
    ("replaced by a copy", |path| replace(path, &std::fs::read(path)?)),
];

fn keeping_time(path: &Path, change: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
    let file = File::options().write(true).open(path)?;
    let before = file.metadata()?.modified()?;
    change(&file)?;
    file.set_modified(before)
}

fn edit(path: &Path, at: u64) -> io::Result<()> {
    keeping_time(path, |file| file.write_all_at(b"\xff\x00\xff", at.min(SIZE - 3)))
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let other = path.with_extension("other");
    std::fs::write(&other, content)?;
    File::options().write(true).open(&other)?.set_modified(path.metadata()?.modified()?)?;
    std::fs::rename(other, path)
}

/// Changes a file once the clock of its file system shows another time than that of its last change.
fn at_another_time(path: &Path, change: Change) {
    let changed = |about: std::fs::Metadata| (about.ctime(), about.ctime_nsec());
    let then = changed(path.metadata().unwrap());
    let beside = path.parent().unwrap();
    while changed(tempfile::tempfile_in(beside).unwrap().metadata().unwrap()) <= then {}
    change(path).unwrap();
}

/// When something happens to the file: after the body of this step was sent and before it is answered.
const WHEN: &[(&str, Step)] = &[
    ("a single upload under way", Step::Single),
    ("the first part under way", Step::Part(1)),
    ("between parts", Step::Part(5)),
    ("before it is completed", Step::Part(PARTS)),
];

/// One upload in the table: a file, where it is sent, and whether it is written down.
struct Case {
    dir: tempfile::TempDir,
    path: PathBuf,
    step: Step,
    journaled: bool,
}

impl Case {
    fn new(step: Step, journaled: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("clip.mp4");
        std::fs::write(&path, data(SIZE)).unwrap();
        Self { dir, path, step, journaled }
    }

    async fn site(&self, play: impl Fn(&Visit<'_>) -> Option<Change> + Send + Sync + 'static) -> Site {
        let path = self.path.clone();
        let guide = if self.step == Step::Single { single() } else { parts(64 * KIB) };
        let script = move |visit: &Visit<'_>| match play(visit) {
            Some(change) => {
                let path = path.clone();
                Play::Then(Box::pin(async move { at_another_time(&path, change) }))
            }
            None => Play::Guide,
        };
        guide.script(script).start().await
    }

    async fn upload(&self, site: &Site) -> ofauth::Result<ofauth::Uploaded> {
        let mut client = builder(site).concurrency(2);
        if self.journaled {
            client = client.journal_dir(self.dir.path().join("journal"));
        }
        within(20, client.build().unwrap().upload_path(&self.path)).await
    }

    fn journals(&self) -> usize {
        std::fs::read_dir(self.dir.path().join("journal")).map_or(0, Iterator::count)
    }
}

/// Every change at every moment, with a journal and without.
fn table(changes: &'static [(&'static str, Change)]) -> impl Iterator<Item = (String, Change, Case)> {
    let cases = changes.iter().flat_map(|change| WHEN.iter().map(move |when| (change, when)));
    cases.flat_map(|((name, change), (when, step))| {
        [false, true].map(|journaled| {
            (format!("{name}, {when}, journal: {journaled}"), *change, Case::new(*step, journaled))
        })
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_metadata_alone_changes_nothing() {
    let mut together = Together::default();
    for (name, change, case) in table(HARMLESS) {
        together.add(name, async move {
            let step = case.step;
            let site = case.site(move |visit| (visit.step == step).then_some(change)).await;
            let uploaded = case.upload(&site).await.unwrap();
            assert!(uploaded.parts().iter().all(|part: &UploadedPart| part.attempts == 1));
            let sessions = site.sessions();
            assert_eq!((sessions.len(), sessions[0].completed), (1, 1));
            assert!(holds(&sessions[0], &data(SIZE)));
            assert_eq!(case.journals(), 0);
        });
    }
    together.run(60).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_may_change_again_and_again() {
    for journaled in [false, true] {
        let case = Case::new(Step::Part(1), journaled);
        let site = case
            .site(|visit| match visit.step {
                Step::Part(number) if number % 2 == 0 => Some(HARMLESS[0].1),
                Step::Part(_) => {
                    Some(|path| std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)))
                }
                _ => None,
            })
            .await;
        case.upload(&site).await.unwrap();
        assert!(holds(&site.sessions()[0], &data(SIZE)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_content_is_never_completed() {
    let mut together = Together::default();
    for (name, change, case) in table(HARMFUL) {
        together.add(name, async move {
            let step = case.step;
            let site = case.site(move |visit| (visit.step == step).then_some(change)).await;
            let shown = check(&case.upload(&site).await.unwrap_err(), ErrorKind::SourceChanged);
            assert_eq!((site.visits(Step::Complete), site.visits(Step::Init)), (0, 1));
            // The service has a file that went in one request, whatever it is told.
            assert_eq!(shown.contains("do not use it"), step == Step::Single, "{shown}");
        });
    }
    together.run(60).await;
}

/// Nobody can tell it from a change of the mode, and nothing is mixed: the file is uploaded as it then is.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_what_is_still_to_be_sent_is_sent() {
    for journaled in [false, true] {
        let case = Case::new(Step::Part(5), journaled);
        let site = case
            .site(|visit| (visit.step == Step::Part(5)).then_some((|path| edit(path, SIZE)) as Change))
            .await;
        case.upload(&site).await.unwrap();
        let now = std::fs::read(&case.path).unwrap();
        assert!(now != data(SIZE) && holds(&site.sessions()[0], &now));
    }
}

/// The service may keep either of two bodies of a part; if they differ, none of it is of use.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_another_when_it_is_sent_again_ends_the_upload() {
    for step in [Step::Single, Step::Part(5)] {
        for journaled in [false, true] {
            let case = Case::new(step, journaled);
            let path = case.path.clone();
            let guide = if step == Step::Single { single() } else { parts(64 * KIB) };
            let script = move |visit: &Visit<'_>| match (visit.step == step, visit.attempt) {
                (true, 1) => {
                    let path = path.clone();
                    Play::Custom(Box::new(move |exchange| {
                        Box::pin(async move {
                            exchange.read_body().await?;
                            // Within the fifth part of ten.
                            at_another_time(&path, |path| edit(path, SIZE / 2 - 10));
                            exchange.answer(&Answer::new(500)).await
                        })
                    }))
                }
                _ => Play::Guide,
            };
            let site = guide.script(script).start().await;
            let error = case.upload(&site).await.unwrap_err();
            check(&error, ErrorKind::SourceChanged);
            assert_eq!((site.visits(Step::Complete), case.journals()), (0, 0));
        }
    }
}

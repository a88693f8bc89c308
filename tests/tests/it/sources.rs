//! Sources that do not keep still, and readers that do not keep their word.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use ofauth::{ErrorKind, ReadAt, Source};
use ofauth_tests::{Play, Step};

use crate::support::{KIB, MIB, Together, builder, check, client, data, parts, single, within};

/// Changes to a file that is being uploaded.
const CHANGES: &[(&str, fn(&Path) -> io::Result<()>)] = &[
    ("shrinks by a byte", |path| open(path)?.set_len(640 * KIB - 1)),
    ("shrinks to nothing", |path| open(path)?.set_len(0)),
    ("grows", |path| OpenOptions::new().append(true).open(path)?.write_all(b"x")),
    ("is written to", |path| open(path)?.write_all(b"x")),
    ("is written to at the end", |path| {
        std::os::unix::fs::FileExt::write_all_at(&open(path)?, b"y", 640 * KIB - 1)
    }),
    ("is touched", |path| open(path)?.set_modified(std::time::SystemTime::UNIX_EPOCH)),
    ("is replaced", |path| {
        let other = path.with_extension("other");
        std::fs::write(&other, vec![0; 640 * 1024])?;
        std::fs::rename(other, path)
    }),
    ("is rewritten in place with the same length", |path| std::fs::write(path, vec![7; 640 * 1024])),
];

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path)
}

/// A file of 640 KiB in a directory that goes with the returned guard.
fn file() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("clip.mp4");
    std::fs::write(&path, data(640 * KIB)).unwrap();
    (dir, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_between_parts_is_never_completed() {
    let mut together = Together::default();
    for (name, change) in CHANGES {
        // The last part as well: nothing is read after it.
        for when in [1, 3, 10] {
            for concurrency in [1, 4] {
                together.add(format!("{name} at part {when}, {concurrency} at once"), async move {
                    let (_dir, path) = file();
                    let victim = path.clone();
                    let site = parts(64 * KIB)
                        .script(move |visit| match visit.step {
                            Step::Part(number) if number == when => {
                                let victim = victim.clone();
                                // After the part was read, before it is answered.
                                Play::Then(Box::pin(async move { change(&victim).unwrap() }))
                            }
                            _ => Play::Guide,
                        })
                        .start()
                        .await;
                    let error = client(&site).upload_path(&path).concurrency(concurrency).await.unwrap_err();
                    check(&error, ErrorKind::SourceChanged);
                    assert_eq!((site.visits(Step::Complete), site.visits(Step::Init)), (0, 1));
                    assert!(!error.is_retryable());
                });
            }
        }
    }
    together.run(40).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_in_the_middle_of_a_body_is_noticed() {
    let mut together = Together::default();
    for several in [false, true] {
        for (name, length) in [("shrinks", Some(2 * MIB)), ("grows", Some(33 * MIB)), ("is written to", None)]
        {
            together.add(format!("{name}, several: {several}"), async move {
                let dir = tempfile::tempdir().unwrap();
                let path = dir.path().join("clip.mp4");
                std::fs::write(&path, data(32 * MIB)).unwrap();
                let victim = path.clone();
                let guide = if several { parts(30 * MIB) } else { single() };
                let site = guide
                    .script(move |visit| match visit.step {
                        Step::Single | Step::Part(1) if visit.attempt == 1 => {
                            let victim = victim.clone();
                            Play::Custom(Box::new(move |exchange| {
                                Box::pin(async move {
                                    // Most of the body is still in the file: sockets hold less.
                                    exchange.read(MIB).await?;
                                    match length {
                                        Some(length) => open(&victim)?.set_len(length)?,
                                        None => open(&victim)?.write_all(b"x")?,
                                    }
                                    exchange.read_body().await?;
                                    exchange.answer(&ofauth_tests::Answer::new(200)).await
                                })
                            }))
                        }
                        _ => Play::Guide,
                    })
                    .start()
                    .await;
                let error = client(&site).upload_path(&path).await.unwrap_err();
                check(&error, ErrorKind::SourceChanged);
                assert_eq!(site.visits(Step::Complete), 0);
                let shown = error.to_string();
                // A single upload whose PUT was answered is in the vault, changed or not.
                if !several && name != "shrinks" {
                    assert!(!shown.contains("nothing was finished"), "{shown}");
                }
            });
        }
    }
    together.run(40).await;
}

/// A reader of zeros, so many of them, that does something else once it is asked for this byte.
struct Odd(u64, fn(&mut [u8]) -> io::Result<usize>, u64);

impl ReadAt for Odd {
    fn size(&self) -> io::Result<u64> {
        Ok(self.2)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        buf.fill(0);
        if (offset..offset + buf.len() as u64).contains(&self.0) { self.1(buf) } else { Ok(buf.len()) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_does_not_keep_its_word_ends_the_upload() {
    let cases: &[(&str, fn(&mut [u8]) -> io::Result<usize>, ErrorKind)] = &[
        ("fails", |_| Err(io::Error::other("the tape broke")), ErrorKind::Source),
        ("ends early", |_| Ok(0), ErrorKind::SourceChanged),
        ("claims one more than asked for", |buf| Ok(buf.len() + 1), ErrorKind::Source),
        ("claims everything", |_| Ok(usize::MAX), ErrorKind::Source),
        ("panics", |_| panic!("on purpose"), ErrorKind::Source),
    ];
    let mut together = Together::default();
    for (name, act, kind) in cases {
        for at in [0, 300 * KIB, 640 * KIB - 1] {
            for several in [false, true] {
                together.add(format!("{name} at {at}, several: {several}"), async move {
                    let guide = if several { parts(64 * KIB) } else { single() };
                    let site = guide.start().await;
                    let source = Source::reader(Odd(at, *act, 640 * KIB)).filename("clip.mp4");
                    let error = client(&site).upload(source).await.unwrap_err();
                    let shown = check(&error, *kind);
                    if *name == "fails" {
                        assert!(shown.contains("the tape broke"), "{shown}");
                    }
                    assert_eq!(site.visits(Step::Complete), 0);
                    let finished = site.sessions().iter().any(|session| session.completed > 0);
                    assert!(!finished && site.visits(Step::Init) <= 1);
                });
            }
        }
    }
    together.run(20).await;
}

#[tokio::test]
async fn a_reader_that_is_interrupted_is_asked_again() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let interrupted_once = |buf: &mut [u8]| match CALLS.fetch_add(1, Ordering::SeqCst) {
        0 => Err(io::ErrorKind::Interrupted.into()),
        _ => Ok(buf.len()),
    };
    let source = Source::reader(Odd(100, interrupted_once, 64 * KIB)).filename("clip.mp4");
    let site = single().start().await;
    within(10, client(&site).upload(source)).await.unwrap();
}

/// Gives out its first byte, and then nothing, until the gate opens.
struct Stuck(Arc<(Mutex<bool>, Condvar)>);

impl ReadAt for Stuck {
    fn size(&self) -> io::Result<u64> {
        Ok(64 * KIB)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let (open, changed) = &*self.0;
        let _open = changed.wait_while(open.lock().unwrap(), |open| offset > 0 && !*open).unwrap();
        Ok(buf.len().min(1))
    }
}

#[tokio::test]
async fn a_reader_that_never_returns_ends_by_the_clocks() {
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let site = parts(64 * KIB).start().await;
    let client = builder(&site).stall_timeout(Duration::from_millis(200)).build().unwrap();
    let source = Source::reader(Stuck(Arc::clone(&gate))).filename("a.mp4");
    let error = within(10, client.upload(source).timeout(Duration::from_secs(2))).await.unwrap_err();
    check(&error, ErrorKind::Timeout);
    assert_eq!(site.visits(Step::Complete), 0);
    // Or the runtime could not end.
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
}

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use crate::journal::directory::*;
use crate::journal::record::{Record, SessionRecord, State};
use crate::journal::samples::{done, part, session};
use crate::journal::{frame, memory, samples};

fn journal() -> (TempDir, Journal) {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::new(dir.path().join("state/journals"));
    (dir, journal)
}

fn open(journal: &Journal) -> OpenJournal {
    journal.open(&samples::about()).unwrap()
}

/// The path of the sample upload's journal.
fn path(journal: &Journal) -> PathBuf {
    journal.path_of(&samples::about().id())
}

fn refusal(journal: &Journal) -> Error {
    journal.open(&samples::about()).err().expect("it is refused")
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn state(found: Found) -> State {
    match found {
        Found::State(state) => *state,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_id_differs_with_every_field_and_stays() {
    let about = samples::about;
    let vault = |mode: Option<&str>, user: Option<&str>| {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Some(crate::journal::VaultOptions { mode: text(mode), user_id: text(user) })
    };
    let all = [
        about(),
        About { base_url: "https://api.ofauth.co".into(), ..about() },
        About { base_url: "https://api.ofauth.comc".into(), connection: "onn_1".into(), ..about() },
        About { connection: "conn_2".into(), ..about() },
        About { source: "/media/other/clip.mp4".into(), ..about() },
        About { filename: "clip2.mp4".into(), ..about() },
        About { content_type: "video/webm".into(), ..about() },
        About { vault_upload: vault(None, None), ..about() },
        About { vault_upload: vault(Some("message"), None), ..about() },
        About { vault_upload: vault(None, Some("message")), ..about() },
    ];
    let ids: std::collections::BTreeSet<_> = all.iter().map(About::id).collect();
    assert_eq!(ids.len(), all.len(), "{ids:?}");
    assert!(ids.iter().all(|id| id.len() == 16));
    // A later version has to find the journals of this one.
    assert_eq!(about().id(), "b297036ec83bb76f");
}

#[tokio::test]
async fn a_journal_is_found_again_and_is_for_its_owner_alone() {
    let (_dir, journal) = journal();
    let OpenJournal { recorder, found } = open(&journal);
    assert_eq!(found, Found::Nothing);
    assert_eq!((mode(journal.dir()), mode(journal.dir().parent().unwrap())), (0o700, 0o700));
    assert_eq!(mode(&path(&journal)), 0o600);
    recorder.write(Record::Session(session(1))).await.unwrap();
    recorder.write(Record::Part(part(2))).await.unwrap();
    recorder.write(Record::Finishing).await.unwrap();
    recorder.close().await.unwrap();
    std::fs::set_permissions(path(&journal), std::fs::Permissions::from_mode(0o644)).unwrap();
    let OpenJournal { recorder, found } = open(&journal);
    assert_eq!(mode(&path(&journal)), 0o600, "it is put right");
    let found = state(found);
    assert_eq!(found.session, session(1));
    assert_eq!((found.parts.len(), found.finishing, found.torn), (1, 1, false));
    recorder.write(Record::NotFinished).await.unwrap();
    recorder.write(Record::Done(done())).await.unwrap();
    drop(recorder);
    let OpenJournal { recorder, found } = open(&journal);
    let found = state(found);
    assert_eq!((found.finishing, found.done), (0, Some(done())));
    recorder.remove().await.unwrap();
    assert!(!path(&journal).exists());
}

#[tokio::test]
async fn an_upload_that_had_no_session_leaves_no_file() {
    let (_dir, journal) = journal();
    drop(open(&journal));
    assert!(!path(&journal).exists());
    // What a killed process leaves.
    for left in [&b""[..], &b"OFAU"[..], &frame::header()[..], &[0; 16]] {
        std::fs::write(path(&journal), left).unwrap();
        assert!(journal.sessions().unwrap().is_empty());
        let OpenJournal { recorder, found } = open(&journal);
        assert_eq!(found, Found::Nothing);
        drop(recorder);
        assert!(!path(&journal).exists());
        std::fs::write(path(&journal), left).unwrap();
        open(&journal).recorder.write(Record::Session(session(3))).await.unwrap();
        assert_eq!(state(open(&journal).found).session, session(3));
        std::fs::remove_file(path(&journal)).unwrap();
    }
    let mut flagged = frame::header();
    flagged[15] = 1;
    std::fs::write(path(&journal), flagged).unwrap();
    let found = open(&journal).found;
    assert_eq!(found, Found::Damaged { finishing: true, upload_id: None });
    assert!(path(&journal).exists(), "it may be about a finished upload");
}

#[test]
fn one_upload_at_a_time_has_a_journal() {
    let (_dir, journal) = journal();
    let first = open(&journal);
    let error = refusal(&journal);
    assert_eq!(error.kind(), ErrorKind::Busy);
    let text = error.to_string();
    assert!(text.contains("/media/clip.mp4") && text.contains(path(&journal).to_str().unwrap()), "{text}");
    assert_eq!(journal.forget(&samples::about().id()).unwrap_err().kind(), ErrorKind::Busy);
    // Another upload is not concerned.
    let other = About { connection: "conn_2".into(), ..samples::about() };
    journal.open(&other).unwrap();
    drop(first);
    open(&journal);
}

#[test]
fn a_journal_that_is_removed_while_others_wait_for_it_is_never_had_by_two() {
    let (_dir, journal) = journal();
    let held = AtomicBool::new(false);
    let upload = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut done = 0;
        while done < 40 {
            let open = match journal.open(&samples::about()) {
                Ok(open) => open,
                Err(error) if error.kind() == ErrorKind::Busy => continue,
                Err(error) => panic!("{error}"),
            };
            assert!(!held.swap(true, Ordering::SeqCst), "two have it");
            assert_eq!(open.found, Found::Nothing);
            runtime.block_on(open.recorder.write(Record::Session(session(1)))).unwrap();
            assert!(held.swap(false, Ordering::SeqCst));
            runtime.block_on(open.recorder.remove()).unwrap();
            done += 1;
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(upload);
        }
    });
    assert!(!path(&journal).exists());
}

#[test]
fn what_is_no_journal_of_ours_is_kept_and_named() {
    let (_dir, journal) = journal();
    std::fs::create_dir_all(journal.dir()).unwrap();
    for (content, why) in [
        (&b"precious notes of mine"[..], "damaged, or is not a journal"),
        (&b"OFAUTHR2 and a record"[..], "not a journal"),
    ] {
        std::fs::write(path(&journal), content).unwrap();
        let error = refusal(&journal);
        assert_eq!(error.kind(), ErrorKind::Journal);
        let text = error.to_string();
        assert!(
            text.contains(why)
                && text.contains("Journal::forget")
                && text.contains(journal.dir().to_str().unwrap()),
            "{text}"
        );
        assert_eq!(error.journal_id(), Some(samples::about().id().as_str()));
        assert_eq!(std::fs::read(path(&journal)).unwrap(), content);
        assert_eq!(journal.sessions().unwrap()[0].state, JournalState::Damaged);
    }
    journal.forget(&samples::about().id()).unwrap();
    open(&journal);
}

#[tokio::test]
async fn the_journal_of_another_upload_is_refused() {
    let (_dir, journal) = journal();
    let recorder = open(&journal).recorder;
    recorder.write(Record::Session(session(1))).await.unwrap();
    recorder.close().await.unwrap();
    let other = About { connection: "conn_2".into(), ..samples::about() };
    std::fs::rename(path(&journal), journal.path_of(&other.id())).unwrap();
    let error = journal.open(&other).err().unwrap();
    assert!(error.to_string().contains("belongs to another upload"), "{error}");
}

#[test]
fn links_directories_and_pipes_are_refused_and_left_alone() {
    let (dir, journal) = journal();
    std::fs::create_dir_all(journal.dir()).unwrap();
    let precious = dir.path().join("precious");
    std::fs::write(&precious, b"content").unwrap();
    let missing = dir.path().join("missing");
    let kinds: [&dyn Fn(&Path); 4] = [
        &|path| symlink(&precious, path).unwrap(),
        &|path| symlink(&missing, path).unwrap(),
        &|path| std::fs::create_dir(path).unwrap(),
        &|path| {
            rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        },
    ];
    for make in kinds {
        make(&path(&journal));
        let error = refusal(&journal);
        assert_eq!(error.kind(), ErrorKind::Journal);
        assert!(error.to_string().contains("is not a regular file"), "{error}");
        assert_eq!(journal.sessions().unwrap()[0].state, JournalState::Damaged);
        let is_directory = path(&journal).is_dir();
        assert_eq!(journal.forget(&samples::about().id()).is_err(), is_directory);
        if is_directory {
            std::fs::remove_dir(path(&journal)).unwrap();
        }
    }
    assert_eq!(std::fs::read(&precious).unwrap(), b"content");
    assert!(!missing.exists());
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let (dir, _) = journal();
    std::fs::write(dir.path().join("file"), b"").unwrap();
    let journal = Journal::new(dir.path().join("file/journals"));
    let error = refusal(&journal);
    assert_eq!(error.kind(), ErrorKind::Journal);
    assert!(error.to_string().contains("file/journals"), "{error}");
    assert_eq!(journal.sessions().unwrap_err().kind(), ErrorKind::Journal);
}

/// A device that is always full.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_told_with_its_remedy() {
    let full = Path::new("/dev/full");
    let device = std::fs::File::options().write(true).open(full).unwrap();
    let before = memory::MemoryFile::default();
    before.open(&samples::about()).unwrap().recorder.write(Record::Session(session(1))).await.unwrap();
    let contents = replay::replay(&before.bytes());
    let log = FileLog::new(device, full, before.bytes().len() as u64, true);
    let open = OpenJournal::over(log, contents, full.to_owned(), &samples::about()).unwrap();
    let error = open.recorder.write(Record::Part(part(0))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Journal);
    assert!(error.to_string().contains("free space on its disk"), "{error}");
}

#[tokio::test]
async fn sessions_are_listed_found_and_forgotten() {
    let (_dir, journal) = journal();
    assert!(journal.sessions().unwrap().is_empty(), "there is no directory yet");
    let recorder = open(&journal).recorder;
    recorder.write(Record::Session(session(1))).await.unwrap();
    recorder.write(Record::Part(part(3))).await.unwrap();
    let later = About { source: "bytes:later.mp4".into(), ..samples::about() };
    let finished = journal.open(&later).unwrap().recorder;
    let opened_unix_ms = 1_700_000_009_000;
    let record = SessionRecord { about: later, opened_unix_ms, expires_unix_ms: None, ..session(2) };
    finished.write(Record::Session(record)).await.unwrap();
    finished.write(Record::Finishing).await.unwrap();
    std::fs::write(journal.dir().join("notes.journal"), b"x").unwrap();
    std::fs::write(journal.dir().join("0123456789abcdef.journal.bak"), b"x").unwrap();

    let unix = |ms| Some(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(ms));
    let listed = journal.sessions().unwrap();
    let [one, two] = &listed[..] else { panic!("{listed:#?}") };
    assert_eq!(one.file.as_deref(), Some("/media/clip.mp4"));
    assert_eq!((one.parts_done, one.parts_total, one.bytes_done, one.size), (1, 4, 103, 406));
    assert_eq!((one.opened, one.expires), (unix(1_700_000_000_000), unix(1_700_003_600_000)));
    assert_eq!((one.upload_id.as_deref(), one.connection.as_deref()), (Some("upl-1"), Some("conn_1")));
    assert_eq!((one.state, one.in_use), (JournalState::Interrupted, true));
    assert_eq!((two.file.as_deref(), two.expires), (Some("later.mp4"), None));
    assert_eq!(two.state, JournalState::OutcomeUnknown);
    finished.write(Record::Done(done())).await.unwrap();
    finished.close().await.unwrap();
    let two = journal.session(&two.id[..5]).unwrap();
    assert_eq!((two.state, two.in_use), (JournalState::Finished, false));

    for (id, why) in [("abc", "too short"), ("", "too short"), ("zzzz", "no session"), ("../x", "no session")]
    {
        let error = journal.forget(id).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains(why), "{error}");
    }
    let twin = format!("{}{}", &two.id[..15], if two.id.ends_with('0') { '1' } else { '0' });
    std::fs::write(journal.path_of(&twin), b"damaged, this one is").unwrap();
    let error = journal.forget(&two.id[..8]).unwrap_err();
    assert!(error.to_string().contains("more than one"), "{error}");
    journal.forget(&two.id).unwrap();
    journal.forget(&twin[..4]).unwrap();
    assert_eq!(journal.sessions().unwrap().len(), 1);
    assert!(journal.dir().join("notes.journal").exists());
}

#[tokio::test]
async fn only_finished_uploads_that_nobody_has_are_settled() {
    let (_dir, journal) = journal();
    let id = samples::about().id();
    let recorder = open(&journal).recorder;
    recorder.write(Record::Session(session(1))).await.unwrap();
    recorder.write(Record::Finishing).await.unwrap();
    recorder.close().await.unwrap();
    journal.settle([id.as_str(), "0123456789abcdef", "../../etc", ""]).unwrap();
    let recorder = open(&journal).recorder;
    recorder.write(Record::Done(done())).await.unwrap();
    journal.settle([id.as_str()]).unwrap();
    assert_eq!(journal.session(&id).unwrap().state, JournalState::Finished, "it is in use");
    recorder.close().await.unwrap();
    journal.settle([id.as_str()]).unwrap();
    assert!(journal.sessions().unwrap().is_empty());
}

#[tokio::test]
async fn damage_behind_the_header_does_not_hide_an_unknown_outcome() {
    let (_dir, journal) = journal();
    let recorder = open(&journal).recorder;
    recorder.write(Record::Session(session(1))).await.unwrap();
    recorder.write(Record::Finishing).await.unwrap();
    recorder.close().await.unwrap();
    let mut bytes = std::fs::read(path(&journal)).unwrap();
    let end = bytes.len();
    bytes[end / 2..].fill(0);
    std::fs::write(path(&journal), &bytes).unwrap();
    let found = open(&journal).found;
    let expected = Found::Damaged { finishing: true, upload_id: Some("upl-1".into()) };
    assert_eq!(found, expected);
    assert_eq!(std::fs::read(path(&journal)).unwrap(), bytes, "looking changes nothing");
    let listed = journal.session(&samples::about().id()).unwrap();
    assert_eq!((listed.state, listed.upload_id.as_deref()), (JournalState::OutcomeUnknown, Some("upl-1")));
}

/// A journal that was written once is read by every later version, or refused by name and left as it is.
#[test]
fn samples_are_read_or_refused_by_their_version() {
    let sample = |name: &str| std::fs::read(Path::new("../../tests/data/state").join(name)).unwrap();
    let current = sample("journal-2");
    let of_version = |version: u8| [&current[..7], &[version], &current[8..]].concat();
    for (bytes, what) in [
        (current.clone(), Ok(Some(1))),
        (current[..15].to_vec(), Ok(None)),
        (current[..3].to_vec(), Ok(None)),
        (sample("journal-1"), Err("format version 1")),
        (sample("journal-1")[..9].to_vec(), Err("format version 1")),
        (of_version(b'3'), Err("format version 3")),
        (of_version(0xFF), Err("format version \\xff")),
    ] {
        let (_dir, journal) = journal();
        std::fs::create_dir_all(journal.dir()).unwrap();
        std::fs::write(path(&journal), &bytes).unwrap();
        let listed = journal.sessions().unwrap().pop().map(|upload| upload.state);
        match (journal.open(&samples::about()), what) {
            (Ok(OpenJournal { found: Found::State(state), .. }), Ok(Some(parts))) => {
                assert_eq!((state.session.upload_id.as_str(), state.parts.len()), ("upl-1", parts));
                assert_eq!(listed, Some(JournalState::OutcomeUnknown));
            }
            (Ok(OpenJournal { found: Found::Nothing, .. }), Ok(None)) => assert_eq!(listed, None),
            (Err(error), Err(found)) => {
                let (text, path) = (error.to_string(), path(&journal));
                for part in [found, "reads version 2", path.to_str().unwrap(), "the software that wrote it"] {
                    assert!(text.contains(part), "{part}: {text}");
                }
                assert_eq!((error.kind(), listed), (ErrorKind::Journal, Some(JournalState::OtherVersion)));
                assert_eq!(std::fs::read(path).unwrap(), bytes, "{found}: it is changed");
            }
            (opened, what) => panic!("{what:?}: {:?}", opened.map(|opened| opened.found)),
        }
    }
}

//! Uploads that were interrupted and are run again: what is sent, what is not, and what is said.
//!
//! A run is ended by dropping its future in the middle, which leaves as little behind as a kill does. Kills of a real
//! process are in the tests of the command.

mod desk;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ofauth::{Cancel, ErrorKind, JournalState, Notice, Source};
use ofauth_tests::guide::holds;
use ofauth_tests::{Answer, Play, Step};
use tokio::sync::Notify;

use crate::support::{CONNECTION, KIB, check, data, parts, single, within};
use desk::{Desk, SIZE, interrupted, silent_at};

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_missing_is_sent() {
    let (desk, site) = interrupted().await;
    let listed = desk.journal().sessions().unwrap();
    assert_eq!(
        (listed.len(), listed[0].parts_done, listed[0].bytes_done),
        (1, 4, 4 * 64 * KIB),
        "{listed:?}"
    );
    assert_eq!(listed[0].state, JournalState::Interrupted);

    let (uploaded, said) = desk.run(&site).await;
    let uploaded = uploaded.unwrap();
    let expected = Notice::Resumed { bytes: 4 * 64 * KIB, parts: 4, parts_total: 6 };
    assert_eq!(said.one(), expected);
    assert_eq!(uploaded.resumed(), 4 * 64 * KIB);
    assert_eq!(uploaded.etags().flatten().count(), 6, "those of the first run, too");
    assert_eq!((site.visits(Step::Init), site.visits(Step::Complete)), (1, 1));
    for part in 1..=6 {
        assert_eq!(site.visits(Step::Part(part)), if part == 5 { 2 } else { 1 }, "part {part}");
    }
    let sessions = site.sessions();
    assert!(sessions[0].completed == 1 && holds(&sessions[0], &desk.content()));
    assert_eq!(desk.left(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_upload_goes_on_too() {
    let desk = Desk::new(SIZE);
    let (site, reached) = silent_at(Step::Part(3)).await;
    let cancel = Cancel::new();
    let (upload, _) = desk.upload(&site);
    let running = tokio::spawn(upload.cancel(&cancel).send());
    within(10, reached.notified()).await;
    cancel.cancel();
    check(&within(10, running).await.unwrap().unwrap_err(), ErrorKind::Cancelled);
    desk.run(&site).await.0.unwrap();
    assert_eq!((site.visits(Step::Init), site.visits(Step::Part(1)), site.visits(Step::Part(3))), (1, 1, 2));
}

fn modified(path: &Path) -> std::fs::FileTimes {
    std::fs::FileTimes::new().set_modified(std::fs::metadata(path).unwrap().modified().unwrap())
}

fn write_at(path: &Path, offset: u64, bytes: &[u8]) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, bytes, offset).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_content_is_never_mixed_in() {
    let changes: &[(&str, fn(&Path))] = &[
        ("appended", |path| write_at(path, SIZE, b"more")),
        ("truncated", |path| {
            std::fs::File::options().write(true).open(path).unwrap().set_len(SIZE - 1).unwrap()
        }),
        ("edited", |path| write_at(path, 100, b"edited")),
        ("edited, its time set back", |path| {
            let times = modified(path);
            write_at(path, 100, b"edited");
            std::fs::File::options().write(true).open(path).unwrap().set_times(times).unwrap();
        }),
        ("replaced by one of the same size and time", |path| {
            let other = path.with_extension("other");
            std::fs::write(&other, vec![7; usize::try_from(SIZE).unwrap()]).unwrap();
            std::fs::File::options().write(true).open(&other).unwrap().set_times(modified(path)).unwrap();
            std::fs::rename(&other, path).unwrap();
        }),
    ];
    for (name, change) in changes {
        let (desk, site) = interrupted().await;
        change(&desk.file);
        let (uploaded, said) = desk.run(&site).await;
        uploaded.unwrap();
        assert!(
            matches!(said.one(), Notice::StartedOver { sent_again, .. } if sent_again == 4 * 64 * KIB),
            "{name}"
        );
        let sessions = site.sessions();
        assert_eq!((sessions.len(), sessions[0].completed, sessions[1].completed), (2, 0, 1), "{name}");
        assert!(holds(&sessions[1], &desk.content()), "{name}");
        assert_eq!(desk.left(), 0, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_goes_on_however_the_file_looks() {
    let changes: &[(&str, fn(&Path))] = &[
        ("other permissions", |path| {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o640)).unwrap();
        }),
        ("a copy in its place", |path| {
            let copy = path.with_extension("copy");
            std::fs::copy(path, &copy).unwrap();
            std::fs::File::options().write(true).open(&copy).unwrap().set_times(modified(path)).unwrap();
            std::fs::rename(&copy, path).unwrap();
        }),
    ];
    for (name, change) in changes {
        let (desk, site) = interrupted().await;
        change(&desk.file);
        let (uploaded, said) = desk.run(&site).await;
        uploaded.unwrap();
        assert!(matches!(said.one(), Notice::Resumed { parts: 4, .. }), "{name}");
        assert_eq!((site.visits(Step::Init), site.visits(Step::Part(1))), (1, 1), "{name}");
        assert!(holds(&site.sessions()[0], &desk.content()), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_connection_or_server_is_another_upload() {
    let (desk, site) = interrupted().await;
    let elsewhere = parts(64 * KIB).start().await;
    let other = desk.client(&site).upload_path(&desk.file).connection_id("conn_other");
    within(10, other).await.unwrap();
    within(10, desk.client(&elsewhere).upload_path(&desk.file)).await.unwrap();
    assert_eq!((site.visits(Step::Init), elsewhere.visits(Step::Init)), (2, 1));
    let left = desk.journal().sessions().unwrap();
    assert_eq!(
        (left.len(), left[0].connection.as_deref()),
        (1, Some(CONNECTION)),
        "the first can still go on"
    );
    desk.run(&site).await.0.unwrap();
    assert_eq!(site.visits(Step::Init), 2);
    assert_eq!(desk.left(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_gone_is_opened_anew_once() {
    let desk = Desk::new(SIZE);
    let reached = Arc::new(Notify::new());
    let tell = Arc::clone(&reached);
    let site = parts(64 * KIB)
        .script(move |visit| match (visit.session, visit.step, visit.attempt) {
            (0, Step::Part(3), 1) => {
                tell.notify_one();
                Play::Silence
            }
            (0, Step::Part(3), _) => {
                Play::Answer(Answer::problem(404, "gone", "RESOURCE_NOT_FOUND", "req_gone"))
            }
            _ => Play::Guide,
        })
        .start()
        .await;
    desk.killed(&site, &reached).await;
    let (uploaded, said) = desk.run(&site).await;
    assert_eq!(uploaded.unwrap().sent_again(), 2 * 64 * KIB);
    assert!(
        matches!(said.all()[..], [Notice::Resumed { .. }, Notice::SessionExpired { sent_again }] if sent_again == 2 * 64 * KIB)
    );
    let sessions = site.sessions();
    assert_eq!((sessions.len(), sessions[0].completed, sessions[1].completed), (2, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_journal_costs_parts_and_nothing_else() {
    for keep in [0, 8, 16, 100] {
        let (desk, site) = interrupted().await;
        let path = desk.journal_file();
        let whole = std::fs::metadata(&path).unwrap().len();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_len(keep.min(whole)).unwrap();
        desk.run(&site).await.0.unwrap();
        let sessions = site.sessions();
        assert_eq!(
            (sessions.len(), sessions[0].completed, sessions[1].completed),
            (2, 0, 1),
            "{keep} bytes left"
        );
        assert!(holds(&sessions[1], &desk.content()));
    }
    // The last record lost: one part more is sent.
    let (desk, site) = interrupted().await;
    let path = desk.journal_file();
    let whole = std::fs::metadata(&path).unwrap().len();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(whole - 3).unwrap();
    let (uploaded, said) = desk.run(&site).await;
    uploaded.unwrap();
    assert!(matches!(said.one(), Notice::Resumed { parts: 3, .. }), "{:?}", said.all());
    assert_eq!((site.visits(Step::Init), site.visits(Step::Part(4))), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_upload_is_carried_out_once_at_a_time() {
    let desk = Desk::new(SIZE);
    let (site, reached) = silent_at(Step::Part(2)).await;
    let (first, _) = desk.upload(&site);
    let first = tokio::spawn(first.send());
    within(10, reached.notified()).await;
    let error = desk.run(&site).await.0.unwrap_err();
    let text = check(&error, ErrorKind::Busy);
    assert!(text.contains("clip.mp4") && error.is_retryable(), "{text}");
    let listed = desk.journal().sessions().unwrap();
    assert!(listed[0].in_use);
    check(&desk.journal().forget(&listed[0].id).unwrap_err(), ErrorKind::Busy);
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    desk.run(&site).await.0.unwrap();
    assert_eq!(site.visits(Step::Init), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complete_without_answer_is_asked_for_again_and_never_opens_a_second_session() {
    // The service is asked to finish, and the process ends before the answer. The next run asks again.
    for refused in [false, true] {
        let desk = Desk::new(SIZE);
        let reached = Arc::new(Notify::new());
        let tell = Arc::clone(&reached);
        let site = parts(64 * KIB)
            .script(move |visit| match (visit.step, visit.attempt) {
                (Step::Complete, 1) => {
                    tell.notify_one();
                    Play::Silence
                }
                (Step::Complete, _) if refused => {
                    Play::Answer(Answer::problem(404, "gone", "RESOURCE_NOT_FOUND", "r"))
                }
                _ => Play::Guide,
            })
            .start()
            .await;
        desk.killed(&site, &reached).await;
        assert_eq!(desk.journal().sessions().unwrap()[0].state, JournalState::OutcomeUnknown);
        let (ended, _) = desk.run(&site).await;
        if refused {
            let error = ended.unwrap_err();
            check(&error, ErrorKind::OutcomeUnknown);
            assert_eq!(error.upload_id(), Some(site.sessions()[0].id.as_str()));
            // It stays unknown until somebody has looked.
            check(&desk.run(&site).await.0.unwrap_err(), ErrorKind::OutcomeUnknown);
            let listed = desk.journal().sessions().unwrap();
            desk.journal().forget(&listed[0].id).unwrap();
            assert_eq!(desk.left(), 0);
        } else {
            ended.unwrap();
            assert_eq!((site.sessions()[0].completed, desk.left()), (1, 0));
        }
        assert_eq!(site.visits(Step::Init), 1);
        assert_eq!(site.visits(Step::Part(1)), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_one_request_is_sent_once_more_and_then_unknown() {
    let desk = Desk::new(200 * KIB);
    let reached = Arc::new(Notify::new());
    let tell = Arc::clone(&reached);
    let site = single()
        .script(move |visit| match visit.step {
            Step::Single => {
                let tell = Arc::clone(&tell);
                Play::Then(Box::pin(async move {
                    tell.notify_one();
                    std::future::pending().await
                }))
            }
            _ => Play::Guide,
        })
        .start()
        .await;
    desk.killed(&site, &reached).await;
    desk.killed(&site, &reached).await;
    assert_eq!((site.visits(Step::Init), site.visits(Step::Single)), (1, 2));
    let error = desk.run(&site).await.0.unwrap_err();
    check(&error, ErrorKind::OutcomeUnknown);
    assert_eq!(error.upload_id(), Some(site.sessions()[0].id.as_str()));
    assert_eq!((site.visits(Step::Init), site.visits(Step::Single)), (1, 2), "nothing is sent any more");
}

/// The service has a mixture then, so the journal goes with the error: the next run must not give that as a success.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_one_request_that_changed_meanwhile_leaves_no_journal() {
    let desk = Desk::new(200 * KIB);
    let file = desk.file.clone();
    let site = single()
        .script(move |visit| match (visit.step, visit.session) {
            (Step::Single, 0) => {
                let file = file.clone();
                Play::Then(Box::pin(async move { write_at(&file, 100 * KIB, b"another content") }))
            }
            _ => Play::Guide,
        })
        .start()
        .await;
    let shown = check(&desk.run(&site).await.0.unwrap_err(), ErrorKind::SourceChanged);
    assert!(shown.contains("mix of old and new"), "{shown}");
    assert_eq!(desk.left(), 0);
    desk.run(&site).await.0.unwrap();
    let sessions = site.sessions();
    assert_eq!(sessions.len(), 2);
    assert!(holds(&sessions[1], &desk.content()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_went_out_half_is_simply_sent_again() {
    let desk = Desk::new(8 * 1024 * KIB);
    let reached = Arc::new(Notify::new());
    let tell = Arc::clone(&reached);
    let site = single()
        .script(move |visit| match (visit.step, visit.attempt) {
            (Step::Single, 1..=5) => {
                tell.notify_one();
                Play::Deaf(100 * KIB)
            }
            _ => Play::Guide,
        })
        .start()
        .await;
    for _ in 0..5 {
        desk.killed(&site, &reached).await;
        assert_eq!(desk.journal().sessions().unwrap()[0].state, JournalState::Interrupted);
    }
    desk.run(&site).await.0.unwrap();
    let sessions = site.sessions();
    assert!(sessions.len() == 1 && sessions[0].completed == 1 && holds(&sessions[0], &desk.content()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_is_kept_until_it_has_arrived() {
    for guide in [single, || parts(64 * KIB)] {
        let desk = Desk::new(SIZE);
        let site = guide().start().await;
        let first = within(10, desk.upload(&site).0.hold_result()).await.unwrap();
        let reference = first.media_upload_id().to_owned();
        drop(first);
        assert_eq!(desk.journal().sessions().unwrap()[0].state, JournalState::Finished);
        let (upload, said) = desk.upload(&site);
        let second = within(10, upload.hold_result()).await.unwrap();
        assert_eq!(said.one(), Notice::AlreadyFinished);
        assert_eq!((second.media_upload_id(), second.bytes()), (reference.as_str(), SIZE));
        assert_eq!(second.etags().flatten().count(), second.parts().len());
        assert_eq!(site.visits(Step::Init), 1);
        second.settle().await.unwrap();
        second.settle().await.unwrap();
        assert_eq!(desk.left(), 0);
        let third = within(10, desk.upload(&site).0).await.unwrap();
        assert_ne!(third.media_upload_id(), reference, "a settled upload is over");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_and_readers_go_on_if_they_still_say_the_same() {
    struct Readable(bytes::Bytes);
    impl ofauth::ReadAt for Readable {
        fn size(&self) -> std::io::Result<u64> {
            Ok(SIZE)
        }

        fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
            let start = usize::try_from(offset).unwrap();
            std::io::Read::read(&mut &self.0[start..], buf)
        }
    }
    for reader in [false, true] {
        for same in [true, false] {
            let desk = Desk::new(1);
            let (site, reached) = silent_at(Step::Part(5)).await;
            let client = desk.client(&site);
            let source = |bytes: bytes::Bytes| match reader {
                true => Source::reader(Readable(bytes)).filename("clip.mp4"),
                false => Source::bytes(bytes).filename("clip.mp4"),
            };
            let bytes = data(SIZE);
            let upload = client.upload(source(bytes.clone())).send();
            within(10, async {
                tokio::select! {
                    ended = upload => panic!("not interrupted: {ended:?}"),
                    () = reached.notified() => {}
                }
            })
            .await;
            let mut now = bytes.to_vec();
            if !same {
                now[70_000] ^= 1;
            }
            let uploaded = within(10, client.upload(source(now.clone().into()))).await.unwrap();
            let sessions = site.sessions();
            assert_eq!((sessions.len(), uploaded.resumed() > 0), if same { (1, true) } else { (2, false) });
            assert!(holds(sessions.last().unwrap(), &now));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_refuses_for_good_is_not_kept() {
    let desk = Desk::new(SIZE);
    let site = parts(64 * KIB)
        .script(|visit| match visit.step {
            Step::Part(3) => Play::Answer(Answer::problem(413, "too large", "BAD_REQUEST", "r")),
            _ => Play::Guide,
        })
        .start()
        .await;
    check(&desk.run(&site).await.0.unwrap_err(), ErrorKind::Rejected);
    assert_eq!(desk.left(), 0);
    // What a renewed key or connection mends is.
    let site = parts(64 * KIB)
        .script(|visit| match (visit.step, visit.attempt) {
            (Step::Part(3), 1) => Play::Answer(Answer::problem(401, "log in", "SESSION_EXPIRED", "r")),
            _ => Play::Guide,
        })
        .start()
        .await;
    check(&desk.run(&site).await.0.unwrap_err(), ErrorKind::Unauthorized);
    assert_eq!(desk.run(&site).await.0.unwrap().resumed(), 2 * 64 * KIB);
    assert_eq!(site.visits(Step::Init), 1);
}

/// Somebody changed the permissions meanwhile: metadata cannot tell, so the content is looked at.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_only_touched_goes_on() {
    let (desk, site) = interrupted().await;
    let mut permissions = std::fs::metadata(&desk.file).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&desk.file, permissions).unwrap();
    assert_eq!(desk.run(&site).await.0.unwrap().resumed(), 4 * 64 * KIB);
    assert_eq!((site.visits(Step::Init), site.visits(Step::Complete)), (1, 1));
    assert!(holds(&site.sessions()[0], &std::fs::read(&desk.file).unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_cannot_be_made_is_an_error_before_anything_is_sent() {
    let desk = Desk::new(SIZE);
    std::fs::write(desk.journals(), "a file where the directory should be").unwrap();
    let site = parts(64 * KIB).start().await;
    let text = check(&desk.run(&site).await.0.unwrap_err(), ErrorKind::Journal);
    assert!(text.contains("journal") && text.contains("without"), "{text}");
    assert_eq!(site.visits(Step::Init), 0);
    let without = desk.upload(&site).0.without_journal();
    within(10, without.timeout(Duration::from_secs(10))).await.unwrap();
}

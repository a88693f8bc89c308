//! Uploads that are ended from outside: cancelled, or dropped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ofauth::{Cancel, ErrorKind};
use ofauth_tests::{Answer, Listen, Play, Step};
use tokio::sync::Notify;

use crate::support::{KIB, MIB, Together, check, client, data, parts, single, video, within};

/// Where an upload is when it is stopped, by a cancel or a deadline.
pub(crate) const PLACES: &[(&str, fn() -> Play, Step, ErrorKind)] = &[
    ("init unanswered", || Play::Silence, Step::Init, ErrorKind::Cancelled),
    ("a part unanswered", || Play::Silence, Step::Part(2), ErrorKind::Cancelled),
    ("in a part's body", || Play::Deaf(10), Step::Part(2), ErrorKind::Cancelled),
    (
        "in a wait",
        || Play::Answer(Answer::new(429).header("Retry-After", "600")),
        Step::Part(2),
        ErrorKind::Cancelled,
    ),
    (
        "in a wait of init",
        || Play::Answer(Answer::new(429).header("Retry-After", "600")),
        Step::Init,
        ErrorKind::Cancelled,
    ),
    ("in a single upload's body", || Play::Deaf(10), Step::Single, ErrorKind::Cancelled),
    ("a single upload unanswered", || Play::Silence, Step::Single, ErrorKind::OutcomeUnknown),
    ("complete unanswered", || Play::Silence, Step::Complete, ErrorKind::OutcomeUnknown),
    (
        "in a wait of complete",
        || Play::Answer(Answer::new(429).header("Retry-After", "600")),
        Step::Complete,
        ErrorKind::Cancelled,
    ),
];

/// A site where one step plays a fault, told about each visit of it.
pub(crate) async fn site(step: Step, fault: fn() -> Play, size: u64) -> (ofauth_tests::Site, Arc<Notify>) {
    let reached = Arc::new(Notify::new());
    let tell = Arc::clone(&reached);
    let guide = if step == Step::Single { single() } else { parts(size / 4) };
    let guide = guide.script(move |visit| {
        if visit.step != step {
            return Play::Guide;
        }
        tell.notify_one();
        fault()
    });
    (guide.listen(Listen::default().receive_buffer(64 * 1024)).await, reached)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_upload_returns_at_once_and_leaves_no_connection() {
    let mut together = Together::default();
    for (name, fault, step, kind) in PLACES {
        together.add(*name, async move {
            let size = if name.contains("body") { 32 * MIB } else { 256 * KIB };
            let (site, reached) = site(*step, *fault, size).await;
            let cancel = Cancel::new();
            let client = client(&site);
            let upload = tokio::spawn(video(&client, &data(size)).cancel(&cancel).send());
            reached.notified().await;
            // The request is read by now, and its answer or silence is under way.
            tokio::time::sleep(Duration::from_millis(150)).await;
            assert!(!upload.is_finished());
            cancel.cancel();
            let began = Instant::now();
            let error = within(5, upload).await.unwrap().unwrap_err();
            assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
            check(&error, *kind);
            assert_eq!(error.is_retryable(), *kind == ErrorKind::Cancelled);
            assert_eq!(error.upload_id().is_some(), *step != Step::Init);
            drop(client);
            if !name.contains("body") {
                within(5, site.deserted()).await;
            }
        });
    }
    together.run(20).await;
}

#[tokio::test]
async fn a_cancel_that_was_used_before_sends_nothing() {
    let site = parts(64 * KIB).start().await;
    let cancel = Cancel::new();
    cancel.cancel();
    let error = within(5, video(&client(&site), &data(200 * KIB)).cancel(&cancel)).await.unwrap_err();
    check(&error, ErrorKind::Cancelled);
    assert_eq!(site.requests().len(), 0);
    let error = within(5, video(&client(&site), &data(200 * KIB)).timeout(Duration::ZERO)).await.unwrap_err();
    check(&error, ErrorKind::Timeout);
    assert_eq!(site.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_future_closes_its_connections() {
    for (name, fault, step, _) in PLACES.iter().filter(|(name, ..)| !name.contains("body")) {
        let (site, reached) = site(*step, *fault, 256 * KIB).await;
        let client = client(&site);
        let mut upload = Box::pin(video(&client, &data(256 * KIB)).send());
        tokio::select! {
            ended = &mut upload => panic!("{name}: {ended:?}"),
            () = reached.notified() => {}
        }
        drop(upload);
        drop(client);
        within(5, site.deserted()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_cancel_ends_several_uploads_from_the_progress_function_too() {
    let site = parts(64 * KIB).start().await;
    let client = client(&site);
    let cancel = Cancel::new();
    let cancelling = cancel.clone();
    let upload =
        video(&client, &data(4000 * KIB)).cancel(&cancel).concurrency(1).on_progress(move |progress| {
            if progress.parts_done >= 2 {
                cancelling.cancel();
            }
        });
    let error = within(5, upload).await.unwrap_err();
    check(&error, ErrorKind::Cancelled);
    assert!(site.visits(Step::Part(10)) == 0 && cancel.is_cancelled());
}

/// A cancel that comes while the whole of a file is being written: whatever the caller is told, it must not be that
/// nothing was finished if the service has finished.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_at_any_moment_never_hides_a_finished_upload() {
    let sandbox =
        ofauth_sandbox::Sandbox::builder().part_size(64 * MIB).discard_bytes(true).start().await.unwrap();
    let client = ofauth::Client::builder()
        .api_key("sk_test_canary")
        .connection_id("conn_test")
        .base_url(sandbox.base_url())
        .build()
        .unwrap();
    let content = bytes::Bytes::from(vec![7; 3_000_000]);
    let mut ended = std::collections::BTreeMap::new();
    let mut cancelled = 0;
    for round in 0..200_u64 {
        let name = format!("{round}.mp4");
        let cancel = Cancel::new();
        let upload =
            client.upload(ofauth::Source::bytes(content.clone()).filename(name.clone())).cancel(&cancel);
        // The moments are spread over what an upload takes on a machine that is neither slow nor fast.
        let moment = tokio::time::sleep(Duration::from_micros(round * 60));
        let stop = async {
            moment.await;
            cancel.cancel();
        };
        let (outcome, ()) = tokio::join!(async { tokio::spawn(upload.send()).await.unwrap() }, stop);
        let kind = outcome.err().map(|error| error.kind());
        assert!(matches!(kind, None | Some(ErrorKind::Cancelled | ErrorKind::OutcomeUnknown)), "{kind:?}");
        cancelled += u32::from(kind == Some(ErrorKind::Cancelled));
        ended.insert(name, kind);
    }
    assert!(cancelled > 0, "no cancel came in time");
    // What was cut off is still being torn down; what was finished is finished.
    for upload in
        sandbox.uploads().iter().filter(|upload| upload.state == ofauth_sandbox::UploadState::Complete)
    {
        assert_ne!(ended[&upload.filename], Some(ErrorKind::Cancelled), "{} is finished", upload.filename);
    }
}

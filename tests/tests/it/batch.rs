//! Batches: what they give out and when, what stops them, and what a later batch knows of an earlier one.
//!
//! A batch is ended by dropping it in the middle, which leaves as little behind as a kill does. Kills of a real process are
//! in [`kills`].

mod kills;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use ofauth::{Batched, Cancel, Client, Error, ErrorKind, Notice, Source, UploadAll, UploadOptions, Uploaded};
use ofauth_tests::{Answer, Guide, Play, Server, Site, Step};
use tokio::sync::{Barrier, Notify};

use crate::support::{KIB, builder, check, client, data, parts, single, within};

/// Sources of so many bytes each, which tell them apart.
fn sources(
    sizes: impl IntoIterator<Item = u64, IntoIter: Send + 'static>,
) -> impl Iterator<Item = Source> + Send + 'static {
    sizes.into_iter().map(|size| Source::bytes(data(size)).filename(format!("{size}.mp4")))
}

async fn all(mut batch: UploadAll) -> Vec<Batched> {
    let mut ended = Vec::new();
    while let Some(file) = within(30, batch.next()).await {
        ended.push(file);
    }
    assert!(within(5, batch.next()).await.is_none(), "its end is its end");
    ended
}

/// Whether reading the batch would wait.
fn waits(batch: &mut UploadAll) -> bool {
    let mut next = std::pin::pin!(batch.next());
    matches!(next.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending)
}

/// The upload of each file, by its name.
fn uploads(ended: Vec<Batched>) -> BTreeMap<String, Uploaded> {
    ended.into_iter().map(|file| (file.name, file.result.unwrap())).collect()
}

fn references(ended: Vec<Batched>) -> BTreeMap<String, String> {
    uploads(ended).into_iter().map(|(name, upload)| (name, upload.media_upload_id().to_owned())).collect()
}

/// A server that does not take the file of one size before it is let.
async fn holding(guide: Guide, size: u64) -> (Site, Arc<Notify>) {
    let released = Arc::new(Notify::new());
    let release = Arc::clone(&released);
    let site = guide.script(move |visit| match visit.head.header("content-length") {
        Some(length) if *length == size.to_string() && matches!(visit.step, Step::Part(_) | Step::Single) => {
            let released = Arc::clone(&released);
            Play::Then(Box::pin(async move { released.notified().await }))
        }
        _ => Play::Guide,
    });
    (site.start().await, release)
}

/// Files, and the journals of those who upload them.
struct Desk {
    home: tempfile::TempDir,
    paths: Vec<PathBuf>,
}

impl Desk {
    /// Files of these sizes.
    fn new(sizes: impl IntoIterator<Item = u64>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let write = |size: u64| {
            let path = home.path().join(format!("{size}.mp4"));
            std::fs::write(&path, data(size)).unwrap();
            path
        };
        let paths = sizes.into_iter().map(write).collect();
        Self { home, paths }
    }

    fn client(&self, server: &Server) -> Client {
        builder(server).journal_dir(self.home.path().join("journal")).build().unwrap()
    }

    fn batch(&self, client: &Client) -> UploadAll {
        client.upload_all(self.paths.clone()).files(3)
    }

    /// Files that are left of records and journals.
    fn left(&self) -> usize {
        let journal = self.home.path().join("journal");
        let entries = |path: PathBuf| path.read_dir().unwrap().count();
        entries(journal.clone()) - 1 + entries(journal.join("batch"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_come_as_files_end_and_none_is_begun_far_ahead() {
    let (site, release) = holding(single(), 1).await;
    let client = client(&site);
    let mut batch = client.upload_all(sources(1..=300)).files(4);
    let mut early = Vec::new();
    while early.len() < 255 {
        early.push(within(30, batch.next()).await.unwrap());
    }
    assert!(waits(&mut batch), "more are begun than whoever puts them in order can keep");
    assert_eq!(site.sessions().len(), 256);
    assert!(early.iter().all(|file| (1..256).contains(&file.index) && file.was_tried()));
    assert!(early.iter().any(|file| file.index == 1 && file.name == "2.mp4"));
    release.notify_one();
    let rest = all(batch).await;
    let mut seen: Vec<u64> = early.iter().chain(&rest).map(|file| file.index).collect();
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..300));
    assert_eq!(uploads(rest).len() + early.len(), 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_files_are_under_way_and_no_more() {
    let (most, now) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let (seen, three) = (Arc::clone(&most), Arc::new(Barrier::new(3)));
    let site = single().script(move |visit| match visit.step {
        Step::Single => {
            let (now, three) = (Arc::clone(&now), Arc::clone(&three));
            seen.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
            Play::Then(Box::pin(async move {
                three.wait().await;
                now.fetch_sub(1, SeqCst);
            }))
        }
        _ => Play::Guide,
    });
    let site = site.start().await;
    let client = client(&site);
    assert_eq!(all(client.upload_all(sources(1..=9)).files(3)).await.len(), 9);
    assert_eq!(most.load(SeqCst), 3);
    for wrong in [0, 65] {
        let ended = all(client.upload_all(sources(1..=2)).files(wrong)).await;
        let [first, second] = &ended[..] else { panic!("{ended:?}") };
        check(first.result.as_ref().unwrap_err(), ErrorKind::InvalidArgument);
        assert!(first.was_tried() && !second.was_tried());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_meet_every_file_stops_the_batch() {
    let refused = |visit: &ofauth_tests::guide::Visit<'_>| match visit.step {
        Step::Init => Play::Answer(Answer::problem(401, "no such key", "UNAUTHORIZED", "req_1")),
        _ => Play::Guide,
    };
    let site = single().script(refused).start().await;
    let ended = all(client(&site).upload_all(sources(1..=40)).files(2)).await;
    assert_eq!(ended.len(), 40);
    let tried = ended.iter().filter(|file| file.was_tried()).count();
    assert!((1..=2).contains(&tried) && site.requests().len() == tried, "{tried}");
    for file in &ended {
        let shown = check(file.result.as_ref().unwrap_err(), ErrorKind::Unauthorized);
        assert_eq!(shown.contains("not tried, for the same reason"), !file.was_tried(), "{shown}");
    }
    // One that cannot be read says nothing about the others.
    let missing = std::iter::once(Source::path("/missing.mp4")).chain(sources([5]));
    let ended = all(client_of_calm().await.1.upload_all(missing)).await;
    assert_eq!(ended.iter().map(|file| file.result.is_ok()).collect::<Vec<_>>(), [false, true]);
    assert_eq!(ended[0].name, "/missing.mp4");
}

async fn client_of_calm() -> (Site, Client) {
    let site = single().start().await;
    let client = client(&site);
    // The server goes with the test's runtime.
    (site, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_ends_what_is_under_way_and_leaves_the_rest_untried() {
    let (site, _) = stuck().await;
    let cancel = Cancel::new();
    let client = client(&site);
    let mut batch = client.upload_all(sources([77, 2, 3, 4])).files(2).cancel(&cancel);
    assert_eq!(within(10, batch.next()).await.unwrap().index, 1);
    cancel.cancel();
    let ended = all(batch).await;
    let untried = ended.iter().filter(|file| !file.was_tried()).count();
    assert!(ended.len() == 3 && untried >= 1, "{ended:?}");
    let kinds =
        ended.iter().map(|file| file.result.as_ref().map_or_else(Error::kind, |_| panic!("{file:?}")));
    assert!(kinds.into_iter().all(|kind| kind == ErrorKind::Cancelled));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_batch_does_not_wait_for_a_source_that_does_not_come() {
    let (_site, client) = client_of_calm().await;
    let cancel = Cancel::new();
    let never = stream::iter(sources([7])).chain(stream::pending());
    let mut batch = client.upload_all_from(never).cancel(&cancel);
    within(10, batch.next()).await.unwrap().result.unwrap();
    assert!(waits(&mut batch));
    let (ended, ()) = tokio::join!(all(batch), async { cancel.cancel() });
    assert!(ended.is_empty(), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_time_is_over_before_the_service_was_asked_says_nothing_of_the_others() {
    let (site, client) = client_of_calm().await;
    let directory = tempfile::tempdir().unwrap();
    let streams: Vec<_> = (0..4).map(|_| tokio::io::duplex(1)).collect();
    let (_held, endless): (Vec<_>, Vec<_>) = streams.into_iter().unzip();
    let at = directory.path().to_owned();
    let endless = endless.into_iter().map(move |stream| Source::spooled(stream, &at, 9).filename("a.mp4"));
    let options = UploadOptions::default().timeout(Duration::from_millis(500));
    let ended = all(client.upload_all(endless.chain(sources([7]))).options(&options)).await;
    let kinds: Vec<_> = ended.iter().map(|file| file.result.as_ref().err().map(Error::kind)).collect();
    assert_eq!(kinds, [Some(ErrorKind::Timeout); 4].into_iter().chain([None]).collect::<Vec<_>>());
    assert!(ended.iter().all(Batched::was_tried) && site.visits(Step::Init) == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_batch_closes_its_connections() {
    let (site, _) = stuck().await;
    let client = client(&site);
    let mut batch = client.upload_all(sources([77, 2])).files(2);
    within(10, batch.next()).await.unwrap();
    drop((batch, client));
    within(10, site.deserted()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_leaves_files_out_and_its_error_is_a_result() {
    let site = single().start().await;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let batch = client(&site).upload_all(sources(1..=6)).files(2).filter(move |file| {
        seen.lock().unwrap().push((file.index, file.filename.clone(), file.size, file.content_type.clone()));
        async move {
            match file.size {
                5 => Err(Error::new(ErrorKind::InvalidArgument, "not this one")),
                size => Ok(size % 2 == 0),
            }
        }
    });
    let mut ended = all(batch).await;
    ended.sort_by_key(|file| file.index);
    let is_ok = |file: &Batched| (file.index, file.result.is_ok());
    assert_eq!(ended.iter().map(is_ok).collect::<Vec<_>>(), [(1, true), (3, true), (4, false), (5, true)]);
    let mut asked = std::mem::take(&mut *asked.lock().unwrap());
    asked.sort();
    assert_eq!(asked.len(), 6);
    assert_eq!(asked[2], (2, "3.mp4".into(), 3, "video/mp4".into()));
    assert_eq!(site.sessions().len(), 3, "nothing is sent of the others");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_names_its_file() {
    let site = parts(16 * KIB).start().await;
    let last = Arc::new(Mutex::new(BTreeMap::new()));
    let seen = Arc::clone(&last);
    let batch =
        client(&site).upload_all(sources([40_000, 50_000])).files(2).on_progress(move |file, progress| {
            seen.lock().unwrap().insert((file.index, file.name.clone()), progress.acknowledged);
        });
    all(batch).await;
    let expected = [((0, "40000.mp4".to_owned()), 40_000), ((1, "50000.mp4".to_owned()), 50_000)];
    assert!(last.lock().unwrap().clone().into_iter().eq(expected));
}

/// A server that takes nothing of a file of 77 bytes, as long as that is wished.
async fn stuck() -> (Site, Arc<AtomicBool>) {
    let is_stuck = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&is_stuck);
    let site = parts(64 * KIB).repeatable_complete().script(move |visit| {
        let is_it = visit.head.header("content-length") == Some("77") && matches!(visit.step, Step::Part(_));
        if is_it && asked.load(SeqCst) { Play::Silence } else { Play::Guide }
    });
    (site.start().await, is_stuck)
}

/// Reads a batch until all but the one that is stuck have ended, and drops it. Returns the references.
async fn all_but_one(mut batch: UploadAll, files: usize) -> BTreeMap<String, String> {
    let mut ended = Vec::new();
    while ended.len() + 1 < files {
        ended.push(within(20, batch.next()).await.unwrap());
    }
    references(ended)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_was_stopped_is_gone_on_with_and_one_that_is_done_begins_anew() {
    let desk = Desk::new([70, 71, 72, 77, 78, 79]);
    let (site, is_stuck) = stuck().await;
    let client = desk.client(&site);
    let first = all_but_one(desk.batch(&client), 6).await;
    is_stuck.store(false, SeqCst);
    let (notices, told) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let (seen, asked) = (Arc::clone(&notices), Arc::clone(&told));
    let second = desk.batch(&desk.client(&site));
    let second = second.on_notice(move |_, notice| {
        seen.fetch_add(usize::from(*notice == Notice::AlreadyRecorded), SeqCst);
    });
    let second = uploads(
        all(second.filter(move |_| {
            asked.fetch_add(1, SeqCst);
            async { Ok(true) }
        }))
        .await,
    );
    assert_eq!(second.len(), 6);
    for (name, upload) in &second {
        let earlier = first.get(name).map(String::as_str);
        assert_eq!(earlier.is_some(), upload.resumed() > 0, "{name}");
        assert!(earlier.is_none_or(|earlier| earlier == upload.media_upload_id()), "{name}");
        assert_eq!((upload.bytes(), upload.parts().len()), (upload.parts()[0].length, 1));
        assert_eq!(upload.etags().flatten().count(), 1);
    }
    assert_eq!(
        (notices.load(SeqCst), told.load(SeqCst)),
        (5, 1),
        "the filter is asked of what is not recorded"
    );
    let completed = |site: &Site| site.sessions().iter().filter(|session| session.completed == 1).count();
    assert_eq!(completed(&site), 6, "nothing was uploaded twice");
    assert_eq!(desk.left(), 0, "the record went with the end");
    let anew = uploads(all(desk.batch(&client)).await);
    assert!(anew.values().all(|upload| upload.resumed() == 0));
    assert_eq!(completed(&site), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_a_failure_and_one_that_is_held_are_remembered() {
    let desk = Desk::new([70, 71, 72]);
    let site = single().start().await;
    let client = desk.client(&site);
    let missing = desk.home.path().join("missing.mp4");
    let mut paths = desk.paths.clone();
    paths.push(missing.clone());
    let batch = || client.upload_all(paths.clone()).files(2);
    let failed = all(batch()).await;
    assert_eq!(failed.iter().filter(|file| file.result.is_err()).count(), 1);
    std::fs::write(&missing, data(73)).unwrap();
    let options = UploadOptions::default().hold_result();
    let first = references(all(batch().options(&options)).await);
    let mut held = batch().options(&options);
    let mut again = Vec::new();
    while let Some(file) = within(10, held.next()).await {
        again.push(file);
    }
    assert_eq!(references(again), first, "until it is settled");
    assert_eq!(site.sessions().len(), 4);
    held.settle().await.unwrap();
    held.settle().await.unwrap();
    drop(held);
    assert_eq!(desk.left(), 0);
    let without = UploadOptions::default().without_journal();
    assert_ne!(references(all(batch().options(&without)).await), first);
    assert_eq!((site.sessions().len(), desk.left()), (8, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_batches_at_once_each_find_their_own_again() {
    let desks = [Desk::new([70, 71, 77]), Desk::new([80, 81, 77])];
    let (site, is_stuck) = stuck().await;
    let client = desks[0].client(&site);
    let [one, two] = [&desks[0], &desks[1]].map(|desk| all_but_one(desk.batch(&client), 3));
    let (one, two) = tokio::join!(one, two);
    is_stuck.store(false, SeqCst);
    let again = desks[0].client(&site);
    let [first, second] = [&desks[0], &desks[1]].map(|desk| all(desk.batch(&again)));
    let (first, second) = tokio::join!(first, second);
    let (first, second) = (references(first), references(second));
    assert!(
        one.iter().all(|(name, id)| first[name] == *id) && two.iter().all(|(name, id)| second[name] == *id)
    );
    assert_eq!(site.sessions().iter().filter(|session| session.completed == 1).count(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_batch_at_a_time_has_a_name() {
    let desk = Desk::new([70, 77]);
    let (site, is_stuck) = stuck().await;
    let client = desk.client(&site);
    let mut first = desk.batch(&client).record("mine");
    within(10, first.next()).await.unwrap().result.unwrap();
    check(&desk.batch(&client).record("mine").open().await.unwrap_err(), ErrorKind::Busy);
    let ended = all(desk.batch(&client).record("mine")).await;
    assert_eq!(ended.iter().map(Batched::was_tried).collect::<Vec<_>>(), [true, false]);
    ended.iter().for_each(|file| drop(check(file.result.as_ref().unwrap_err(), ErrorKind::Busy)));
    drop(first);
    is_stuck.store(false, SeqCst);
    let ended = uploads(all(desk.batch(&client).record("mine")).await);
    assert_eq!(ended.values().filter(|upload| upload.resumed() > 0).count(), 1);
    assert_eq!(desk.left(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_batch_left_under_a_name_can_be_forgotten() {
    let desk = Desk::new([70, 77]);
    let (site, is_stuck) = stuck().await;
    let client = desk.client(&site);
    let mut first = desk.batch(&client).record("mine");
    within(10, first.next()).await.unwrap().result.unwrap();
    drop(first);
    is_stuck.store(false, SeqCst);
    client.upload_all(Vec::<PathBuf>::new()).record("mine").settle().await.unwrap();
    let ended = uploads(all(desk.batch(&client).record("mine")).await);
    let (_, again) = ended.iter().find(|(name, _)| name.ends_with("70.mp4")).unwrap();
    assert_eq!(again.resumed(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_twice_is_uploaded_once_with_a_journal_and_twice_without() {
    let desk = Desk::new([70]);
    let site = single().start().await;
    let twice = || [desk.paths[0].clone(), desk.paths[0].clone()];
    let ended = all(desk.client(&site).upload_all(twice()).files(2)).await;
    let [one, two] = &ended[..] else { panic!("{ended:?}") };
    let reference = |file: &Batched| file.result.as_ref().unwrap().media_upload_id().to_owned();
    assert_eq!((reference(one), site.sessions().len()), (reference(two), 1));
    let ended = all(client(&site).upload_all(twice()).files(2)).await;
    assert_ne!(reference(&ended[0]), reference(&ended[1]));
    // Bytes of one name are another matter: what they hold tells them apart.
    let bytes = |byte| Source::bytes(vec![byte; 9]).filename("same.mp4");
    let ended = all(desk.client(&site).upload_all([bytes(1), bytes(2), bytes(1)]).files(3)).await;
    let mut ended: Vec<_> = ended.iter().map(|file| (file.index, reference(file))).collect();
    ended.sort();
    assert!(ended[0].1 == ended[2].1 && ended[0].1 != ended[1].1, "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_written_costs_nothing_that_is_done() {
    let desk = Desk::new([70, 71]);
    let site = single().start().await;
    let directory = desk.home.path().join("journal");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("batch"), "in the way").unwrap();
    let ended = all(desk.batch(&desk.client(&site))).await;
    let shown = check(ended[0].result.as_ref().unwrap_err(), ErrorKind::Journal);
    assert!(shown.contains("batch"), "{shown}");
    assert!(!ended[1].was_tried() && site.requests().is_empty(), "nothing is sent that nobody would know of");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_function_of_the_caller_comes_out() {
    let site = single().start().await;
    let mut batch = client(&site).upload_all(sources([5])).on_progress(|_, _| panic!("of the caller"));
    let ended = tokio::spawn(async move { batch.next().await.is_some() }).await;
    assert!(ended.unwrap_err().is_panic());
}

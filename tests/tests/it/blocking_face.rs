//! The blocking client, from threads and from where it cannot work.

use std::sync::mpsc;

use ofauth::{Cancel, Content, ErrorKind, Source, UploadOptions, blocking};
use ofauth_tests::guide::holds;
use ofauth_tests::{Answer, Guide, Play, Site, Step};
use serde_json::json;

use crate::support::{CONNECTION, KEY, KIB, builder, check, data, parts, within};

/// Methods that a program without async does otherwise.
const ASYNC_ALONE: [&str; 5] = [
    // `blocking::Client::new` takes the same builder.
    "Client::builder",
    // What is no iterator is a stream.
    "Client::upload_all_from",
    // The blocking ones are iterators.
    "Items::next",
    "Pages::next",
    "UploadAll::next",
];

#[test]
fn whatever_the_client_can_do_the_blocking_one_can_do_too() {
    let listing: Vec<&str> = include_str!("../../surface/rust.txt").lines().collect();
    let has = |start: String| listing.iter().any(|line| line.starts_with(&start));
    let mut missing = Vec::new();
    for line in &listing {
        let method = line.strip_prefix("ofauth::").and_then(|line| line.split_once("() = "));
        let Some((method, _)) = method else { continue };
        let Some((of, _)) = method.split_once("::").filter(|(_, name)| !name.contains("::")) else {
            continue;
        };
        let is_there = has(format!("ofauth::blocking::{method}() = "));
        if has(format!("ofauth::blocking::{of} = ")) && !is_there && !ASYNC_ALONE.contains(&method) {
            missing.push(method);
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

/// A server in a runtime of its own, as a blocking program meets it.
struct Apart {
    site: Option<Site>,
    runtime: tokio::runtime::Runtime,
}

impl Apart {
    fn start(guide: Guide) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let site = Some(runtime.block_on(guide.start()));
        Self { site, runtime }
    }

    fn site(&self) -> &Site {
        self.site.as_ref().unwrap()
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let _entered = self.runtime.enter();
        self.site = None;
    }
}

#[test]
fn uploads_and_calls_block_until_they_are_done() {
    let apart = Apart::start(parts(64 * KIB).script(|visit| match visit.step {
        Step::Other => Play::Answer(Answer::json(200, &json!({"id": 7, "exists": true, "items": []}))),
        _ => Play::Guide,
    }));
    let client = blocking::Client::new(builder(apart.site())).unwrap();
    let data = data(300 * KIB);
    let source = Source::bytes(data.clone()).filename("clip.mp4");
    let uploaded = client.upload(source.clone()).send().unwrap();
    assert!(holds(&apart.site().sessions()[0], &data) && uploaded.is_multipart());
    assert_eq!(client.create_post(&Content::new("x").media(&uploaded)).send().unwrap().id, "7");
    assert!(client.check("\"e\"", 5).send().unwrap().exists);
    assert_eq!(client.vault_plus_batch(["1"]).send().unwrap().missing, ["1"]);
    assert_eq!(client.whoami().send().unwrap().id, "7");
    assert_eq!(client.call("get_post").param("postId", 7).send().unwrap().status(), 200);
    assert_eq!(client.call("get_post").raw_param("postId", "7").send().unwrap().status(), 200);
    check(&client.upload_path("missing.mp4").send().unwrap_err(), ErrorKind::Source);
    let options = UploadOptions::default().concurrency(2).filename("other.mp4");
    let (send, progress) = mpsc::channel();
    let upload = client
        .upload(source)
        .options(&options)
        .on_progress(move |progress| _ = send.send(progress.total))
        .on_notice(|_| {})
        .cancel(&Cancel::new())
        .open()
        .unwrap();
    assert_eq!(
        (upload.filename(), upload.size(), upload.content_type()),
        ("other.mp4", 300 * KIB, "video/mp4")
    );
    assert_eq!(apart.site().sessions().len(), 1, "opening sends nothing");
    assert_eq!(upload.send().unwrap().bytes(), 300 * KIB);
    assert!(progress.iter().all(|total| total == 300 * KIB));
    client.wait(uploaded.settle()).unwrap();
}

#[test]
fn a_batch_is_an_iterator_whose_files_go_on_between_two_results() {
    let apart = Apart::start(parts(64 * KIB));
    let client = blocking::Client::new(builder(apart.site())).unwrap();
    let sources = || (1..=5).map(|size| Source::bytes(vec![7; size]).filename(format!("{size}.mp4")));
    let (send, filtered) = mpsc::channel();
    let batch = client.upload_all(sources()).files(2).filter(move |file| {
        send.send(file.index).unwrap();
        Ok(file.size != 3)
    });
    let mut indices: Vec<u64> = batch.map(|file| (file.result.unwrap(), file.index).1).collect();
    indices.sort_unstable();
    assert_eq!((indices, filtered.iter().count()), (vec![0, 1, 3, 4], 5));
    let mut batch = client.upload_all(sources()).files(2);
    batch.open().unwrap();
    batch.next().unwrap().result.unwrap();
    // Nobody reads it meanwhile.
    while apart.site().sessions().iter().filter(|session| session.completed > 0).count() < 6 {
        std::thread::yield_now();
    }
    drop(batch);
    drop(client.upload_all(sources()));
}

#[test]
fn clones_work_from_many_threads() {
    let apart = Apart::start(parts(32 * KIB));
    let client = blocking::Client::new(builder(apart.site())).unwrap();
    let data = data(100 * KIB);
    let (sender, receiver) = mpsc::channel();
    for _ in 0..8 {
        let (client, data, sender) = (client.clone(), data.clone(), sender.clone());
        std::thread::spawn(move || {
            sender.send(client.upload(Source::bytes(data).filename("clip.mp4")).send().map(|_| ()))
        });
    }
    drop((client, sender));
    assert!(receiver.iter().take(8).all(|ended| ended.is_ok()));
    assert!(apart.site().sessions().iter().all(|session| holds(session, &data)));
}

#[test]
fn an_async_client_outlives_the_runtime_it_was_used_in() {
    let apart = Apart::start(parts(32 * KIB).script(|visit| match visit.step {
        Step::Other => Play::Answer(Answer::json(200, &json!({"id": 7}))),
        _ => Play::Guide,
    }));
    let client = builder(apart.site()).build().unwrap();
    for _ in 0..3 {
        // The connections that the client keeps belong to a runtime that is gone when the next one starts.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let upload = client.upload(Source::bytes(data(100 * KIB)).filename("clip.mp4"));
            let uploaded = within(10, upload).await.unwrap();
            assert_eq!(uploaded.retries(), 0);
            within(10, client.create_post(&Content::new("x").media(&uploaded))).await.unwrap();
        });
    }
}

#[tokio::test]
async fn inside_a_runtime_it_is_an_error_and_no_panic() {
    let client =
        ofauth::Client::builder().api_key(KEY).connection_id(CONNECTION).base_url("http://127.0.0.1:1");
    let client = blocking::Client::new(client).unwrap();
    check(&client.whoami().send().unwrap_err(), ErrorKind::InvalidArgument);
    check(
        &client.upload(Source::bytes("x").filename("a.mp4")).send().unwrap_err(),
        ErrorKind::InvalidArgument,
    );
    let mut batch = client.upload_all([Source::bytes("x").filename("a.mp4")]);
    check(&batch.next().unwrap().result.unwrap_err(), ErrorKind::InvalidArgument);
    assert!(batch.next().is_none());
    // The last clone goes where nothing may block.
    drop(client);
}

#[tokio::test]
async fn on_a_thread_for_blocking_work_it_works_or_says_why_not() {
    let site = parts(32 * KIB).start().await;
    let builder = builder(&site);
    let ended = tokio::task::spawn_blocking(move || {
        let client = blocking::Client::new(builder).unwrap();
        client
            .upload(Source::bytes(data(100 * KIB)).filename("clip.mp4"))
            .send()
            .map(|uploaded| uploaded.bytes())
    });
    match ended.await.unwrap() {
        Ok(bytes) => assert_eq!(bytes, 100 * KIB),
        Err(error) => _ = check(&error, ErrorKind::InvalidArgument),
    }
}

//! Waits for media: they end when all are as they should be, name those that never will be, and are polite.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ofauth::{Cancel, Client, ErrorKind, WaitMedia, blocking};
use ofauth_tests::exchange::Head;
use ofauth_tests::{Answer, Server};
use serde_json::{Value, json};

use super::By;
use crate::support::{builder, check, client, within};

/// Answers each look as a function of the number of the look says: the state of each medium.
async fn vault(of: impl Fn(usize) -> Value + Send + Sync + 'static) -> Server {
    let looks = Mutex::new(0);
    Server::start(By(move |head: &Head, _: &[u8]| {
        // The first page begins a look.
        let is_first = !head.target.contains("offset=") || head.target.contains("offset=0");
        let look = {
            let mut looks = looks.lock().unwrap();
            *looks += usize::from(is_first);
            *looks
        };
        let answer = of(look);
        Some(match answer.as_u64() {
            Some(status) => Answer::new(u16::try_from(status).unwrap()),
            None => Answer::json(200, &answer),
        })
    }))
    .await
}

fn quick<T: 'static>(wait: WaitMedia<T>) -> WaitMedia<T> {
    wait.interval(Duration::from_millis(1), Duration::from_millis(10))
}

fn medium(id: u64, is_ready: bool) -> Value {
    json!({"id": id, "type": "video", "isReady": is_ready, "hasError": false})
}

#[tokio::test]
async fn it_waits_until_all_are_ready_and_tells_how_many() {
    let server = vault(
        |look| json!({"hasMore": true, "list": [medium(9, false), medium(1, look >= 3), medium(2, look >= 5)]}),
    );
    let server = server.await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let wait = quick(client(&server).wait_ready(["2", "1", "2"]));
    let wait = wait.on_progress(move |ready, total| sink.lock().unwrap().push((ready, total)));
    let media = within(20, wait).await.unwrap();
    let ids: Vec<_> = media.iter().map(|media| media.id.as_deref().unwrap()).collect();
    assert_eq!((ids, told.lock().unwrap().clone()), (vec!["2", "1"], vec![(0, 2), (1, 2), (2, 2)]));
    let requests = server.requests();
    assert_eq!(requests.len(), 5, "a look ends when all were seen");
    assert!(requests[0].head.as_ref().unwrap().target.contains("sort=recent"));
}

#[tokio::test]
async fn one_that_failed_or_is_not_there_is_named_after_a_bounded_number_of_looks() {
    let failed = json!({"id": 2, "isReady": false, "hasError": true});
    let server = vault(move |_| json!({"hasMore": false, "list": [medium(1, false), failed.clone()]})).await;
    let error = within(20, quick(client(&server).wait_ready(["1", "2"]))).await.unwrap_err();
    let shown = check(&error, ErrorKind::Rejected);
    assert!(shown.contains("could not process the media 2; upload the file again"), "{shown}");
    let server = vault(|_| json!({"hasMore": false, "list": [medium(1, false)]})).await;
    let error = within(20, quick(client(&server).wait_ready(["1", "7", "8"]))).await.unwrap_err();
    let shown = check(&error, ErrorKind::Rejected);
    assert!(shown.contains("do not include 7, 8;"), "{shown}");
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn a_vault_without_end_is_walked_only_so_far() {
    // Every page has media that nobody waits for.
    let next = Arc::new(Mutex::new(1_000_u64));
    let server = vault(move |_| {
        let mut next = next.lock().unwrap();
        *next += 40;
        json!({"hasMore": true, "list": (*next..*next + 40).map(|id| medium(id, true)).collect::<Vec<_>>()})
    })
    .await;
    let error = within(60, quick(client(&server).wait_ready(["7"]))).await.unwrap_err();
    check(&error, ErrorKind::Rejected);
    let pages = server.requests().len();
    assert!((100..=130).contains(&pages), "{pages} requests: two deep looks and four short ones");
}

#[tokio::test]
async fn failures_that_pass_do_not_end_a_wait_and_others_do() {
    let server = vault(|look| match look {
        2 => json!(404),
        _ => json!({"hasMore": false, "list": [medium(1, look > 9)]}),
    })
    .await;
    let error = within(20, quick(client(&server).wait_ready(["1"]))).await.unwrap_err();
    check(&error, ErrorKind::Rejected);
    let server = vault(|look| match look {
        // As many as the tries of a call, so that one look fails.
        2..=6 => json!(500),
        _ => json!({"hasMore": false, "list": [medium(1, look > 7)]}),
    })
    .await;
    within(60, quick(client(&server).wait_ready(["1"]))).await.unwrap();
}

#[tokio::test]
async fn a_wait_is_given_up_and_names_what_is_not_ready() {
    let server = vault(|_| json!({"hasMore": false, "list": [medium(1, true), medium(2, false)]})).await;
    let wait = quick(client(&server).wait_ready(["1", "2"])).timeout(Duration::from_millis(100));
    let shown = check(&within(20, wait).await.unwrap_err(), ErrorKind::Timeout);
    assert!(shown.ends_with("still being processed: 2"), "{shown}");
    let cancel = Cancel::new();
    let key = cancel.clone();
    let wait = client(&server).wait_ready(["1", "2"]).cancel(&cancel).on_progress(move |_, _| key.cancel());
    let begun = Instant::now();
    check(&within(20, wait).await.unwrap_err(), ErrorKind::Cancelled);
    assert!(begun.elapsed() < Duration::from_secs(1), "it does not sleep first");
    let before = server.requests().len();
    assert!(within(20, client(&server).wait_ready([] as [&str; 0])).await.unwrap().is_empty());
    assert_eq!(server.requests().len(), before, "nothing is asked for nothing");
    let error = within(20, client(&server).wait_ready(["upload:1"])).await.unwrap_err();
    check(&error, ErrorKind::InvalidArgument);
}

#[tokio::test]
async fn a_wait_leaves_requests_to_others() {
    // Of 20 requests that come back one in 2 s, half are used up.
    let server = Server::start(By(move |_: &Head, _: &[u8]| {
        let answer = Answer::json(200, &json!({"hasMore": false, "list": [medium(1, false)]}));
        let answer = answer.header("X-RateLimit-Limit", "20").header("X-RateLimit-Remaining", "3");
        Some(answer.header("X-RateLimit-Reset", "34"))
    }))
    .await;
    let wait = quick(client(&server).wait_ready(["1"])).timeout(Duration::from_secs(3));
    check(&within(20, wait).await.unwrap_err(), ErrorKind::Timeout);
    let looks = server.requests().len();
    assert!(looks <= 3, "{looks} looks in 3 s, while little is left of the budget");
}

/// Vault+ whose medium has these variants at a look.
fn copy(id: &str, status: &str) -> Value {
    json!({"id": id, "media": {"source": {"status": status}, "thumb": {"status": "edge_only"}}})
}

#[tokio::test]
async fn it_waits_until_the_wanted_variants_are_stored() {
    let server = vault(|look| {
        let status = ["edge_only", "pending", "storing", "stored"][look.min(4) - 1];
        json!({"items": [copy("1", status), copy("2", "stored")]})
    })
    .await;
    let labels = |client: &Client| quick(client.wait_stored(["1", "2"])).labels(["source"]);
    let media = within(20, labels(&client(&server))).await.unwrap();
    assert_eq!(media.iter().map(|media| media.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    let asked: Vec<usize> = server
        .requests()
        .iter()
        .map(|request| request.json()["mediaIds"].as_array().unwrap().len())
        .collect();
    assert_eq!(asked, [2, 1, 1, 1], "what is stored is not asked for again");

    let server = vault(|_| json!({"items": [copy("1", "removed")]})).await;
    let shown = check(&within(20, labels(&client(&server))).await.unwrap_err(), ErrorKind::Rejected);
    assert!(shown.contains("has removed") && shown.contains("media 1"), "{shown}");
    let server = vault(|_| json!({"items": [copy("1", "pending")]})).await;
    let shown = check(&within(20, labels(&client(&server))).await.unwrap_err(), ErrorKind::Rejected);
    assert!(shown.contains("lacks the wanted variants of the media 2;"), "{shown}");
    let wait = quick(client(&server).wait_stored(["1"])).labels(["4k"]);
    check(&within(20, wait).await.unwrap_err(), ErrorKind::Rejected);
}

#[test]
fn waits_block() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(vault(|look| {
        json!({"hasMore": false, "list": [medium(1, look > 2)],
                                                       "items": [copy("1", "stored")]})
    }));
    let client = blocking::Client::new(builder(&server)).unwrap();
    let (short, long) = (Duration::from_millis(1), Duration::from_millis(10));
    let media =
        client.wait_ready(["1"]).interval(short, long).timeout(Duration::from_secs(20)).send().unwrap();
    assert_eq!(media[0].id.as_deref(), Some("1"));
    let cancel = Cancel::new();
    let wait = client.wait_stored(["1"]).labels(["source"]).cancel(&cancel).on_progress(|_, _| {});
    assert_eq!(wait.send().unwrap()[0].id, "1");
    cancel.cancel();
    let ended = client.wait_ready(["5"]).cancel(&cancel).send();
    check(&ended.unwrap_err(), ErrorKind::Cancelled);
}

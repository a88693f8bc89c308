//! Lists in pages: every style, served well and badly, walked over every road of Rust.

use std::collections::BTreeSet;
use std::future::ready;
use std::time::Instant;

use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use ofauth::{Cancel, Client, Error, ErrorKind, Items, RateLimit};
use ofauth_tests::lists::{LISTS, List, Row, TABLE, Trouble};
use serde_json::{Map, Value};

use crate::support::{builder, check, client, trap, within};

/// What a walk gave, and how it ended.
type Walked = (Vec<String>, Result<(), Error>);

fn params(list: &List) -> Map<String, Value> {
    serde_json::from_str(list.params).unwrap()
}

fn id(item: &Value) -> String {
    item["id"].as_str().unwrap().to_owned()
}

async fn by_items(mut items: Items) -> Walked {
    let mut ids = Vec::new();
    while let Some(item) = items.next().await {
        match item {
            Ok(item) => ids.push(id(&item)),
            Err(error) => {
                assert!(items.next().await.is_none(), "nothing comes behind an error");
                return (ids, Err(error));
            }
        }
    }
    (ids, Ok(()))
}

async fn by_pages(client: &Client, list: &List) -> Walked {
    let mut pages = client.call(list.operation).params(params(list)).pages();
    let mut ids = Vec::new();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => ids.extend(page.items().iter().map(id)),
            Err(error) => return (ids, Err(error)),
        }
    }
    assert_eq!(pages.resume_token(), None);
    (ids, Ok(()))
}

fn by_blocking(client: &ofauth::blocking::Client, list: &List) -> Walked {
    let mut ids = Vec::new();
    for item in client.call(list.operation).params(params(list)).items() {
        match item {
            Ok(item) => ids.push(id(&item)),
            Err(error) => return (ids, Err(error)),
        }
    }
    (ids, Ok(()))
}

/// The ids of typed items.
async fn typed<T>(
    mut items: impl Stream<Item = Result<T, Error>> + Unpin,
    id: impl Fn(T) -> String,
) -> Walked {
    let mut ids = Vec::new();
    while let Some(item) = items.next().await {
        match item {
            Ok(item) => ids.push(id(item)),
            Err(error) => return (ids, Err(error)),
        }
    }
    (ids, Ok(()))
}

async fn by_builder(client: &Client, list: &List) -> Walked {
    let api = client.api();
    match list.operation {
        "list_subscribers" => typed(client.items(api.list_subscribers()), |fan| fan.id.to_string()).await,
        // A chat has no id of its own, and so no typed one.
        "list_chats" => by_items(client.call("list_chats").items()).await,
        "list_promotions" => typed(client.items(api.list_promotions()), |one| one.id.to_string()).await,
        "query_vault_plus_media" => {
            typed(client.items(api.query_vault_plus_media()), |media| media.id.to_string()).await
        }
        "list_transactions" => typed(client.items(api.list_transactions()), |one| one.id.to_string()).await,
        "list_posts" => typed(client.items(api.list_posts()), |post| post.id.to_string()).await,
        "list_chat_messages" => {
            typed(client.items(api.list_chat_messages().user_id(7)), |message| message.id.to_string()).await
        }
        other => panic!("{other} is not walked by a builder"),
    }
}

fn assert_walk(what: &str, row: &Row, (ids, end): Walked) {
    let all: Vec<String> = (0..row.count).map(List::id).collect();
    match (row.says, end) {
        (None, Ok(())) => assert_eq!(ids, all, "{what}"),
        (Some(says), Err(error)) => {
            let text = check(&error, ErrorKind::InvalidAnswer);
            assert!(text.contains(says) && error.next_step().is_some(), "{what}: {text}");
            assert!(all.starts_with(&ids) && !ids.is_empty(), "{what}: {ids:?}");
        }
        (_, end) => panic!("{what}: {} items, {end:?}", ids.len()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_style_is_walked_on_every_road() {
    let styles: BTreeSet<String> = LISTS
        .iter()
        .map(|list| ofauth::operations().iter().find(|known| known.id == list.operation).unwrap())
        .map(|operation| format!("{:?}", operation.page.unwrap().style))
        .collect();
    assert_eq!(styles.len(), 6, "{styles:?}");
    for list in LISTS {
        for row in TABLE.iter().filter(|row| list.can(row.trouble)) {
            let server = list.serve(row.count, row.trouble).await;
            let client = client(&server);
            let call = || client.call(list.operation).params(params(list));
            let what = |road: &str| format!("{road}: {}, {row:?}", list.operation);
            assert_walk(&what("items"), row, within(60, by_items(call().items())).await);
            assert_walk(&what("pages"), row, within(60, by_pages(&client, list)).await);
            assert_walk(&what("builder"), row, within(60, by_builder(&client, list)).await);
            let (blocking, list) = (ofauth::blocking::Client::new(builder(&server)).unwrap(), *list);
            let walked = std::thread::spawn(move || by_blocking(&blocking, &list)).join().unwrap();
            assert_walk(&what("blocking"), row, walked);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_goes_on_from_its_token_at_any_item() {
    const COUNT: usize = 45;
    for list in LISTS {
        let server = list.serve(COUNT, Trouble::None).await;
        let client = client(&server);
        let all: Vec<String> = (0..COUNT).map(List::id).collect();
        for first in 0..=COUNT {
            let call = || client.call(list.operation).params(params(list));
            let mut items = call().items();
            let begin: Vec<Value> = (&mut items).take(first).try_collect().await.unwrap();
            let mut ids: Vec<String> = begin.iter().map(id).collect();
            match items.resume_token() {
                Some(token) => {
                    let rest: Vec<Value> = call().items().resume(token).try_collect().await.unwrap();
                    ids.extend(rest.iter().map(id));
                }
                None => assert_eq!(first, COUNT),
            }
            assert_eq!(ids, all, "{}, after {first}", list.operation);
        }
    }
}

#[tokio::test]
async fn what_comes_after_a_list_that_got_stuck_is_neither_lost_nor_doubled() {
    for list in LISTS {
        for trouble in [Trouble::Stuck, Trouble::Clamped].into_iter().filter(|trouble| list.can(*trouble)) {
            let server = list.serve(257, trouble).await;
            let client = client(&server);
            let mut items = client.call(list.operation).params(params(list)).items();
            let mut ids = Vec::new();
            while let Some(Ok(item)) = items.next().await {
                ids.push(id(&item));
            }
            let token = items.resume_token().unwrap().to_owned();
            // As long as it is stuck, nothing comes, and the token stays.
            let mut again = client.call(list.operation).params(params(list)).items().resume(&token);
            assert!(again.next().await.unwrap().is_err(), "{}, {trouble:?}", list.operation);
            assert_eq!(again.resume_token(), Some(token.as_str()), "{}, {trouble:?}", list.operation);
            let well = list.serve(300, Trouble::None).await;
            let client = crate::support::client(&well);
            let rest = client.call(list.operation).params(params(list)).items().resume(token);
            ids.extend(rest.map_ok(|item| id(&item)).try_collect::<Vec<_>>().await.unwrap());
            assert_eq!(ids, (0..300).map(List::id).collect::<Vec<_>>(), "{}, {trouble:?}", list.operation);
        }
    }
}

#[tokio::test]
async fn a_walk_goes_on_with_pages_of_another_size() {
    const COUNT: usize = 300;
    for list in LISTS {
        let server = list.serve(COUNT, Trouble::None).await;
        let client = client(&server);
        let mut token = None;
        let mut ids = Vec::new();
        // The most that is wanted makes pages shorter.
        for max in [130, 3, 1, 4, 25, 7, 200] {
            let items = client.call(list.operation).params(params(list)).items().max(max);
            let mut items = match &token {
                Some(token) => items.resume(token),
                None => items,
            };
            ids.extend((&mut items).map_ok(|item| id(&item)).try_collect::<Vec<_>>().await.unwrap());
            token = items.resume_token().map(str::to_owned);
        }
        assert_eq!(ids, (0..COUNT).map(List::id).collect::<Vec<_>>(), "{}", list.operation);
        assert_eq!(token, None);
    }
}

#[tokio::test]
async fn no_more_is_handed_out_or_asked_for_than_wanted() {
    let list = LISTS[0];
    let server = list.serve(257, Trouble::None).await;
    let client = client(&server);
    for (max, limit, requests) in [(0, "", 0), (1, "limit=1", 1), (20, "limit=20", 1), (50, "limit=20", 3)] {
        let before = server.requests().len();
        let mut items = client.call(list.operation).items().max(max);
        let ids: Vec<Value> = (&mut items).try_collect().await.unwrap();
        assert_eq!(ids.len() as u64, max);
        let seen = server.requests().split_off(before);
        assert_eq!(seen.len(), requests, "{max}");
        assert!(seen.iter().all(|request| request.head.as_ref().unwrap().target.contains(limit)), "{max}");
        // There is more, and so a token.
        let rest: Vec<Value> = client
            .call(list.operation)
            .items()
            .resume(items.resume_token().unwrap())
            .try_collect()
            .await
            .unwrap();
        assert_eq!(rest.len() as u64, 257 - max);
    }
    // What the caller asks for stays: a page size of its own, and where to begin.
    let call = client.call(list.operation).params([("limit", 7), ("offset", 250)]);
    let before = server.requests().len();
    let rest: Vec<Value> = call.items().try_collect().await.unwrap();
    assert_eq!(rest.iter().map(id).collect::<Vec<_>>(), (250..257).map(List::id).collect::<Vec<_>>());
    assert_eq!(
        server.requests()[before].head.as_ref().unwrap().target,
        "/v2/access/subscribers?limit=7&offset=250"
    );
}

#[tokio::test]
async fn what_cannot_be_walked_is_refused_and_nothing_is_sent() {
    let server = trap().await;
    let client = client(&server);
    let call = |id: &str| client.call(id);
    for (items, says) in [
        (call("get_post").param("postId", 1).items(), "does not hand out a list in pages"),
        (client.proxy_call("GET", "posts").items(), "has no pages"),
        (call("list_pots").items(), "did you mean list_posts"),
        (call("list_posts").param("limit", 1000).items(), "use 1 to 10"),
        (call("list_chat_messages").items(), "needs the parameter \"userId\""),
        (call("list_posts").items().resume("40"), "no resume token"),
        (call("list_posts").items().resume("list_chats@40"), "another operation"),
    ] {
        let (ids, end) = within(20, by_items(items)).await;
        let text = check(&end.unwrap_err(), ErrorKind::InvalidArgument);
        assert!(ids.is_empty() && text.contains(says), "{text}");
    }
    let (_, end) =
        typed(client.items(client.api().list_posts().limit(1000)), |post| post.id.to_string()).await;
    check(&end.unwrap_err(), ErrorKind::InvalidArgument);
    assert!(server.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_wait_for_the_rate_limit_and_can_be_given_up() {
    let list = LISTS[0];
    let server = list.serve(257, Trouble::None).await;
    // Two pages at once, and then one every tenth of a second.
    let limit = RateLimit::new(600, 2).unwrap();
    let client = builder(&server).request_limit(limit).build().unwrap();
    let begun = Instant::now();
    let ids: Vec<Value> = client.call(list.operation).items().max(100).try_collect().await.unwrap();
    assert_eq!(ids.len(), 100);
    assert!(begun.elapsed().as_millis() >= 250, "{:?}", begun.elapsed());
    let slow = builder(&server).request_limit(RateLimit::new(1, 1).unwrap()).build().unwrap();
    let cancel = Cancel::new();
    let mut pages = slow.call(list.operation).pages().cancel(&cancel);
    pages.next().await.unwrap().unwrap();
    let mut next = Box::pin(pages.next());
    let waits = tokio::select! {
        biased;
        _ = &mut next => false,
        () = ready(()) => true,
    };
    assert!(waits);
    cancel.cancel();
    check(&within(10, next).await.unwrap().unwrap_err(), ErrorKind::Cancelled);
    assert!(pages.next().await.is_none());
    assert_eq!(pages.resume_token(), Some("list_subscribers@20"));
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn an_item_of_another_type_ends_the_walk_before_it() {
    let list = LISTS[0];
    let server = list.serve(50, Trouble::None).await;
    let client = client(&server);
    let mut items = client.call(list.operation).items().typed::<String>();
    let error = items.next().await.unwrap().unwrap_err();
    assert!(check(&error, ErrorKind::InvalidAnswer).contains("item 1 of page 1 is not of the type"));
    assert!(items.next().await.is_none());
    assert_eq!(items.resume_token(), Some("list_subscribers@"));
    let mut pages = client.call(list.operation).pages().typed::<String>();
    assert!(pages.next().await.unwrap().is_err() && pages.next().await.is_none());
    assert_eq!(pages.resume_token(), Some("list_subscribers@"));
}

//! Pages: every list is walked to its end by a pager that knows nothing but the document.

use std::collections::BTreeSet;

use ofauth_sandbox::fault::PageChange;
use ofauth_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

use crate::client::{CONNECTION, Client, JSON, KEY, POSTS, post};

/// The operations that list in pages.
fn lists() -> Vec<Value> {
    let operations: Vec<Value> = serde_json::from_str(include_str!("../../src/document.json")).unwrap();
    operations.into_iter().filter(|operation| !operation["page"].is_null()).collect()
}

fn list(id: &str) -> Value {
    lists().into_iter().find(|operation| operation["id"] == id).unwrap()
}

/// Walks a list page by page.
struct Pager {
    client: Client,
    operation: Value,
    limit: Option<u64>,
    /// The place of the next page, none at the beginning.
    place: Option<String>,
    received: usize,
}

impl Pager {
    async fn new(sandbox: &Sandbox, id: &str, limit: Option<u64>) -> Self {
        let client = Client::connect(sandbox).await;
        Self { client, operation: list(id), limit, place: None, received: 0 }
    }

    /// The next page and whether there is more.
    async fn next(&mut self) -> (Vec<Value>, bool) {
        let page = self.operation["page"].clone();
        let path = self.operation["path"].as_str().unwrap();
        let path: Vec<&str> =
            path.split('/').map(|part| if part.starts_with('{') { "12345" } else { part }).collect();
        let mut query = Vec::new();
        if let (Some(size), Some(limit)) = (page["size"].as_str(), self.limit) {
            query.push(format!("{size}={limit}"));
        }
        if let Some(place) = &self.place {
            query.push(format!("{}={place}", page["place"].as_str().unwrap()));
        }
        let path = format!("{}?{}", path.join("/"), query.join("&"));
        let answer = self.client.request("GET", &path, &[KEY, CONNECTION, JSON], b"").await.unwrap().ok();
        let items = answer.as_array().or(answer[page["items"].as_str().unwrap()].as_array()).unwrap().clone();
        self.received += items.len();
        let next = page["next"].as_str().map_or(&Value::Null, |next| &answer[next]);
        let place = match next {
            Value::Null if page["place"] == "offset" => Some(self.received.to_string()),
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let more = match page["more"].as_str().map(|more| &answer[more]) {
            Some(Value::Bool(more)) => *more,
            // A bare array ends with a page that is not full.
            _ if answer.is_array() => Some(items.len() as u64) == self.limit.or(page["usual"].as_u64()),
            _ => place.is_some(),
        };
        self.place = place;
        (items, more)
    }

    async fn all(mut self) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let (items, more) = self.next().await;
            all.extend(items);
            if !more {
                return all;
            }
        }
    }
}

/// What an item is recognised by: its id, or the user that a chat is with.
fn identity(item: &Value) -> String {
    let id = if item["id"].is_null() { &item["withUser"]["id"] } else { &item["id"] };
    assert!(!id.is_null(), "{item}");
    id.to_string()
}

#[track_caller]
fn each_once(items: &[Value], count: usize, what: &str) {
    let distinct: BTreeSet<String> = items.iter().map(identity).collect();
    assert_eq!((items.len(), distinct.len()), (count, count), "{what}");
}

#[tokio::test]
async fn every_list_is_walked_to_its_end() {
    let mut walked = 0;
    for operation in lists() {
        let id = operation["id"].as_str().unwrap();
        // A list that cannot be seeded has no state here, and answers with one and the same example.
        let Ok(sandbox) = Sandbox::builder().seed(id, 23).start().await else { continue };
        walked += 1;
        for limit in [1, 7, 10] {
            let items = Pager::new(&sandbox, id, Some(limit)).await.all().await;
            each_once(&items, expected(id), id);
        }
        let usual = Pager::new(&sandbox, id, None).await.next().await.0.len();
        let documented = operation["page"]["usual"].as_u64().unwrap_or(10) as usize;
        assert_eq!(usual, documented.min(expected(id)), "{id}");
    }
    assert!(walked >= 30, "{walked}");
}

/// How many of 23: every third message has media, and what is there from the start was sent.
fn expected(id: &str) -> usize {
    match id {
        "list_chat_media" => 8,
        "list_scheduled_mass_messages" => 0,
        _ => 23,
    }
}

/// Walks ten thousand items, and says in which style.
async fn ten_thousand(id: &str) -> String {
    let operation = list(id);
    let sandbox = Sandbox::builder().seed(id, 10_000).start().await.unwrap();
    let items = Pager::new(&sandbox, id, operation["page"]["most"].as_u64()).await.all().await;
    each_once(&items, 10_000, id);
    operation["page"]["style"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_items_in_each_style() {
    let mut walks = tokio::task::JoinSet::new();
    for id in [
        "list_transactions",
        "list_posts",
        "list_chat_messages",
        "query_vault_plus_media",
        "list_tracking_links",
        "list_bundles",
    ] {
        walks.spawn(ten_thousand(id));
    }
    let styles: BTreeSet<String> = walks.join_all().await.into_iter().collect();
    assert_eq!(styles.len(), 6);
}

#[tokio::test]
async fn new_items_in_front_do_not_move_the_places() {
    let sandbox = Sandbox::builder().seed("posts", 30).seed("messages", 30).start().await.unwrap();
    let chat = "/v2/access/chats/12345/messages";
    for (id, path) in [("list_posts", POSTS), ("list_chat_messages", chat)] {
        let mut pager = Pager::new(&sandbox, id, Some(10)).await;
        let mut all = Vec::new();
        loop {
            let (items, more) = pager.next().await;
            all.extend(items);
            post(&sandbox, path, json!({ "text": "new" })).await.ok();
            if !more {
                break;
            }
        }
        each_once(&all, 30, id);
    }
}

#[tokio::test]
async fn pages_go_wrong_on_demand() {
    let sandbox = Sandbox::builder().seed("posts", 25).seed("fans", 25).start().await.unwrap();
    let fault = |change| Fault::Page { change };
    for id in ["list_posts", "list_subscribers"] {
        let mut pager = Pager::new(&sandbox, id, Some(10)).await;
        let first = pager.next().await.0;
        let place = pager.place.clone();
        sandbox.push_fault(fault(PageChange::Stuck).on(id));
        assert_eq!(pager.next().await, (first.clone(), true), "{id}");
        assert!(id == "list_subscribers" || pager.place == place);

        sandbox.push_fault(fault(PageChange::Clamped).on(id).always());
        let mut pager = Pager::new(&sandbox, id, Some(10)).await;
        for _ in 0..3 {
            assert!(pager.next().await.1);
        }
        let last = pager.next().await;
        assert_eq!(last, pager.next().await);
        assert!(last.1 && last.0.len() == 10, "{id}");
        sandbox.clear_faults();

        sandbox.push_fault(fault(PageChange::EmptyWithMore).on(id).nth(2).times(10));
        let mut pager = Pager::new(&sandbox, id, Some(10)).await;
        let (mut all, mut places) = (Vec::new(), BTreeSet::new());
        loop {
            let (items, more) = pager.next().await;
            all.extend(items);
            places.insert(pager.place.clone());
            if !more {
                break;
            }
        }
        each_once(&all, 25, id);
        assert_eq!(places.len(), if id == "list_posts" { 13 } else { 3 });
    }
    sandbox.push_fault(fault(PageChange::Repeated).on("list_posts").always());
    let all = Pager::new(&sandbox, "list_posts", Some(10)).await.all().await;
    let distinct: BTreeSet<String> = all.iter().map(identity).collect();
    assert_eq!((all.len(), distinct.len()), (29, 25));
    sandbox.push_fault(fault(PageChange::Wrapped).on("list_bundles"));
    let mut client = Client::connect(&sandbox).await;
    let path = "/v2/access/promotions/bundles";
    let wrapped = client.request("GET", path, &[KEY, CONNECTION], b"").await.unwrap().ok();
    assert_eq!((&wrapped["hasMore"], wrapped["list"].as_array().unwrap().len()), (&json!(false), 1));
}

#[tokio::test]
async fn a_page_that_is_too_long_is_refused_and_not_cut() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    for (query, problem) in
        [("limit=41", "limit: must be from 1 to 40"), ("limit=0", "limit:"), ("offset=-1", "offset:")]
    {
        let path = format!("/v2/access/vault/media?{query}");
        let mut client = Client::connect(&sandbox).await;
        let answer = client.request("GET", &path, &[KEY, CONNECTION], b"").await.unwrap();
        answer.is_error(400, "BAD_REQUEST", problem);
    }
    let wrong = ["/v2/vault-plus/media?cursor=x", "/v2/access/earnings/transactions?marker=x"];
    for path in wrong {
        let mut client = Client::connect(&sandbox).await;
        let answer = client.request("GET", path, &[KEY, CONNECTION], b"").await.unwrap();
        answer.is_error(400, "BAD_REQUEST", "of the page before");
    }
}

#[tokio::test]
async fn the_edges_of_numbers_are_no_places() {
    let sandbox = Sandbox::builder().seed("posts", 3).start().await.unwrap();
    let most = i64::MAX;
    for (path, count) in [
        (format!("/v2/access/chats/12345/messages?last_id={most}"), 1),
        ("/v2/access/chats/12345/messages?last_id=0".to_owned(), 0),
        (format!("/v2/access/earnings/transactions?marker={most}"), 1),
        (format!("{POSTS}?beforePublishTime=9223372036854.775807"), 3),
        (format!("{POSTS}?beforePublishTime=9223372036854.775807&sortDirection=asc"), 0),
        (format!("{POSTS}?beforePublishTime=-9223372036854&sortDirection=asc"), 3),
        (format!("/v2/access/vault/media?offset={most}"), 0),
        // The seeded one, and the one that is used here.
        (format!("/v2/account/connections?limit={most}"), 2),
    ] {
        let mut client = Client::connect(&sandbox).await;
        let answer = client.request("GET", &path, &[KEY, CONNECTION], b"").await.unwrap().ok();
        assert_eq!(answer["list"].as_array().unwrap().len(), count, "{path}");
    }
    let mut client = Client::connect(&sandbox).await;
    let nobody = "/v2/access/chats/0/messages";
    let answer = client.request("GET", nobody, &[KEY, CONNECTION], b"").await.unwrap();
    answer.is_error(404, "RESOURCE_NOT_FOUND", "user \"0\"");
}

#[tokio::test]
async fn an_unknown_collection_is_refused_with_the_known_ones() {
    let error = Sandbox::builder().seed("fens", 5).start().await.err().unwrap().to_string();
    assert!(error.contains("\"fens\"") && error.contains("fans, "), "{error}");
}

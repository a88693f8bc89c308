//! Lists of the vault: any number of media, and a removal that loses nothing wherever it is interrupted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ofauth::{ErrorKind, blocking};
use ofauth_tests::exchange::Head;
use ofauth_tests::{Answer, Server};
use serde_json::{Value, json};

use super::By;
use crate::support::{builder, check, client, within};

/// A vault with lists: what is in each, in order.
#[derive(Default)]
struct Vault {
    lists: BTreeMap<u64, (String, Vec<u64>)>,
    /// Changes that are still made; then every one is refused.
    left: Option<usize>,
    /// Whether the change at which it ends is made before it is refused.
    is_made: bool,
    changes: usize,
    /// After a list was emptied, so many reads still show it as it was.
    stale_reads: usize,
    before: Option<(u64, Vec<u64>)>,
    /// Whether lists are never emptied.
    ignores_clear: bool,
    /// What the service says of every list besides.
    about: Value,
}

impl Vault {
    fn list(&self, id: u64) -> Value {
        let mut list = json!({"id": id, "name": self.lists.get(&id).map(|list| list.0.as_str())});
        if let Some(about) = self.about.as_object() {
            list.as_object_mut().unwrap().extend(about.clone());
        }
        list
    }

    fn page(all: Vec<Value>, query: &str) -> Answer {
        let number = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.into_iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.parse().ok())
        };
        let (offset, limit): (usize, usize) = (number("offset").unwrap_or(0), number("limit").unwrap_or(24));
        let list: Vec<Value> = all.iter().skip(offset).take(limit).cloned().collect();
        Answer::json(200, &json!({"hasMore": offset + list.len() < all.len(), "list": list}))
    }

    fn handle(&mut self, method: &str, target: &str, body: &[u8]) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let rest = path.strip_prefix("/v2/access/vault/lists").unwrap();
        let id: u64 = rest.split('/').nth(1).and_then(|id| id.parse().ok()).unwrap_or(0);
        if method == "GET" && rest.is_empty() {
            return Self::page(self.lists.keys().map(|id| self.list(*id)).collect(), query);
        }
        if method == "GET" {
            let mut members = self.lists.get(&id).map(|list| list.1.clone()).unwrap_or_default();
            if let Some((_, before)) =
                self.before.as_ref().filter(|(list, _)| *list == id && self.stale_reads > 0)
            {
                members = before.clone();
                // A read ends with its last page.
                self.stale_reads -= usize::from(!query.contains("offset=0"));
            }
            return Self::page(members.iter().map(|id| json!({"id": id})).collect(), query);
        }
        self.changes += 1;
        let refused = Answer::problem(400, "no more", "BAD_REQUEST", "r");
        match &mut self.left {
            Some(0) if !std::mem::take(&mut self.is_made) => return refused,
            Some(0) => {
                self.change(method, id, body);
                return refused;
            }
            Some(left) => *left -= 1,
            None => {}
        }
        self.change(method, id, body)
    }

    fn change(&mut self, method: &str, id: u64, body: &[u8]) -> Answer {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let name = body["name"].as_str().unwrap_or_default().to_owned();
        let id = match method {
            "POST" if id == 0 => {
                let new = self.lists.keys().max().unwrap_or(&0) + 1;
                self.lists.insert(new, (name, Vec::new()));
                new
            }
            "POST" => {
                let ids: Vec<u64> = serde_json::from_value(body["mediaIds"].clone()).unwrap();
                assert!((1..=100).contains(&ids.len()), "{} media in one call", ids.len());
                let members = &mut self.lists.get_mut(&id).unwrap().1;
                let new: Vec<u64> = ids.into_iter().filter(|id| !members.contains(id)).collect();
                members.extend(new);
                id
            }
            "PATCH" => {
                let list = self.lists.get_mut(&id).unwrap();
                list.0 = name;
                if body["clearMedia"] == json!(true) && !self.ignores_clear {
                    self.before = Some((id, std::mem::take(&mut list.1)));
                }
                id
            }
            _ => {
                self.lists.remove(&id).unwrap();
                return Answer::new(204);
            }
        };
        Answer::json(200, &self.list(id))
    }

    /// What is in a list, sorted.
    fn members(&self, id: u64) -> Vec<u64> {
        let mut members = self.lists[&id].1.clone();
        members.sort_unstable();
        members
    }
}

async fn start(vault: &Arc<Mutex<Vault>>) -> Server {
    let vault = Arc::clone(vault);
    Server::start(By(move |head: &Head, body: &[u8]| {
        Some(vault.lock().unwrap().handle(&head.method, &head.target, body))
    }))
    .await
}

fn texts(ids: impl IntoIterator<Item = u64>) -> Vec<String> {
    ids.into_iter().map(|id| id.to_string()).collect()
}

#[tokio::test]
async fn lists_are_made_filled_copied_and_deleted() {
    let vault = Arc::new(Mutex::new(Vault::default()));
    let server = start(&vault).await;
    let client = client(&server);
    let summer = within(10, client.create_vault_list("Summer")).await.unwrap();
    assert_eq!((summer.id.as_str(), summer.name.as_deref()), ("1", Some("Summer")));
    within(10, client.add_to_vault_list(&summer.id, texts(1..=250))).await.unwrap();
    assert_eq!(vault.lock().unwrap().members(1).len(), 250);
    assert_eq!(server.requests_to("POST /v2/access/vault/lists/1/media").len(), 3, "100 a call");
    let other = within(10, client.create_vault_list("Other")).await.unwrap();
    within(10, client.add_to_vault_list(&other.id, texts(240..=260))).await.unwrap();
    let change = within(10, client.copy_vault_list(&other.id, &summer.id)).await.unwrap();
    assert_eq!((change.changed, change.unchanged), (texts(251..=260), texts(240..=250)));
    let again = within(10, client.copy_vault_list(&other.id, &summer.id)).await.unwrap();
    assert!(again.changed.is_empty() && again.unchanged.len() == 21);
    assert_eq!(
        within(10, client.rename_vault_list("1", "Winter")).await.unwrap().name.as_deref(),
        Some("Winter")
    );
    within(10, client.delete_vault_list("2")).await.unwrap();
    assert_eq!(vault.lock().unwrap().lists.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_anything_is_sent() {
    let server = start(&Arc::default()).await;
    let client = client(&server);
    for (ended, said) in [
        (client.create_vault_list(" ").await.map(|_| ()), "1 to 100"),
        (client.rename_vault_list("1", &"x".repeat(101)).await.map(|_| ()), "101 characters"),
        (client.add_to_vault_list("1", ["upload:550e"]).await, "reference of an upload"),
        (client.add_to_vault_list("1", ["7", "seven"]).await, "\"seven\""),
        (client.remove_from_vault_list("1", ["-7"]).await.map(|_| ()), "\"-7\""),
        (client.copy_vault_list("1", "1").await.map(|_| ()), "give two"),
    ] {
        let shown = check(&ended.unwrap_err(), ErrorKind::InvalidArgument);
        assert!(shown.contains(said), "{shown}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn an_addition_that_fails_midway_says_how_many_there_are() {
    let vault = Arc::new(Mutex::new(Vault::default()));
    vault.lock().unwrap().lists.insert(1, ("Summer".into(), Vec::new()));
    vault.lock().unwrap().left = Some(2);
    let server = start(&vault).await;
    let error = within(10, client(&server).add_to_vault_list("1", texts(1..=500))).await.unwrap_err();
    let shown = check(&error, ErrorKind::Rejected);
    assert!(shown.contains("200 of 500 media were added"), "{shown}");
    vault.lock().unwrap().left = None;
    within(10, client(&server).add_to_vault_list("1", texts(1..=500))).await.unwrap();
    assert_eq!(vault.lock().unwrap().members(1), (1..=500).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_removal_that_is_interrupted_at_any_change_loses_nothing_and_goes_on() {
    let stay: Vec<u64> = (1..=130).filter(|id| id % 10 != 0).collect();
    let gone: Vec<String> = texts((1..=130).filter(|id| id % 10 == 0));
    for is_made in [false, true] {
        for left in 0.. {
            let vault = Arc::new(Mutex::new(Vault::default()));
            {
                let mut vault = vault.lock().unwrap();
                vault.lists.insert(7, ("Summer".into(), (1..=130).collect()));
                vault.lists.insert(8, ("Other".into(), vec![1, 2]));
                (vault.left, vault.is_made) = (Some(left), is_made);
            }
            let server = start(&vault).await;
            let client = client(&server);
            let remove = || client.remove_from_vault_list("7", gone.clone());
            let first = within(20, remove()).await;
            {
                let mut vault = vault.lock().unwrap();
                let kept =
                    vault.lists.iter().filter(|(id, _)| **id != 8).flat_map(|(_, list)| list.1.clone());
                let kept: std::collections::BTreeSet<u64> = kept.collect();
                assert!(stay.iter().all(|id| kept.contains(id)), "{left} {is_made}: some are in no list");
                vault.left = None;
            }
            let second = within(20, remove()).await.unwrap();
            let vault = vault.lock().unwrap();
            assert_eq!(vault.members(7), stay, "{left} {is_made}");
            assert_eq!((vault.lists[&7].0.as_str(), vault.lists.len()), ("Summer", 2), "{left} {is_made}");
            match first {
                Ok(change) => {
                    assert_eq!((change.changed, second.changed.len()), (gone.clone(), 0));
                    assert!(left > 5, "there are at least so many changes");
                    break;
                }
                Err(error) => _ = check(&error, ErrorKind::Rejected),
            }
        }
    }
}

#[tokio::test]
async fn a_removal_trusts_no_read_that_shows_an_older_state() {
    let (all, stay) = ((1..=30).collect::<Vec<u64>>(), (2..=30).collect::<Vec<u64>>());
    for stale_reads in [1, 3] {
        let vault = Arc::new(Mutex::new(Vault { stale_reads, ..Vault::default() }));
        vault.lock().unwrap().lists.insert(7, ("Summer".into(), all.clone()));
        let server = start(&vault).await;
        let change = within(20, client(&server).remove_from_vault_list("7", ["1"])).await.unwrap();
        let vault = vault.lock().unwrap();
        assert_eq!((change.changed, vault.members(7)), (texts([1]), stay.clone()), "{stale_reads}");
        assert_eq!(
            (vault.lists.len(), vault.stale_reads),
            (1, 0),
            "{stale_reads}: it waited until the list shows it"
        );
    }
}

#[tokio::test]
async fn a_removal_that_the_service_ignores_is_no_success() {
    let vault = Arc::new(Mutex::new(Vault { ignores_clear: true, ..Vault::default() }));
    vault.lock().unwrap().lists.insert(7, ("Summer".into(), vec![1, 2, 3]));
    let server = start(&vault).await;
    let error = within(30, client(&server).remove_from_vault_list("7", ["1"])).await.unwrap_err();
    let shown = check(&error, ErrorKind::InvalidAnswer);
    assert!(shown.contains("still has 1 of the media") && shown.contains("ofauth keeps 7"), "{shown}");
    let vault = vault.lock().unwrap();
    assert_eq!((vault.members(7), vault.members(8)), (vec![1, 2, 3], vec![2, 3]));
}

#[tokio::test]
async fn nothing_is_taken_out_of_a_list_that_the_service_fills() {
    let vault = Arc::new(Mutex::new(Vault { about: json!({"type": "messages"}), ..Vault::default() }));
    vault.lock().unwrap().lists.insert(7, ("Messages".into(), vec![1, 2, 3]));
    let server = start(&vault).await;
    let error = within(10, client(&server).remove_from_vault_list("7", ["1"])).await.unwrap_err();
    let shown = check(&error, ErrorKind::InvalidArgument);
    assert!(shown.contains("of the type \"messages\"") && shown.contains("of your own"), "{shown}");
    assert_eq!(vault.lock().unwrap().changes, 0);
}

#[tokio::test]
async fn nothing_is_changed_if_none_of_the_media_is_in_the_list() {
    let vault = Arc::new(Mutex::new(Vault::default()));
    vault.lock().unwrap().lists.insert(7, ("Summer".into(), vec![1, 2, 3]));
    let server = start(&vault).await;
    let change = within(10, client(&server).remove_from_vault_list("7", ["4", "5"])).await.unwrap();
    assert_eq!(
        (change.changed.len(), change.unchanged, vault.lock().unwrap().changes),
        (0, texts([4, 5]), 0)
    );
    let error = within(10, client(&server).remove_from_vault_list("9", ["1"])).await.unwrap_err();
    assert!(check(&error, ErrorKind::InvalidArgument).contains("no list \"9\""));
}

#[test]
fn lists_block() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let vault = Arc::new(Mutex::new(Vault::default()));
    let server = runtime.block_on(start(&vault));
    let client = blocking::Client::new(builder(&server)).unwrap();
    let list = client.create_vault_list("Summer").send().unwrap();
    client.add_to_vault_list(&list.id, ["1", "2", "3"]).send().unwrap();
    assert_eq!(client.remove_from_vault_list(&list.id, ["2"]).send().unwrap().changed, ["2"]);
    client.rename_vault_list(&list.id, "Winter").send().unwrap();
    let other = client.create_vault_list("Other").send().unwrap();
    assert_eq!(client.copy_vault_list(&list.id, &other.id).send().unwrap().changed, ["1", "3"]);
    client.delete_vault_list(&other.id).send().unwrap();
    assert_eq!(vault.lock().unwrap().members(1), [1, 3]);
}

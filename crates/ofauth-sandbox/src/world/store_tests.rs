//! The world by itself: what is linked, what is kept, and what is not.

use super::*;
use crate::world::list::{FIRST_ID, Order, Start};

fn world(seeds: &[(&str, u64)]) -> World {
    let mut all = Seeds::default();
    for (name, count) in seeds {
        all.set(name, *count).unwrap();
    }
    World::new(all)
}

fn key(collection: Collection) -> Key {
    Key::new("conn", collection, 0)
}

fn text(text: &str) -> Map<String, Value> {
    Map::from_iter([("text".to_owned(), json!(text))])
}

#[test]
fn what_is_seeded_is_linked() {
    let world = world(&[("fans", 250), ("chats", 20)]);
    let users = key(Collection::Users);
    for collection in [Collection::Fans, Collection::Chats] {
        let list = key(collection);
        for id in world.view(&list).ids(Order::NewestFirst, Start::Index(0)).take(30) {
            assert!(world.view(&users).has(id), "{collection:?} {id}");
            assert_eq!(world.facts(&list, id, "")["username"], world.facts(&users, id, "")["username"]);
        }
    }
    let transactions = key(Collection::Transactions);
    let payer = world.facts(&transactions, FIRST_ID, "")["user"]["id"].clone();
    assert!(world.view(&key(Collection::Fans)).has(payer.as_u64().unwrap()));
}

#[test]
fn what_is_created_is_found_changed_and_gone() {
    let mut world = world(&[]);
    let posts = key(Collection::Posts);
    let id = world.create(posts.clone(), text("Hello"));
    assert_eq!(world.find(&posts, &id.to_string()).unwrap(), id);
    assert_eq!(world.facts(&posts, id, "")["rawText"], "Hello");
    world.replace(posts.clone(), id, text("Bye"));
    world.replace(posts.clone(), FIRST_ID, text("Old"));
    assert_eq!(world.facts(&posts, id, "")["text"], "Bye");
    assert_eq!(world.facts(&posts, FIRST_ID, "")["text"], "Old");
    let order: Vec<u64> = world.view(&posts).ids(Order::NewestFirst, Start::Index(0)).collect();
    assert_eq!(order, [id, FIRST_ID]);
    for id in order {
        world.delete(posts.clone(), id);
        assert!(world.find(&posts, &id.to_string()).is_err());
    }
    assert_eq!(world.view(&posts).len(), 0);
    // Another connection has a world of its own.
    assert_eq!(world.view(&Key::new("other", Collection::Posts, 0)).len(), 1);
}

#[test]
fn what_belongs_to_something_new_is_empty() {
    let mut world = world(&[]);
    let list = world.create(key(Collection::VaultLists), Map::new());
    assert_eq!(world.view(&Key::new("conn", Collection::VaultListMedia, FIRST_ID)).len(), 1);
    let new = Key::new("conn", Collection::VaultListMedia, list);
    assert_eq!(world.view(&new).len(), 0);
    for _ in 0..2 {
        world.insert(new.clone(), FIRST_ID, Map::new());
    }
    assert_eq!(world.view(&new).len(), 1);
    world.delete(new.clone(), FIRST_ID);
    assert_eq!(world.view(&new).len(), 0);
}

#[test]
fn reading_leaves_nothing_behind() {
    let world = world(&[("posts", 100_000_000)]);
    let posts = key(Collection::Posts);
    assert_eq!(world.view(&posts).ids(Order::NewestFirst, Start::Index(99_999_990)).count(), 10);
    assert!(world.facts(&posts, FIRST_ID, "")["author"].is_object());
    assert!(world.lists.is_empty());
}

#[test]
fn copies_that_are_there_from_the_start_are_there_once() {
    let ids = ["12345", "4492994399", "a name"].map(str::to_owned);
    let world = world(&[]).with_copies(&ids);
    let copies = key(Collection::VaultPlus);
    for id in ids {
        assert_eq!(world.facts(&copies, world.find(&copies, &id).unwrap(), "")["id"], json!(id));
    }
    assert_eq!(world.view(&copies).ids(Order::NewestFirst, Start::Index(0)).count(), 3);
}

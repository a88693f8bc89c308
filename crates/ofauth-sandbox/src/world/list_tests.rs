//! The order of a list against a plain vector.

use serde_json::Map;

use super::*;

/// A list of 20 seeded items, of which some are deleted, and 5 created ones; and its ids, the newest first.
fn mixed() -> (List, u64, Vec<u64>) {
    let mut list = List::default();
    for id in [5_000, 5_016, 5_032, 6_000, 7_000] {
        list.create(1_000_000 + id, Stored::new(moments::NEWEST + i64::try_from(id).unwrap(), Map::new()));
    }
    let deleted = [0, 1, 7, 18, 19];
    for number in deleted {
        list.delete(id_of(number));
    }
    let mut ids: Vec<u64> = (0..20).filter(|number| !deleted.contains(number)).map(id_of).collect();
    ids.extend(list.created().map(|(id, _)| id));
    ids.reverse();
    (list, 20, ids)
}

#[test]
fn a_walk_begins_anywhere() {
    let (list, seeded, newest_first) = mixed();
    let view = View::new(Some(&list), seeded);
    assert_eq!(view.len(), newest_first.len() as u64);
    let oldest_first: Vec<u64> = newest_first.iter().rev().copied().collect();
    for (order, all) in [(Order::NewestFirst, &newest_first), (Order::OldestFirst, &oldest_first)] {
        for (index, id) in all.iter().enumerate() {
            for start in [Start::Index(index as u64 + 1), Start::Id(*id), Start::Moment(view.at(*id))] {
                let rest: Vec<u64> = view.ids(order, start).collect();
                assert_eq!(rest, all[index + 1..], "{order:?} {start:?}");
            }
            let whole: Vec<u64> = view.ids(order, Start::Index(0)).collect();
            assert_eq!(whole, *all);
        }
        assert_eq!(view.ids(order, Start::Index(99)).count(), 0);
    }
}

#[test]
fn a_place_between_two_items_is_before_the_older_one() {
    let view = View::new(None, 3);
    let ids = |start| view.ids(Order::NewestFirst, start).collect::<Vec<_>>();
    assert_eq!(ids(Start::Id(id_of(2) - 1)), [id_of(1), id_of(0)]);
    assert_eq!(ids(Start::Id(u64::MAX)), [id_of(2), id_of(1), id_of(0)]);
    assert!(ids(Start::Id(0)).is_empty());
    assert_eq!(ids(Start::Moment(view.at(id_of(2)) - 1)), [id_of(1), id_of(0)]);
}

#[test]
fn what_is_deleted_is_gone_and_may_come_back() {
    let (mut list, seeded, _) = mixed();
    let has = |list: &List, id| View::new(Some(list), seeded).has(id);
    assert!(!has(&list, id_of(7)) && has(&list, id_of(8)) && !has(&list, FIRST_ID + 1) && !has(&list, 1));
    list.restore(id_of(7));
    assert!(has(&list, id_of(7)) && has(&list, 1_007_000));
    list.change(id_of(8), Stored::new(5, Map::new()));
    assert_eq!(View::new(Some(&list), seeded).at(id_of(8)), 5);
    list.delete_all();
    assert_eq!(View::new(Some(&list), seeded).len(), 0);
    assert!(!has(&list, id_of(8)));
}

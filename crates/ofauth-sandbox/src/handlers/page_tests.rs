//! Pages that are asked for one after the other, honest and distorted.

use super::*;

const ALL: fn(u64) -> bool = |_| true;

/// The beginnings of walks, one for each kind of place.
fn starts(order: Order) -> [Start; 3] {
    [Start::Index(0), Start::Id(0), Start::Moment(0)].map(|start| first(start, order))
}

/// Walks until there is no more or `pages` are read, and returns the ids of each page.
fn walk(view: View<'_>, asked: Asked, change: Option<PageChange>, pages: usize) -> Vec<Vec<u64>> {
    let (mut asked, mut found) = (asked, Vec::new());
    while found.len() < pages {
        let cut = asked.cut(view, &ALL, change);
        asked.start = cut.next;
        found.push(cut.ids);
        if !cut.more {
            break;
        }
    }
    found
}

#[test]
fn pages_one_after_the_other_hold_every_item_once() {
    let view = View::new(None, 10);
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let all: Vec<u64> = view.ids(order, Start::Index(0)).collect();
        for start in starts(order) {
            for limit in 1..12 {
                let pages = walk(view, Asked { limit, order, start, skip: 0 }, None, 99);
                assert_eq!(pages.concat(), all, "{order:?} {start:?} {limit}");
                assert_eq!(pages.len() as u64, 10_u64.div_ceil(limit));
            }
        }
    }
}

#[test]
fn distorted_pages() {
    let view = View::new(None, 10);
    let order = Order::NewestFirst;
    let all: Vec<u64> = view.ids(order, Start::Index(0)).collect();
    for start in starts(order) {
        let asked = Asked { limit: 4, order, start, skip: 0 };
        let pages = |change, pages| walk(view, asked, Some(change), pages);
        assert_eq!(pages(PageChange::Stuck, 3), [&all[..4], &all[..4], &all[..4]], "{start:?}");
        let mut second = asked;
        second.start = asked.cut(view, &ALL, None).next;
        let third = second.cut(view, &ALL, None).next;
        second.start = third;
        let again = second.cut(view, &ALL, Some(PageChange::Stuck));
        match start {
            Start::Index(_) => assert_eq!(again.ids, all[..4]),
            _ => assert_eq!((again.ids, again.next), (all[4..8].to_vec(), third)),
        }
        let clamped = pages(PageChange::Clamped, 5);
        assert_eq!(clamped, [&all[..4], &all[4..8], &all[8..], &all[6..], &all[6..]], "{start:?}");
        let repeated = pages(PageChange::Repeated, 99);
        assert_eq!(repeated[1][..2], repeated[0][2..], "{start:?}");
        let mut seen = repeated.concat();
        seen.dedup();
        assert!(all.iter().all(|id| seen.contains(id)), "{start:?}");

        let mut empty = asked;
        let mut places = vec![empty.start];
        for _ in 0..10 {
            let cut = empty.cut(view, &ALL, Some(PageChange::EmptyWithMore));
            assert!(cut.ids.is_empty() && cut.more);
            empty.start = cut.next;
            places.push(cut.next);
        }
        places.dedup();
        // An offset that moved would skip items.
        assert_eq!(places.len(), if matches!(start, Start::Index(_)) { 1 } else { 11 });
        assert_eq!(walk(view, empty, None, 99).concat(), all, "{start:?}");
    }
}

#[test]
fn places_are_read_as_they_are_written() {
    for (style, start, text) in [
        (PageStyle::Cursor, Start::Id(12345), json!("cur_9ix")),
        (PageStyle::Marker, Start::Id(12345), json!(12345)),
        (PageStyle::LastId, Start::Id(12345), json!("12345")),
        (PageStyle::TimeMarker, Start::Moment(1_777_457_928_000_001), json!("1777457928.000001")),
        (PageStyle::Offset, Start::Index(20), json!(20)),
    ] {
        assert_eq!(written(start, style), text);
    }
    assert_eq!(u64::from_str_radix("9ix", 36), Ok(12345));
    assert_eq!(microseconds("1777457928.000001"), Some(1_777_457_928_000_001));
    assert_eq!(microseconds("1777457928"), Some(1_777_457_928_000_000));
    for wrong in ["", "x", "1.x", "."] {
        assert_eq!(microseconds(wrong), None, "{wrong}");
    }
}

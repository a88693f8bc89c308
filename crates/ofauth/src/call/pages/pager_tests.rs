//! What the pager decides: a table of pages, and walks through lists that change meanwhile.

use bytes::Bytes;
use ofauth_operations::operation::PageStyle::{
    self, Cursor, LastId, Marker, Offset, OffsetOrArray, TimeMarker,
};
use proptest::prelude::*;

use super::page_body::{Item, PageBody};
use super::pager::{Pager, Step, Stuck};

/// A page with these ids; 0 is an item without one.
fn page(ids: &[u64], more: Option<bool>, next: Option<&str>) -> PageBody {
    PageBody { items: items(ids), more, next: next.map(str::to_owned), is_array: false }
}

fn array(ids: &[u64]) -> PageBody {
    PageBody { items: items(ids), more: None, next: None, is_array: true }
}

fn items(ids: &[u64]) -> Vec<Item> {
    let item = |id: &u64| Item {
        json: Bytes::from(format!("{{\"id\":{id}}}")),
        id: (*id > 0).then(|| id.to_string()),
    };
    ids.iter().map(item).collect()
}

fn next(position: &str) -> Step {
    Step::Next(position.to_owned())
}

/// What is walked, the style, and the pages with what each leads to.
type Walk = (&'static str, PageStyle, Vec<(PageBody, Step)>);

#[test]
fn how_a_list_goes_on() {
    let (more, last) = (Some(true), Some(false));
    let rows: Vec<Walk> = vec![
        (
            "by the items received, whatever was asked for",
            Offset,
            vec![
                (page(&[1, 2], more, None), next("2")),
                (page(&[3], more, None), next("3")),
                (page(&[4], last, None), Step::End),
            ],
        ),
        (
            "by what the service says",
            Offset,
            vec![
                (page(&[1, 2], more, Some("10")), next("10")),
                (page(&[], more, Some("20")), next("20")),
                (page(&[3], last, Some("30")), Step::End),
            ],
        ),
        ("an end may be empty", Offset, vec![(page(&[], last, None), Step::End)]),
        ("no word about more, and a short page", Offset, vec![(page(&[1, 2], None, None), Step::End)]),
        (
            "no word about more, and a full page",
            Offset,
            vec![(page(&[1, 2, 3, 4, 5], None, None), next("5")), (page(&[], None, None), Step::End)],
        ),
        (
            "a page that stays",
            Offset,
            vec![
                (page(&[1, 2], more, None), next("2")),
                (page(&[1, 2], more, None), Step::Stuck(Stuck::SamePage(1))),
            ],
        ),
        (
            "the same at the end is the end",
            Offset,
            vec![(page(&[1, 2], more, None), next("2")), (page(&[1, 2], last, None), Step::End)],
        ),
        (
            "a last page again and again",
            Offset,
            vec![
                (page(&[1, 2, 3], more, None), next("3")),
                (page(&[2, 3, 4], more, None), next("6")),
                (page(&[2, 3, 4], more, None), Step::Stuck(Stuck::SamePage(2))),
            ],
        ),
        (
            "two pages in turn",
            Offset,
            vec![
                (page(&[1, 2], more, None), next("2")),
                (page(&[3, 4], more, None), next("4")),
                (page(&[2, 1], more, None), next("6")),
                (page(&[4, 3], more, None), Step::Stuck(Stuck::NothingNew)),
            ],
        ),
        ("an offset that stays", Offset, vec![(page(&[1, 2], more, Some("0")), Step::Stuck(Stuck::Unmoved))]),
        (
            "nothing, and more",
            Offset,
            vec![(page(&[1], more, None), next("1")), (page(&[], more, None), Step::Stuck(Stuck::Empty(1)))],
        ),
        ("a full array", OffsetOrArray, vec![(array(&[1, 2, 3, 4, 5]), next("5")), (array(&[6]), Step::End)]),
        ("an array longer than a page", OffsetOrArray, vec![(array(&[1, 2, 3, 4, 5, 6, 7]), Step::End)]),
        (
            "an empty array",
            OffsetOrArray,
            vec![(array(&[1, 2, 3, 4, 5]), next("5")), (array(&[]), Step::End)],
        ),
        (
            "a page where an array may be",
            OffsetOrArray,
            vec![(page(&[1], more, None), next("1")), (page(&[2], last, None), Step::End)],
        ),
        (
            "cursors",
            Cursor,
            vec![
                (page(&[1], None, Some("a")), next("a")),
                (page(&[], None, Some("b")), next("b")),
                (page(&[2], None, None), Step::End),
            ],
        ),
        (
            "a cursor again",
            Cursor,
            vec![
                (page(&[1], None, Some("a")), next("a")),
                (page(&[2], None, Some("b")), next("b")),
                (page(&[3], None, Some("a")), Step::Stuck(Stuck::Unmoved)),
            ],
        ),
        (
            "a marker beside the end",
            Marker,
            vec![(page(&[1], more, Some("a")), next("a")), (page(&[2], last, Some("b")), Step::End)],
        ),
        ("more, and not where", Marker, vec![(page(&[1], more, None), Step::Stuck(Stuck::NoPosition))]),
        (
            "no word about more, and a marker",
            Marker,
            vec![(page(&[1], None, Some("a")), next("a")), (page(&[2], None, None), Step::End)],
        ),
        (
            "times",
            TimeMarker,
            vec![
                (page(&[1], more, Some("17.5")), next("17.5")),
                (page(&[2], more, Some("17.5")), Step::Stuck(Stuck::Unmoved)),
            ],
        ),
        (
            "the last id, said or not",
            LastId,
            vec![
                (page(&[9, 8], more, Some("8")), next("8")),
                (page(&[7, 6], more, None), next("6")),
                (page(&[5], last, None), Step::End),
            ],
        ),
        (
            "nothing new, with an empty page between",
            Cursor,
            vec![
                (page(&[1, 2], None, Some("a")), next("a")),
                (page(&[1], None, Some("b")), next("b")),
                (page(&[], None, Some("c")), next("c")),
                (page(&[2], None, Some("d")), Step::Stuck(Stuck::NothingNew)),
            ],
        ),
        (
            "the last id, no word about more, full pages",
            LastId,
            vec![(page(&[9, 8, 7, 6, 5], None, None), next("5")), (page(&[4], None, None), Step::End)],
        ),
        ("no id to go on from", LastId, vec![(page(&[9, 0], more, None), Step::Stuck(Stuck::NoPosition))]),
    ];
    for (what, style, steps) in rows {
        let mut pager = Pager::new(style, Some(5..=5), None);
        for (number, (page, expected)) in steps.iter().enumerate() {
            let (_, step) = pager.take(page, 0);
            assert_eq!(&step, expected, "{what}, page {}", number + 1);
        }
    }
}

#[test]
fn ten_empty_pages_are_gone_through_and_no_more() {
    for style in [Cursor, Marker, TimeMarker, LastId, Offset] {
        let mut pager = Pager::new(style, None, None);
        for number in 1..=10 {
            let at = number.to_string();
            assert_eq!(pager.take(&page(&[], Some(true), Some(&at)), 0).1, next(&at), "{style:?}");
        }
        let (_, step) = pager.take(&page(&[], Some(true), Some("11")), 0);
        assert_eq!(step, Step::Stuck(Stuck::Empty(11)), "{style:?}");
    }
}

#[test]
fn a_circle_of_any_length_ends() {
    for length in 1_u64..200 {
        let mut pager = Pager::new(Offset, Some(1..=1), None);
        let stuck = (0..).find(|turn| {
            let step = pager.take(&page(&[turn % length + 1], Some(true), None), 0).1;
            matches!(step, Step::Stuck(_))
        });
        assert!(stuck.is_some_and(|turns| turns <= length + 1), "{length}: {stuck:?}");
    }
}

#[test]
fn what_came_before_is_dropped() {
    let mut pager = Pager::new(Offset, Some(3..=3), None);
    assert_eq!(pager.take(&page(&[1, 2, 0], Some(true), None), 0).0, [true, true, true]);
    // An item without an id is compared whole.
    assert_eq!(pager.take(&page(&[2, 3, 0], Some(true), None), 0).0, [false, true, false]);
    // A walk that goes on knows what was handed out of its first page, and takes that for no repetition.
    let mut pager = Pager::new(Offset, Some(3..=3), Some("3".to_owned()));
    let (is_new, step) = pager.take(&page(&[4, 5, 6], Some(true), None), 3);
    assert_eq!((is_new, step), (vec![false, false, false], next("6")));
    assert_eq!(pager.take(&page(&[6, 7, 8], Some(true), None), 0).0, [false, true, true]);
}

/// A service with a list that changes.
struct Service {
    /// The newest first; ids fall with the age.
    ids: Vec<u64>,
    newest: u64,
}

impl Service {
    fn page(&self, style: PageStyle, position: Option<&str>, size: usize) -> PageBody {
        let at = |position: &str| match style {
            Offset | OffsetOrArray => position.parse().unwrap(),
            _ => self.ids.iter().take_while(|id| **id >= position.parse().unwrap()).count(),
        };
        let begin = position.map_or(0, at).min(self.ids.len());
        let ids = &self.ids[begin..(begin + size).min(self.ids.len())];
        let more = begin + ids.len() < self.ids.len();
        let last = ids.last().map(u64::to_string);
        match style {
            OffsetOrArray => array(ids),
            Offset => page(ids, Some(more), None),
            Cursor => page(ids, None, last.filter(|_| more).as_deref()),
            TimeMarker => page(ids, Some(more), last.as_deref()),
            _ => page(ids, Some(more), last.filter(|_| more).as_deref()),
        }
    }
}

proptest! {
    /// Nothing comes twice; what was there all the time comes once, unless an offset moved because items before it went.
    #[test]
    fn a_list_that_changes_is_walked_once(
        style in prop::sample::select(vec![Offset, OffsetOrArray, Cursor, Marker, TimeMarker, LastId]),
        count in 0_u64..60,
        size in 1_usize..12,
        changes in prop::collection::vec((0_usize..3, any::<prop::sample::Index>(), any::<bool>()), 0..40),
    ) {
        let mut service = Service { ids: (1..=count).rev().collect(), newest: count };
        let mut stayed: Vec<u64> = service.ids.clone();
        let (mut pager, mut position) = (Pager::new(style, Some(size as u64..=size as u64), None), None::<String>);
        let (mut came, mut removed, mut ended) = (Vec::new(), false, false);
        let mut changes = changes.into_iter();
        for _ in 0..500 {
            let answer = service.page(style, position.as_deref(), size);
            let (is_new, step) = pager.take(&answer, 0);
            let new = answer.items.iter().zip(&is_new).filter(|(_, is_new)| **is_new);
            came.extend(new.map(|(item, _)| item.id.clone().unwrap().parse::<u64>().unwrap()));
            match step {
                Step::Next(at) => position = Some(at),
                Step::End => { ended = true; break }
                // As many new items as a page has make an offset look as if the service ignored it.
                Step::Stuck(_) => { prop_assert!(matches!(style, Offset | OffsetOrArray)); break }
            }
            if let Some((added, which, removes)) = changes.next() {
                for _ in 0..added {
                    service.newest += 1;
                    service.ids.insert(0, service.newest);
                }
                if removes && !service.ids.is_empty() {
                    let gone = service.ids.remove(which.index(service.ids.len()));
                    stayed.retain(|id| *id != gone);
                    removed = true;
                }
            }
        }
        let mut once = came.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), came.len(), "something came twice");
        let misses = stayed.iter().filter(|id| !came.contains(id)).count();
        if ended && !(removed && matches!(style, Offset | OffsetOrArray)) {
            prop_assert_eq!(misses, 0);
        }
    }
}

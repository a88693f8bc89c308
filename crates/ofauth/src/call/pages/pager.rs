//! Decides how a list goes on after a page: [`Next`](Step::Next), [`End`](Step::End) or [`Stuck`](Step::Stuck). Pure.
//!
//! Its input is the page as it was read and what the operation table says of the list. A service may ignore the parameter that
//! asks for a page, hand out its last page for ever, or promise more and never give it: none of these ends in a loop, and
//! none looks like a list that is whole.

use std::fmt;
use std::ops::RangeInclusive;

use ofauth_operations::operation::PageStyle;

use super::page_body::{Item, PageBody};
use super::seen::Seen;

/// So many pages may come one after the other with nothing on them: a service that filters late has such.
const MOST_EMPTY: u32 = 10;

/// What to do after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Ask for the page that begins here.
    Next(String),
    /// The list is whole.
    End,
    /// The service says that more follows, and does not give it.
    Stuck(Stuck),
}

/// Why a list does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stuck {
    /// The page is the one with this number once more.
    SamePage(u64),
    /// Everything on the page, and on the one before, was on pages before.
    NothingNew,
    /// So many pages with nothing on them.
    Empty(u32),
    /// It says that the next page begins where one began already, or before that.
    Unmoved,
    /// It does not say where the next page begins.
    NoPosition,
}

/// The end of a sentence that begins with the list and the number of the page.
impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SamePage(number) => write!(f, "is the same as page {number}"),
            Self::NothingNew => {
                f.write_str("has nothing that was not on the pages before, like the page before it")
            }
            Self::Empty(1) => f.write_str("has no items, and says that more follow"),
            Self::Empty(number) => {
                write!(f, "has no items, like the {} before it, and says that more follow", number - 1)
            }
            Self::Unmoved => f.write_str("says that the next page begins where one began already"),
            Self::NoPosition => f.write_str("says that more items follow, and not where"),
        }
    }
}

/// Where a walk through a list is.
#[derive(Debug)]
pub(super) struct Pager {
    style: PageStyle,
    /// How many items a full page has, if that is known: one with more is all there is, because the service does not know the
    /// parameter.
    page_size: Option<RangeInclusive<u64>>,
    /// Where the latest page began, as it was asked for.
    position: Option<String>,
    /// The number of the latest page, from 1.
    number: u64,
    /// How many of the latest pages had nothing on them.
    empty: u32,
    /// Whether nothing of the latest page that had items was new.
    was_stale: bool,
    items: Seen,
    positions: Seen,
    /// The latest page that had items.
    latest: Option<Numbered>,
    /// An earlier one, whose number is a power of two. A circle of pages of any length comes back to one of these (Brent's
    /// algorithm).
    milestone: Option<Numbered>,
}

/// A page by its number and the hash of what was on it.
#[derive(Debug, Clone, Copy)]
struct Numbered {
    number: u64,
    hash: u64,
}

impl Pager {
    /// A walk that begins at `position`, or at the start of the list.
    pub(super) fn new(
        style: PageStyle,
        page_size: Option<RangeInclusive<u64>>,
        position: Option<String>,
    ) -> Self {
        let mut positions = Seen::default();
        if let Some(position) = &position {
            positions.insert(position.as_str());
        }
        Self {
            style,
            page_size,
            position,
            number: 0,
            empty: 0,
            was_stale: false,
            items: Seen::default(),
            positions,
            latest: None,
            milestone: None,
        }
    }

    /// The number of the latest page, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Where the latest page began, or the next one if it was [`Next`](Step::Next).
    pub(super) fn position(&self) -> Option<&str> {
        self.position.as_deref()
    }

    /// Takes a page: for each item whether it is new, and how the list goes on. The first `known` items were handed out before.
    pub(super) fn take(&mut self, page: &PageBody, known: usize) -> (Vec<bool>, Step) {
        self.number = self.number.saturating_add(1);
        let is_new: Vec<bool> = page.items.iter().map(|item| self.is_new(item)).collect();
        let is_new: Vec<bool> =
            is_new.into_iter().enumerate().map(|(index, is_new)| is_new && index >= known).collect();
        let is_stale = !page.items.is_empty() && known == 0 && !is_new.contains(&true);
        let step = if self.goes_on(page) { self.next(page, is_stale) } else { Step::End };
        // An empty page between two of these is no progress either.
        if !page.items.is_empty() {
            self.was_stale = is_stale;
        }
        if let Step::Next(position) = &step {
            self.position = Some(position.clone());
        }
        (is_new, step)
    }

    fn is_new(&mut self, item: &Item) -> bool {
        match &item.id {
            Some(id) => self.items.insert(&(true, id.as_bytes())),
            None => self.items.insert(&(false, &item.json[..])),
        }
    }

    /// Whether a page is not the last one.
    fn goes_on(&self, page: &PageBody) -> bool {
        let count = page.items.len() as u64;
        let is_full = self.page_size.as_ref().is_none_or(|full| full.contains(&count)) && count > 0;
        match page.more {
            Some(more) => more,
            None if page.is_array => is_full,
            None if self.is_by_offset() || self.style == PageStyle::LastId => page.next.is_some() || is_full,
            None => page.next.is_some(),
        }
    }

    fn next(&mut self, page: &PageBody, is_stale: bool) -> Step {
        self.empty = if page.items.is_empty() { self.empty.saturating_add(1) } else { 0 };
        if let Some(number) = self.same_page(page) {
            return Step::Stuck(Stuck::SamePage(number));
        }
        if is_stale && self.was_stale {
            return Step::Stuck(Stuck::NothingNew);
        }
        let next = if self.is_by_offset() { self.next_offset(page) } else { self.next_token(page) };
        match next {
            Ok(_) if self.empty > MOST_EMPTY => Step::Stuck(Stuck::Empty(self.empty)),
            Ok(position) => Step::Next(position),
            Err(stuck) => Step::Stuck(stuck),
        }
    }

    /// The number of an earlier page with the same items.
    fn same_page(&mut self, page: &PageBody) -> Option<u64> {
        if page.items.is_empty() {
            return None;
        }
        let items: Vec<&[u8]> =
            page.items.iter().map(|item| item.id.as_deref().map_or(&item.json[..], str::as_bytes)).collect();
        let page = Numbered { number: self.number, hash: self.items.hash(&items) };
        let earlier = [self.latest, self.milestone];
        self.latest = Some(page);
        if page.number.is_power_of_two() {
            self.milestone = Some(page);
        }
        earlier.into_iter().flatten().find(|earlier| earlier.hash == page.hash).map(|earlier| earlier.number)
    }

    fn is_by_offset(&self) -> bool {
        matches!(self.style, PageStyle::Offset | PageStyle::OffsetOrArray)
    }

    /// What the service says comes first; otherwise the page begins behind the items that came, however many were asked for.
    fn next_offset(&self, page: &PageBody) -> Result<String, Stuck> {
        let offset: u64 = self.position.as_deref().and_then(|text| text.parse().ok()).unwrap_or(0);
        let said = page.next.as_deref().and_then(|text| text.parse().ok());
        let next: u64 = said.unwrap_or_else(|| offset.saturating_add(page.items.len() as u64));
        match next {
            next if next > offset => Ok(next.to_string()),
            _ if page.items.is_empty() => Err(Stuck::Empty(self.empty)),
            _ => Err(Stuck::Unmoved),
        }
    }

    fn next_token(&mut self, page: &PageBody) -> Result<String, Stuck> {
        let last_id = || {
            let last = page.items.last().filter(|_| self.style == PageStyle::LastId);
            last.and_then(|item| item.id.clone())
        };
        let token = page.next.clone().or_else(last_id).ok_or(Stuck::NoPosition)?;
        if self.positions.insert(token.as_str()) { Ok(token) } else { Err(Stuck::Unmoved) }
    }
}

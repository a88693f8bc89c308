//! Pages of lists, in the six ways that operations hand them out.
//!
//! A page is honest: `hasMore` is true as long as something follows, and pages that are asked for one after the other
//! hold every item once. Of the places in a list only `offset` counts items; the others stay where they are when new
//! items come in front. Faults make pages dishonest on purpose.

use serde_json::{Value, json};

use crate::call::Call;
use crate::document::{Page, PageStyle};
use crate::error::ApiError;
use crate::fault::PageChange;
use crate::number;
use crate::query;
use crate::timestamp::marker;
use crate::world::list::{Order, Start, View};

/// How long a page is where neither the request nor the document says it.
const USUAL: u64 = 10;

/// How many items of the page before come again if pages repeat.
const REPEATED: u64 = 2;

/// How far before the first item places begin, for pages that have none of it.
const HEADROOM: u64 = 15;

/// What a request asks for of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    limit: u64,
    order: Order,
    start: Start,
    /// How many items behind the start are left out.
    skip: u64,
}

/// A page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) ids: Vec<u64>,
    pub(crate) more: bool,
    /// Where the next page begins.
    pub(crate) next: Start,
}

impl Asked {
    /// Reads the query of a list that is handed out in pages.
    pub(crate) fn of(call: &Call, page: &Page, order: Order) -> Result<Self, ApiError> {
        let limit = limit(call, page)?;
        let start = start(call, page, order)?;
        let skip = if page.place == "offset" { 0 } else { at_least(call, "offset", 0)?.unwrap_or(0) };
        Ok(Self { limit, order, start, skip })
    }

    /// All of a list, or its first `limit` items.
    pub(crate) fn all(limit: Option<u64>, order: Order) -> Self {
        Self { limit: limit.unwrap_or(u64::MAX), order, start: Start::Index(0), skip: 0 }
    }

    /// The page of the items that are wanted, as `change` distorts it.
    pub(crate) fn cut(self, view: View<'_>, wanted: &dyn Fn(u64) -> bool, change: Option<PageChange>) -> Cut {
        match change {
            Some(PageChange::Stuck) => self.stuck(view, wanted),
            Some(PageChange::EmptyWithMore) => Cut { ids: Vec::new(), more: true, next: self.nudged(view) },
            Some(PageChange::Repeated) => self.repeated(view, wanted),
            Some(PageChange::Clamped) => {
                let cut = self.honest(view, wanted);
                let cut = if cut.ids.is_empty() { self.last(view, wanted) } else { cut };
                Cut { more: true, ..cut }
            }
            Some(PageChange::Wrapped) | None => self.honest(view, wanted),
        }
    }

    fn at(self, start: Start) -> Self {
        Self { start, ..self }
    }

    fn honest(self, view: View<'_>, wanted: &dyn Fn(u64) -> bool) -> Cut {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let skip = usize::try_from(self.skip).unwrap_or(usize::MAX);
        let mut rest = view.ids(self.order, self.start).filter(|id| wanted(*id)).skip(skip);
        let ids: Vec<u64> = rest.by_ref().take(limit).collect();
        let more = rest.next().is_some();
        drop(rest);
        let next = match (self.start, ids.last()) {
            (Start::Index(index), _) => Start::Index(index.saturating_add(ids.len() as u64)),
            (Start::Id(_), Some(last)) => Start::Id(*last),
            (Start::Moment(_), Some(last)) => Start::Moment(view.at(*last)),
            (start, None) => start,
        };
        Cut { ids, more, next }
    }

    /// The page before, which led here and leads here again. Who counts items moves on by itself, unless it is to the
    /// first page that everything leads.
    fn stuck(self, view: View<'_>, wanted: &dyn Fn(u64) -> bool) -> Cut {
        let beginning = first(self.start, self.order);
        if self.start == beginning || matches!(self.start, Start::Index(_)) {
            return self.at(beginning).honest(view, wanted);
        }
        Cut { ids: self.before(view, wanted, self.limit), more: true, next: self.start }
    }

    /// The last `count` items before the start.
    fn before(self, view: View<'_>, wanted: &dyn Fn(u64) -> bool, count: u64) -> Vec<u64> {
        let back = view.ids(self.order.reversed(), including(self.start, self.order));
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let mut ids: Vec<u64> = back.filter(|id| wanted(*id)).take(count).collect();
        ids.reverse();
        ids
    }

    /// The page with the last items of the one before.
    fn repeated(self, view: View<'_>, wanted: &dyn Fn(u64) -> bool) -> Cut {
        let again = REPEATED.min(self.limit.saturating_sub(1));
        if let Start::Index(index) = self.start {
            return self.at(Start::Index(index.saturating_sub(again))).honest(view, wanted).of(self);
        }
        let mut ids = self.before(view, wanted, again);
        let limit = self.limit.saturating_sub(ids.len() as u64);
        let rest = Self { limit, ..self }.honest(view, wanted);
        ids.extend(rest.ids);
        Cut { ids, ..rest }
    }

    /// The last page there is.
    fn last(self, view: View<'_>, wanted: &dyn Fn(u64) -> bool) -> Cut {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let back = view.ids(self.order.reversed(), first(Start::Index(0), self.order));
        let mut ids: Vec<u64> = back.filter(|id| wanted(*id)).take(limit).collect();
        ids.reverse();
        Cut { ids, more: true, next: self.start }
    }

    /// Another place with the same items behind it.
    fn nudged(self, view: View<'_>) -> Start {
        if self.order == Order::OldestFirst {
            return self.start;
        }
        let newest = view.newest();
        match self.start {
            Start::Id(u64::MAX) => Start::Id(newest.unwrap_or_default().saturating_add(HEADROOM)),
            Start::Id(id) if !view.has(id.saturating_sub(1)) => Start::Id(id.saturating_sub(1)),
            Start::Moment(i64::MAX) => {
                let newest = newest.map_or(0, |newest| view.at(newest));
                Start::Moment(newest.saturating_add_unsigned(HEADROOM))
            }
            Start::Moment(moment) => Start::Moment(moment.saturating_sub(1)),
            start => start,
        }
    }
}

impl Cut {
    /// The same items, as if they had been asked for by `asked`: the next page begins where it would.
    fn of(self, asked: Asked) -> Self {
        let next = match asked.start {
            Start::Index(index) => Start::Index(index.saturating_add(asked.limit.min(self.ids.len() as u64))),
            _ => self.next,
        };
        Self { next, ..self }
    }
}

/// How many items a request wants.
pub(crate) fn limit(call: &Call, page: &Page) -> Result<u64, ApiError> {
    let size = page.size.as_deref().map(|size| at_least(call, size, 1)).transpose()?.flatten();
    if let (Some(size), Some(most), Some(name)) = (size, page.most, &page.size)
        && size > most
    {
        return Err(ApiError::bad_request(format!("{name}: must be at most {most}")));
    }
    Ok(size.or(page.usual).unwrap_or(USUAL))
}

/// The beginning of a list, in the kind of places that `start` is one of.
fn first(start: Start, order: Order) -> Start {
    match (start, order) {
        (Start::Index(_), _) => Start::Index(0),
        (Start::Id(_), Order::NewestFirst) => Start::Id(u64::MAX),
        (Start::Id(_), Order::OldestFirst) => Start::Id(0),
        (Start::Moment(_), Order::NewestFirst) => Start::Moment(i64::MAX),
        (Start::Moment(_), Order::OldestFirst) => Start::Moment(i64::MIN),
    }
}

/// The place from which a walk in the other direction begins with the item that `start` is behind of.
fn including(start: Start, order: Order) -> Start {
    match (start, order) {
        (Start::Id(id), Order::NewestFirst) => Start::Id(id.saturating_sub(1)),
        (Start::Id(id), Order::OldestFirst) => Start::Id(id.saturating_add(1)),
        (Start::Moment(moment), Order::NewestFirst) => Start::Moment(moment.saturating_sub(1)),
        (Start::Moment(moment), Order::OldestFirst) => Start::Moment(moment.saturating_add(1)),
        (start @ Start::Index(_), _) => start,
    }
}

/// The place that a request names, or the beginning.
fn start(call: &Call, page: &Page, order: Order) -> Result<Start, ApiError> {
    let text = query::value(&call.query, &page.place).filter(|text| !text.is_empty());
    let name = &page.place;
    let wrong = || {
        let next = page.next.as_deref().unwrap_or("last id");
        ApiError::bad_request(format!("{name}: must be the {next} of the page before"))
    };
    let id = |text: &str| number::whole_text(text).and_then(|id| u64::try_from(id).ok()).ok_or_else(wrong);
    Ok(match (page.style, text) {
        (PageStyle::Offset | PageStyle::OffsetOrArray, _) => {
            Start::Index(at_least(call, name, 0)?.unwrap_or(0))
        }
        (PageStyle::TimeMarker, None) => first(Start::Moment(0), order),
        (PageStyle::TimeMarker, Some(text)) => Start::Moment(microseconds(&text).ok_or_else(wrong)?),
        (_, None) => first(Start::Id(0), order),
        (PageStyle::Cursor, Some(text)) => {
            let digits = text.strip_prefix(CURSOR).ok_or_else(wrong)?;
            Start::Id(u64::from_str_radix(digits, 36).map_err(|_| wrong())?)
        }
        (PageStyle::Marker | PageStyle::LastId, Some(text)) => Start::Id(id(&text)?),
    })
}

/// How cursors begin. What follows is nobody's business.
const CURSOR: &str = "cur_";

/// A place as answers write it.
pub(crate) fn written(start: Start, style: PageStyle) -> Value {
    match (start, style) {
        (Start::Index(index), _) => json!(index),
        (Start::Moment(moment), _) => json!(marker(moment)),
        (Start::Id(id), PageStyle::Cursor) => json!(format!("{CURSOR}{}", base36(id))),
        (Start::Id(id), PageStyle::LastId) => json!(id.to_string()),
        (Start::Id(id), _) => json!(id),
    }
}

pub(crate) fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(number % 36).unwrap_or(0);
        digits.push(char::from_digit(digit, 36).unwrap_or('0'));
        number /= 36;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

/// A marker as [`marker`] writes it, or any number of seconds.
fn microseconds(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction = format!("{:0<6}", fraction.chars().take(6).collect::<String>());
    let whole =
        number::whole_text(seconds)?.checked_mul(1_000_000)?.checked_add(fraction.parse::<i128>().ok()?)?;
    i64::try_from(whole).ok()
}

/// A whole number in the query.
pub(crate) fn integer(call: &Call, name: &str) -> Result<Option<i128>, ApiError> {
    let Some(text) = query::value(&call.query, name) else { return Ok(None) };
    let number = number::whole_text(&text);
    let wrong = || ApiError::bad_request(format!("{name}: must be a whole number, not \"{text}\""));
    number.ok_or_else(wrong).map(Some)
}

fn at_least(call: &Call, name: &str, least: i128) -> Result<Option<u64>, ApiError> {
    match integer(call, name)? {
        Some(number) if number < least => {
            Err(ApiError::bad_request(format!("{name}: must be at least {least}")))
        }
        Some(number) => Ok(Some(u64::try_from(number).unwrap_or(u64::MAX))),
        None => Ok(None),
    }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;

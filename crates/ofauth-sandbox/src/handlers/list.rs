//! The operations that list a collection.
//!
//! What the parameters mean is as documented. Sorting by likes or tips is sorting by time, because nothing here is
//! liked or tipped.

use serde_json::{Map, Value, json};

use super::page::{self, Asked, Cut};
use super::sorted_page::Sort;
use super::{example, filter, resource, table};
use crate::call::Call;
use crate::document::{self, Operation, Page, PageStyle};
use crate::error::ApiError;
use crate::fault::PageChange;
use crate::http::reply::{Payload, Reply};
use crate::lock::lock;
use crate::query;
use crate::timestamp::marker;
use crate::world::collection::Collection;
use crate::world::list::{Order, Start};
use crate::world::moments::NEWEST;
use crate::world::shape::Frame;
use crate::world::store::{Key, World};

/// The parameter for the number of items of a list that has no pages.
const LIMIT: &str = "limit";

/// Answers a list, or the page of it that was asked for.
pub(crate) fn answer(call: &Call, operation: &Operation, key: &Key) -> Result<Reply, ApiError> {
    let mut world = lock(&call.state.world);
    let filter = filter::Filter::of(call, operation, &world, key)?;
    let change = call.faults.page_change();
    let (cut, cursor) = match (filter.ids(&world, key), &operation.page, sort(call, key)) {
        (Some(ids), ..) => (Cut { ids, more: false, next: Start::Index(0) }, None),
        (None, Some(page), Some(sort)) => {
            let place = query::value(&call.query, &page.place).filter(|place| !place.is_empty());
            let limit = page::limit(call, page)?;
            sort.page(&world, key, &filter, limit, place.as_deref())?
        }
        (None, page, _) => {
            let asked = asked(call, page.as_ref(), filter::order(call, operation))?;
            (asked.cut(world.view(key), &|id| filter.passes(&world, key, id), change), None)
        }
    };
    let written = Written { world: &world, key, operation, base: &call.base, cursor };
    let value = written.answer(&cut, change == Some(PageChange::Wrapped));
    cut.ids.iter().for_each(|id| resource::look(&mut world, key, *id));
    Ok(Reply::new(example::status(operation), Payload::Json(value)))
}

/// The items that are asked for: a page, or all.
fn asked(call: &Call, page: Option<&Page>, order: Order) -> Result<Asked, ApiError> {
    if let Some(page) = page {
        return Asked::of(call, page, order);
    }
    let limit = page::integer(call, LIMIT)?.and_then(|limit| u64::try_from(limit).ok());
    Ok(Asked::all(limit, order))
}

/// The order of a fact, which copies in Vault+ alone can be asked for in.
fn sort(call: &Call, key: &Key) -> Option<Sort> {
    let sort = query::value(&call.query, "sort").filter(|_| key.collection() == Collection::VaultPlus);
    sort.and_then(|sort| Sort::of(&sort))
}

/// What an answer is written from.
struct Written<'a> {
    world: &'a World,
    key: &'a Key,
    operation: &'a Operation,
    base: &'a str,
    /// The place of the next page, if it is no place in the list.
    cursor: Option<String>,
}

impl Written<'_> {
    fn answer(&self, cut: &Cut, wrapped: bool) -> Value {
        let example = &self.operation.response;
        let page = self.operation.page.as_ref();
        let bare = example.is_array();
        let name = items_of(example, page);
        let item = self.item_example();
        let items: Vec<Value> =
            cut.ids.iter().map(|id| self.world.shown(self.key, *id, &item, self.base)).collect();
        if bare && !wrapped {
            return json!(items);
        }
        let mut fields = self.around(name);
        fields.insert(name.to_owned(), json!(items));
        if let Some(page) = page {
            self.say_what_follows(&mut fields, page, cut);
        }
        Value::Object(fields)
    }

    /// What an item looks like. Where the document does not say, it looks as in another list of the same collection.
    fn item_example(&self) -> Value {
        let others = table::lists_of(self.key.collection()).filter_map(document::by_id);
        let items = item_of(self.operation).into_iter().chain(others.filter_map(item_of));
        items.into_iter().find(|item| *item != json!({})).unwrap_or_default()
    }

    /// What stands beside the items.
    fn around(&self, items: &str) -> Map<String, Value> {
        let frame = Frame { base: self.base, at: NEWEST };
        let mut example = self.operation.response.as_object().cloned().unwrap_or_default();
        example.remove(items);
        let mut facts = Map::new();
        if let Some(name) = COUNTS.iter().find(|name| example.contains_key(**name)) {
            facts.insert((*name).to_owned(), json!(self.world.counts(self.key)));
        }
        match frame.fill(&Value::Object(example), &facts) {
            Value::Object(fields) if !self.operation.response.is_array() => fields,
            _ => Map::new(),
        }
    }

    fn say_what_follows(&self, fields: &mut Map<String, Value>, page: &Page, cut: &Cut) {
        if let Some(more) = &page.more {
            fields.insert(more.clone(), json!(cut.more));
        }
        let place = match &self.cursor {
            Some(cursor) => json!(cursor),
            None => page::written(cut.next, page.style),
        };
        match (page.style, &page.next) {
            (PageStyle::TimeMarker, Some(next)) => {
                let view = self.world.view(self.key);
                fields.insert(next.clone(), place);
                let head = cut.ids.first().map(|id| json!(marker(view.at(*id))));
                match head {
                    Some(head) => fields.insert(HEAD.to_owned(), head),
                    None => fields.remove(HEAD),
                };
                if cut.ids.is_empty() && !cut.more {
                    fields.remove(next);
                }
            }
            (_, Some(next)) if cut.more => drop(fields.insert(next.clone(), place)),
            // The published schemas of these have a null at the end.
            (PageStyle::Marker, Some(next)) => drop(fields.insert(next.clone(), Value::Null)),
            (_, Some(next)) => drop(fields.remove(next)),
            (_, None) => {}
        }
    }
}

/// The fields beside the items that count what there is.
const COUNTS: &[&str] = &["counters", "all"];

/// The marker of the first item, beside that of the last.
const HEAD: &str = "headMarker";

/// The item in the example of a list.
fn item_of(operation: &Operation) -> Option<Value> {
    let example = &operation.response;
    let list =
        if example.is_array() { example } else { example.get(items_of(example, operation.page.as_ref()))? };
    list.get(0).cloned()
}

/// The field of an answer that has the items.
fn items_of<'a>(example: &'a Value, page: Option<&'a Page>) -> &'a str {
    let lists = || {
        let mut fields = example.as_object()?.iter();
        fields.find(|(_, value)| value.get(0).is_some_and(Value::is_object)).map(|(name, _)| name.as_str())
    };
    page.map(|page| page.items.as_str()).or_else(lists).unwrap_or("list")
}

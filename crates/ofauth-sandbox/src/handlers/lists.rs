//! The lists that show what was uploaded, posted and sent, the newest first.
//!
//! Last comes the example of the document, until it is deleted. What the parameters mean is as documented; sorting by
//! likes or tips, of which there are none here, is sorting by time.

use serde_json::{Map, Value, json};

use super::page::{self, Page};
use super::{example, validate};
use crate::call::Call;
use crate::document::Operation;
use crate::error::{ApiError, Failure};
use crate::http::reply::{Payload, Reply};
use crate::lock::lock;
use crate::number;
use crate::posts::{Item, Kind, ListKey};
use crate::query;
use crate::timestamp::marker;

/// How long a page of the vault is without `limit`, and at most.
const VAULT_PAGE: (usize, usize) = (24, 40);

/// The same for posts and messages; how many there are without `limit` is not documented.
const SHORT_PAGE: (usize, usize) = (10, 10);

/// The same for mass messages, which have no documented maximum.
const MASS_PAGE: (usize, usize) = (10, usize::MAX);

/// The vault: what was uploaded.
pub(crate) fn vault_media(call: &Call, operation: &Operation, values: &[String]) -> Result<Reply, Failure> {
    validate::parameters(call, operation, values)?;
    let page = Page::of(call, VAULT_PAGE.0, VAULT_PAGE.1)?;
    let [kind, name, folder] = ["mediaType", "query", "listId"].map(|name| query::value(&call.query, name));
    let (mut answer, item) = template(operation);
    let mut items: Vec<Value> = Vec::new();
    // No upload is in a folder.
    if folder.is_none() {
        let uploads = lock(&call.state.uploads);
        let wanted = uploads.finished(&call.connection).filter(|upload| {
            name.as_deref().is_none_or(|name| upload.filename.to_lowercase().contains(&name.to_lowercase()))
        });
        items.extend(wanted.map(|upload| upload.shown(&item)));
    }
    // The example has no name to find it by.
    items.extend(name.is_none().then_some(item));
    items.retain(|item| {
        kind.as_deref().is_none_or(|kind| item.get("type").is_some_and(|found| found == kind))
    });
    if is_ascending(call) {
        items.reverse();
    }
    let (list, more) = page.cut(items);
    answer.insert("list".to_owned(), json!(list));
    answer.insert("hasMore".to_owned(), json!(more));
    Ok(reply(operation, answer))
}

/// The posts of the connected account, by time: `tailMarker` is the next `beforePublishTime`.
pub(crate) fn posts(call: &Call, operation: &Operation, values: &[String]) -> Result<Reply, Failure> {
    validate::parameters(call, operation, values)?;
    let page = Page::of(call, SHORT_PAGE.0, SHORT_PAGE.1)?;
    let before =
        query::value(&call.query, "beforePublishTime").map(|text| microseconds(&text)).transpose()?;
    let (mut answer, item) = template(operation);
    let posts = lock(&call.state.posts);
    let mut all = posts.list(&ListKey::new(&call.connection, Kind::Post, None));
    let count = all.len();
    all.retain(|post| before.is_none_or(|before| post.at() < before));
    if is_ascending(call) {
        all.reverse();
    }
    let (list, more) = page.cut(all);
    for (name, end) in [("headMarker", list.first()), ("tailMarker", list.last())] {
        match end {
            Some(post) => answer.insert(name.to_owned(), json!(marker(post.at()))),
            None => answer.remove(name),
        };
    }
    if let Some(counters) = answer.get_mut("counters").and_then(Value::as_object_mut) {
        counters.insert("postsCount".to_owned(), json!(count));
    }
    Ok(filled(operation, answer, &item, &list, more))
}

/// The messages of a chat, by id: `nextLastId` is the next `last_id`.
pub(crate) fn chat_messages(
    call: &Call,
    operation: &Operation,
    values: &[String],
    user: &str,
) -> Result<Reply, Failure> {
    validate::parameters(call, operation, values)?;
    let page = Page::of(call, SHORT_PAGE.0, SHORT_PAGE.1)?;
    let (below, above) = (page::integer(call, "last_id")?, page::integer(call, "first_id")?);
    let words = query::value(&call.query, "query").unwrap_or_default();
    let (mut answer, item) = template(operation);
    let posts = lock(&call.state.posts);
    let mut all = posts.list(&ListKey::new(&call.connection, Kind::ChatMessage, Some(user)));
    all.retain(|message| {
        let id = i128::from(message.id());
        let bounded = below.is_none_or(|below| id < below) && above.is_none_or(|above| id > above);
        bounded && message.says(&words, &item)
    });
    let (list, more) = page.cut(all);
    if let (true, Some(last)) = (more, list.last()) {
        answer.insert("nextLastId".to_owned(), json!(last.id()));
    }
    Ok(filled(operation, answer, &item, &list, more))
}

/// The mass messages.
pub(crate) fn mass_messages(call: &Call, operation: &Operation, values: &[String]) -> Result<Reply, Failure> {
    validate::parameters(call, operation, values)?;
    let page = Page::of(call, MASS_PAGE.0, MASS_PAGE.1)?;
    let (answer, item) = template(operation);
    let posts = lock(&call.state.posts);
    let (list, more) = page.cut(posts.list(&ListKey::new(&call.connection, Kind::MassMessage, None)));
    Ok(filled(operation, answer, &item, &list, more))
}

/// The example answer of a list, and the one item in it.
fn template(operation: &Operation) -> (Map<String, Value>, Value) {
    let answer = operation.response.as_object().cloned().unwrap_or_default();
    let item = answer.get("list").and_then(|list| list.get(0)).cloned().unwrap_or_default();
    (answer, item)
}

fn filled(
    operation: &Operation,
    mut answer: Map<String, Value>,
    item: &Value,
    list: &[Item<'_>],
    more: bool,
) -> Reply {
    let list: Vec<Value> = list.iter().map(|found| found.shown(item)).collect();
    answer.insert("list".to_owned(), json!(list));
    answer.insert("hasMore".to_owned(), json!(more));
    reply(operation, answer)
}

fn reply(operation: &Operation, answer: Map<String, Value>) -> Reply {
    Reply::new(example::status(operation), Payload::Json(Value::Object(answer)))
}

fn is_ascending(call: &Call) -> bool {
    query::value(&call.query, "sortDirection").is_some_and(|direction| direction == "asc")
}

/// A marker as [`marker`] writes it, or any number of seconds.
fn microseconds(text: &str) -> Result<i64, ApiError> {
    let wrong = || ApiError::bad_request("beforePublishTime: must be the tailMarker of the page before");
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(fraction) {
        return Err(wrong());
    }
    let fraction = format!("{:0<6}", fraction.chars().take(6).collect::<String>());
    let seconds = number::whole_text(seconds).and_then(|seconds| seconds.checked_mul(1_000_000));
    let whole = seconds.zip(fraction.parse::<i128>().ok()).map(|(seconds, fraction)| seconds + fraction);
    whole.and_then(|whole| i64::try_from(whole).ok()).ok_or_else(wrong)
}

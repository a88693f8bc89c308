//! Lists that a service hands out in pages, in every style, well and badly: the table by which walks are tested in every
//! language. Written from the documentation of the API, like the other servers here.

use std::future::pending;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::exchange::Exchange;
use crate::response::Answer;
use crate::server::{Handler, Handling, Server};

/// How long a walk may take at most, on a busy machine.
const WALK: Duration = Duration::from_secs(120);

/// So much more memory, in KiB, a walk through a long list may take than one through two pages.
pub const FLAT: u64 = 5 * 1024;

/// A list of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    /// The operation that hands it out.
    pub operation: &'static str,
    /// Its parameters, as JSON.
    pub params: &'static str,
    /// The path.
    path: &'static str,
    /// The parameter that asks for a page.
    place: &'static str,
    /// The most items of a page; what a page has if the operation cannot be asked for more or less.
    most: usize,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The bare items.
    Array,
    /// Fields: the items, whether it says `hasMore`, where the next page begins.
    Page { items: &'static str, more: bool, next: Option<&'static str>, is_number: bool },
}

/// The place of a page with nothing on it: so much, for each of them, behind the items before it.
const EMPTY: usize = 1_000_000;

/// At least one of each style.
pub const LISTS: &[List] = &[
    list("list_subscribers", "/v2/access/subscribers", "offset", 20, page("list", true, None, true)),
    list("list_chats", "/v2/access/chats", "offset", 20, page("list", true, Some("nextOffset"), true)),
    list("list_promotions", "/v2/access/promotions", "offset", 100, Form::Array),
    list(
        "query_vault_plus_media",
        "/v2/vault-plus/media",
        "cursor",
        100,
        page("items", false, Some("nextCursor"), false),
    ),
    list(
        "list_transactions",
        "/v2/access/earnings/transactions",
        "marker",
        50,
        page("list", true, Some("nextMarker"), true),
    ),
    list(
        "list_posts",
        "/v2/access/posts",
        "beforePublishTime",
        10,
        page("list", true, Some("tailMarker"), false),
    ),
    List {
        params: r#"{"userId": 7}"#,
        ..list(
            "list_chat_messages",
            "/v2/access/chats/7/messages",
            "last_id",
            10,
            page("list", true, Some("nextLastId"), true),
        )
    },
];

const fn list(
    operation: &'static str,
    path: &'static str,
    place: &'static str,
    most: usize,
    form: Form,
) -> List {
    List { operation, params: "{}", path, place, most, form }
}

const fn page(items: &'static str, more: bool, next: Option<&'static str>, is_number: bool) -> Form {
    Form::Page { items, more, next, is_number }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// Every page is the first one, and says where the next begins.
    Stuck,
    /// The last page comes again for what is behind it, and says that more follows.
    Clamped,
    /// The place of the next page does not move.
    Unmoved,
    /// After the first page nothing comes, for so many pages.
    Empty(usize),
    /// Each page begins with the last item of the one before.
    Overlapping,
}

/// What becomes of a walk through a list of so many items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// What goes wrong.
    pub trouble: Trouble,
    /// So many items there are.
    pub count: usize,
    /// What the error of the walk says; none if it ends well, with every item once.
    pub says: Option<&'static str>,
}

/// The table, for each list.
pub const TABLE: &[Row] = &[
    Row { trouble: Trouble::None, count: 0, says: None },
    Row { trouble: Trouble::None, count: 1, says: None },
    Row { trouble: Trouble::None, count: 100, says: None },
    Row { trouble: Trouble::None, count: 257, says: None },
    Row { trouble: Trouble::None, count: 10_000, says: None },
    Row { trouble: Trouble::Overlapping, count: 257, says: None },
    Row { trouble: Trouble::Empty(10), count: 257, says: None },
    Row { trouble: Trouble::Empty(11), count: 257, says: Some("page 12 has no items") },
    Row { trouble: Trouble::Stuck, count: 257, says: Some("page 2 is the same as page 1") },
    Row { trouble: Trouble::Clamped, count: 257, says: Some("is the same as page") },
    Row { trouble: Trouble::Unmoved, count: 257, says: Some("page 2 is the same as page 1") },
];

impl List {
    /// Whether a service can go wrong so with this list.
    pub fn can(&self, trouble: Trouble) -> bool {
        match trouble {
            Trouble::None | Trouble::Overlapping | Trouble::Stuck => true,
            // Who says nothing of the next page cannot lead on from an empty one.
            Trouble::Empty(_) | Trouble::Unmoved => {
                matches!(self.form, Form::Page { next: Some(_), .. })
            }
            // Behind the end is a place that nobody told.
            Trouble::Clamped => matches!(self.form, Form::Page { next: None, .. }),
        }
    }

    /// The id of an item, from 0.
    pub fn id(number: usize) -> String {
        // Falls from page to page, as ids and times do in a list that begins with the newest.
        (9_000_000_000_000_000_usize - number).to_string()
    }

    /// A service that has this list alone.
    pub async fn serve(self, count: usize, trouble: Trouble) -> Server {
        Server::start(Served { list: self, count, trouble, last: None }).await
    }

    /// The peak memory, in KiB, of a program that has walked this list of so many items but for the last page, which never
    /// comes. `program` makes it for a server.
    pub async fn peak_of_walk(self, count: usize, program: impl FnOnce(&Server) -> Command) -> u64 {
        let last = Arc::new(Notify::new());
        let served = Served { list: self, count, trouble: Trouble::None, last: Some(Arc::clone(&last)) };
        let server = Server::start(served).await;
        let mut command = program(&server);
        command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        timeout(WALK, last.notified()).await.unwrap();
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id().unwrap())).unwrap();
        child.kill().await.unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }

    fn answer(&self, target: &str, count: usize, trouble: Trouble) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let value = |name: &str| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?
                .parse::<usize>()
                .ok()
        };
        let size = value("limit").unwrap_or(self.most);
        if path != self.path || size == 0 || size > self.most {
            let problem = format!("{target} is not what the documentation says");
            return Answer::problem(400, &problem, "BAD_REQUEST", "req_1");
        }
        let place = value(self.place).unwrap_or(0);
        let (empty, before) = (place / EMPTY, place % EMPTY);
        let is_empty = matches!(trouble, Trouble::Empty(most) if before == size && empty < most);
        let begin = match trouble {
            Trouble::Stuck | Trouble::Unmoved => 0,
            Trouble::Clamped => before.min(count.saturating_sub(1) / size * size),
            Trouble::Overlapping => before.saturating_sub(1),
            Trouble::None | Trouble::Empty(_) => before,
        };
        let end = if is_empty { begin } else { (begin + size).min(count) };
        let item = |number| json!({"id": Self::id(number), "text": "x".repeat(50)});
        let items: Vec<Value> = (begin.min(end)..end).map(item).collect();
        let next = match trouble {
            Trouble::Unmoved => size,
            Trouble::Stuck => before + size,
            _ if is_empty => before + (empty + 1) * EMPTY,
            // An offset never goes back.
            _ => end + empty * EMPTY,
        };
        let goes_on_for_ever = matches!(trouble, Trouble::Stuck | Trouble::Unmoved | Trouble::Clamped);
        Answer::json(200, &self.page(items, end < count || goes_on_for_ever, next))
    }

    fn page(&self, items: Vec<Value>, more: bool, next: usize) -> Value {
        match self.form {
            Form::Array => json!(items),
            Form::Page { items: list, more: says, next: name, is_number } => {
                let mut page = json!({ list: items });
                if says {
                    page["hasMore"] = json!(more);
                }
                if let (true, Some(name)) = (more, name) {
                    page[name] = if is_number { json!(next) } else { json!(next.to_string()) };
                }
                page
            }
        }
    }
}

/// A list as a service has it.
struct Served {
    list: List,
    count: usize,
    trouble: Trouble,
    /// Told when the last page is asked for, which then never comes.
    last: Option<Arc<Notify>>,
}

impl Handler for Served {
    fn handle<'a>(&'a self, exchange: &'a mut Exchange) -> Handling<'a> {
        let answer = self.list.answer(&exchange.head.target, self.count, self.trouble);
        let asked_before = exchange.head.target.contains(&format!("{}=", self.list.place));
        let is_last =
            asked_before && String::from_utf8_lossy(&answer.to_bytes()).contains(&List::id(self.count - 1));
        Box::pin(async move {
            if let (Some(last), true) = (&self.last, is_last) {
                last.notify_one();
                return pending().await;
            }
            exchange.answer(&answer).await
        })
    }
}

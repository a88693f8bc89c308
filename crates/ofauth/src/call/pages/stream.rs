//! The stream of pages that callers hold: it polls the [walk](super::walk) and reads the items as a type.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::Stream;
use ofauth_operations::operation::Operation;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::items::Items;
use super::walk::{RawPage, Walk};
use crate::call::transport::Transport;
use crate::cancel::{Cancel, Limits};
use crate::error::{Error, Result};
use crate::http::request::Request;
use crate::http::response::Response;

/// A list, page by page: a stream. Made by [`Call::pages`](crate::Call::pages) and [`Client::pages`](crate::Client::pages).
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// let mut pages = client.call("list_subscribers").param("type", "active").pages();
/// while let Some(page) = pages.next().await {
///     let page = page?;
///     println!("page {}: {} fans", page.number(), page.items().len());
/// }
/// # Ok(()) }
/// ```
///
/// **What is asked for.** The pages are as long as every source allows (20 to 100 items), or as long as the call's own parameter
/// says. Each is a call like any other: it waits for the rate limit, and is repeated after failures.
///
/// **Each item once.** What came already is left out: an item is known by its `id`, or by all of it if it has none. The latest
/// 65 536 items are remembered, in less than 2 MiB. While a list is walked by offset, an item that is removed before the
/// place of the walk moves the rest up, and so one item is missed for each; what is added at the front is not seen.
///
/// **The end.** The stream ends when the service says so. One that says that more follows and does not give it (the same page
/// again, a place that does not move, eleven empty pages) is an [`InvalidAnswer`](crate::ErrorKind::InvalidAnswer) with
/// the number of the page. After an error the stream ends; [`resume_token`](Self::resume_token) tells where.
#[must_use = "pages are fetched when the stream is read"]
pub struct Pages<T = Value> {
    walker: Walker,
    read_as: PhantomData<fn() -> T>,
}

impl<T> Pages<T> {
    /// The pages of the list that `template` asks for.
    pub(crate) fn new(transport: Arc<Transport>, asked: Result<(&'static Operation, Request)>) -> Self {
        let walk = asked.and_then(|(operation, template)| Walk::new(transport, operation, template));
        Self { walker: Walker::new(walk), read_as: PhantomData }
    }

    /// The same items one by one.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let mut fans = client.call("list_subscribers").pages().items();
    /// while let Some(fan) = fans.next().await {
    ///     println!("{}", fan?["id"]);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn items(self) -> Items<T> {
        Items::new(self.walker)
    }

    /// The same pages, whose items are read as another type.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// #[derive(serde::Deserialize)]
    /// struct Fan {
    ///     id: u64,
    /// }
    ///
    /// let mut pages = client.call("list_subscribers").pages().typed::<Fan>();
    /// while let Some(page) = pages.next().await {
    ///     for fan in page? {
    ///         println!("{}", fan.id);
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn typed<U>(self) -> Pages<U> {
        Pages { walker: self.walker, read_as: PhantomData }
    }

    /// The most items that are handed out, all pages together. Default: all.
    pub fn max(mut self, items: u64) -> Self {
        self.walker.set(|walk| walk.max = Some(items));
        self
    }

    /// Goes on where an earlier walk through the same list was left, with the same parameters: its
    /// [`resume_token`](Self::resume_token). What that walk gave is not remembered.
    pub fn resume(mut self, token: impl AsRef<str>) -> Self {
        self.walker.resume(token.as_ref());
        self
    }

    /// Gives the walk up when `cancel` is cancelled, as [`Call::cancel`](crate::Call::cancel) does a call.
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.walker.set(|walk| walk.cancel = cancel.clone());
        self
    }

    /// Gives the walk up when one page has taken this long, all tries and waits together. Default: no limit but those of each
    /// try.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.walker.set(|walk| walk.timeout = Some(limit));
        self
    }

    /// Whether a page that could not be fetched is asked for again where that is safe. Default: true. See
    /// [`Call::retry`](crate::Call::retry).
    pub fn retry(mut self, retry: bool) -> Self {
        self.walker.set(|walk| walk.retry = retry);
        self
    }

    /// Hands out pages until `take` has enough or there were `most` of them, all of it within these limits: the timeout of a
    /// walk is that of each page, so it is set anew.
    pub(crate) async fn walk(
        mut self,
        limits: &Limits,
        most: u32,
        mut take: impl FnMut(Page<T>) -> Result<bool>,
    ) -> Result<u32>
    where
        T: DeserializeOwned,
    {
        self = self.cancel(&limits.as_cancel()).retry(!limits.once);
        let mut walked: u32 = 0;
        while walked < most {
            if let Some(left) = limits.left() {
                self = self.timeout(left);
            }
            let Some(page) = self.next().await else { break };
            walked = walked.saturating_add(1);
            if !take(page?)? {
                break;
            }
        }
        Ok(walked)
    }

    /// Where the walk goes on after the pages that were handed out; nothing at the end of the list.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let mut pages = client.call("list_chats").pages();
    /// pages.next().await.transpose()?;
    /// if let Some(token) = pages.resume_token() {
    ///     // Later, or in another process:
    ///     let mut rest = client.call("list_chats").pages().resume(token);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn resume_token(&self) -> Option<&str> {
        self.walker.resume_token()
    }
}

impl<T: DeserializeOwned> Pages<T> {
    /// The next page; nothing when all were handed out, and after an error.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let mut pages = client.call("list_vault_media").pages();
    /// if let Some(first) = pages.next().await.transpose()? {
    ///     println!("{} media on the first page", first.items().len());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Call::send`](crate::Call::send), and [`InvalidAnswer`](crate::ErrorKind::InvalidAnswer) if the list does not
    /// go on, or an item is not a `T`. [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if the operation has no pages.
    pub async fn next(&mut self) -> Option<Result<Page<T>>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<T: DeserializeOwned> Stream for Pages<T> {
    type Item = Result<Page<T>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Page<T>>>> {
        Poll::Ready(ready!(self.walker.poll_page(context)).map(|page| {
            let page = page?;
            let token = page.token_at(0);
            Page::read(page).inspect_err(|_| self.walker.end_at(token))
        }))
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("resume_token", &self.resume_token()).finish_non_exhaustive()
    }
}

/// One page of a list.
#[derive(Clone)]
pub struct Page<T = Value> {
    items: Vec<T>,
    number: u64,
    response: Response,
    resume_token: Option<String>,
}

impl<T> Page<T> {
    /// What is new on the page, in the service's order.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The number of the page in this walk, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The answer that brought it, whole.
    pub fn response(&self) -> &Response {
        &self.response
    }

    /// Where a walk goes on behind this page; nothing if it is the last one.
    pub fn resume_token(&self) -> Option<&str> {
        self.resume_token.as_deref()
    }
}

impl<T: DeserializeOwned> Page<T> {
    fn read(page: RawPage) -> Result<Self> {
        let RawPage { number, items, response, resume_token, .. } = page;
        let items =
            items.iter().map(|(index, json)| read_item(json, number, *index)).collect::<Result<_>>()?;
        Ok(Self { items, number, response, resume_token })
    }
}

/// The items of a page, by value.
impl<T> IntoIterator for Page<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

// The items may hold signed URLs, which work without a key: they stay out of logs.
impl<T> fmt::Debug for Page<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("number", &self.number)
            .field("items", &self.items.len())
            .finish_non_exhaustive()
    }
}

/// Reads an item as the caller's type.
pub(super) fn read_item<T: DeserializeOwned>(json: &[u8], page: u64, index: usize) -> Result<T> {
    serde_json::from_slice(json).map_err(|error| {
        let text =
            format!("item {} of page {page} is not of the type that was asked for: {error}", index + 1);
        Error::new(crate::error::ErrorKind::InvalidAnswer, text)
    })
}

type Fetched = (Box<Walk>, Option<Result<RawPage>>);

/// A walk that can be polled, set up before and looked at between.
pub(super) struct Walker {
    state: State,
    /// Where the walk goes on.
    resume_token: Option<String>,
}

enum State {
    Resting(Box<Walk>),
    Fetching(Pin<Box<dyn Future<Output = Fetched> + Send>>),
    /// A page was an error, and nothing comes any more.
    Failed(Box<Walk>),
    /// It cannot begin, which nobody was told yet.
    Refused(Error),
    /// It cannot begin, as was told.
    Told(Error),
    Over,
}

impl Walker {
    fn new(walk: Result<Walk>) -> Self {
        match walk {
            Ok(walk) => {
                let resume_token = Some(walk.first_token());
                Self { state: State::Resting(Box::new(walk)), resume_token }
            }
            Err(error) => Self { state: State::Refused(error), resume_token: None },
        }
    }

    /// Changes a walk; one that is fetching a page stays as it was.
    pub(super) fn set(&mut self, change: impl FnOnce(&mut Walk)) {
        if let State::Resting(walk) = &mut self.state {
            change(walk);
        }
    }

    pub(super) fn resume(&mut self, token: &str) {
        if let State::Resting(walk) = &mut self.state {
            match walk.resume(token) {
                Ok(()) => self.resume_token = Some(walk.first_token()),
                Err(error) => *self = Self { state: State::Refused(error), resume_token: None },
            }
        }
    }

    pub(super) fn resume_token(&self) -> Option<&str> {
        self.resume_token.as_deref()
    }

    /// Asks once more for a page that was an error.
    pub(super) fn try_again(&mut self) {
        self.state = match std::mem::replace(&mut self.state, State::Over) {
            State::Failed(walk) => State::Resting(walk),
            State::Told(error) => State::Refused(error),
            other => other,
        };
    }

    /// Fetches nothing any more.
    pub(super) fn end(&mut self) {
        self.state = State::Over;
    }

    fn end_at(&mut self, resume_token: String) {
        self.end();
        self.resume_token = Some(resume_token);
    }

    pub(super) fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<RawPage>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Resting(mut walk) => {
                    self.state = State::Fetching(Box::pin(async move {
                        let page = walk.next().await;
                        (walk, page)
                    }));
                }
                State::Fetching(mut fetching) => {
                    let Poll::Ready((walk, page)) = fetching.as_mut().poll(context) else {
                        self.state = State::Fetching(fetching);
                        return Poll::Pending;
                    };
                    match &page {
                        Some(Ok(page)) => {
                            self.state = State::Resting(walk);
                            self.resume_token.clone_from(&page.resume_token);
                        }
                        Some(Err(_)) => {
                            if let Some(token) = walk.stuck_token() {
                                self.resume_token = Some(token.to_owned());
                            }
                            self.state = State::Failed(walk);
                        }
                        None => {}
                    }
                    return Poll::Ready(page);
                }
                State::Refused(error) => {
                    let told = Error::new(error.kind(), error.message());
                    self.state = State::Told(error);
                    return Poll::Ready(Some(Err(told)));
                }
                over @ (State::Failed(_) | State::Told(_) | State::Over) => {
                    self.state = over;
                    return Poll::Ready(None);
                }
            }
        }
    }
}

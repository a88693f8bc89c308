//! The stream of items that callers hold: the pages of a list, taken apart.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::stream::{Walker, read_item};
use super::walk::RawPage;
use crate::cancel::Cancel;
use crate::error::Result;

/// A list, item by item: a stream. Made by [`Call::items`](crate::Call::items) and [`Client::items`](crate::Client::items).
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// let mut fans = client.call("list_subscribers").items().max(5_000);
/// while let Some(fan) = fans.next().await {
///     println!("{}", fan?["username"]);
/// }
/// # Ok(()) }
/// ```
///
/// Everything that is said of [`Pages`](crate::Pages) holds: it fetches a page when the one before was handed out, and keeps one
/// page in memory.
#[must_use = "items are fetched when the stream is read"]
pub struct Items<T = Value> {
    walker: Walker,
    /// The page that is being handed out.
    page: Option<RawPage>,
    /// What is left of it, and where it stood.
    left: VecDeque<(usize, Bytes)>,
    /// Where the walk goes on, if that is within the page.
    resume_token: Option<String>,
    read_as: PhantomData<fn() -> T>,
}

impl<T> Items<T> {
    pub(super) fn new(walker: Walker) -> Self {
        Self { walker, page: None, left: VecDeque::new(), resume_token: None, read_as: PhantomData }
    }

    /// The same items, read as another type.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// #[derive(serde::Deserialize)]
    /// struct Fan {
    ///     id: u64,
    ///     username: String,
    /// }
    ///
    /// let mut fans = client.call("list_subscribers").items().typed::<Fan>();
    /// while let Some(fan) = fans.next().await {
    ///     println!("{}", fan?.username);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn typed<U>(self) -> Items<U> {
        let Self { walker, page, left, resume_token, .. } = self;
        Items { walker, page, left, resume_token, read_as: PhantomData }
    }

    /// The most items that are handed out. Default: all.
    pub fn max(mut self, items: u64) -> Self {
        self.walker.set(|walk| walk.max = Some(items));
        self
    }

    /// Goes on where an earlier walk was left. See [`Pages::resume`](crate::Pages::resume).
    pub fn resume(mut self, token: impl AsRef<str>) -> Self {
        self.walker.resume(token.as_ref());
        self
    }

    /// Gives the walk up when `cancel` is cancelled. See [`Pages::cancel`](crate::Pages::cancel).
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.walker.set(|walk| walk.cancel = cancel.clone());
        self
    }

    /// Gives the walk up when one page has taken this long. See [`Pages::timeout`](crate::Pages::timeout).
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

    /// Where a later walk goes on behind the items that were handed out; nothing at the end of the list.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let mut fans = client.call("list_subscribers").items().max(1_000);
    /// while let Some(fan) = fans.next().await {
    ///     println!("{}", fan?["id"]);
    /// }
    /// if let Some(token) = fans.resume_token() {
    ///     println!("there are more; go on with resume(\"{token}\")");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn resume_token(&self) -> Option<&str> {
        self.resume_token.as_deref().or_else(|| self.walker.resume_token())
    }
}

/// What the C library has besides: its callers ask again after an error, and take pages and items in turn.
#[doc(hidden)]
impl<T: DeserializeOwned> Items<T> {
    /// Asks once more for a page that was an error, with the next item.
    pub fn try_again(&mut self) {
        self.walker.try_again();
    }

    /// How long the next page may take, in place of what was set before.
    pub fn limit(mut self, limit: Option<Duration>) -> Self {
        self.walker.set(|walk| walk.timeout = limit);
        self
    }

    /// How many items are there already.
    pub fn ready(&self) -> usize {
        self.left.len()
    }

    /// The next item, if it is there already.
    pub fn next_ready(&mut self) -> Option<Result<T>> {
        let (page, (index, json)) = (self.page.as_ref()?, self.left.pop_front()?);
        let item = read_item(&json, page.number, index);
        if item.is_ok() {
            let is_last = self.left.is_empty();
            self.resume_token = (!is_last).then(|| page.token_at(index.saturating_add(1)));
            if is_last {
                // Before the next one is fetched.
                self.page = None;
            }
        } else {
            self.resume_token = Some(page.token_at(index));
            self.left.clear();
            self.walker.end();
        }
        Some(item)
    }

    /// What is left of the page, or the next one.
    pub async fn next_page(&mut self) -> Option<Result<Vec<T>>> {
        let first = match self.next().await? {
            Ok(first) => first,
            Err(error) => return Some(Err(error)),
        };
        let rest = std::iter::from_fn(|| self.next_ready());
        Some(std::iter::once(Ok(first)).chain(rest).collect())
    }
}

impl<T: DeserializeOwned> Items<T> {
    /// The next item; nothing when all were handed out, and after an error.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let newest = client.call("list_vault_media").items().max(1).next().await.transpose()?;
    /// println!("{}", newest.is_some());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Pages::next`](crate::Pages::next).
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<T: DeserializeOwned> Stream for Items<T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.next_ready() {
                return Poll::Ready(Some(item));
            }
            match ready!(this.walker.poll_page(context)) {
                Some(Ok(mut page)) => {
                    this.left = std::mem::take(&mut page.items).into();
                    this.page = Some(page);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("resume_token", &self.resume_token()).finish_non_exhaustive()
    }
}

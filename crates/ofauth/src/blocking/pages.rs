//! Lists that come in pages, as iterators that block.

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::runtime::OwnRuntime;
use crate::call;
use crate::call::Page;
use crate::cancel::Cancel;
use crate::error::{Error, Result};

/// A list, page by page: an [`ofauth::Pages`](crate::Pages) that is an iterator.
///
/// ```no_run
/// # fn run(client: ofauth::blocking::Client) -> ofauth::Result<()> {
/// for page in client.call("list_subscribers").pages() {
///     println!("{} fans", page?.items().len());
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "pages are fetched when the iterator is read"]
pub struct Pages<T = Value> {
    pages: call::Pages<T>,
    runtime: Arc<OwnRuntime>,
    is_over: bool,
}

impl<T> Pages<T> {
    pub(super) fn new(pages: call::Pages<T>, runtime: &Arc<OwnRuntime>) -> Self {
        Self { pages, runtime: Arc::clone(runtime), is_over: false }
    }

    /// The same items one by one.
    pub fn items(self) -> Items<T> {
        Items { items: self.pages.items(), runtime: self.runtime, is_over: self.is_over }
    }

    /// See [`Pages::typed`](crate::Pages::typed).
    pub fn typed<U>(self) -> Pages<U> {
        Pages { pages: self.pages.typed(), runtime: self.runtime, is_over: self.is_over }
    }

    /// See [`Pages::max`](crate::Pages::max).
    pub fn max(self, items: u64) -> Self {
        Self { pages: self.pages.max(items), ..self }
    }

    /// See [`Pages::resume`](crate::Pages::resume).
    pub fn resume(self, token: impl AsRef<str>) -> Self {
        Self { pages: self.pages.resume(token), ..self }
    }

    /// See [`Pages::cancel`](crate::Pages::cancel).
    pub fn cancel(self, cancel: &Cancel) -> Self {
        Self { pages: self.pages.cancel(cancel), ..self }
    }

    /// See [`Pages::timeout`](crate::Pages::timeout).
    pub fn timeout(self, limit: Duration) -> Self {
        Self { pages: self.pages.timeout(limit), ..self }
    }

    /// See [`Pages::retry`](crate::Pages::retry).
    pub fn retry(self, retry: bool) -> Self {
        Self { pages: self.pages.retry(retry), ..self }
    }

    /// See [`Pages::resume_token`](crate::Pages::resume_token).
    pub fn resume_token(&self) -> Option<&str> {
        self.pages.resume_token()
    }
}

impl<T: DeserializeOwned> Iterator for Pages<T> {
    type Item = Result<Page<T>>;

    /// Waits for the next page. Inside of an async runtime, where that cannot be, the only result is an error.
    fn next(&mut self) -> Option<Self::Item> {
        let pages = &mut self.pages;
        next(&self.runtime, &mut self.is_over, async { Ok(pages.next().await) })
    }
}

/// A list, item by item: an [`ofauth::Items`](crate::Items) that is an iterator.
///
/// ```no_run
/// # fn run(client: ofauth::blocking::Client) -> ofauth::Result<()> {
/// for fan in client.items(client.api().list_subscribers()).max(5_000) {
///     println!("{}", fan?.id);
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "items are fetched when the iterator is read"]
pub struct Items<T = Value> {
    items: call::Items<T>,
    runtime: Arc<OwnRuntime>,
    is_over: bool,
}

impl<T> Items<T> {
    pub(super) fn new(items: call::Items<T>, runtime: &Arc<OwnRuntime>) -> Self {
        Self { items, runtime: Arc::clone(runtime), is_over: false }
    }

    /// See [`Items::typed`](crate::Items::typed).
    pub fn typed<U>(self) -> Items<U> {
        Items { items: self.items.typed(), runtime: self.runtime, is_over: self.is_over }
    }

    /// See [`Items::max`](crate::Items::max).
    pub fn max(self, items: u64) -> Self {
        Self { items: self.items.max(items), ..self }
    }

    /// See [`Pages::resume`](crate::Pages::resume).
    pub fn resume(self, token: impl AsRef<str>) -> Self {
        Self { items: self.items.resume(token), ..self }
    }

    /// See [`Pages::cancel`](crate::Pages::cancel).
    pub fn cancel(self, cancel: &Cancel) -> Self {
        Self { items: self.items.cancel(cancel), ..self }
    }

    /// See [`Pages::timeout`](crate::Pages::timeout).
    pub fn timeout(self, limit: Duration) -> Self {
        Self { items: self.items.timeout(limit), ..self }
    }

    /// See [`Pages::retry`](crate::Pages::retry).
    pub fn retry(self, retry: bool) -> Self {
        Self { items: self.items.retry(retry), ..self }
    }

    /// See [`Items::resume_token`](crate::Items::resume_token).
    pub fn resume_token(&self) -> Option<&str> {
        self.items.resume_token()
    }
}

impl<T: DeserializeOwned> Iterator for Items<T> {
    type Item = Result<T>;

    /// Waits for the next item. Inside of an async runtime, where that cannot be, the only result is an error.
    fn next(&mut self) -> Option<Self::Item> {
        let items = &mut self.items;
        next(&self.runtime, &mut self.is_over, async { Ok(items.next().await) })
    }
}

/// What comes next; nothing behind an error.
fn next<T>(
    runtime: &OwnRuntime,
    is_over: &mut bool,
    work: impl Future<Output = Result<Option<Result<T>>, Error>>,
) -> Option<Result<T>> {
    if *is_over {
        return None;
    }
    let next = runtime.wait(work).unwrap_or_else(|error| Some(Err(error)));
    *is_over = !matches!(next, Some(Ok(_)));
    next
}

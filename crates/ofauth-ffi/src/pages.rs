//! Lists in pages
//!
//! An operation that hands out a list, such as "list_subscribers", does so page by page. An `ofauth_pages` walks through all
//! of them, in pages or item by item, each item once, with one page in memory. `ofauth api --describe OPERATION` of the
//! command tells which operations are lists: it says "pages". What is set is set before
//! the first `ofauth_pages_next`.
//!
//! Pages are as long as every source allows, or as the parameter "limit" says. What came already is left out: an item is
//! known by its "id", or by all of it if it has none; the latest 65 536 are remembered, in less than 2 MiB. By offset, an
//! item that is removed before the place of the walk moves the rest up, and so one item is missed for each; what is added at
//! the front is not seen.
//!
//! A service that says that more follows and does not give it (the same page again, a place that does not move, eleven empty
//! pages) is `OFAUTH_ERR_INVALID_ANSWER`, with the number of the page.

use std::ffi::{CString, c_char, c_int};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ofauth::Items;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::boundary::{fallible, infallible};
use crate::cancel::ofauth_cancel;
use crate::client::{ofauth_client, waiting_for_next};
use crate::error::ofauth_error;
use crate::event_loop::CallLoop;
use crate::fork_guard::ForkGuard;
use crate::guest::Guest;
use crate::pointer::{self, Result, hand_out};
use crate::request;
use crate::response::ofauth_response;
use crate::status::{
    OFAUTH_ERR_BUSY, OFAUTH_ERR_FORKED, OFAUTH_ERR_INTERNAL, OFAUTH_ERR_INVALID_ARGUMENT, ofauth_status,
};
use crate::text;
use crate::waiting::Limits;

/// A walk through a list. Any number of threads at the same time, of which one may wait for it.
pub struct ofauth_pages(Arc<Walk>);

struct Walk {
    state: Mutex<State>,
    fork_guard: ForkGuard,
}

struct State {
    settings: Settings,
    stage: Stage,
    resume_token: Option<CString>,
}

/// What was set before the walk began.
struct Settings {
    operation_id: String,
    params: Map<String, Value>,
    raw_params: Vec<(String, String)>,
    max: Option<u64>,
    resume: Option<String>,
    limits: Limits,
}

enum Stage {
    NotBegun,
    /// Begun, and no call waits for it.
    Idle(Box<Running>),
    /// A call waits for it.
    Waited,
    /// The client's threads have ended before their time, or a defect of the library was met.
    Broken,
}

/// A walk that has begun. It keeps the threads that work for it.
struct Running {
    items: Items<Box<RawValue>>,
    guest: Arc<Guest>,
}

/// What a call wants of a walk.
#[derive(Clone, Copy)]
enum Wanted {
    Page,
    Item,
}

impl Walk {
    /// An error in a forked child, where another thread of the parent may have had the lock.
    fn refuse_child(&self) -> Result<()> {
        if self.fork_guard.in_same_process() {
            return Ok(());
        }
        let text = "the pages were made by the parent process: make others in this process";
        Err(ofauth_error::new(OFAUTH_ERR_FORKED, text))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes next, as JSON.
    fn next(&self, wanted: Wanted, guest: &Arc<Guest>, of_client: Limits) -> Result<Option<String>> {
        let (mut running, limits) = {
            let mut state = self.state();
            (state.begin_to_wait(guest)?, state.settings.limits.clone())
        };
        running.items.try_again();
        let ready = matches!(wanted, Wanted::Item).then(|| running.items.next_ready()).flatten();
        if let Some(item) = ready {
            self.state().put_back(running);
            return Ok(Some(item?.get().to_owned()));
        }
        let waiting = CallLoop::new([limits, of_client]);
        let items = running.items.cancel(waiting.cancel()).retry(waiting.retry());
        let mut items = items.limit(waiting.timeout());
        let work = async move {
            let next = match wanted {
                Wanted::Page => items.next_page().await.map(|page| page.map(|page| as_page(&page))),
                Wanted::Item => items.next().await.map(|item| item.map(|item| item.get().to_owned())),
            };
            Ok::<_, ofauth::Error>((items, next))
        };
        let outcome = waiting.run(guest, &(), work);
        self.refuse_child()?;
        match outcome {
            Ok((items, next)) => {
                self.state().put_back(Box::new(Running { items, guest: running.guest }));
                Ok(next.transpose()?)
            }
            Err(error) => {
                self.state().stage = Stage::Broken;
                Err(error)
            }
        }
    }
}

impl State {
    fn begin_to_wait(&mut self, guest: &Arc<Guest>) -> Result<Box<Running>> {
        let (status, text) = match mem::replace(&mut self.stage, Stage::Waited) {
            Stage::NotBegun => return Ok(self.settings.begin(guest)),
            Stage::Idle(running) if Arc::ptr_eq(&running.guest, guest) => return Ok(running),
            Stage::Waited => (OFAUTH_ERR_BUSY, "another thread waits for these pages: one at a time can"),
            Stage::Broken => {
                self.stage = Stage::Broken;
                (
                    OFAUTH_ERR_INTERNAL,
                    "the pages were broken off, as an earlier call for them said: make others",
                )
            }
            other @ Stage::Idle(_) => {
                self.stage = other;
                let text = "another client has begun with these pages: go on with that";
                (OFAUTH_ERR_INVALID_ARGUMENT, text)
            }
        };
        Err(ofauth_error::new(status, text))
    }

    fn put_back(&mut self, running: Box<Running>) {
        self.resume_token = running.items.resume_token().map(text::owned);
        self.stage = Stage::Idle(running);
    }
}

impl Settings {
    fn begin(&mut self, guest: &Arc<Guest>) -> Box<Running> {
        let call = guest.client().call(&self.operation_id).params(mem::take(&mut self.params));
        let raw_params = mem::take(&mut self.raw_params).into_iter();
        let call = raw_params.fold(call, |call, (name, value)| call.raw_param(name, value));
        let items = self.max.into_iter().fold(call.items().typed(), Items::max);
        let items = self.resume.iter().fold(items, Items::resume);
        Box::new(Running { items, guest: Arc::clone(guest) })
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        if !self.fork_guard.in_same_process() {
            // What threads of the parent use stays as it is.
            let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            mem::forget(mem::replace(&mut state.stage, Stage::Broken));
        }
    }
}

/// The items of a page as the one field of an object.
fn as_page(items: &[Box<RawValue>]) -> String {
    let items: Vec<&str> = items.iter().map(|item| item.get()).collect();
    format!("{{\"items\":[{}]}}", items.join(","))
}

/// The walk behind a pointer of C, which lives as long as it is used, even if another thread frees it.
///
/// # Safety
///
/// NULL, or pages that were not freed yet.
unsafe fn living(pages: *const ofauth_pages) -> Result<Arc<Walk>> {
    // SAFETY: as promised by the caller.
    let walk = Arc::clone(&unsafe { pointer::shared(pages, "pages") }?.0);
    walk.refuse_child()?;
    Ok(walk)
}

/// Changes a setting.
///
/// # Safety
///
/// What the header asks for: `pages` is NULL or alive, `err` is NULL or a valid place.
unsafe fn set(
    pages: *const ofauth_pages,
    err: *mut *mut ofauth_error,
    with: impl FnOnce(&mut Settings) -> Result<()>,
) -> ofauth_status {
    let body = || {
        // SAFETY: as promised by the caller.
        let walk = unsafe { living(pages) }?;
        let mut state = walk.state();
        if !matches!(state.stage, Stage::NotBegun) {
            let text = "the walk has begun: set this before the first ofauth_pages_next";
            return Err(ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, text));
        }
        with(&mut state.settings)
    };
    // SAFETY: as promised by the caller.
    unsafe { fallible(err, body) }
}

/// Carries out a function that waits for what comes next.
///
/// # Safety
///
/// What the header asks for: `client` and `pages` are NULL or alive, `out` and `err` are NULL or valid places.
unsafe fn next(
    client: *const ofauth_client,
    pages: *const ofauth_pages,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
    wanted: Wanted,
) -> ofauth_status {
    let call = |client: &Arc<Guest>, limits: Limits| {
        // SAFETY: as promised by the caller.
        let walk = unsafe { living(pages) }?;
        let json = walk.next(wanted, client, limits)?;
        json.map(|json| ofauth_response::of_text(&json)).transpose()
    };
    // SAFETY: as promised by the caller.
    unsafe { waiting_for_next(client, out, err, call) }
}

/// Makes a walk through the list that an operation hands out, such as "list_subscribers". Free it with `ofauth_pages_free`.
///
/// `params_json` is one JSON object with the parameters by their names, or NULL for none; see `ofauth_request_set_params`.
/// Where it says a page size or where to begin, that is kept to. An operation that is unknown or hands out no list, and a
/// parameter that is not allowed, is an error of the first `ofauth_pages_next`.
///
/// ```c
/// ofauth_pages *fans = NULL;
/// ofauth_response *fan = NULL;
/// ofauth_status status = ofauth_pages_new("list_subscribers", "{\"type\": \"active\"}", &fans, &error);
/// while (status == OFAUTH_OK && (status = ofauth_pages_next_item(client, fans, &fan, &error)) == OFAUTH_OK && fan != NULL) {
///     puts(ofauth_response_json(fan));
///     ofauth_response_free(fan);
/// }
/// ofauth_pages_free(fans);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_pages_new(
    operation_id: *const c_char,
    params_json: *const c_char,
    out: *mut *mut ofauth_pages,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let body = || {
        // SAFETY: the header asks for a place that is valid for writes.
        let out = unsafe { pointer::out(out, "out") }?;
        // SAFETY: the header asks for a text that ends with NUL.
        let operation_id = unsafe { pointer::owned_text(operation_id, "operation_id") }?;
        // SAFETY: the header asks for NULL or a text that ends with NUL.
        let params = unsafe { request::params(params_json, "params_json") }?;
        let settings = Settings {
            operation_id,
            params,
            raw_params: Vec::new(),
            max: None,
            resume: None,
            limits: Limits::default(),
        };
        let state = State { settings, stage: Stage::NotBegun, resume_token: None };
        let walk = Walk { state: Mutex::new(state), fork_guard: ForkGuard::new() };
        hand_out(out, ofauth_pages(Arc::new(walk)));
        Ok(())
    };
    // SAFETY: the header asks for NULL or a valid place.
    unsafe { fallible(err, body) }
}

/// Frees a walk. A call that waits for it goes on to its end. Passing NULL is a no-op.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_pages_free(pages: *mut ofauth_pages) {
    // SAFETY: the header asks for NULL or pages that were not freed yet.
    infallible(|| unsafe { pointer::free(pages) });
}

/// Adds a parameter that is sent as it is, as `ofauth_request_add_raw_param` does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_pages_add_raw_param(
    pages: *mut ofauth_pages,
    name: *const c_char,
    value: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |settings: &mut Settings| {
        // SAFETY: the header asks for texts that end with NUL.
        let name = unsafe { pointer::owned_text(name, "name") }?;
        // SAFETY: as above.
        let value = unsafe { pointer::owned_text(value, "value") }?;
        settings.raw_params.push((name, value));
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { set(pages, err, with) }
}

/// Sets the most items that are handed out, all pages together. Default: all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_pages_set_max(
    pages: *mut ofauth_pages,
    items: u64,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |settings: &mut Settings| {
        settings.max = Some(items);
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { set(pages, err, with) }
}

/// Goes on where an earlier walk through the same list was left, with the same parameters: `token` is what
/// `ofauth_pages_resume_token` was, in this process or another. What that walk handed out is not remembered. NULL, the default,
/// begins at the start. A text that is no token of the list is an error of the first `ofauth_pages_next`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_pages_set_resume(
    pages: *mut ofauth_pages,
    token: *const c_char,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |settings: &mut Settings| {
        // SAFETY: the header asks for NULL or a text that ends with NUL.
        let token = unsafe { pointer::optional_text(token, "token") }?;
        settings.resume = token.map(|token| pointer::copy_text(token, "token")).transpose()?;
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { set(pages, err, with) }
}

/// Sets the cancel that gives up the fetching of pages. NULL, the default, is none. The cancel may be freed afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_pages_set_cancel(
    pages: *mut ofauth_pages,
    cancel: *const ofauth_cancel,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |settings: &mut Settings| {
        // SAFETY: the header asks for NULL or a living cancel.
        unsafe { settings.limits.set_cancel(cancel) };
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { set(pages, err, with) }
}

/// Sets how long one page may take, in milliseconds, all tries and pauses together. 0, the default, is no limit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_pages_set_timeout(
    pages: *mut ofauth_pages,
    milliseconds: u64,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |settings: &mut Settings| {
        settings.limits.set_timeout(milliseconds);
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { set(pages, err, with) }
}

/// Sets whether a page that could not be fetched is asked for again where that is safe. 1, the default, is yes; with 0 the first
/// failure is the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_pages_set_retry(
    pages: *mut ofauth_pages,
    retry: c_int,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    let with = |settings: &mut Settings| {
        settings.limits.once = retry == 0;
        Ok(())
    };
    // SAFETY: what the header asks for.
    unsafe { set(pages, err, with) }
}

/// Hands out the next page, or what `ofauth_pages_next_item` has left of one: the response is {"items": [...]}, the items as
/// the service describes them. Free `*out` with `ofauth_response_free`. With `OFAUTH_OK` and NULL in `*out`, the list is over.
///
/// The first call begins the walk, with this client; later ones take the same client, or another handle of it. After an error,
/// `OFAUTH_ERR_CANCELLED` and `OFAUTH_ERR_TIMEOUT` included, the next call asks for the same page again. The errors are those
/// of `ofauth_request_run`; `OFAUTH_ERR_INVALID_ANSWER` says, too, that the list does not go on: then, and if the walk cannot
/// begin, every further call says the same, and new pages with the resume token ask again. `OFAUTH_ERR_BUSY`: another
/// thread waits for these pages. Not inside a callback (`OFAUTH_ERR_REENTRANT`) and not in a forked child
/// (`OFAUTH_ERR_FORKED`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_pages_next(
    client: *const ofauth_client,
    pages: *mut ofauth_pages,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    // SAFETY: what the header asks for.
    unsafe { next(client, pages, out, err, Wanted::Page) }
}

/// Hands out the next item as JSON, which `ofauth_response_json` of `*out` is, and waits for the service when a page is used
/// up. Otherwise as `ofauth_pages_next`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_pages_next_item(
    client: *const ofauth_client,
    pages: *mut ofauth_pages,
    out: *mut *mut ofauth_response,
    err: *mut *mut ofauth_error,
) -> ofauth_status {
    // SAFETY: what the header asks for.
    unsafe { next(client, pages, out, err, Wanted::Item) }
}

/// How many items `ofauth_pages_next_item` hands out before it waits for the service again. 0 while another thread waits for
/// these pages, in a forked child and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_pages_ready(pages: *const ofauth_pages) -> usize {
    // SAFETY: the header asks for NULL or living pages.
    let walk = unsafe { pages.as_ref() }.map(|pages| &pages.0);
    let walk = walk.filter(|walk| walk.refuse_child().is_ok());
    walk.map_or(0, |walk| match &walk.state().stage {
        Stage::Idle(running) => running.items.ready(),
        _ => 0,
    })
}

/// Where another walk goes on behind what was handed out: a text for `ofauth_pages_set_resume`. NULL before the first call, at
/// the end of the list, in a forked child and for NULL. It lives until the next call with these pages.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ofauth_pages_resume_token(pages: *const ofauth_pages) -> *const c_char {
    // SAFETY: the header asks for NULL or living pages.
    let walk = unsafe { pages.as_ref() }.map(|pages| &pages.0);
    let walk = walk.filter(|walk| walk.refuse_child().is_ok());
    walk.map_or(std::ptr::null(), |walk| text::pointer(walk.state().resume_token.as_deref()))
}

//! Fetches the pages of a list one after the other, over the road of every call: thin I/O around the [pager](super::pager).

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ofauth_operations::operation::{Operation, Page as PageTable};
use url::Url;

use super::page_body::{self, PageBody};
use super::pager::{Pager, Step, Stuck};
use super::resume_token::ResumeToken;
use crate::call::transport::{Patience, Transport};
use crate::cancel::{Cancel, Limits};
use crate::error::{Error, Result, invalid};
use crate::http::request::Request;
use crate::http::response::Response;

/// A walk through a list, and how far it is.
pub(super) struct Walk {
    transport: Arc<Transport>,
    operation: &'static Operation,
    table: PageTable,
    /// The request of a page, without what says which page and how long.
    template: Request,
    /// The caller's own number of items a page, as it is sent.
    given_size: Option<String>,
    /// The number of items a page that is asked for, the same for all of them.
    size: Option<String>,
    /// Where to begin; none is the start of the list.
    start: Option<String>,
    /// So many items of the first page were handed out by an earlier walk.
    known: usize,
    pub(super) max: Option<u64>,
    pub(super) cancel: Cancel,
    pub(super) timeout: Option<Duration>,
    pub(super) retry: bool,
    state: State,
    handed_out: u64,
    /// Where a walk goes on if the pages after this one come to nothing: behind the latest page that had something new. A page
    /// that only repeats others may hold what it should another time.
    behind_news: Option<String>,
}

enum State {
    NotBegun,
    Going(Box<Pager>),
    /// The service does not go on after this page, the answer of which is kept for the error.
    Stuck(Stuck, u64, Box<Response>),
    Over,
}

/// A page whose items are still as they came.
pub(super) struct RawPage {
    pub(super) number: u64,
    /// What is new of it, and where it stood.
    pub(super) items: Vec<(usize, Bytes)>,
    pub(super) response: Response,
    /// Where the page began.
    begins: Option<String>,
    /// So many of its items were handed out by an earlier walk.
    known: usize,
    operation_id: &'static str,
    /// Where a walk goes on behind it.
    pub(super) resume_token: Option<String>,
}

impl RawPage {
    /// Where a walk goes on if so many of the page's items were handed out.
    pub(super) fn token_at(&self, handed_out: usize) -> String {
        token(self.operation_id, self.begins.clone(), handed_out.max(self.known))
    }
}

impl Walk {
    /// A walk through the list that a request asks for.
    pub(super) fn new(
        transport: Arc<Transport>,
        operation: &'static Operation,
        mut template: Request,
    ) -> Result<Self> {
        let Some(table) = operation.page else {
            let text = format!("{} does not hand out a list in pages: send the call itself", operation.id);
            return Err(invalid(text));
        };
        let start = take_from_query(&mut template.url, table.style.parameter());
        let given_size = table.size.and_then(|name| take_from_query(&mut template.url, name));
        Ok(Self {
            transport,
            operation,
            table,
            template,
            given_size,
            size: None,
            start,
            known: 0,
            max: None,
            cancel: Cancel::new(),
            timeout: None,
            retry: true,
            state: State::NotBegun,
            handed_out: 0,
            behind_news: None,
        })
    }

    /// Begins where an earlier walk ended.
    pub(super) fn resume(&mut self, text: &str) -> Result<()> {
        let token = ResumeToken::read(self.operation.id, text)?;
        (self.start, self.known, self.state) = (token.position, token.handed_out, State::NotBegun);
        Ok(())
    }

    /// Where a walk begins that was not begun.
    pub(super) fn first_token(&self) -> String {
        token(self.operation.id, self.start.clone(), self.known)
    }

    /// Where another walk goes on, if this one does not.
    pub(super) fn stuck_token(&self) -> Option<&str> {
        matches!(self.state, State::Stuck(..)).then_some(self.behind_news.as_deref()).flatten()
    }

    /// The next page; none at the end of the list. After an error it is asked for again.
    pub(super) async fn next(&mut self) -> Option<Result<RawPage>> {
        let mut pager = match std::mem::replace(&mut self.state, State::Over) {
            _ if self.max.is_some_and(|max| self.handed_out >= max) => return None,
            State::NotBegun => {
                self.size = self.wanted_size();
                self.behind_news = Some(self.first_token());
                Box::new(Pager::new(self.table.style, self.page_size(), self.start.clone()))
            }
            State::Going(pager) => pager,
            State::Stuck(stuck, number, response) => return Some(Err(self.stuck(stuck, number, response))),
            State::Over => return None,
        };
        let begins = pager.position().map(str::to_owned);
        let (response, body) = match self.fetch(begins.as_deref()).await {
            Ok(fetched) => fetched,
            Err(error) => {
                self.state = State::Going(pager);
                return Some(Err(error));
            }
        };
        let known = self.known;
        // Pages may be shorter than those of the walk that went before.
        self.known = known.saturating_sub(body.items.len());
        let (is_new, step) = pager.take(&body, known);
        if let (Step::Stuck(stuck), false) = (&step, is_new.contains(&true)) {
            return Some(Err(self.stuck(*stuck, pager.number(), Box::new(response))));
        }
        if is_new.contains(&true) {
            self.behind_news = Some(token(self.operation.id, begins.clone(), body.items.len()));
        }
        let page = RawPage { known, ..self.page(&pager, begins, response, body, &is_new, &step) };
        let is_cut = self.max.is_some_and(|max| self.handed_out >= max);
        self.state = match step {
            _ if is_cut => State::Over,
            Step::End => State::Over,
            Step::Next(_) => State::Going(pager),
            Step::Stuck(stuck) => State::Stuck(stuck, page.number, Box::new(page.response.clone())),
        };
        Some(Ok(page))
    }

    /// What is handed out of a page: what is new, and not more than was asked for.
    fn page(
        &mut self,
        pager: &Pager,
        begins: Option<String>,
        response: Response,
        answer: PageBody,
        is_new: &[bool],
        step: &Step,
    ) -> RawPage {
        let left = self.max.map_or(usize::MAX, |max| {
            usize::try_from(max.saturating_sub(self.handed_out)).unwrap_or(usize::MAX)
        });
        let count = answer.items.len();
        let all = answer.items.into_iter().enumerate().zip(is_new);
        let mut new = all.filter_map(|((index, item), is_new)| is_new.then_some((index, item.json)));
        let items: Vec<(usize, Bytes)> = new.by_ref().take(left).collect();
        let cut = new.next().and(items.last()).map(|(index, _)| index.saturating_add(1));
        self.handed_out = self.handed_out.saturating_add(items.len() as u64);
        let id = self.operation.id;
        let resume_token = match (cut, step) {
            (Some(behind), _) => Some(token(id, begins.clone(), behind)),
            (None, Step::Next(position)) => Some(token(id, Some(position.clone()), self.known)),
            (None, Step::Stuck(_)) => Some(token(id, begins.clone(), count)),
            (None, Step::End) => None,
        };
        RawPage { number: pager.number(), items, response, begins, known: 0, operation_id: id, resume_token }
    }

    async fn fetch(&self, position: Option<&str>) -> Result<(Response, PageBody)> {
        let mut request = self.template.clone();
        let size = self.table.size.zip(self.size.clone());
        let position = position.map(|position| (self.table.style.parameter(), position.to_owned()));
        let pairs: Vec<_> = size.into_iter().chain(position).collect();
        if !pairs.is_empty() {
            request.url.query_pairs_mut().extend_pairs(pairs);
        }
        let limits = Limits::new(&self.cancel, self.timeout).retry(self.retry);
        let patience = Patience { limits, ..Patience::default() };
        let response = self.transport.call(&request, &patience).await?;
        let answer = page_body::read(&response, &self.table, self.operation.id)?;
        Ok((response, answer))
    }

    /// The number of items a page that is asked for: the caller's, or the most that every source allows. A list that documents
    /// no maximum decides for itself.
    fn wanted_size(&self) -> Option<String> {
        let most = self.table.max.map(u64::from);
        let known = self.known as u64;
        let wanted =
            most.map(|most| self.max.map_or(most, |max| most.min(max.saturating_add(known))).to_string());
        self.given_size.clone().or(wanted)
    }

    /// How many items a full page has: at least, and at most. A service may give fewer than it is asked for, if that is more than
    /// it documents.
    fn page_size(&self) -> Option<RangeInclusive<u64>> {
        let default = || {
            let mut parameters = self.operation.parameters.iter();
            let size = parameters.find(|known| Some(known.name) == self.table.size)?;
            size.default.map(str::to_owned)
        };
        let asked: u64 = self.size.clone().or_else(default)?.parse().ok()?;
        let least = self.table.max.map_or(asked, |max| asked.min(max.into()));
        Some(least..=asked)
    }

    /// The error of a list that does not go on, now and whenever it is asked for again.
    fn stuck(&mut self, stuck: Stuck, number: u64, response: Box<Response>) -> Error {
        let parameter = self.table.style.parameter();
        let error = response.invalid(format!("{}: page {number} {stuck}", self.operation.id));
        self.state = State::Stuck(stuck, number, response);
        error.with_next_step(format!("the service may not know the parameter {parameter:?}"))
    }
}

fn token(operation_id: &str, position: Option<String>, handed_out: usize) -> String {
    ResumeToken { operation_id, position, handed_out }.to_string()
}

/// Takes a parameter out of a query; of several the last.
fn take_from_query(url: &mut Url, name: &str) -> Option<String> {
    let (taken, kept): (Vec<_>, Vec<_>) =
        url.query_pairs().into_owned().partition(|(found, _)| found == name);
    if taken.is_empty() {
        return None;
    }
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    taken.into_iter().next_back().map(|(_, value)| value)
}

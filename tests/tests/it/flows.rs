//! Whole flows: lists of the vault, waits, Vault+ with its downloads, Link, and settings, against servers that do badly and
//! against the sandbox.

mod cache_settings;
mod downloads;
mod linking;
mod media_host;
mod sandbox;
mod vault_lists;
mod waits;

use ofauth_tests::exchange::Head;
use ofauth_tests::server::{Handler, Handling};
use ofauth_tests::{Answer, Exchange, Next};

/// A server that answers each request by its head and body, or with nothing.
struct By<F>(F);

impl<F: Fn(&Head, &[u8]) -> Option<Answer> + Send + Sync + 'static> Handler for By<F> {
    fn handle<'a>(&'a self, exchange: &'a mut Exchange) -> Handling<'a> {
        Box::pin(async move {
            let body = exchange.read_body().await?.body;
            match (self.0)(&exchange.head, &body) {
                Some(answer) => exchange.answer(&answer).await,
                None => Ok(Next::Silence),
            }
        })
    }
}

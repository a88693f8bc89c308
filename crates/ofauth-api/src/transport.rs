//! The seam between the generated client and whatever sends its requests.
//!
//! The generated [`Client`](crate::Client) builds requests and reads answers; a [`Transport`] carries one to the
//! service and brings the other back. Retries, pacing, credentials and logging belong behind this trait, not here.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use ofauth_operations::Error;
use ofauth_operations::operation::Operation;

pub use crate::direct::Direct;

/// The future that [`Transport::execute`] returns.
pub type Execute<'a> = Pin<Box<dyn Future<Output = Result<reqwest::Response, Error>> + Send + 'a>>;

/// Sends the requests of the generated client.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends `request`, which calls `operation`, and returns the answer.
    ///
    /// An answer that is no success may be returned as it is, or as an error that says more than its status and body.
    /// The implementation adds the credentials: the generated client knows none. `operation` is `None` only if the
    /// generated client and the operation table were made from different documents.
    fn execute<'a>(&'a self, request: reqwest::Request, operation: Option<&'static Operation>)
    -> Execute<'a>;
}

/// The transport of a client, shared by its clones.
pub type SharedTransport = Arc<dyn Transport>;

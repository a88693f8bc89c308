//! The road of every request: connections of our own, and what goes over them.
//!
//! Clients that hide their connection lose an answer that comes before the body is read, and what a proxy said. Here
//! hyper runs over [`socket`], which keeps reading after the server stopped taking bytes. [`connect`] opens
//! connections, through a [`tunnel`] where a proxy is set; [`mod@unreachable`] says why one could not be opened. [`pool`]
//! keeps them between requests, and [`exchange`] sends requests with a short body over them; the bytes of files are
//! [`crate::upload::transfer`]'s.

pub(crate) mod connect;
pub(crate) mod exchange;
pub(crate) mod pool;
pub(crate) mod request_headers;
mod socket;
mod tunnel;
pub(crate) mod unreachable;

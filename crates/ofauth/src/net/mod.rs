//! The road of every request: connections of our own, and what goes over them.
//!
//! Clients that hide their connection lose an answer that comes before the body is read, and what a proxy said. Here
//! hyper runs over [`socket`], which keeps reading after the server stopped taking bytes. [`connect`] opens
//! connections, through a [`tunnel`] where a proxy is set; [`mod@unreachable`] says why one could not be opened. [`pool`]
//! keeps them between requests, and [`exchange`] sends requests with a short body over them; the bytes of files are
//! [`crate::upload::transfer`]'s.

pub(crate) mod connect;
pub(crate) mod exchange;
pub(crate) mod head;
pub(crate) mod pool;
mod socket;
mod tunnel;
pub(crate) mod unreachable;

use std::error::Error as StdError;

/// Whether the system could not read the bytes that it was to send: the caller's memory has become shorter.
pub(crate) fn is_without_memory(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref().and_then(std::io::Error::raw_os_error) == Some(BAD_ADDRESS) {
            return true;
        }
        next = error.source();
    }
    false
}

/// EFAULT, which has this number on every Unix, and means something else that no connection gives on Windows.
const BAD_ADDRESS: i32 = 14;

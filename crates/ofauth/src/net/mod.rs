//! The road of the bytes: one PUT over a connection of our own.
//!
//! reqwest hides its connection, and with it loses an answer that comes before the body is read. Here hyper runs
//! over [`socket`], which keeps reading after the server stopped taking bytes. [`names`] finds addresses for both,
//! [`connect`] opens connections,
//! [`pool`] keeps them between requests, [`put`] sends one request and reads its answer under two clocks. Nothing
//! here decides whether to try again.

pub(crate) mod connect;
pub(crate) mod names;
pub(crate) mod pool;
pub(crate) mod put;
mod socket;

use std::error::Error as StdError;

use crate::error::{Error, ErrorKind};

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

/// The error for a server whose certificate is not trusted, if that is what stopped a connection: trying again
/// cannot help.
pub(crate) fn refused_certificate(error: &(dyn StdError + 'static)) -> Option<Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = error
            .downcast_ref::<rustls::Error>()
            .or_else(|| inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()));
        if let Some(rustls::Error::InvalidCertificate(why)) = tls {
            return Some(
                Error::new(
                    ErrorKind::Config,
                    format!(
                        "the server's certificate is not trusted ({why:?}): check the base URL, or give the CA that \
                         signed it to the client (ca_pem)"
                    ),
                )
                .with_source(rustls::Error::InvalidCertificate(why.clone())),
            );
        }
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

//! The errors for requests that cannot be built: the generated client checks them before anything is sent.

use ofauth_operations::{Error, ErrorKind};

/// The error for a parameter or body that is missing or not as documented.
pub(crate) fn invalid(why: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, why)
}

/// The error for a request that HTTP cannot carry.
pub(crate) fn unsendable(why: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("the request cannot be sent as it is ({why})"))
        .with_source(why)
}

//! The one error type, which is that of the generated client, too: what a typed call fails with needs no conversion.

pub use ofauth_operations::{Error, ErrorKind, Setting};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error for a call that cannot be made with these arguments.
pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

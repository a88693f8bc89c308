//! The one error type of the crate, which is that of the generated client, too: what a typed call fails with needs no
//! conversion.

pub use ofauth_api::{Error, ErrorKind, Setting};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

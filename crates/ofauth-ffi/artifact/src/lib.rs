//! `libofauth.so` and `libofauth.a`: every function of [`ofauth_ffi`] with its C name, and nothing else.

pub use ofauth_ffi::*;

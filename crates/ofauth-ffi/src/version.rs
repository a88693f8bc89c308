//! Versions
//!
//! The version of the library that runs, to hold against the macros of the header that was compiled.

use std::ffi::c_char;

/// The number in the library's file name, `libofauth.so.0`. It grows when a program that was built against an older
/// header can no longer run.
pub const OFAUTH_ABI_VERSION: u32 = 0;

/// The version of the library that runs, such as "0.1.0". Static; compare it with `OFAUTH_VERSION`. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn ofauth_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The ABI number of the library that runs: it must equal `OFAUTH_ABI_VERSION` of the header. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn ofauth_abi_version() -> u32 {
    OFAUTH_ABI_VERSION
}

//! Texts on their way to C: owned, ending with NUL, with no other NUL in them.

use std::ffi::{CStr, CString, c_char};
use std::ptr;

/// `text` for C. A NUL inside, which only a hostile server can have put there, becomes U+FFFD.
pub(crate) fn owned(text: &str) -> CString {
    match CString::new(text) {
        Ok(text) => text,
        Err(_) => CString::new(text.replace('\0', "\u{FFFD}")).unwrap_or_default(),
    }
}

/// A pointer to `text`, NULL for none. Borrowed.
pub(crate) fn pointer(text: Option<&CStr>) -> *const c_char {
    text.map_or(ptr::null(), CStr::as_ptr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_inside_does_not_cut_a_text() {
        assert_eq!(owned("a\0b").to_str(), Ok("a\u{FFFD}b"));
        assert_eq!(owned("plain").as_c_str(), c"plain");
    }
}

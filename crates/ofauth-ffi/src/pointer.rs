//! Pointers from C, turned into references and values, with an error that names the argument where that fails.
//!
//! What can be seen from a pointer is whether it is NULL. That it points to what its type says, that nobody else
//! writes there, and that a text ends, is promised by the caller; the header says so.

use std::ffi::{CStr, c_char, c_void};
use std::path::PathBuf;

use crate::error::ofauth_error;
use crate::status::{OFAUTH_ERR_INVALID_ARGUMENT, OFAUTH_ERR_NULL, OFAUTH_ERR_RESOURCES, OFAUTH_ERR_UTF8};

/// What a function here can fail with. Boxed, because that is how C gets it.
pub(crate) type Result<T, E = Box<ofauth_error>> = std::result::Result<T, E>;

fn null(name: &str) -> Box<ofauth_error> {
    ofauth_error::new(OFAUTH_ERR_NULL, &format!("{name} is NULL"))
}

/// What `pointer` points to, for as long as the caller says.
///
/// # Safety
///
/// NULL, or valid for reads for `'a`, and not written to meanwhile.
pub(crate) unsafe fn shared<'a, T>(pointer: *const T, name: &str) -> Result<&'a T> {
    // SAFETY: as promised by the caller.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(name))
}

/// What `pointer` points to, to change it.
///
/// # Safety
///
/// NULL, or valid for reads and writes for `'a`, and used by nobody else meanwhile.
pub(crate) unsafe fn unique<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T> {
    // SAFETY: as promised by the caller.
    unsafe { pointer.as_mut() }.ok_or_else(|| null(name))
}

/// The place for a result, set to NULL.
///
/// # Safety
///
/// As for [`unique`].
pub(crate) unsafe fn out<'a, T>(place: *mut *mut T, name: &str) -> Result<&'a mut *mut T> {
    // SAFETY: as promised by the caller.
    let place = unsafe { unique(place, name) }?;
    *place = std::ptr::null_mut();
    Ok(place)
}

/// Puts a new object where C takes it from.
pub(crate) fn hand_out<T>(place: &mut *mut T, object: T) {
    *place = Box::into_raw(Box::new(object));
}

/// Frees an object that [`hand_out`] gave out. Passing NULL is a no-op.
///
/// # Safety
///
/// NULL, or a pointer that [`hand_out`] gave out and that was not freed yet.
pub(crate) unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: it came from `Box::into_raw`, and the caller gives it back once.
        drop(unsafe { Box::from_raw(pointer) });
    }
}

/// A text argument.
///
/// # Safety
///
/// NULL, or a text that ends with NUL and stays as it is for `'a`.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str> {
    // SAFETY: as promised by the caller.
    let text = unsafe { optional_text(pointer, name) }?;
    text.ok_or_else(|| null(name))
}

/// A text argument that may be NULL.
///
/// # Safety
///
/// As for [`text`].
pub(crate) unsafe fn optional_text<'a>(pointer: *const c_char, name: &str) -> Result<Option<&'a str>> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: not NULL, and ends with NUL, as promised by the caller.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map(Some).map_err(|error| {
        let at = error.valid_up_to();
        ofauth_error::new(OFAUTH_ERR_UTF8, &format!("{name} is not UTF-8: byte {at} cannot stand there"))
    })
}

/// A text argument, copied.
///
/// # Safety
///
/// As for [`text`].
pub(crate) unsafe fn owned_text(pointer: *const c_char, name: &str) -> Result<String> {
    // SAFETY: as promised by the caller.
    let text = unsafe { text(pointer, name) }?;
    copy_text(text, name)
}

/// A copy of what the caller gave. It is as long as the caller says, so memory is asked for.
pub(crate) fn copy<T: Copy>(given: &[T], name: &str) -> Result<Vec<T>> {
    let mut copy = reserved(given.len(), name)?;
    copy.extend_from_slice(given);
    Ok(copy)
}

/// A copy of a text that the caller gave, as for [`copy`].
pub(crate) fn copy_text(given: &str, name: &str) -> Result<String> {
    let mut copy = String::new();
    copy.try_reserve_exact(given.len()).map_err(|_| no_memory(name))?;
    copy.push_str(given);
    Ok(copy)
}

/// An empty vector with room for `count`.
pub(crate) fn reserved<T>(count: usize, name: &str) -> Result<Vec<T>> {
    let mut vector = Vec::new();
    vector.try_reserve_exact(count).map_err(|_| no_memory(name))?;
    Ok(vector)
}

fn no_memory(name: &str) -> Box<ofauth_error> {
    let text = format!("there is no memory for a copy of {name}: give less, or raise the limit of memory");
    ofauth_error::new(OFAUTH_ERR_RESOURCES, &text)
}

/// The path of a file. On Unix any bytes are one, elsewhere it is UTF-8.
///
/// # Safety
///
/// As for [`text`].
pub(crate) unsafe fn path(pointer: *const c_char, name: &str) -> Result<PathBuf> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt as _;
        // SAFETY: as promised by the caller.
        let bytes = unsafe { odd_text(pointer, name) }?;
        Ok(std::ffi::OsString::from_vec(copy(bytes, name)?).into())
    }
    #[cfg(not(unix))]
    {
        // SAFETY: as promised by the caller.
        unsafe { owned_text(pointer, name) }.map(PathBuf::from)
    }
}

/// The path of a directory, as for [`path`]. An empty one would be the directory that the process happens to be in.
///
/// # Safety
///
/// As for [`text`].
pub(crate) unsafe fn directory(pointer: *const c_char, name: &str) -> Result<PathBuf> {
    // SAFETY: as promised by the caller.
    let directory = unsafe { path(pointer, name) }?;
    if directory.as_os_str().is_empty() {
        let text = format!("{name} is empty: name a directory, such as the one of your program's state");
        return Err(ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, &text));
    }
    Ok(directory)
}

/// The values of an array. NULL is fine for none.
///
/// # Safety
///
/// NULL, or `count` values that stay as they are for `'a`.
pub(crate) unsafe fn array<'a, T>(pointer: *const T, count: usize, name: &str) -> Result<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(null(name));
    }
    check_size(count, size_of::<T>(), name)?;
    // SAFETY: not NULL, no larger than an object can be, and as promised by the caller.
    Ok(unsafe { std::slice::from_raw_parts(pointer, count) })
}

/// What `read` makes of the texts of an array, such as [`text`]. NULL is fine for none.
///
/// # Safety
///
/// NULL, or `count` texts that end with NUL and stay as they are for as long as what is made of them.
pub(crate) unsafe fn texts<T>(
    pointer: *const *const c_char,
    count: usize,
    name: &str,
    read: unsafe fn(*const c_char, &str) -> Result<T>,
) -> Result<Vec<T>> {
    // SAFETY: as promised by the caller.
    let given = unsafe { array(pointer, count, name) }?;
    let mut texts = reserved(given.len(), name)?;
    for (index, each) in given.iter().enumerate() {
        // SAFETY: as promised by the caller.
        texts.push(unsafe { read(*each, &format!("{name}[{index}]")) }?);
    }
    Ok(texts)
}

/// A text argument whose bytes may be any.
///
/// # Safety
///
/// As for [`text`].
pub(crate) unsafe fn odd_text<'a>(pointer: *const c_char, name: &str) -> Result<&'a [u8]> {
    // SAFETY: a text is valid for reads.
    unsafe { shared(pointer, name) }?;
    // SAFETY: not NULL, and ends with NUL, as promised by the caller.
    Ok(unsafe { CStr::from_ptr(pointer) }.to_bytes())
}

/// Bytes that are looked at later: their address, checked as far as can be seen.
pub(crate) fn bytes(pointer: *const c_void, size: usize, name: &str) -> Result<*const u8> {
    if pointer.is_null() && size > 0 {
        return Err(null(name));
    }
    check_size(size, 1, name)?;
    Ok(pointer.cast())
}

/// No object is larger than `isize::MAX` bytes, so a larger size is a negative number that lost its sign.
fn check_size(count: usize, each: usize, name: &str) -> Result<()> {
    match count.checked_mul(each).map(isize::try_from) {
        Some(Ok(_)) => Ok(()),
        _ => {
            let text = format!("{name} cannot have {count} elements: that is more than fits into memory");
            Err(ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, &text))
        }
    }
}

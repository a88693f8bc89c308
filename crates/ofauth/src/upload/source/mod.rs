//! What is sent: a file, bytes or a reader, and whether it is still the same.
//!
//! [`input`] is what the caller gives and [`opened`] what the upload has of it, whose [`content`] is a [`mod@file`], a stream in a [`spool`], or another.
//! [`prepared`] names it, [`content_type`] says what it is, [`local`] whether asking a file takes time, [`revision`] counts how
//! often its metadata changed, and [`compare`] looks at its content where metadata cannot tell.

pub(crate) mod compare;
pub(crate) mod content;
pub(crate) mod content_type;
pub(crate) mod file;
pub(crate) mod input;
pub(crate) mod local;
pub(crate) mod opened;
pub(crate) mod prepared;
pub(crate) mod revision;
pub(crate) mod spool;

//! What is sent: a file, bytes or a reader, and whether it is still the same.
//!
//! [`opened`] opens and reads it, [`prepared`] names it, [`content_type`] names what it is, [`local`] says whether asking a file takes time, [`revision`]
//! counts how often its metadata changed, and [`compare`] looks at its content where metadata cannot tell.

pub(crate) mod compare;
pub(crate) mod content_type;
pub(crate) mod local;
pub(crate) mod opened;
pub(crate) mod prepared;
pub(crate) mod revision;

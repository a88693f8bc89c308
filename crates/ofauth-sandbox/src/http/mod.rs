//! The bodies of HTTP, in both directions, as faults slow, split and cut them.

pub(crate) mod reply;
pub(crate) mod request_body;

//! The operations of an upload: init answers its plan, parts take its bytes, complete ends it, and check finds it again.

pub(crate) mod check;
pub(crate) mod complete;
pub(crate) mod init;
pub(crate) mod part;

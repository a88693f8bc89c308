//! Upload sessions, their bytes, and the media they become: what the operations work on. Nothing here answers requests.

pub(crate) mod assembly;
pub(crate) mod kept;
pub(crate) mod media;
pub(crate) mod plan;
pub(crate) mod record;
pub(crate) mod session;
pub(crate) mod table;

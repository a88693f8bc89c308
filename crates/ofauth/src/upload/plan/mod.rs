//! What the service planned when a session was opened: [`api_types`] are its words, [`upload_plan`] what is left of them once
//! they were found safe.

pub(crate) mod api_types;
pub(crate) mod upload_plan;

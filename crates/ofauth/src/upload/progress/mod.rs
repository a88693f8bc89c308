//! What the caller is told: how far the upload is, [`eta`] when it will be done, and [`notice`] what happened to it.

pub(crate) mod eta;
pub(crate) mod notice;
pub(crate) mod report;

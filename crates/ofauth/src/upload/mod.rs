//! Uploads: from a file, bytes or a reader to a reference that posts and messages take.
//!
//! ```text
//! init ─► plan ─► single:    PUT the file ──────────────► done
//!                 multipart: PUT each part ─► complete ─► done
//! ```
//!
//! From the ground up: [`source`] is what is sent, [`plan`] what the service wants of it, and [`session`] that plan while it
//! is open; [`progress`] tells the caller; [`transfer`] puts bytes on a connection; [`step_result`] reads how a step ended and
//! [`retry_policy`] says what to do if it failed; [`backend`] is the steps over HTTP. [`active_upload`] is an upload under
//! way: [`parts`] sends its parts, [`engine`] carries it from its first request to its end. [`resume_decision`] says what to
//! do with what an earlier run left, [`journal_lifecycle`] opens the journal, goes on from there and removes it. [`result`] is
//! what comes out and [`builder`] what callers see. The journal's file is [`crate::journal`]'s.

pub(crate) mod active_upload;
pub(crate) mod backend;
mod builder;
mod context;
pub(crate) mod engine;
pub(crate) mod journal_lifecycle;
mod options;
pub(crate) mod parts;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod result;
pub(crate) mod resume_decision;
pub(crate) mod retry_policy;
pub(crate) mod session;
pub(crate) mod source;
pub(crate) mod step_result;
pub(crate) mod transfer;

pub use builder::{OpenUpload, Upload};
pub(crate) use context::Context;
pub use options::UploadOptions;
#[cfg(feature = "blocking")]
pub(crate) use options::option_setters;
pub use plan::api_types::VaultUpload;
pub use progress::notice::{Notice, Step};
pub use progress::report::{Phase, Progress};
pub use result::sum::Sum;
pub use result::uploaded::{Uploaded, UploadedPart};
pub use source::content::ReadAt;
pub use source::input::Source;

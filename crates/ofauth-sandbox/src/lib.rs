#![doc = include_str!("../README.md")]

mod access;
mod builder;
mod call;
mod content_type;
mod document;
mod error;
pub mod fault;
mod format;
mod handlers;
mod http;
mod inspect;
mod lock;
mod names;
mod net;
mod number;
mod older_clients;
mod openapi;
mod posts;
mod query;
mod rate_limit;
mod router;
mod sandbox;
mod schema;
mod server;
mod service;
mod settings;
mod state;
mod timestamp;
mod transcript;
mod uploads;

pub use crate::builder::{SandboxBuilder, StartError};
pub use crate::fault::{Fault, FaultRule, FaultScript, ScriptError};
pub use crate::rate_limit::RateLimit;
pub use crate::sandbox::Sandbox;
pub use crate::transcript::{Exchange, Recorded};
pub use crate::uploads::record::{PartRecord, UploadKind, UploadRecord, UploadState};

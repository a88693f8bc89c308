#![doc = include_str!("../README.md")]

mod builder;
mod call;
mod content_type;
mod document;
mod error;
pub mod fault;
mod handlers;
mod http;
mod inspect;
mod lock;
mod media;
mod net;
mod number;
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
mod world;

pub use crate::builder::{SandboxBuilder, StartError};
pub use crate::fault::{Fault, FaultRule, FaultScript, ScriptError};
pub use crate::rate_limit::RateLimit;
pub use crate::sandbox::Sandbox;
pub use crate::transcript::Exchange;
pub use crate::uploads::record::{PartRecord, UploadKind, UploadRecord, UploadState};

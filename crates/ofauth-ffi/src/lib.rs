//! The C API of ofauth, an rlib; the package `ofauth-capi` makes `libofauth.so` and `libofauth.a` of it.
//!
//! Every function here is in `include/ofauth.h`, which is generated from these modules, documentation included: so the
//! documentation is written for readers of C. Nothing is decided here. The crate translates pointers
//! into values (`pointer`, `text`), failures and panics into statuses (`boundary`), and calls that wait into
//! tasks of the client's own runtime whose callbacks run on the thread that called (`event_loop`).
//!
//! Functions are written out literally, because the generator of the header does not look into macros.

// What a caller has to guarantee is the same for all functions and stands at the top of the header; what is special
// stands in the text of each.
#![allow(clippy::missing_safety_doc, non_camel_case_types)]
// C has these types as pointers and nothing else, and no program of Rust uses this crate: nobody could print them.
#![allow(missing_debug_implementations)]

mod batch;
mod borrowed_bytes;
mod boundary;
mod cache_settings;
mod call;
mod callback;
mod cancel;
mod client;
mod config;
mod download;
mod error;
mod event;
mod event_loop;
mod fork_guard;
mod guest;
mod journal;
mod link;
mod log;
mod mailbox;
mod media_wait;
mod notice;
mod pages;
mod panics;
mod pointer;
mod progress;
mod range;
mod request;
mod response;
mod result;
mod run;
mod runtime;
mod standard;
mod status;
mod text;
mod upload;
mod user_data;
mod vault_lists;
mod version;
mod waiting;
mod webhook;

pub use batch::*;
pub use cache_settings::*;
pub use call::*;
pub use cancel::{ofauth_cancel, ofauth_cancel_cancel, ofauth_cancel_free, ofauth_cancel_new};
pub use client::{
    ofauth_client, ofauth_client_budget, ofauth_client_for_connection, ofauth_client_free, ofauth_client_new,
    ofauth_client_set_api_key, ofauth_client_with_wait,
};
pub use config::*;
pub use download::*;
pub use error::*;
pub use journal::*;
pub use link::{ofauth_link_return_parse, ofauth_link_start, ofauth_link_wait};
pub use log::{
    OFAUTH_LOG_DEBUG, OFAUTH_LOG_ERROR, OFAUTH_LOG_INFO, OFAUTH_LOG_TRACE, OFAUTH_LOG_WARN,
    ofauth_log_callback,
};
pub use media_wait::{ofauth_wait_ready, ofauth_wait_stored};
pub use notice::*;
pub use pages::*;
pub use progress::*;
pub use request::*;
pub use response::*;
pub use result::*;
pub use run::{ofauth_upload_file, ofauth_upload_run};
pub use status::*;
pub use upload::*;
pub use user_data::ofauth_destroy;
pub use vault_lists::*;
pub use version::{OFAUTH_ABI_VERSION, ofauth_abi_version, ofauth_version};
pub use waiting::*;
pub use webhook::*;

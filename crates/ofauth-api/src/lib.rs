//! Every operation of the OFAuth API as a typed call, generated from the OpenAPI document.
//!
//! [`Client`] has one method per operation. Each returns a builder; `send` sends the request and reads the answer. What
//! sends it is a [`Transport`]: the crate `ofauth` brings one with retries, pacing and an upload engine,
//! [`transport::Direct`] sends once and leaves the rest to you.
//!
//! ```no_run
//! use std::sync::Arc;
//! use ofauth_api::{Client, Id, transport::Direct};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! // Of the program's own reqwest, with a TLS feature of its choice. Without redirects: they would carry the key away.
//! let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
//! let transport = Direct::new(http, "sk_...")?.with_connection("conn_...")?;
//! let client = Client::new("https://api.ofauth.com", Arc::new(transport));
//!
//! let page = client.list_vault_media().limit(10).send().await?;
//! for media in &page.list {
//!     println!("{} {:?}", media.id, media.type_);
//! }
//!
//! let reference = Id::from("upload:550e8400-e29b-41d4-a716-446655440000");
//! let post = client
//!     .create_post()
//!     .body_map(|post| post.text("New video").media_items(vec![reference]))
//!     .send()
//!     .await?;
//! println!("{}", post.id);
//! # Ok(())
//! # }
//! ```
//!
//! # Answers
//!
//! Answers are read leniently. Every field is optional but an object's own `id` and the few without which an answer
//! means nothing (`mediaUploadId`, the addresses and ranges of a part plan, `exists` of a check). Unknown fields are
//! ignored, unknown words of an enum are kept in `Other`, null is as good as missing, ids ([`Id`]) and numbers may come
//! as text, and a text, number or truth value that does not fit its field at all counts as missing. Addresses and texts
//! that must not reach a log are a [`Secret`].
//!
//! An empty success reads as an empty object. What fails is one [`Error`], with the [kind](ErrorKind) of failure, the
//! service's own words, and status and request id where there was an answer. The body of an answer that cannot be read is
//! not in it, for it may hold signed addresses.
//!
//! # Requests
//!
//! Requests are strict: required fields, closed enums and lengths are checked when `send` is called, before anything is
//! sent. A field that is not set is left out; one that may be null has a second setter that sends it as null
//! ([`Nullable`]). To send null elsewhere, or an operation this version does not know, use the raw
//! call of `ofauth`.
//!
//! # Operations as data
//!
//! [`operations`] has the same operations as a table, for callers that choose one at run time, and [`schemas`] what
//! each takes and answers, as JSON Schema. Both are the crate `ofauth-operations`, and so is [`Error`].

mod client;
mod direct;
// Written by `cargo xtask codegen`, never by hand: its lints are the generator's business, and its documentation is
// that of the API document.
#[rustfmt::skip]
#[allow(
    clippy::all,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    missing_docs,
    rustdoc::bare_urls,
    rustdoc::broken_intra_doc_links,
    rustdoc::invalid_html_tags,
    unreachable_pub,
    unused_mut
)]
mod generated;
mod id;
// Which of the readers are used is up to the document.
#[allow(dead_code, unused_imports, unused_macros)]
mod lenient;
pub mod list;
mod nullable;
mod open_enum;
// Which of them the generated code calls is up to the document.
#[allow(dead_code)]
mod parameter;
mod request;
mod response;
mod secret;
#[allow(dead_code, unused_macros)]
mod tagged;
pub mod transport;

pub use generated::{Client, ResponseValue, builder, types};
pub use id::Id;
pub use nullable::Nullable;
pub use ofauth_operations::{Error, ErrorKind, Operation, operation, operations, schemas};
pub use secret::Secret;
pub use transport::Transport;

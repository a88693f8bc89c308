//! Upload media to the OnlyFans vault through the OFAuth API, and call every other operation of that API.
//!
//! ```no_run
//! use ofauth::{Client, Content};
//!
//! #[tokio::main]
//! async fn main() -> ofauth::Result<()> {
//!     let client = Client::builder().api_key("sk_live_0123456789").connection_id("conn_abc123").build()?;
//!     let uploaded = client.upload_path("clip.mp4").await?;
//!     let post = client.create_post(&Content::new("New video").media(&uploaded)).await?;
//!     println!("{} is in post {}", uploaded.media_upload_id(), post.id);
//!     Ok(())
//! }
//! ```
//!
//! - **Any size, little memory**: parts are read while they are sent, several in parallel, and read again for a retry.
//! - **Nothing twice**: a request is retried only if that cannot upload or post anything twice.
//! - **No account needed to try it**: the command `ofauth sandbox --address 127.0.0.1:8080` is a local OFAuth, for
//!   `base_url("http://127.0.0.1:8080")`; in tests, the crate `ofauth-sandbox` is one.
//! - **No async needed**: [`blocking`] is the same client for programs without a runtime.
//!
//! **After a kill**, run the same upload again, in this process or another: with a journal it sends only what is missing.
//!
//! ```no_run
//! # async fn run(settings: ofauth::ClientBuilder) -> ofauth::Result<()> {
//! let client = settings.journal_dir("uploads").build()?;
//! let uploaded = client.upload_path("film.mp4").on_notice(|notice| eprintln!("{notice}")).await?;
//! # Ok(()) }
//! ```
//!
//! **Many files** are one call, and each has a result of its own. With a journal, a batch that was killed goes on, too:
//!
//! ```no_run
//! # async fn run(client: ofauth::Client, paths: Vec<std::path::PathBuf>) {
//! let mut batch = client.upload_all(paths).files(8);
//! while let Some(file) = batch.next().await {
//!     match file.result {
//!         Ok(uploaded) => println!("{}: {}", file.name, uploaded.media_upload_id()),
//!         Err(error) => eprintln!("{}: {error}", file.name),
//!     }
//! }
//! # }
//! ```
//!
//! **Any other operation** is a call by its [id](operations()) with JSON in and out, or a typed method of [`Client::api`]:
//!
//! ```no_run
//! # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
//! let page: serde_json::Value = client.call("list_vault_media").param("limit", 10).send().await?.json()?;
//! # Ok(()) }
//! ```
//!
//! **A list** comes in pages. All of its items are a stream, raw or typed, each item once:
//!
//! ```no_run
//! # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
//! let mut fans = client.call("list_subscribers").items();
//! while let Some(fan) = fans.next().await {
//!     println!("{}", fan?["username"]);
//! }
//! # Ok(()) }
//! ```
//!
//! **An error** has a text for people and a [kind](ErrorKind) for the program. Two questions are enough for most:
//!
//! ```no_run
//! # async fn run(client: ofauth::Client) {
//! use ofauth::ErrorKind;
//!
//! match client.upload_path("clip.mp4").await {
//!     Ok(uploaded) => println!("{}", uploaded.media_upload_id()),
//!     // The last answer was lost. It may be there, and a second upload could make two.
//!     Err(error) if error.kind() == ErrorKind::OutcomeUnknown => eprintln!("look into the vault: {error}"),
//!     Err(error) if error.is_retryable() => eprintln!("the same again may succeed: {error}"),
//!     Err(error) => eprintln!("{error}"), // says what to do
//! }
//! # }
//! ```
//!
//! | module or type | what it is for |
//! | --- | --- |
//! | [`Client`], [`ClientBuilder`] | settings, and the calls that most programs need |
//! | [`Upload`], [`Source`], [`UploadOptions`] | uploads: what is sent, and how |
//! | [`UploadAll`], [`Batched`] | many uploads, some of them in parallel |
//! | [`Progress`], [`Notice`], [`Cancel`] | what happens to an upload meanwhile, and how to end it |
//! | [`Journal`] | interrupted uploads: list them, remove them |
//! | [`Call`], [`operations()`] | any operation by its id, with JSON in and out |
//! | [`Pages`], [`Items`] | lists that come in pages, as streams |
//! | [`WaitMedia`], [`Download`] | media that are processed, stored and fetched again |
//! | [`VaultPlusQuery`], [`VaultPlusMedia`] | Vault+: the persistent copies of media |
//! | [`LinkOptions`], [`LinkSession`], [`LinkReturn`], [`Connection`] | creators who sign in, and what comes of it |
//! | [`SettingsPatch`] | settings of Vault+, changed with care for what a change deletes |
//! | [`TypedCall`] | what most methods of [`Client`] are until they are awaited: cancel, timeout |
//! | [`api`] | the generated client: any operation as a typed method |
//! | [`blocking`] | the same without async |
//! | [`webhooks`] | webhooks: verify who sent them, and read their events; needs no client |
//! | [`Error`], [`ErrorKind`] | what went wrong, and what to do about it |
//!
//! The API key is sent to the server of the base URL and to origins that you allow. It never follows a redirect, and is in no
//! error, log or `Debug`. The library reads no environment variable, except for those that tell where the platform's
//! certificates are.
//!
//! # Features
//!
//! All but the last are on unless `default-features = false` is set.
//!
//! | feature | what it is for |
//! | --- | --- |
//! | `typed` | [`Client::api`] and [`api`]; brings `ofauth-api` and the types of reqwest |
//! | `blocking` | [`blocking`] |
//! | `platform-verifier` | trusts what the platform trusts: by the system's own verifier on macOS and Windows, by its certificate store elsewhere |
//! | `webhooks` | [`webhooks`]: brings the crate `ofauth-webhooks`, which uses none of the rest |
//! | `webpki-roots` | trusts Mozilla's list of roots, compiled in; with `platform-verifier`, only where the machine has no store, as in small container images |
//!
//! Without `platform-verifier` and `webpki-roots`, https needs certificates from the program ([`ClientBuilder::ca_pem`]).

mod account;
mod batch;
#[cfg(feature = "blocking")]
pub mod blocking;
mod cache_settings;
mod call;
mod cancel;
mod client;
mod connections;
mod download;
mod error;
mod file_identity;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod journal;
mod limits;
#[doc(hidden)]
pub mod line_file;
mod link;
#[cfg(feature = "typed")]
mod lists;
mod media_form;
mod media_wait;
mod net;
mod object;
mod open_enum;
mod origin;
mod polling;
mod posts;
#[doc(hidden)]
pub mod private_fs;
mod proxy;
mod rate_limiter;
mod read_at;
mod secret;
mod secret_text;
mod settings;
#[cfg(test)]
mod simulation;
#[doc(hidden)]
pub mod state_format;
#[doc(hidden)]
pub mod system;
#[doc(hidden)]
pub mod threads;
mod tls;
#[doc(hidden)]
pub mod unversioned;
mod upload;
mod vault;
mod vault_lists;
mod vault_plus;

#[cfg(feature = "typed")]
#[doc(inline)]
pub use ofauth_api as api;
pub use ofauth_operations::{operation, operations, schemas};
#[cfg(feature = "webhooks")]
#[doc(inline)]
pub use ofauth_webhooks as webhooks;

pub use account::Whoami;
pub use batch::{BatchFile, Batched, UploadAll};
pub use cache_settings::{AccountSettings, ConnectionSettings, SettingsPatch, SettingsUpdate};
pub use call::{Call, Items, Page, Pages, TypedCall};
pub use cancel::Cancel;
pub use client::{Client, ClientBuilder, DEFAULT_BASE_URL};
pub use connections::{Connection, ConnectionStatus};
pub use download::{Download, DownloadProgress, Downloaded};
#[doc(hidden)]
pub use error::Setting;
pub use error::{Error, ErrorKind, Result};
pub use http::response::Response;
pub use journal::{Journal, JournalState, JournaledUpload};
pub use limits::{DEFAULT_CONCURRENCY, MAX_CONCURRENCY, MAX_FILES};
pub use link::{
    Attempts, LinkErrorCode, LinkMode, LinkOptions, LinkReturn, LinkReturnStatus, LinkSession, LinkState,
    LinkStatus, LinkStep, LinkWait, Linked, TwoFactor, TwoFactorOption,
};
pub use media_wait::WaitMedia;
pub use posts::{Content, MediaItem, Message, Post, Price};
pub use rate_limiter::{Budget, RateLimit};
pub use secret_text::Secret;
#[doc(hidden)]
pub use upload::Sum;
pub use upload::{
    Notice, OpenUpload, Phase, Progress, ReadAt, Source, Step, Upload, UploadOptions, Uploaded, UploadedPart,
    VaultUpload,
};
pub use vault::{Check, Media, VaultPlusBatch};
pub use vault_lists::{VaultList, VaultListChange};
pub use vault_plus::{
    Variant, VariantStatus, VaultPlusDeleted, VaultPlusList, VaultPlusMedia, VaultPlusQuery, VaultPlusSort,
    VaultPlusStats, VaultPlusStatus, VaultPlusSync, VaultPlusType,
};

/// The programs of the README and of the page on Rust, compiled.
#[cfg(all(doctest, feature = "typed", feature = "blocking"))]
mod documents {
    #[doc = include_str!("../../../README.md")]
    struct Readme;

    #[doc = include_str!("../../../docs/rust.md")]
    struct Rust;
}

/// Every operation of the API's document, sorted by id: what [`Client::call`] takes.
///
/// One more id works there that no document can describe: `proxy_request`, with the parameters `method` and `path`.
///
/// ```
/// let readers = ofauth::operations().iter().filter(|operation| operation.method == "GET");
/// for operation in readers {
///     println!("{}: {}", operation.id, operation.summary);
/// }
/// assert!(ofauth::operations().iter().any(|operation| operation.id == "list_vault_media"));
/// ```
pub fn operations() -> &'static [operation::Operation] {
    ofauth_operations::operations::OPERATIONS
}

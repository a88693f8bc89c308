//! The sandbox over real sockets.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in test functions only, not in their helpers"
)]

mod access;
mod addresses;
mod answers;
mod checks;
mod client;
mod document;
mod faults;
mod hints;
mod init;
mod inspect;
mod link;
mod lists;
mod media;
mod members;
mod observe;
mod pages;
mod parts;
mod plan_faults;
mod plausible;
mod ready;
mod refusals;
mod resources;
mod rules;
mod settings;
mod sizes;
mod use_of_media;
mod vault_plus;
mod webhooks;

use ofauth_sandbox::{Sandbox, SandboxBuilder};

/// A sandbox with small parts.
pub(crate) async fn sandbox() -> Sandbox {
    small().start().await.unwrap()
}

/// The settings of one: parts of 1000 bytes.
pub(crate) fn small() -> SandboxBuilder {
    Sandbox::builder().part_size(1000)
}

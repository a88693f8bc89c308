//! The servers that programs are run against, and what programs are told of them.

use std::io::Write as _;

use ofauth_sandbox::{Sandbox, SandboxBuilder, UploadState};
use ofauth_tests::session::sha256;
use tempfile::NamedTempFile;
use tokio::process::Command;

use crate::run::root;

/// The key of every program.
pub(crate) const KEY: &str = "sk_live_canary_c_4e1b7d20";
/// The connection of every program.
pub(crate) const CONNECTION: &str = "conn_test";
/// Another account of the same organization.
const OTHER_CONNECTION: &str = "conn_other";
/// Makes the sample go in 12 parts.
const PART_SIZE: u64 = 64 * 1024;

/// A sandbox as the programs of `tests/c` expect it, to be changed and started.
pub(crate) fn builder() -> SandboxBuilder {
    Sandbox::builder()
        .api_key(KEY)
        .connection_id(CONNECTION)
        .connection_id(OTHER_CONNECTION)
        .part_size(PART_SIZE)
        .vault_plus_media((5000..5200).map(|id| id.to_string()))
}

/// What a program is told of its server.
pub(crate) struct Environment {
    base_url: String,
    authority: Option<NamedTempFile>,
}

impl Environment {
    pub(crate) fn of(sandbox: &Sandbox) -> Self {
        Self::new(sandbox.base_url(), sandbox.ca_pem())
    }

    pub(crate) fn new(base_url: &str, ca_pem: Option<&str>) -> Self {
        let authority = ca_pem.map(|pem| {
            let mut file = NamedTempFile::new().unwrap();
            file.write_all(pem.as_bytes()).unwrap();
            file
        });
        Self { base_url: base_url.to_owned(), authority }
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.authority.is_some()
    }

    /// Tells a program.
    pub(crate) fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("OFAUTH_BASE_URL", &self.base_url)
            .env("OFAUTH_API_KEY", KEY)
            .env("OFAUTH_CONNECTION_ID", CONNECTION)
            .env("OFAUTH_CLIP", clip());
        if let Some(authority) = &self.authority {
            command.env("OFAUTH_CA_PEM_FILE", authority.path());
        }
        command
    }
}

/// The sample that programs upload.
pub(crate) fn clip() -> std::path::PathBuf {
    root().join("samples/clip.mp4")
}

/// SHA-256 in hexadecimal.
pub(crate) fn hex_sha256(bytes: &[u8]) -> String {
    sha256(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Fails unless all finished uploads of these names, and at least `least` of them, have exactly these bytes.
#[track_caller]
pub(crate) fn holds(sandbox: &Sandbox, filename: &str, least: usize, bytes: &[u8]) {
    let uploads = sandbox.uploads();
    let finished: Vec<_> = uploads
        .iter()
        .filter(|upload| upload.filename.contains(filename) && upload.state == UploadState::Complete)
        .collect();
    assert!(finished.len() >= least, "{} of {least} uploads of {filename}: {uploads:#?}", finished.len());
    let sha256 = hex_sha256(bytes);
    for upload in finished {
        assert_eq!((upload.sha256.as_ref(), upload.received), (Some(&sha256), bytes.len() as u64));
    }
}

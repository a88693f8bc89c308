//! Options for automatic vault workflows.

use serde::Serialize;

use crate::journal::VaultOptions;

/// Options for automatic vault workflows, sent with init only if set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VaultUpload {
    /// The workflow. The only one known is `message`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The user that the upload is meant for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

impl From<&VaultUpload> for VaultOptions {
    fn from(options: &VaultUpload) -> Self {
        Self { mode: options.mode.clone(), user_id: options.user_id.clone() }
    }
}

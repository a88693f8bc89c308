//! The objects of `--json` that are no [events](super::events), one for each command that prints them, with exactly these
//! fields: `null` where a value is not known, and nothing where a field says that it may be left out.
//!
//! The names and fields are part of the command's interface. This module only gives them their shape.

use serde::Serialize;
use serde_json::Value;

/// A line of `ofauth sessions list` and `show`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionRecord<'a> {
    pub(crate) id: &'a str,
    pub(crate) state: &'a str,
    pub(crate) in_use: bool,
    pub(crate) file: Option<&'a str>,
    /// As in the events of an upload: only for a name that is not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file_base64: Option<String>,
    pub(crate) size: u64,
    pub(crate) parts_done: u32,
    pub(crate) parts_total: u32,
    pub(crate) bytes_done: u64,
    pub(crate) media_upload_id: Option<&'a str>,
    pub(crate) connection: Option<&'a str>,
    pub(crate) base_url: Option<&'a str>,
    pub(crate) opened: Option<String>,
    pub(crate) expires: Option<String>,
    pub(crate) journal: String,
}

/// What `ofauth check` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckRecord<'a> {
    pub(crate) exists: bool,
    pub(crate) media: Option<&'a Value>,
}

/// What `ofauth vault-plus batch` prints. Not `Debug`: the items hold signed addresses.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VaultPlusRecord<'a> {
    pub(crate) items: Vec<&'a Value>,
    pub(crate) missing: &'a [String],
}

/// A line of `ofauth api --list`, and what `ofauth api --describe` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperationRecord<'a> {
    pub(crate) id: &'a str,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) tag: &'a str,
    pub(crate) summary: &'a str,
    pub(crate) permission: Option<&'a str>,
    pub(crate) parameters: Vec<ParameterRecord<'a>>,
    pub(crate) body: &'a str,
    pub(crate) connection: &'a str,
    pub(crate) repeatable: bool,
    pub(crate) deprecated: bool,
    pub(crate) unconfirmed: bool,
    /// Of `--describe` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body_schema: Option<&'a Value>,
    /// Of `--describe` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<&'a Value>,
}

/// A parameter of an [`OperationRecord`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ParameterRecord<'a> {
    pub(crate) name: &'a str,
    pub(crate) r#in: &'a str,
    pub(crate) required: bool,
    pub(crate) r#type: &'a str,
    pub(crate) values: &'a [&'a str],
    pub(crate) deprecated: bool,
    /// Of `--describe` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<&'a Value>,
    /// Of `--describe` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schema: Option<&'a Value>,
}

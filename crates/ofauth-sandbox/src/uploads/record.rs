//! What the sandbox tells about the uploads it has seen.
//!
//! Plain data, filled by the sessions and read by tests, by the command line and through `/_sandbox/uploads`.

use serde::Serialize;

/// An upload session, from its init to its use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UploadRecord {
    /// The session id, which is the upload reference too.
    pub media_upload_id: String,
    /// The file name of the init request.
    pub filename: String,
    /// The size of the init request in bytes.
    pub size: u64,
    /// The content type of the init request.
    pub content_type: String,
    /// Whether the file goes in one request or in parts.
    pub kind: UploadKind,
    /// How far the session is.
    pub state: UploadState,
    /// The bytes of all parts that were accepted; a part that was sent twice counts once.
    pub received: u64,
    /// The SHA-256 of the assembled file in hexadecimal, once the upload is finished and unless bytes are discarded.
    pub sha256: Option<String>,
    /// The parts of the plan; a single upload has one.
    pub parts: Vec<PartRecord>,
    /// The vault media that the finished upload became.
    pub media_id: Option<u64>,
}

/// One part of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PartRecord {
    /// The part number, from 1.
    pub number: u32,
    /// The first byte of the file in this part.
    pub start: u64,
    /// The last byte of the file in this part.
    pub end: u64,
    /// How many requests named this part, refused and broken ones included.
    pub attempts: u32,
    /// The etag of the part as answered, with its quotes, once the part was accepted.
    pub etag: Option<String>,
}

/// Whether a file goes in one request or in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UploadKind {
    /// One PUT, which finishes the upload.
    Single,
    /// One PUT a part, then a complete request.
    Multipart,
}

/// How far an upload session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UploadState {
    /// Bytes or the complete request are still to come.
    Open,
    /// Finished: the reference can be used once.
    Complete,
    /// The reference was used in a post or message.
    Consumed,
    /// The session ended before it was finished.
    Expired,
}

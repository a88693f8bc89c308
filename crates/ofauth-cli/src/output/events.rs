//! The lines of `--json`: one object a line, with exactly these fields, `null` where a value is not known.
//! Only `fileBase64` is there for a name that is not text, and for no other.
//!
//! The names and fields are part of the command's interface. This module only gives them their shape; `output`
//! prints them.

use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::name::{Name, NameFields};

/// One line of `--json`.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub(crate) enum Event<'a> {
    /// A file was uploaded.
    Uploaded {
        #[serde(flatten)]
        file: NameFields<'a>,
        media_upload_id: &'a str,
        media: Option<&'a Value>,
        bytes: u64,
        parts: usize,
        etags: Vec<Option<&'a str>>,
        retries: u32,
        resumed: bool,
    },
    /// A file was not uploaded, because an earlier run did and the vault still has it.
    Skipped {
        #[serde(flatten)]
        file: NameFields<'a>,
        media: Option<&'a Value>,
        etag: &'a str,
    },
    /// A file, or the whole command (`file` is then null), failed.
    Failed {
        #[serde(flatten)]
        file: NameFields<'a>,
        kind: &'a str,
        error: &'a str,
        status: Option<u16>,
        r#type: Option<&'a str>,
        request_id: Option<&'a str>,
        part: Option<u32>,
        retryable: bool,
        media_upload_id: Option<&'a str>,
        /// What to do about it.
        next: Option<&'a str>,
    },
    /// A file was not tried, because all would have failed or the user stopped. What holds for all is told once, of a file
    /// that was tried.
    #[serde(rename = "not_tried")]
    NotTried {
        #[serde(flatten)]
        file: NameFields<'a>,
        kind: &'a str,
        error: &'a str,
        retryable: bool,
    },
    /// A file passed the local checks of `--dry-run`.
    Inspected {
        #[serde(flatten)]
        file: NameFields<'a>,
        filename: &'a str,
        size: u64,
        content_type: &'a str,
    },
    /// How all files of a command ended, told last.
    Summary {
        files: u64,
        uploaded: u64,
        resumed: u64,
        skipped: u64,
        not_media: u64,
        failed: u64,
        not_tried: u64,
        bytes: u64,
        seconds: f64,
    },
    /// A step of an upload failed and is tried again after so many seconds. On standard error.
    Retrying {
        #[serde(flatten)]
        file: NameFields<'a>,
        step: String,
        part: Option<u32>,
        error: &'a str,
        status: Option<u16>,
        tries: u32,
        tries_at_most: u32,
        wait: f64,
    },
    /// Nothing new of a file is sent for so many seconds, for the rate limit is used up. On standard error.
    Waiting {
        #[serde(flatten)]
        file: NameFields<'a>,
        wait: f64,
    },
    /// A post was made of the uploaded files.
    Posted { id: Option<String>, media_items: Vec<String>, post: &'a Value },
    /// A message or a mass message was sent.
    Sent { id: Option<String>, message: &'a Value },
    /// With `--each-connection`: what follows is of this connection.
    Connection { connection_id: &'a str, username: Option<&'a str> },
    /// A variant of a media was downloaded.
    Downloaded {
        #[serde(flatten)]
        file: NameFields<'a>,
        bytes: u64,
        resumed: u64,
        content_type: Option<&'a str>,
    },
    /// A creator can sign in now.
    Linking {
        mode: &'a str,
        url: Option<&'a str>,
        client_secret: Option<&'a str>,
        client_reference_id: &'a str,
    },
    /// A creator has signed in.
    Linked { connection_id: &'a str, client_reference_id: &'a str, username: Option<&'a str> },
    /// A webhook was not verified.
    Refused { reason: &'a str, error: &'a str },
    /// `webhook listen` is ready. An object for each event follows.
    Listening { url: &'a str },
    /// An example of a webhook was sent and answered.
    Triggered { r#type: &'a str, to: &'a str, status: u16 },
    /// The sandbox is ready.
    Sandbox {
        base_url: &'a str,
        api_key: Option<&'a str>,
        connection_id: &'a str,
        ca_file: Option<&'a str>,
        /// What webhooks are signed with, if there are any and it was made here.
        webhook_secret: Option<&'a str>,
    },
}

impl<'a> Event<'a> {
    /// The event of a failure, whose text this is.
    pub(crate) fn failed(failure: &'a Failure, text: &'a str) -> Self {
        let error = failure.error();
        Event::Failed {
            file: failure.file().map(Name::fields).unwrap_or_default(),
            kind: error.kind().as_str(),
            error: text,
            status: error.status(),
            r#type: error.api_type(),
            request_id: error.request_id(),
            part: error.part(),
            retryable: error.is_retryable(),
            media_upload_id: error.upload_id(),
            next: failure.hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::path::Path;

    #[test]
    fn uploaded_has_its_fields_in_order() {
        let media = json!({"id": 12345});
        let event = Event::Uploaded {
            file: NameFields::of(Path::new("clip.mp4")),
            media_upload_id: "upload:1",
            media: Some(&media),
            bytes: 10,
            parts: 2,
            etags: vec![Some("\"a\""), None],
            retries: 1,
            resumed: false,
        };
        assert_eq!(
            serde_json::to_string(&event).unwrap(),
            r#"{"event":"uploaded","file":"clip.mp4","mediaUploadId":"upload:1","media":{"id":12345},"bytes":10,"parts":2,"etags":["\"a\"",null],"retries":1,"resumed":false}"#
        );
    }

    #[test]
    fn failed_has_its_fields_in_order() {
        let event = Event::Failed {
            file: NameFields::default(),
            kind: "config",
            error: "no key",
            status: None,
            r#type: None,
            request_id: None,
            part: None,
            retryable: false,
            media_upload_id: None,
            next: Some("set it"),
        };
        assert_eq!(
            serde_json::to_string(&event).unwrap(),
            r#"{"event":"failed","file":null,"kind":"config","error":"no key","status":null,"type":null,"requestId":null,"part":null,"retryable":false,"mediaUploadId":null,"next":"set it"}"#
        );
    }
}

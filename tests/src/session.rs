//! What the guide's server keeps of one upload.

use ring::digest;
use serde_json::{Value, json};

use crate::exchange::Head;
use crate::response::Answer;

/// An upload session.
#[derive(Debug, Clone)]
pub struct Session {
    /// The `mediaUploadId`.
    pub id: String,
    /// Bytes of the file.
    pub size: u64,
    /// The content type that init declared.
    pub content_type: String,
    /// The parts in order.
    pub parts: Vec<Part>,
    /// How often it was completed.
    pub completed: usize,
    /// The body of init.
    pub init: Value,
}

/// A part of a session.
#[derive(Debug, Clone)]
pub struct Part {
    /// The first byte.
    pub start: u64,
    /// Bytes.
    pub length: u64,
    /// SHA-256 of what was received last.
    pub received: Option<Vec<u8>>,
}

impl Session {
    pub(crate) fn new(id: String, size: u64, content_type: &str, lengths: &[u64], init: Value) -> Self {
        assert_eq!(lengths.iter().sum::<u64>(), size, "a test's plan must cover its file");
        let mut start = 0;
        let part = |length: &u64| {
            let part = Part { start, length: *length, received: None };
            start += length;
            part
        };
        let parts = lengths.iter().map(part).collect();
        Self { id, size, content_type: content_type.to_owned(), parts, completed: 0, init }
    }

    /// The plan as the guide writes it.
    pub(crate) fn plan(&self, origin: &str, query: &str, single: bool) -> Value {
        let base = format!("{origin}/v2/access/uploads/{}", self.id.replace(':', "%3A"));
        let parts: Vec<_> = self
            .parts
            .iter()
            .zip(1..)
            .map(|(part, number)| {
                let url = if single { base.clone() } else { format!("{base}/parts/{number}") };
                json!({"partNumber": number, "uploadUrl": format!("{url}{query}"),
                    "byteRange": {"start": part.start, "end": part.start + part.length - 1}})
            })
            .collect();
        let mut plan = json!({
            "mediaUploadId": self.id,
            "uploadType": if single { "single" } else { "multipart" },
            "totalParts": parts.len(),
            "partSize": self.parts.iter().map(|part| part.length).max(),
            "expiresAt": "2099-04-29T10:18:48.831Z",
            "parts": parts,
        });
        if !single {
            plan["completeUrl"] = json!(format!("{origin}/v2/access/uploads/complete"));
        }
        plan
    }

    /// Takes the bytes of a part, or refuses them.
    pub(crate) fn take_part(
        &mut self,
        number: u32,
        head: &Head,
        digest: Option<Vec<u8>>,
        length: u64,
    ) -> Option<Answer> {
        let part = self.parts.get_mut((number as usize).wrapping_sub(1));
        let Some(part) = part else {
            return Some(Answer::problem(404, "no such part", "RESOURCE_NOT_FOUND", "req_guide"));
        };
        if head.header("content-length") != Some(&part.length.to_string()) || length != part.length {
            return Some(Answer::problem(400, "not the length of the part", "BAD_REQUEST", "req_guide"));
        }
        if head.header("content-type") != Some(&self.content_type) {
            return Some(Answer::problem(415, "not the declared type", "UNSUPPORTED", "req_guide"));
        }
        part.received = digest;
        None
    }
}

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

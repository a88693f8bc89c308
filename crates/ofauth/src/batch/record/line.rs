//! The lines of a batch's record: a finished upload and what it was of, and what has become of such lines since. Pure.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::file_identity::FileIdentity;
use crate::journal::About;
use crate::upload::{Sum, Uploaded, UploadedPart};

/// The API does not say how long a reference of a finished upload can be used. A week bounds the surprise.
pub(super) const LASTS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A finished upload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UploadLine {
    /// Which upload it is: the same one has all of this.
    pub(super) about: About,
    /// What the source was.
    pub(super) identity: FileIdentity,
    /// What its content is known by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sum: Option<Sum>,
    /// When it was written, in seconds since 1970.
    at: u64,
    media_upload_id: String,
    media: Option<Value>,
    multipart: bool,
    retries: u32,
    /// The bytes, the etag and the tries of each part.
    parts: Vec<(u64, Option<String>, u32)>,
}

impl UploadLine {
    /// The line of an upload that ends now.
    pub(super) fn new(about: About, identity: FileIdentity, uploaded: &Uploaded) -> Self {
        let part = |part: &UploadedPart| (part.length, part.etag.clone(), part.attempts);
        Self {
            about,
            identity,
            sum: uploaded.sum.clone(),
            at: now(),
            media_upload_id: uploaded.media_upload_id.clone(),
            media: uploaded.media.clone(),
            multipart: uploaded.multipart,
            retries: uploaded.retries,
            parts: uploaded.parts.iter().map(part).collect(),
        }
    }

    /// The reference of the upload.
    pub(super) fn media_upload_id(&self) -> &str {
        &self.media_upload_id
    }

    /// The upload, all of which an earlier run had sent.
    pub(super) fn into_uploaded(self) -> Uploaded {
        let bytes = self.parts.iter().fold(0, |bytes: u64, (length, ..)| bytes.saturating_add(*length));
        let mut start: u64 = 0;
        let parts = (1..).zip(self.parts).map(|(number, (length, etag, attempts))| {
            let part = UploadedPart { number, start, length, etag, attempts };
            start = start.saturating_add(length);
            part
        });
        Uploaded {
            parts: parts.collect(),
            media_upload_id: self.media_upload_id,
            media: self.media,
            bytes,
            multipart: self.multipart,
            retries: self.retries,
            sent_again: 0,
            resumed: bytes,
            held: None,
            sum: self.sum,
        }
    }
}

/// What a line says, without what is only of use once it is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Seen {
    about: Option<About>,
    at: u64,
    /// Uploads of this file that a batch has taken and is done with, by where their lines begin.
    pub(super) forgotten: Vec<u64>,
    /// Uploads of another file that this batch has taken.
    pub(super) taken: Option<Taken>,
    /// Whether this batch is done with all that it uploaded and took.
    pub(super) settled: bool,
}

/// Uploads of the file of an earlier batch that another one has taken, by where their lines begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Taken {
    /// The name of the file.
    pub(super) file: String,
    pub(super) lines: Vec<u64>,
}

impl Seen {
    /// Reads a line; one that cannot be read says nothing.
    pub(super) fn of(line: &[u8]) -> Self {
        serde_json::from_slice(line).unwrap_or_default()
    }

    /// The key of the upload, if it is one that can still be used.
    pub(super) fn key(&self) -> Option<u64> {
        let about = self.about.as_ref()?;
        (now().saturating_sub(self.at) <= LASTS.as_secs()).then(|| key(about))
    }
}

/// What an upload is found by: the same number as in the name of its journal.
pub(super) fn key(about: &About) -> u64 {
    u64::from_str_radix(&about.id(), 16).unwrap_or_default()
}

/// The line that says that uploads of this file are forgotten.
pub(super) fn forgotten(lines: &[u64]) -> Vec<u8> {
    format!("{}\n", serde_json::json!({ "forgotten": lines })).into_bytes()
}

/// The lines that say that a batch is done, and with which uploads of others. The last one counts: a batch is not done
/// before it is there.
pub(super) fn settled(taken: &[Taken]) -> Vec<u8> {
    /// Numbers of a line, so that none is beyond all measure.
    const IN_A_LINE: usize = 100_000;
    let mut lines = Vec::new();
    for Taken { file, lines: all } in taken {
        for some in all.chunks(IN_A_LINE) {
            let line = serde_json::json!({ "taken": { "file": file, "lines": some } });
            lines.extend_from_slice(format!("{line}\n").as_bytes());
        }
    }
    lines.extend_from_slice(b"{\"settled\":true}\n");
    lines
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
pub(super) mod tests_support {
    use super::*;

    pub(crate) fn about(source: &str) -> About {
        About {
            base_url: "https://api.ofauth.com".into(),
            connection: "conn_1".into(),
            source: source.into(),
            filename: "a.mp4".into(),
            content_type: "video/mp4".into(),
            vault_upload: None,
        }
    }

    /// An upload of these parts.
    pub(crate) fn uploaded(id: &str, parts: &[&[u8]]) -> Uploaded {
        let mut start = 0;
        let part = |(number, part): (u32, &&[u8])| {
            let length = part.len() as u64;
            start += length;
            UploadedPart {
                number,
                start: start - length,
                length,
                etag: Some(format!("\"{number}\"")),
                attempts: 1,
            }
        };
        let hash = |part: &&[u8]| (part.len() as u64, Some(xxhash_rust::xxh3::xxh3_128(part)));
        Uploaded {
            media_upload_id: id.into(),
            media: Some(serde_json::json!({"id": 7})),
            bytes: parts.iter().map(|part| part.len() as u64).sum(),
            multipart: parts.len() > 1,
            retries: 2,
            sent_again: 0,
            resumed: 0,
            held: None,
            sum: Sum::of_parts(&parts.iter().map(hash).collect::<Vec<_>>()),
            parts: (1..).zip(parts).map(part).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::tests_support::{about, uploaded};
    use super::*;

    #[test]
    fn an_upload_comes_back_as_it_was_but_as_one_of_an_earlier_run() {
        let upload = uploaded("upload:1", &[b"abcd", b"efgh", b"i"]);
        let line = UploadLine::new(about("/a.mp4"), FileIdentity::of_size(9), &upload);
        let text = serde_json::to_string(&line).unwrap();
        assert!(!text.contains('\n'));
        let back: UploadLine = serde_json::from_str(&text).unwrap();
        assert_eq!(back, line);
        assert_eq!(back.into_uploaded(), Uploaded { resumed: 9, ..upload });
        assert_eq!(Seen::of(text.as_bytes()).key(), Some(key(&about("/a.mp4"))));
    }

    #[test]
    fn what_is_old_or_no_upload_has_no_key() {
        let line = UploadLine::new(about("/a"), FileIdentity::of_size(1), &uploaded("u", &[b"a"]));
        let at = |at| serde_json::to_vec(&UploadLine { at, ..line.clone() }).unwrap();
        assert!(Seen::of(&at(now() - LASTS.as_secs() + 60)).key().is_some());
        assert!(Seen::of(&at(now() + 1000)).key().is_some(), "a clock that was put back");
        assert!(Seen::of(&at(now() - LASTS.as_secs() - 60)).key().is_none());
        for other in [&b"not json"[..], b"{}", b"{\"at\":5}", &settled(&[]), &forgotten(&[1])] {
            assert!(Seen::of(other).key().is_none());
        }
    }

    #[test]
    fn the_end_of_a_batch_is_its_last_line() {
        let taken = Taken { file: "a".into(), lines: (0..250_000).collect() };
        let lines = settled(std::slice::from_ref(&taken));
        let seen: Vec<Seen> = lines.split_inclusive(|byte| *byte == b'\n').map(Seen::of).collect();
        let [some @ .., last] = &seen[..] else { panic!("no line") };
        assert!(last.settled && !some.iter().any(|line| line.settled));
        let all = some.iter().flat_map(|line| line.taken.clone().unwrap().lines);
        assert!(all.eq(taken.lines.iter().copied()));
        assert_eq!(Seen::of(&forgotten(&[3, 4])).forgotten, [3, 4]);
    }
}

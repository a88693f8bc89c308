//! The JSON of the upload routes, as the upload guide writes it.
//!
//! Answers are read leniently: numbers may come as text or with a fraction of zero, everything but what an upload
//! cannot do without may be missing or null, and unknown fields are passed over. Nothing is judged here.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::error::Category;

/// Body of `POST /v2/access/uploads/init`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InitBody<'a> {
    pub(crate) filename: &'a str,
    pub(crate) size: u64,
    pub(crate) content_type: &'a str,
    /// Left out, never null, unless the caller sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vault_upload: Option<&'a VaultUpload>,
}

/// Options for automatic vault workflows, sent with init only if set. Each is a field and a setter of the same name.
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// let for_a_message = ofauth::VaultUpload::default().mode("message").user_id("12345");
/// let uploaded = client.upload_path("clip.mp4").vault_upload(for_a_message).await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[must_use = "options do nothing until they are given to an upload"]
pub struct VaultUpload {
    /// The workflow. The only one known is `message`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The user that the upload is meant for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

impl VaultUpload {
    /// The workflow. The only one known is `message`.
    pub fn mode(mut self, mode: impl Into<String>) -> Self {
        self.mode = Some(mode.into());
        self
    }

    /// The user that the upload is meant for.
    pub fn user_id(mut self, id: impl Into<String>) -> Self {
        self.user_id = Some(id.into());
        self
    }
}

/// Answer to it: the plan of an upload.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InitAnswer {
    #[serde(default, deserialize_with = "text")]
    pub(crate) media_upload_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) upload_type: Option<String>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) part_size: Option<Whole>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) expires_at: Option<String>,
    #[serde(default)]
    pub(crate) parts: Option<Vec<PartAnswer>>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) complete_url: Option<String>,
}

/// One entry of a plan's `parts`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PartAnswer {
    #[serde(default, deserialize_with = "whole")]
    pub(crate) part_number: Option<Whole>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) upload_url: Option<String>,
    #[serde(default)]
    pub(crate) byte_range: Option<RangeAnswer>,
}

/// The bytes of a part; `end` is the last one, not the one behind it.
#[derive(Debug, Deserialize)]
pub(crate) struct RangeAnswer {
    #[serde(default, deserialize_with = "whole")]
    pub(crate) start: Option<Whole>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) end: Option<Whole>,
}

/// Body of `POST /v2/access/uploads/complete`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompleteBody<'a> {
    pub(crate) media_upload_id: &'a str,
}

/// Answer to a part, to a single upload and to complete: each has some of the fields.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DoneAnswer {
    #[serde(default, deserialize_with = "text")]
    pub(crate) media_upload_id: Option<String>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) part_number: Option<Whole>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) etag: Option<String>,
    #[serde(default)]
    pub(crate) media: Option<Value>,
}

/// Body of `POST /v2/access/uploads/check`.
#[derive(Debug, Serialize)]
pub(crate) struct CheckBody<'a> {
    pub(crate) etag: &'a str,
    pub(crate) size: u64,
}

/// A number as it came: usable, or not a whole number of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    Number(u64),
    /// Negative, fractional, too large, or not a number.
    Unusable,
}

impl Whole {
    /// The number, if it is one.
    pub(crate) fn get(self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Unusable => None,
        }
    }
}

fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Whole>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::Number(number) => Some(match (number.as_u64(), number.as_f64()) {
            (Some(whole), _) => Whole::Number(whole),
            // Below 2^53 a float is exact, so the cast is.
            (None, Some(float)) if float.fract() == 0.0 && (0.0..9.0e15).contains(&float) => {
                Whole::Number(float as u64)
            }
            _ => Whole::Unusable,
        }),
        Value::String(text) => Some(text.trim().parse().map_or(Whole::Unusable, Whole::Number)),
        _ => Some(Whole::Unusable),
    })
}

/// Text, or a number taken as text; anything else counts as missing.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// Reads a JSON object. The error says what is wrong without any value of the text: a plan's URLs stay out of errors.
pub(crate) fn read_object<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    // An array would fill a struct's fields in their order.
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err("it is not a JSON object".into());
    }
    let read = serde_json::from_slice(body).or_else(|error| {
        // A field stands twice: as a tree, the last one counts. That takes more memory than is worth it for all.
        let is_doubled = error.is_data() && error.to_string().contains("duplicate field");
        if is_doubled { serde_json::from_value(serde_json::from_slice(body)?) } else { Err(error) }
    });
    read.map_err(|error| {
        let what = match error.classify() {
            Category::Eof => "it ends too early",
            Category::Data => "a field has another type than documented",
            Category::Syntax | Category::Io => "it is not JSON",
        };
        format!("{what}, line {} column {}", error.line(), error.column())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_numbers_and_missing_fields_are_read() {
        let range = |text: &str| serde_json::from_str::<RangeAnswer>(text).unwrap().end;
        assert_eq!(range(r#"{"end": 7}"#), Some(Whole::Number(7)));
        assert_eq!(range(r#"{"end": 7.0}"#), Some(Whole::Number(7)));
        assert_eq!(range(r#"{"end": "7", "more": {}}"#), Some(Whole::Number(7)));
        assert_eq!(range(r#"{"end": 18446744073709551615}"#), Some(Whole::Number(u64::MAX)));
        assert_eq!(range(r#"{"end": null}"#), None);
        assert_eq!(range("{}"), None);
        for unusable in ["-1", "7.5", "1e300", "18446744073709551616", "\"x\"", "[]", "true"] {
            assert_eq!(range(&format!(r#"{{"end": {unusable}}}"#)), Some(Whole::Unusable), "{unusable}");
        }
    }

    #[test]
    fn of_a_field_that_stands_twice_the_last_one_counts() {
        let done: DoneAnswer =
            read_object(br#"{"etag":"a","mediaUploadId":"upload:1","etag":"b","new":1,"new":2}"#).unwrap();
        assert_eq!(done.etag.as_deref(), Some("b"));
    }

    #[test]
    fn a_done_answer_may_be_almost_empty() {
        let done: DoneAnswer =
            serde_json::from_str(r#"{"mediaUploadId":"upload:1","media":{"id":5,"files":{}},"new":[1]}"#)
                .unwrap();
        assert_eq!(done.media_upload_id.as_deref(), Some("upload:1"));
        assert!(done.etag.is_none());
        let nulls: DoneAnswer = serde_json::from_str(r#"{"media":null,"etag":null}"#).unwrap();
        assert!(nulls.media.is_none() && nulls.etag.is_none());
    }
}

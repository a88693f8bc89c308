//! What a post or message shows, in the four forms that the API takes.

use std::fmt;
use std::str::FromStr;

use crate::call::used_references::is_reference;
use crate::error::{Error, Result, invalid};
use crate::upload::Uploaded;

/// A medium of a post or message.
///
/// As a text it is one of the four forms of the API, and anything else is refused:
///
/// ```
/// use ofauth::MediaItem;
///
/// for text in ["upload:550e8400-e29b-41d4-a716-446655440000", "4503112345", "https://example.com/a.jpg"] {
///     text.parse::<MediaItem>()?;
/// }
/// assert_eq!("4503112345".parse::<MediaItem>()?, MediaItem::id(4_503_112_345_u64));
/// assert!("clip.mp4".parse::<MediaItem>().is_err());
/// # Ok::<(), ofauth::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MediaItem(String);

impl MediaItem {
    /// An upload reference. It can be used once: a second use is refused before anything is sent.
    pub fn reference(media_upload_id: impl Into<String>) -> Self {
        Self(media_upload_id.into())
    }

    /// A media id of the vault, above 0. It can be used any number of times.
    pub fn id(media_id: impl fmt::Display) -> Self {
        Self(media_id.to_string())
    }

    /// A picture or video on another server, `http` or `https`.
    pub fn url(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

impl From<&Uploaded> for MediaItem {
    fn from(uploaded: &Uploaded) -> Self {
        Self::reference(uploaded.media_upload_id())
    }
}

/// An upload reference, a media id, or the URL of a medium.
impl FromStr for MediaItem {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        check(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for MediaItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Refuses what is none of the forms that the API takes.
pub(super) fn check(text: &str) -> Result<()> {
    let is_id = text.parse::<u64>().is_ok_and(|id| id > 0) && !text.starts_with('+');
    let is_url = || {
        let url = url::Url::parse(text).ok();
        url.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    };
    if is_reference(text) || is_id || is_url() {
        return Ok(());
    }
    Err(invalid(format!(
        "{text:?} is no medium of a post: give an upload reference (upload:…), the media id of something in the vault, or an \
         http or https URL; a file has to be uploaded first"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_forms_are_taken_and_nothing_else() {
        for text in [
            "upload:550e8400-e29b-41d4-a716-446655440000",
            "ofauth_upload_abc",
            "1",
            "18446744073709551615",
            "http://127.0.0.1:8080/a.jpg",
            "HTTPS://example.com/a b.jpg",
        ] {
            assert_eq!(text.parse::<MediaItem>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "0",
            "-1",
            "+1",
            "1.0",
            " 1",
            "upload:",
            "upload:a b",
            "clip.mp4",
            "ftp://h/a",
            "https://",
            "file:///a",
        ] {
            let error = text.parse::<MediaItem>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")) && error.contains("media id"), "{error}");
        }
    }
}

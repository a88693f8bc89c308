//! What a post or message shows, in the four forms that the API takes.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::media_form::{self, MediaForm};
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
pub struct MediaItem {
    text: String,
    form: MediaForm,
}

impl MediaItem {
    /// An upload reference, in whatever form the service gave it. It can be used once: a second use is refused before anything
    /// is sent.
    pub fn reference(media_upload_id: impl Into<String>) -> Self {
        Self { text: media_upload_id.into(), form: MediaForm::Reference }
    }

    /// A media id of the vault, above 0. It can be used any number of times.
    pub fn id(media_id: impl fmt::Display) -> Self {
        Self { text: media_id.to_string(), form: MediaForm::Id }
    }

    /// A picture or video on another server, `http` or `https`.
    pub fn url(url: impl Into<String>) -> Self {
        Self { text: url.into(), form: MediaForm::Url }
    }

    /// Refuses what is not in the form that it was given as, or in none that the API takes.
    pub(super) fn check(&self) -> Result<()> {
        let form = MediaForm::check(&self.text)?;
        // References are opaque: one may look like anything.
        if self.form == MediaForm::Reference || form == self.form {
            return Ok(());
        }
        Err(media_form::none(&self.text))
    }

    pub(super) fn into_text(self) -> String {
        self.text
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
        let form = MediaForm::known(text).ok_or_else(|| media_form::none(text))?;
        Ok(Self { text: text.to_owned(), form })
    }
}

impl fmt::Display for MediaItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_forms_are_taken_and_nothing_else() {
        for (text, item) in [
            ("upload:550e8400-e29b", MediaItem::reference("upload:550e8400-e29b")),
            ("ofauth_upload_abc", MediaItem::reference("ofauth_upload_abc")),
            ("1", MediaItem::id(1)),
            ("HTTPS://example.com/a b.jpg", MediaItem::url("HTTPS://example.com/a b.jpg")),
        ] {
            assert_eq!(text.parse::<MediaItem>().unwrap(), item);
            assert_eq!(item.to_string(), text);
            item.check().unwrap();
        }
        for text in ["", "0", "ref_1", "upload:a b", "clip.mp4", "ftp://h/a", "https://"] {
            let error = text.parse::<MediaItem>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")) && error.contains("media id"), "{error}");
        }
    }

    #[test]
    fn what_is_made_as_one_form_is_of_that_form() {
        let reference = MediaItem::reference("ref_1");
        reference.check().expect("another version of the service may give it");
        for item in [
            MediaItem::id(0),
            MediaItem::id("ref_1"),
            MediaItem::id("http://h/a"),
            MediaItem::url("1"),
            MediaItem::url("ftp://h/a"),
            MediaItem::url("https://"),
            MediaItem::reference(""),
            MediaItem::reference("clip.mp4"),
            MediaItem::reference("a b"),
        ] {
            assert!(item.check().unwrap_err().to_string().contains("no medium"), "{item:?}");
        }
    }
}

//! The forms in which the API takes the media of posts and messages: the one rule, for texts of people, for what the service
//! gives and for what is sent on any road. Pure.
//!
//! References are opaque. So what people type has to be in a form that is known, while a reference that the service gave is
//! taken in any form, and only what surely is none is refused before it is sent.

use crate::error::{Result, invalid};

/// The longest upload reference that is believed, in bytes. Today's have 43.
pub(crate) const LONGEST_REFERENCE: usize = 1024;

/// How references begin, today and in older documents of the API.
const BEGINNINGS: [&str; 2] = ["upload:", "ofauth_upload_"];

/// How names of media files end. No reference does.
const ENDINGS: [&str; 16] = [
    "avi", "gif", "heic", "heif", "jpeg", "jpg", "m4a", "m4v", "mkv", "mov", "mp3", "mp4", "png", "wav",
    "webm", "webp",
];

/// How a medium is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum MediaForm {
    /// By the reference of an upload, which works once.
    Reference,
    /// By its id in the vault.
    Id,
    /// By where it is on another server.
    Url,
}

impl MediaForm {
    /// The form of a text that somebody typed: one that the API's documents know.
    pub(crate) fn known(text: &str) -> Option<Self> {
        let begins_as_known = BEGINNINGS.iter().any(|beginning| text.starts_with(beginning));
        Self::possible(text).filter(|form| *form != Self::Reference || begins_as_known)
    }

    /// The form of a text that is sent or was given by the service. What is of no known form is taken for a reference, unless
    /// it surely is none.
    pub(crate) fn possible(text: &str) -> Option<Self> {
        if is_number(text) {
            let id = text.parse::<u64>().ok().filter(|id| *id > 0 && !text.starts_with('+'));
            return id.map(|_| Self::Id);
        }
        if begins_as_web(text) {
            return url::Url::parse(text).ok().filter(url::Url::has_host).map(|_| Self::Url);
        }
        let can_be = goes_anywhere(text) && !BEGINNINGS.contains(&text) && !is_file(text);
        can_be.then_some(Self::Reference)
    }

    /// Whether what the service gives for an upload can be its reference: something that a post takes, and that goes into
    /// paths and lines of output as it is.
    pub(crate) fn can_be_given(text: &str) -> bool {
        Self::possible(text).is_some() && goes_anywhere(text)
    }

    /// Refuses what is sent as a medium and surely is none.
    pub(crate) fn check(text: &str) -> Result<Self> {
        Self::possible(text).ok_or_else(|| none(text))
    }
}

/// The error of a text that is no medium.
pub(crate) fn none(text: &str) -> crate::error::Error {
    const LONGEST_SHOWN: usize = 100;
    let mut shown: String = text.chars().take(LONGEST_SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    invalid(format!(
        "{shown:?} is no medium of a post: give an upload reference (upload:…), the media id of something in the vault, or an \
         http or https URL; a file has to be uploaded first"
    ))
}

fn goes_anywhere(text: &str) -> bool {
    (1..=LONGEST_REFERENCE).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn begins_as_web(text: &str) -> bool {
    let begins =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    begins("http:") || begins("https:")
}

/// Whether a text is the path of a file.
fn is_file(text: &str) -> bool {
    let has_known_beginning = BEGINNINGS.iter().any(|beginning| text.starts_with(beginning));
    let begins_as_path =
        ["/", "./", "../", "~/", "file:"].iter().any(|beginning| text.starts_with(beginning));
    let ending = text.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let ends_as_media = ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()));
    !has_known_beginning && (begins_as_path || text.contains('\\') || ends_as_media)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_text_has_one_form() {
        use MediaForm::*;
        let longest = "a".repeat(LONGEST_REFERENCE);
        let too_long = "a".repeat(LONGEST_REFERENCE + 1);
        for (text, known, possible) in [
            ("upload:550e8400-e29b-41d4-a716-446655440000", Some(Reference), Some(Reference)),
            ("upload:a/b", Some(Reference), Some(Reference)),
            ("upload:a.mp4", Some(Reference), Some(Reference)),
            ("ofauth_upload_abc", Some(Reference), Some(Reference)),
            ("1", Some(Id), Some(Id)),
            ("18446744073709551615", Some(Id), Some(Id)),
            ("http://127.0.0.1:8080/a.jpg", Some(Url), Some(Url)),
            ("HTTPS://example.com/a b.jpg", Some(Url), Some(Url)),
            // What another version of the service may give.
            ("ref_1", None, Some(Reference)),
            ("5e12", None, Some(Reference)),
            ("eyJhbGciOi.eyJ1c2Vy.c2ln", None, Some(Reference)),
            ("vault://1", None, Some(Reference)),
            (&longest, None, Some(Reference)),
            (&too_long, None, None),
            ("", None, None),
            ("0", None, None),
            ("-1", None, None),
            ("+1", None, None),
            ("1.0", None, None),
            (" 1", None, None),
            ("18446744073709551616", None, None),
            ("upload:", None, None),
            ("upload:a b", None, None),
            ("upload:1\nupload:2", None, None),
            ("ä", None, None),
            ("clip.mp4", None, None),
            ("holiday/CLIP.MP4", None, None),
            ("./clip", None, None),
            ("C:\\clip", None, None),
            ("file:///a", None, None),
            ("https://", None, None),
            ("http:", None, None),
        ] {
            assert_eq!((MediaForm::known(text), MediaForm::possible(text)), (known, possible), "{text:?}");
            if possible.is_none() {
                let error = MediaForm::check(text).unwrap_err().to_string();
                assert!(error.contains("media id") && error.len() < 500, "{error}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_known_is_possible_and_goes_on_one_line(text in "(upload:|ofauth_upload_|https?://)?.{0,20}") {
            if let Some(form) = MediaForm::known(&text) {
                prop_assert_eq!(MediaForm::possible(&text), Some(form));
            }
            if MediaForm::possible(&text) == Some(MediaForm::Reference) {
                prop_assert!(MediaForm::can_be_given(&text));
            }
            if MediaForm::can_be_given(&text) {
                prop_assert!(MediaForm::check(&text).is_ok() && !text.contains(char::is_whitespace));
            }
        }
    }
}

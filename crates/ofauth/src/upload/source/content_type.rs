//! The content type of a file: by its name if that is of a format in the upload guide, by its first bytes if these are,
//! else by whatever tells.
//!
//! The formats of the upload guide come from a table of our own, because common tables know `mov` and `m4a` under
//! other names than the service does.

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// The formats that the upload guide lists. The first extension of each is the usual one.
const GUIDE: &[(&str, &str)] = &[
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("mp4", "video/mp4"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("m4a", "audio/mp4"),
];

/// How many first bytes [`of`] wants to see.
pub(crate) const HEAD: usize = 512;

/// The content type of a file called `filename` that begins with `head`.
pub(crate) fn of(filename: &str, head: &[u8]) -> Result<String> {
    let extension =
        Path::new(filename).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if let Some((_, found)) = GUIDE.iter().find(|(known, _)| known.eq_ignore_ascii_case(extension)) {
        return Ok((*found).to_owned());
    }
    let content = by_content(head);
    let is_in_guide = |found: &&str| GUIDE.iter().any(|(_, known)| known == found);
    let guess = || mime_guess::from_ext(extension).first_raw();
    if let Some(found) = content.filter(is_in_guide).or_else(guess).or(content) {
        return Ok(found.to_owned());
    }
    Err(Error::new(
        ErrorKind::InvalidArgument,
        format!(
            "the content type of {filename:?} cannot be told from its name or first bytes: give it, such as video/mp4"
        ),
    ))
}

/// The content type of a file called `filename`, if its name tells.
pub fn by_name(filename: &str) -> Option<String> {
    of(filename, &[]).ok()
}

/// The usual extension of a format of the guide.
pub fn usual_extension(content_type: &str) -> Option<&'static str> {
    GUIDE.iter().find(|(_, known)| known.eq_ignore_ascii_case(content_type)).map(|(extension, _)| *extension)
}

/// The content type that first bytes tell, under the name that the guide has for it.
pub(crate) fn by_content(head: &[u8]) -> Option<&'static str> {
    let found = infer::get(head)?.mime_type();
    Some(match found {
        "audio/m4a" => "audio/mp4",
        "video/x-m4v" => "video/mp4",
        found => found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_first_then_bytes_then_an_error_that_asks() {
        for (name, expected) in [
            ("clip.MP4", "video/mp4"),
            ("clip.mov", "video/quicktime"),
            ("song.m4a", "audio/mp4"),
            ("song.mp3", "audio/mpeg"),
            ("a.b.webp", "image/webp"),
            ("scan.tiff", "image/tiff"),
        ] {
            assert_eq!(of(name, b"").unwrap(), expected);
        }
        assert_eq!(of("noname", b"\x89PNG\r\n\x1a\n").unwrap(), "image/png");
        assert_eq!(of("a.bin", b"\xff\xd8\xff\xe0").unwrap(), "image/jpeg", "bytes of a format in the guide");
        assert_eq!(of("a.jpg", b"\x89PNG\r\n\x1a\n").unwrap(), "image/jpeg", "a name in the guide");
        let error = of("noname.unheardof", b"plain").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("noname.unheardof") && error.to_string().contains("video/mp4"));
    }
}

//! The content type of a file: by its name if that is of a format in the upload guide, else by its first bytes, else
//! `application/octet-stream`.
//!
//! The formats of the upload guide come from a table of our own, because common tables know `mov` and `m4a` under
//! other names than the service does. A table of all other names there are would only say of a file that its name says
//! so: the bytes are read anyway.

use std::path::Path;

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

/// What is declared of a file of which neither name nor first bytes tell anything.
const UNKNOWN: &str = "application/octet-stream";

/// How many first bytes [`of`] wants to see.
pub(crate) const HEAD: usize = 512;

/// The content type of a file called `filename` that begins with `head`.
pub(crate) fn of(filename: &str, head: &[u8]) -> &'static str {
    by_name(filename).or_else(|| by_content(head)).unwrap_or(UNKNOWN)
}

/// The content type of a file called `filename`, if its name is that of a format in the upload guide.
pub fn by_name(filename: &str) -> Option<&'static str> {
    let extension = Path::new(filename).extension()?.to_str()?;
    GUIDE.iter().find(|(known, _)| known.eq_ignore_ascii_case(extension)).map(|(_, found)| *found)
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
    fn name_in_the_guide_first_then_bytes_then_nothing_more_is_said() {
        const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
        for (name, head, expected) in [
            ("clip.MP4", &b""[..], "video/mp4"),
            ("clip.mov", b"", "video/quicktime"),
            ("song.m4a", b"", "audio/mp4"),
            ("song.mp3", b"", "audio/mpeg"),
            ("a.b.webp", b"", "image/webp"),
            ("a.jpg", PNG, "image/jpeg"),
            ("noname", PNG, "image/png"),
            ("a.bin", b"\xff\xd8\xff\xe0", "image/jpeg"),
            ("scan.tiff", b"II*\0\x08\0\0\0\x0c\0\0\x01", "image/tiff"),
            ("notes.txt", PNG, "image/png"),
            ("notes.txt", b"text", "application/octet-stream"),
            ("scan.tiff", b"", "application/octet-stream"),
            ("noname.unheardof", b"plain", "application/octet-stream"),
            (".jpg", b"", "application/octet-stream"),
            ("", b"", "application/octet-stream"),
        ] {
            assert_eq!(of(name, head), expected, "{name}");
        }
    }
}

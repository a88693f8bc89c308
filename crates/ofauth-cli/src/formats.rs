//! The formats of the upload guide, and files of others, which the service refuses once a session is open.
//!
//! The library declares whatever type a file has. This is the command's own rule: it says so before anything is sent, and
//! takes the user's word if there is one.

use ofauth::Inspected;

use crate::failure::{Failure, Result};

/// The formats of the guide, with the usual extension of each. Its bounds of size are approximate and not enforced.
const GUIDE: &[(&str, &str)] = &[
    ("image/jpeg", "jpg"),
    ("image/png", "png"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
    ("video/mp4", "mp4"),
    ("video/quicktime", "mov"),
    ("audio/mpeg", "mp3"),
    ("audio/mp4", "m4a"),
];

/// The usual extension of a format of the guide.
pub(crate) fn extension(content_type: &str) -> Option<&'static str> {
    GUIDE.iter().find(|(known, _)| known.eq_ignore_ascii_case(content_type)).map(|(_, extension)| *extension)
}

/// Fails for a file of a format that the guide does not name: by its first bytes, and if these tell nothing by its name.
pub(crate) fn check(about: &Inspected) -> Result<()> {
    let format = about.format.as_deref().unwrap_or(&about.content_type);
    if extension(format).is_some() {
        return Ok(());
    }
    Err(Failure::argument(format!(
        "{format} is none of the formats in the upload guide (JPEG, PNG, GIF, WebP, MP4, MOV, MP3, M4A): convert the \
         file, or send it all the same with --any-format"
    )))
}

//! The formats of the upload guide, and files of others, which the service refuses once a session is open.
//!
//! The library declares whatever type a file has. This is the command's own rule: it says so before anything is sent, and
//! takes the user's word if there is one.

use ofauth::Inspected;
use ofauth::unversioned::usual_extension;

use crate::failure::{Failure, Result};

/// Fails for a file of a format that the guide does not name: by its first bytes, and if these tell nothing by its name.
pub(crate) fn check(about: &Inspected) -> Result<()> {
    let format = about.format.as_deref().unwrap_or(&about.content_type);
    if usual_extension(format).is_some() {
        return Ok(());
    }
    Err(Failure::argument(format!(
        "{format} is none of the formats in the upload guide (JPEG, PNG, GIF, WebP, MP4, MOV, MP3, M4A): convert the \
         file, or send it all the same with --any-format"
    )))
}

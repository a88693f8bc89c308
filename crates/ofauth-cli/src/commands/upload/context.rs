//! What an upload command works with, and how it sees one file: the library's view of it, and whether it is a medium. Sends
//! and prints nothing.

use std::path::Path;

use ofauth::unversioned::{content_type_by_name, usual_extension};
use ofauth::{ErrorKind, Inspected, Upload};

use super::input::Input;
use crate::app::App;
use crate::args::upload::UploadArgs;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::name::Name;

/// The command under way.
pub(super) struct UploadContext<'a> {
    pub(super) app: &'a App,
    pub(super) args: &'a UploadArgs,
    pub(super) context: &'a Context,
    /// Whether more than one file was asked for.
    pub(super) several: bool,
}

impl<'a> UploadContext<'a> {
    pub(super) fn new(app: &'a App, args: &'a UploadArgs, context: &'a Context) -> Self {
        let several = args.files.len() > 1 || (args.recursive && args.files.iter().any(|path| path.is_dir()));
        Self { app, args, context, several }
    }

    /// The upload of a file, with what the flags say of it.
    pub(super) fn upload(&self, input: &Input) -> Result<Upload> {
        let mut upload = self.context.client.upload(input.source()?);
        if let Some(name) = &self.args.filename {
            upload = upload.filename(name);
        }
        if let Some(content_type) = &self.args.content_type {
            upload = upload.content_type(content_type);
        }
        if let Some(timeout) = self.args.timeout {
            upload = upload.timeout(timeout);
        }
        Ok(upload)
    }

    /// What would be sent of a file that the command line names.
    pub(super) async fn inspect(&self, input: &Input) -> Result<Inspected> {
        self.check_format(self.upload(input)?.inspect().await?)
    }

    /// What would be sent of a file that lies in a directory; nothing if it is no medium. A file whose name says that
    /// it is none is not opened.
    pub(super) async fn inspect_inside(&self, path: &Path) -> Result<Option<Inspected>> {
        if self.args.content_type.is_some() {
            return self.inspect(&Input::path(path)).await.map(Some);
        }
        let by_name = is_media_by_name(path);
        if by_name == Some(false) {
            return Ok(None);
        }
        // A name that is not text would be an error before the content was looked at.
        let name = file_name(path);
        let about = match self.context.client.upload_path(path).filename(&name).inspect().await {
            Ok(about) if is_media(&about.content_type) => about,
            Ok(_) => return Ok(None),
            Err(_) if by_name.is_none() && is_empty(path) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::InvalidArgument => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if path.file_name().and_then(|name| name.to_str()).is_none() {
            return Err(Failure::argument(format!(
                "the name of {} is not text: rename it",
                Name::from(path)
            )));
        }
        self.check_format(about).map(Some)
    }

    /// The same, unless its format is none that the upload guide names and the user did not say to send it.
    ///
    /// The library declares whatever type a file has, and the service refuses others once a session is open. This is the
    /// command's own rule: it says so before anything is sent.
    fn check_format(&self, about: Inspected) -> Result<Inspected> {
        // By its first bytes, and if these tell nothing by its name.
        let format = about.format.as_deref().unwrap_or(&about.content_type);
        let is_wanted = self.args.any_format || self.args.content_type.is_some();
        if is_wanted || usual_extension(format).is_some() {
            return Ok(about);
        }
        Err(Failure::argument(format!(
            "{format} is none of the formats in the upload guide (JPEG, PNG, GIF, WebP, MP4, MOV, MP3, M4A): convert \
             the file, or send it all the same with --any-format"
        )))
    }
}

/// The name without directory, as text.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether a name is that of a medium; nothing if the name does not tell.
pub(super) fn is_media_by_name(path: &Path) -> Option<bool> {
    let content_type = content_type_by_name(&file_name(path))?;
    // Which says of a name no more than that it is a file's.
    (content_type != "application/octet-stream").then(|| is_media(&content_type))
}

/// Whether a content type is one that a vault is for.
fn is_media(content_type: &str) -> bool {
    ["image/", "video/", "audio/"].iter().any(|kind| content_type.starts_with(kind))
}

fn is_empty(path: &Path) -> bool {
    path.metadata().is_ok_and(|about| about.len() == 0)
}

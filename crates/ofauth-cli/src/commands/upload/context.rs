//! What an upload command works with, and how it sees one file: the library's view of it, and whether it is a medium. Sends
//! and prints nothing.

use std::path::Path;

use ofauth::unversioned::{content_type_by_name, usual_extension};
use ofauth::{OpenUpload, Upload, UploadOptions};

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
    /// What the flags say of every file.
    options: UploadOptions,
    /// Whether more than one file was asked for.
    pub(super) several: bool,
}

impl<'a> UploadContext<'a> {
    pub(super) fn new(app: &'a App, args: &'a UploadArgs, context: &'a Context) -> Self {
        let several = args.files.len() > 1 || (args.recursive && args.files.iter().any(|path| path.is_dir()));
        let mut options = UploadOptions::default();
        options.filename.clone_from(&args.filename);
        options.content_type.clone_from(&args.content_type);
        options.timeout = args.timeout;
        options.hold_result = true;
        Self { app, args, context, options, several }
    }

    /// The upload of a file.
    pub(super) fn upload(&self, input: &Input) -> Result<Upload> {
        let upload = self.context.client.upload(input.source()?).options(&self.options);
        Ok(upload.cancel(self.app.interrupt.cancel()))
    }

    /// Opens a file that the command line names.
    pub(super) async fn open(&self, input: &Input) -> Result<OpenUpload> {
        self.check_format(self.upload(input)?.open().await?)
    }

    /// Opens a file that lies in a directory; nothing if it is no medium.
    pub(super) async fn open_inside(&self, path: &Path) -> Result<Option<OpenUpload>> {
        if self.args.content_type.is_some() {
            return self.open(&Input::path(path)).await.map(Some);
        }
        // A name that is not text would be an error before the content was looked at.
        let name = file_name(path);
        let upload = self.context.client.upload_path(path).options(&self.options).filename(&name);
        let upload = upload.cancel(self.app.interrupt.cancel());
        let opened = match upload.open().await {
            Ok(opened) if is_media(opened.content_type()) => opened,
            Ok(_) => return Ok(None),
            Err(_) if !is_media_by_name(path) && is_empty(path) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if path.file_name().and_then(|name| name.to_str()).is_none() {
            return Err(Failure::argument(format!(
                "the name of {} is not text: rename it",
                Name::from(path)
            )));
        }
        self.check_format(opened).map(Some)
    }

    /// The same, unless its format is none that the upload guide names and the user did not say to send it.
    ///
    /// The library declares whatever type a file has, and the service refuses others once a session is open. This is the
    /// command's own rule: it says so before anything is sent.
    fn check_format(&self, opened: OpenUpload) -> Result<OpenUpload> {
        // Its first bytes say more than its name.
        let format = opened.detected_content_type().unwrap_or(opened.content_type());
        let is_wanted = self.args.any_format || self.args.content_type.is_some();
        if is_wanted || usual_extension(format).is_some() {
            return Ok(opened);
        }
        Err(Failure::argument(format!(
            "{format} is not a format that the upload guide names (JPEG, PNG, GIF, WebP, MP4, MOV, MP3, M4A): convert \
             the file, or send it anyway with --any-format"
        )))
    }
}

/// The name without directory, as text.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether a name is that of a format in the upload guide.
pub(super) fn is_media_by_name(path: &Path) -> bool {
    content_type_by_name(&file_name(path)).is_some()
}

/// Whether a content type is one that a vault is for.
fn is_media(content_type: &str) -> bool {
    ["image/", "video/", "audio/"].iter().any(|kind| content_type.starts_with(kind))
}

fn is_empty(path: &Path) -> bool {
    path.metadata().is_ok_and(|about| about.len() == 0)
}

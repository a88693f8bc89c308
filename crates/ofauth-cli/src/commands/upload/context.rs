//! What an upload command works with, and how it sees one file: the library's view of it, and whether it is a medium. Sends
//! and prints nothing.

use std::path::Path;

use ofauth::unversioned::{content_type_by_name, usual_extension};
use ofauth::{OpenUpload, Upload, UploadOptions};
use ring::digest;

use super::input::Input;
use crate::app::App;
use crate::args::upload::UploadArgs;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::name::Name;
use crate::state::State;

/// The command under way.
pub(super) struct UploadContext<'a> {
    pub(super) app: &'a App,
    pub(super) args: &'a UploadArgs,
    pub(super) context: &'a Context,
    /// What the flags say of every file.
    pub(super) options: UploadOptions,
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

    /// What the flags say about what is taken.
    pub(super) fn rules(&self) -> FileRules {
        FileRules { any_format: self.args.any_format, is_typed: self.args.content_type.is_some() }
    }

    /// Where the command keeps what it has done, if it does.
    pub(super) fn record_state(&self) -> Option<&State> {
        self.context.state.as_ref().filter(|_| !self.args.no_resume)
    }

    /// What tells one command from another: the same command is the same files, from the same directory, for the same server
    /// and connection.
    pub(super) fn record_name(&self) -> String {
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut add = |part: &[u8]| {
            // With its length, so that no two lists of parts look alike.
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        };
        let (context, args) = (self.context, self.args);
        add(context.base_url.trim_end_matches('/').as_bytes());
        add(context.connection.as_deref().unwrap_or_default().as_bytes());
        add(std::env::current_dir().unwrap_or_default().as_os_str().as_encoded_bytes());
        add(&[u8::from(args.recursive)]);
        add(args.filename.as_deref().unwrap_or_default().as_bytes());
        add(args.content_type.as_deref().unwrap_or_default().as_bytes());
        args.files.iter().for_each(|path| add(path.as_os_str().as_encoded_bytes()));
        hash.finish().as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
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

    /// The same, unless it is not taken.
    fn check_format(&self, opened: OpenUpload) -> Result<OpenUpload> {
        // Its first bytes say more than its name.
        self.rules().check(opened.detected_content_type().unwrap_or(opened.content_type()))?;
        Ok(opened)
    }
}

/// What the flags say about what is taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileRules {
    any_format: bool,
    /// Whether the media type was given.
    is_typed: bool,
}

impl FileRules {
    /// Whether everything in a directory is a medium.
    pub(super) fn takes_all(self) -> bool {
        self.is_typed
    }

    /// Refuses a format that the upload guide does not name, unless the user said to send it.
    ///
    /// The library declares whatever type a file has, and the service refuses others once a session is open. This is the
    /// command's own rule: it says so before anything is sent.
    pub(super) fn check(self, format: &str) -> Result<()> {
        if self.any_format || self.is_typed || usual_extension(format).is_some() {
            return Ok(());
        }
        Err(Failure::argument(format!(
            "{format} is not a format that the upload guide names (JPEG, PNG, GIF, WebP, MP4, MOV, MP3, M4A): convert \
             the file, or send it anyway with --any-format"
        )))
    }
}

/// The name without directory, as text.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether a name is that of a format in the upload guide.
pub(super) fn is_media_by_name(path: &Path) -> bool {
    content_type_by_name(&file_name(path)).is_some()
}

/// Whether a content type is one that a vault is for.
pub(super) fn is_media(content_type: &str) -> bool {
    ["image/", "video/", "audio/"].iter().any(|kind| content_type.starts_with(kind))
}

pub(super) fn is_empty(path: &Path) -> bool {
    path.metadata().is_ok_and(|about| about.len() == 0)
}

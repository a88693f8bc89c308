//! What an upload command works with, and how it sees one file: the library's view of it, and whether it is a medium.

use std::path::Path;

use ofauth::unversioned::content_type_by_name;
use ofauth::unversioned::display_safe::one_line;
use ofauth::{ErrorKind, Inspected, Upload, Uploaded};

use super::summary::Summary;
use crate::args::UploadArgs;
use crate::commands::App;
use crate::events::Event;
use crate::failure::{AGAIN, Failure, Result};
use crate::formats;
use crate::input::Input;
use crate::name::Name;
use crate::session::Session;

/// The command under way.
pub(super) struct Job<'a> {
    pub(super) app: &'a App,
    pub(super) args: &'a UploadArgs,
    pub(super) session: &'a Session,
    /// Whether more than one file was asked for.
    pub(super) several: bool,
}

impl<'a> Job<'a> {
    pub(super) fn new(app: &'a App, args: &'a UploadArgs, session: &'a Session) -> Self {
        let several = args.files.len() > 1 || (args.recursive && args.files.iter().any(|path| path.is_dir()));
        Self { app, args, session, several }
    }

    /// The upload of a file, with what the flags say of it.
    pub(super) fn upload(&self, input: &Input) -> Result<Upload> {
        let mut upload = self.session.client.upload(input.source()?);
        if let Some(name) = &self.args.filename {
            upload = upload.filename(name);
        }
        if let Some(content_type) = &self.args.content_type {
            upload = upload.content_type(content_type);
        }
        if let Some(deadline) = self.args.deadline {
            upload = upload.deadline(deadline);
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
        let about = match self.session.client.upload_path(path).filename(&name).inspect().await {
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

    /// The same, unless its format is none that the service is known to take and the user did not say to send it.
    fn check_format(&self, about: Inspected) -> Result<Inspected> {
        if !self.args.any_format && self.args.content_type.is_none() {
            formats::check(&about)?;
        }
        Ok(about)
    }

    /// With `--sandbox`: shows that the sandbox has the file's bytes.
    pub(super) async fn compare(&self, input: &Input, uploaded: &Uploaded) -> Result<()> {
        let Some(sandbox) = &self.session.sandbox else { return Ok(()) };
        let theirs = sandbox.upload(uploaded.media_upload_id()).and_then(|record| record.sha256);
        let ours = input.sha256().await?;
        let Some(theirs) = theirs else {
            return Err(Failure::new(ErrorKind::Internal, "the sandbox does not know the upload"));
        };
        let both = format!("  file    {ours}\n  server  {theirs}");
        if theirs != ours {
            self.app.out.say(&both);
            let text = "the SHA-256 of what the server has is not the file's";
            return Err(
                Failure::new(ErrorKind::InvalidAnswer, text).with_upload_id(uploaded.media_upload_id())
            );
        }
        self.app.out.note(&format!("{}: the server's SHA-256 equals the file's\n{both}", input.name));
        Ok(())
    }

    /// Tells of a file that a dry run would have uploaded.
    pub(super) fn tell_inspected(&self, name: &Name, about: &Inspected) {
        if self.app.out.is_json() {
            self.app.out.event(&Event::Inspected {
                file: name.fields(),
                filename: &about.filename,
                size: about.size,
                content_type: &about.content_type,
            });
        }
        self.app.out.note(&format!(
            "{name}: {}, {} bytes, would be uploaded as {}",
            about.content_type,
            about.size,
            one_line(&about.filename)
        ));
    }

    /// Tells how all files ended, if there were several.
    pub(super) fn tell(&self, summary: &Summary) {
        let out = &self.app.out;
        if !self.several {
            return;
        }
        if summary.not_tried > 0 {
            let (files, were) = if summary.not_tried == 1 { ("file", "was") } else { ("files", "were") };
            out.say(&format!("ofauth: {} {files} {were} not tried, for the same reason", summary.not_tried));
        }
        out.note(&summary.line(self.args.dry_run));
        if self.app.interrupt.cancel().is_triggered() {
            out.note(&format!("ofauth: next: {AGAIN}"));
        }
        if out.is_json() {
            out.event(&summary.event());
        }
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

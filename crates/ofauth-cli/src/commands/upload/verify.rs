//! With `--sandbox`: shows that the sandbox has the bytes of a file.

use ofauth::{ErrorKind, Uploaded};

use super::context::UploadContext;
use super::input::Input;
use crate::failure::{Failure, Result};

/// Compares the hash of the file with that of what the sandbox has, if there is one.
pub(super) async fn verify(upload: &UploadContext<'_>, input: &Input, uploaded: &Uploaded) -> Result<()> {
    let Some(sandbox) = &upload.context.sandbox else { return Ok(()) };
    let theirs = sandbox.upload(uploaded.media_upload_id()).and_then(|record| record.sha256);
    let ours = input.sha256().await?;
    let Some(theirs) = theirs else {
        return Err(Failure::new(ErrorKind::Internal, "the sandbox does not know the upload"));
    };
    let both = format!("  file    {ours}\n  server  {theirs}");
    if theirs != ours {
        upload.app.out.say(&both);
        let text = "the server's SHA-256 differs from the file's";
        return Err(Failure::new(ErrorKind::InvalidAnswer, text).with_upload_id(uploaded.media_upload_id()));
    }
    let parts = match uploaded.parts().len() {
        1 => "1 part".to_owned(),
        count => format!("{count} parts"),
    };
    upload
        .app
        .out
        .note(&format!("{}: {parts}, and the server's SHA-256 equals the file's\n{both}", input.name));
    Ok(())
}

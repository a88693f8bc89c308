//! Where the signing secrets of the webhook commands come from. They are wiped from memory when they are no more needed.

use std::path::PathBuf;

use ofauth::ErrorKind;
use ofauth::webhooks::Verifier;
use zeroize::Zeroizing;

use crate::app::App;
use crate::args::webhook::Secrets;
use crate::failure::{Failure, Result};
use crate::files::user_file::{self, Wanted};
use crate::files::user_text;

/// The variable with a signing secret, for where no file is named.
const VARIABLE: &str = "OFAUTH_WEBHOOK_SECRET";

const SECRET: Wanted = Wanted { what: "secret file", kind: ErrorKind::Config, longest: 64 * 1024 };

/// The secrets that are in files, or else in the environment.
pub(super) async fn secrets(app: &App, args: &Secrets) -> Result<Vec<Zeroizing<Vec<u8>>>> {
    let files = args.secret_file.clone();
    let secrets = app.interrupt.reading(move || read(&files)).await?;
    if !secrets.is_empty() {
        return Ok(secrets);
    }
    let set = std::env::var(VARIABLE).ok().filter(|secret| !secret.trim().is_empty());
    set.map(|secret| vec![Zeroizing::new(secret.into_bytes())]).ok_or_else(|| {
        Failure::config("no signing secret").with_hint(format!(
            "give --secret-file FILE, or set {VARIABLE}; the secret of an endpoint is in the OFAuth dashboard"
        ))
    })
}

fn read(files: &[PathBuf]) -> Result<Vec<Zeroizing<Vec<u8>>>> {
    let mut secrets = Vec::new();
    for path in files {
        let (mut bytes, _) = user_file::read(SECRET, path)?;
        let called = user_file::called(SECRET, path);
        user_text::unmark(SECRET.kind, &called, &mut bytes)?;
        secrets.push(Zeroizing::new(bytes));
    }
    Ok(secrets)
}

/// A verifier with the secrets that the flags name.
pub(super) async fn verifier(app: &App, args: &Secrets) -> Result<Verifier> {
    let secrets = secrets(app, args).await?;
    let secrets = secrets.iter().map(|secret| secret.as_slice());
    Verifier::new(secrets).map_err(|error| Failure::config(error.to_string()))
}

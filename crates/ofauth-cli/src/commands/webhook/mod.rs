//! `ofauth webhook`: verifies webhooks, receives and forwards them, and sends examples. None of it needs a key.
//!
//! What is genuine is decided by `ofauth::webhooks`; here it is files, streams and connections.

mod forward;
mod intake;
mod listen;
mod send;
mod target;
mod trigger;
mod verify;

use std::path::PathBuf;

use ofauth::ErrorKind;
use ofauth::webhooks::Verifier;
use zeroize::Zeroizing;

use crate::app::App;
use crate::args::webhook::{Secrets, WebhookCommand};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::files::user_file::{self, Wanted};
use crate::files::user_text;

/// The variable with a signing secret, for where no file is named.
const VARIABLE: &str = "OFAUTH_WEBHOOK_SECRET";

const SECRET: Wanted = Wanted { what: "secret file", kind: ErrorKind::Config, longest: 64 * 1024 };

/// Runs the command.
pub(crate) async fn run(app: &App, command: &WebhookCommand) -> Result<Exit> {
    match command {
        WebhookCommand::Verify(args) => verify::run(app, args).await,
        WebhookCommand::Listen(args) => listen::run(app, args).await,
        WebhookCommand::Trigger(args) => trigger::run(app, args).await,
    }
}

/// The secrets that are in files, or else in the environment.
async fn secrets(app: &App, args: &Secrets) -> Result<Vec<Zeroizing<Vec<u8>>>> {
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
async fn verifier(app: &App, args: &Secrets) -> Result<Verifier> {
    let secrets = secrets(app, args).await?;
    let secrets = secrets.iter().map(|secret| secret.as_slice());
    Verifier::new(secrets).map_err(|error| Failure::config(error.to_string()))
}

//! `ofauth sandbox`: a local OFAuth in the foreground, until Ctrl-C.

mod request_log;

use std::io::Write;
use std::path::Path;

use ofauth::ErrorKind;
use ofauth_sandbox::{FaultRule, FaultScript, RateLimit, Sandbox, SandboxBuilder, WebhookScheme};
use request_log::RequestLog;
use tempfile::NamedTempFile;

use crate::app::App;
use crate::args::sandbox::SandboxArgs;
use crate::config::{SANDBOX_CONNECTION, SANDBOX_KEY, Settings};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::files::user_file::{self, Wanted};
use crate::output::events::Event;

/// A script of faults.
const FAULTS: Wanted =
    Wanted { what: "fault file", kind: ErrorKind::InvalidArgument, longest: 16 * 1024 * 1024 };

/// A secret of webhooks.
const SECRET: Wanted = Wanted { what: "webhook secret file", kind: ErrorKind::Config, longest: 64 * 1024 };

/// The older form of webhooks.
const SVIX: &str = "svix";

/// What is written for a key without scopes.
const NO_SCOPE: &str = "none";

/// Runs the command.
pub(crate) async fn run(app: &App, args: &SandboxArgs) -> Result<Exit> {
    let mut builder = builder(app, args).await?;
    // Programs that read its JSON ask for the lines.
    let shown = !app.flags.quiet && (!app.out.is_json() || app.flags.verbose > 0);
    let log = shown.then(|| RequestLog::start(app.out.clone())).transpose()?;
    if let Some((log, _)) = &log {
        let log = log.clone();
        builder = builder.on_exchange(move |exchange| log.show(exchange));
    }
    let sandbox = builder.start().await.map_err(|error| Failure::config(error.to_string()))?;
    // Lives as long as the sandbox, and is removed with it.
    let authority = sandbox.ca_pem().map(write_authority).transpose()?;
    let ca_file = authority.as_ref().map(|file| file.path().display().to_string());
    tell(app, args, &sandbox, ca_file.as_deref());
    if !args.address.ip().is_loopback() {
        let key = if app.flags.api_key_file.is_some() { "" } else { "takes any key and " };
        app.out.note(&format!(
            "ofauth: warning: other machines can reach this sandbox; it {key}keeps what they upload"
        ));
    }
    app.interrupt.asked().await;
    let is_read = match log {
        Some((log, last)) => log.end(last).await,
        None => true,
    };
    for rule in sandbox.unplayed_faults().into_iter().filter(|_| is_read) {
        app.out.note(&unplayed(&rule));
    }
    Ok(Exit::Done)
}

/// What is said of a fault that no request met: whoever wrote it waits for it.
fn unplayed(rule: &FaultRule) -> String {
    let on = rule.on.operation.as_deref().unwrap_or("any operation");
    let part = rule.on.part.map(|part| format!(", part {part}")).unwrap_or_default();
    let hint = match on {
        "upload_part" => "; a file of one part is sent by upload_single, and \"upload\" is both",
        "upload_single" => "; a file of several parts is sent by upload_part, and \"upload\" is both",
        _ => "",
    };
    format!("ofauth: the fault \"{}\" on {on}{part} was never played{hint}", rule.fault.kind())
}

async fn builder(app: &App, args: &SandboxArgs) -> Result<SandboxBuilder> {
    let mut builder = Sandbox::builder()
        .address(args.address)
        .tls(args.tls)
        .refuse_parallel_parts(args.refuse_parallel_parts)
        .discard_bytes(args.discard_bytes)
        .lenient(args.lenient)
        .ready_after(args.ready_after)
        .stored_after(args.stored_after)
        .vault_plus_media(&args.vault_plus_media);
    builder = access(app, args, builder).await?;
    if let Some(size) = args.part_size {
        builder = builder.part_size(size);
    }
    if let Some(size) = args.max_size {
        builder = builder.max_size(size);
    }
    builder = webhooks(app, args, builder).await?;
    if let Some(time) = args.media_url_ttl {
        builder = builder.media_url_ttl(time);
    }
    if let Some(looks) = args.link_after {
        builder = builder.link_after(looks);
    }
    if let Some(time) = args.link_ttl {
        builder = builder.link_ttl(time);
    }
    if let Some(time) = args.session_ttl {
        builder = builder.session_ttl(time);
    }
    for (collection, count) in &args.seed {
        builder = builder.seed(collection, *count);
    }
    if let Some(path) = args.faults.clone() {
        builder = builder.faults(app.interrupt.reading(move || faults(&path)).await?);
    }
    Ok(builder)
}

/// Who is told of what happens, and how that is signed.
async fn webhooks(app: &App, args: &SandboxArgs, mut builder: SandboxBuilder) -> Result<SandboxBuilder> {
    for url in &args.webhook {
        builder = builder.webhook(url);
    }
    if args.webhook_scheme == SVIX {
        builder = builder.webhook_scheme(WebhookScheme::Svix);
    }
    if let Some(time) = args.webhook_retry_base {
        builder = builder.webhook_retry_base(time);
    }
    if let Some(path) = args.webhook_secret_file.clone() {
        let read = app.interrupt.reading(move || user_file::read_text(SECRET, &path)).await?;
        builder = builder.webhook_secret(read.0);
    }
    Ok(builder)
}

/// Which key and connections are good, what they may do, and how fast.
async fn access(app: &App, args: &SandboxArgs, mut builder: SandboxBuilder) -> Result<SandboxBuilder> {
    // A key in the environment or a configuration file is one of the real service, and is not meant.
    let flags = app.flags.clone();
    if let Some(key) = app.interrupt.reading(move || Settings::from_flags(&flags)).await?.api_key {
        builder = builder.api_key(key.expose());
    }
    for id in app.flags.connection.iter().chain(&args.known_connection) {
        builder = builder.connection_id(id);
    }
    for grant in &args.permission {
        builder = builder.permissions(&grant.connection, &grant.permissions);
    }
    if let Some(scopes) = &args.scope {
        builder = builder.scopes(scopes.iter().filter(|scope| *scope != NO_SCOPE));
    }
    if let Some(per_minute) = args.rate {
        let burst = args.burst.unwrap_or(per_minute.saturating_add(per_minute / 2));
        builder = builder.rate_limit(RateLimit { per_minute, burst });
    }
    Ok(builder)
}

fn faults(path: &Path) -> Result<FaultScript> {
    let (text, _) = user_file::read_text(FAULTS, path)?;
    FaultScript::from_json(&text).map_err(|error| Failure::argument(format!("{}: {error}", path.display())))
}

fn write_authority(pem: &str) -> Result<NamedTempFile> {
    let cannot =
        |error: std::io::Error| Failure::io(ErrorKind::Config, "the certificate cannot be written", &error);
    let mut file =
        tempfile::Builder::new().prefix("ofauth-sandbox-").suffix(".pem").tempfile().map_err(cannot)?;
    file.write_all(pem.as_bytes()).map_err(cannot)?;
    Ok(file)
}

/// Prints the address, and what to set for it.
fn tell(app: &App, args: &SandboxArgs, sandbox: &Sandbox, ca_file: Option<&str>) {
    let base_url = sandbox.base_url();
    let granted = args.permission.iter().map(|grant| &grant.connection);
    let known = app.flags.connection.iter().chain(&args.known_connection);
    let connection_id = known.chain(granted).next().map_or(SANDBOX_CONNECTION, String::as_str);
    // The key of a file stays in it.
    let key_file = app.flags.api_key_file.as_deref().map(|path| path.display().to_string());
    // The secret of a file stays in it, too.
    let webhook_secret = sandbox.webhook_secret().filter(|_| args.webhook_secret_file.is_none());
    if app.out.is_json() {
        let api_key = key_file.is_none().then_some(SANDBOX_KEY);
        app.out.event(&Event::Sandbox { base_url, api_key, connection_id, ca_file, webhook_secret });
    } else {
        app.out.line(base_url);
    }
    let watch = match (app.out.is_json(), app.flags.verbose) {
        (true, 0) => " With -v it shows each request.",
        _ => " Each request is shown here.",
    };
    let trust = ca_file.map(|path| format!(" --ca-file {path}")).unwrap_or_default();
    let key = key_file.map_or_else(|| SANDBOX_KEY.to_owned(), |path| format!("\"$(cat {path})\""));
    let webhooks = webhook_secret.map(|secret| format!("Webhooks are signed with {secret}\n\n"));
    let webhooks = webhooks.unwrap_or_default();
    app.out.note(&format!(
        "A local OFAuth runs there. In another shell:\n\n  \
         export OFAUTH_BASE_URL={base_url}\n  export OFAUTH_API_KEY={key}\n  \
         export OFAUTH_CONNECTION_ID={connection_id}\n  ofauth upload{trust} FILE\n\n\
         {webhooks}Ctrl-C ends it.{watch}"
    ));
}

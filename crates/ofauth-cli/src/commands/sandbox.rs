//! `ofauth sandbox`: a local OFAuth in the foreground, until Ctrl-C.

use std::io::Write;
use std::path::Path;

use ofauth::ErrorKind;
use ofauth_sandbox::{Exchange, FaultRule, FaultScript, Sandbox, SandboxBuilder};
use tempfile::NamedTempFile;

use crate::app::App;
use crate::args::sandbox::SandboxArgs;
use crate::config::{SANDBOX_CONNECTION, SANDBOX_KEY};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::files::user_file::{self, Wanted};
use crate::output::events::Event;

/// A script of faults.
const FAULTS: Wanted =
    Wanted { what: "fault file", kind: ErrorKind::InvalidArgument, longest: 16 * 1024 * 1024 };

/// Runs the command.
pub(crate) async fn run(app: &App, args: &SandboxArgs) -> Result<Exit> {
    let mut builder = builder(app, args).await?;
    if app.flags.verbose > 0 {
        let out = app.out.clone();
        builder = builder.on_exchange(move |exchange| out.note(&line(exchange)));
    }
    let sandbox = builder.start().await.map_err(|error| Failure::config(error.to_string()))?;
    // Lives as long as the sandbox, and is removed with it.
    let authority = sandbox.ca_pem().map(write_authority).transpose()?;
    let ca_file = authority.as_ref().map(|file| file.path().display().to_string());
    tell(app, sandbox.base_url(), ca_file.as_deref());
    if !args.address.ip().is_loopback() {
        app.out.note(
            "ofauth: warning: other machines can reach this sandbox; it takes any key and keeps what they upload",
        );
    }
    app.interrupt.asked().await;
    for rule in sandbox.unplayed_faults() {
        app.out.note(&unplayed(&rule));
    }
    Ok(Exit::Done)
}

/// What is said of a request: how it was answered, and why if it was refused.
fn line(exchange: &Exchange) -> String {
    let status = exchange.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let mut line = format!("{status}  {} {}", exchange.method, exchange.path);
    if let Some(refusal) = &exchange.refusal {
        line.push_str(&format!("  {refusal}"));
    }
    if !exchange.faults.is_empty() {
        line.push_str(&format!("  (fault: {})", exchange.faults.join(", ")));
    }
    line
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
        .vault_plus_media(&args.vault_plus_media);
    if let Some(size) = args.part_size {
        builder = builder.part_size(size);
    }
    if let Some(size) = args.max_size {
        builder = builder.max_size(size);
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

fn tell(app: &App, base_url: &str, ca_file: Option<&str>) {
    if app.out.is_json() {
        let (api_key, connection_id) = (SANDBOX_KEY, SANDBOX_CONNECTION);
        app.out.event(&Event::Sandbox { base_url, api_key, connection_id, ca_file });
    } else {
        app.out.line(base_url);
    }
    let watch = if app.flags.verbose > 0 { "" } else { " With -v it shows each request." };
    let trust = ca_file.map(|path| format!(" --ca-file {path}")).unwrap_or_default();
    app.out.note(&format!(
        "A local OFAuth runs there. In another shell:\n\n  \
         export OFAUTH_BASE_URL={base_url}\n  export OFAUTH_API_KEY={SANDBOX_KEY}\n  \
         export OFAUTH_CONNECTION_ID={SANDBOX_CONNECTION}\n  ofauth upload{trust} FILE\n\n\
         Ctrl-C ends it.{watch}"
    ));
}

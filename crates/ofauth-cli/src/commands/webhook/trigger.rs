//! `ofauth webhook trigger`: an example of an event, signed and sent.

use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use ofauth::ErrorKind;
use ofauth::webhooks::{Scheme, examples, sign};
use ring::digest::{SHA256, digest};

use super::secrets::secrets;
use super::send::Sender;
use super::target::Target;
use crate::app::App;
use crate::args::webhook::{SchemeName, TriggerArgs};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::events::Event;

/// How alike a name has to be to one that is known to be what was meant.
const ALIKE: f64 = 0.8;

/// Runs the command.
pub(super) async fn run(app: &App, args: &TriggerArgs) -> Result<Exit> {
    let (Some(name), Some(to)) = (&args.event, &args.to) else {
        app.out.raw((examples::EVENTS.join("\n") + "\n").as_bytes());
        return Ok(Exit::Done);
    };
    let scheme = match args.scheme {
        SchemeName::Ofauth => Scheme::OFAuth,
        SchemeName::Svix => Scheme::Svix,
    };
    let target = Target::parse("--to", to)?;
    let now = SystemTime::now();
    let body = examples::body(name, scheme, now).ok_or_else(|| unknown(name))?;
    let body = match &app.flags.connection {
        Some(id) => body.replace("\"conn_example\"", &serde_json::Value::from(id.as_str()).to_string()),
        None => body,
    };
    let secrets = secrets(app, &args.secrets).await?;
    let [secret] = secrets.as_slice() else {
        return Err(Failure::argument("a webhook is signed with one secret: give one --secret-file"));
    };
    let id = id(&body, now);
    let signed = sign(scheme, secret, body.as_bytes(), now, &id);
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in signed.map_err(|error| Failure::config(error.to_string()))? {
        let header = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value));
        if let (Ok(name), Ok(value)) = header {
            headers.insert(name, value);
        }
    }
    let sender = Sender::new(app, target).await?;
    let sent =
        app.interrupt.or_stop(async { Ok::<_, Failure>(sender.post(headers, Bytes::from(body)).await) });
    let shown = &sender.target().shown;
    match sent.await? {
        Ok(answer) => {
            let status = answer.status;
            if app.out.is_json() {
                app.out.event(&Event::Triggered { r#type: name, to: shown, status: status.as_u16() });
            } else {
                app.out.line(&format!("HTTP {}", status.as_u16()));
            }
            match kind(status) {
                None => Ok(Exit::Done),
                Some(kind) => {
                    app.out.say(&format!("ofauth: {shown} did not take {name}: {answer}"));
                    Ok(Exit::of(kind))
                }
            }
        }
        Err(why) => Err(Failure::new(ErrorKind::Network, format!("{shown}: {why}"))
            .with_hint("look whether the endpoint runs at that URL, then run the command again")),
    }
}

/// What an answer is, if it does not say that the event was taken.
fn kind(status: StatusCode) -> Option<ErrorKind> {
    match status.as_u16() {
        200..=299 => None,
        300..=399 => Some(ErrorKind::Redirect),
        401 | 403 => Some(ErrorKind::Forbidden),
        408 | 429 => Some(ErrorKind::RateLimited),
        400..=499 => Some(ErrorKind::Rejected),
        _ => Some(ErrorKind::Server),
    }
}

/// An id as the older scheme has, another one for each run.
fn id(body: &str, now: SystemTime) -> String {
    let nanoseconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let hash = digest(&SHA256, format!("{nanoseconds} {} {body}", std::process::id()).as_bytes());
    let hex: String = hash.as_ref().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("msg_{hex}")
}

fn unknown(name: &str) -> Failure {
    let near = examples::EVENTS.iter().map(|known| (strsim::jaro_winkler(known, name), known));
    let near = near.filter(|(alike, _)| *alike >= ALIKE).max_by(|one, other| one.0.total_cmp(&other.0));
    let meant = near.map(|(_, known)| format!("; did you mean {known}?")).unwrap_or_default();
    Failure::argument(format!("there is no event {name:?}{meant}"))
        .with_hint("`ofauth webhook trigger --list` shows all")
}

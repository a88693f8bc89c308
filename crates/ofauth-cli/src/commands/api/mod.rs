//! `ofauth api`: calls any operation of the API by its id, and shows what operations there are.
//!
//! Which parameters and bodies an operation takes stands in the table that is generated from the API's document; the
//! library checks them.

mod paginate;
mod schema;
mod table;
mod values;

pub(super) use values::read_body;

use ofauth::operation::{Body, RetryClass};
use ofauth::operations::find;
use ofauth::unversioned::PROXY_REQUEST;
use ofauth::{ErrorKind, Response};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::app::App;
use crate::args::ApiArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::files::user_text;
use crate::interrupt;

/// So much of an answer is shown on standard error, if standard output does not take it.
const LONGEST_SHOWN: usize = 4000;

/// Runs the command.
pub(crate) async fn run(app: &App, args: &ApiArgs) -> Result<Exit> {
    match (&args.operation, &args.describe) {
        (Some(id), _) => call(app, args, id).await,
        (None, Some(id)) if id == PROXY_REQUEST => table::describe_proxy(app),
        (None, Some(id)) => match find(id) {
            Some(operation) => table::describe(app, operation),
            None => Err(Failure::argument(format!("there is no operation {id:?}"))
                .with_hint("`ofauth api --list` shows all")),
        },
        (None, None) => table::list(app),
    }
}

async fn call(app: &App, args: &ApiArgs, id: &str) -> Result<Exit> {
    // An id that is not in the table goes to the library all the same: it knows what may have been meant.
    let operation = find(id);
    let parameters = values::parameters(&args.param)?;
    let reads_only = match operation {
        Some(operation) => operation.retry == RetryClass::Repeatable,
        None => parameters.get("method").and_then(Value::as_str).is_some_and(|method| method == "GET"),
    };
    let body = values::read_body(app, args.body.as_deref()).await?;
    let context = Context::open(app).await?;
    let raw = values::raw_parameters(&args.raw_param)?;
    let call = context.client.call(id).params(parameters).retry(!args.no_retry);
    let mut call = raw.into_iter().fold(call, |call, (name, value)| call.raw_param(name, value));
    if args.paginate {
        return paginate::run(app, args, call).await;
    }
    if let Some((bytes, origin)) = body {
        call = if operation
            .is_some_and(|operation| matches!(operation.body, Body::Bytes | Body::OptionalBytes))
        {
            call.body_bytes(bytes, content_type(args)?)
        } else {
            call.body_json(json(bytes, &origin)?)
        };
    }
    let answer = if reads_only {
        app.interrupt.or_stop(call.send()).await?
    } else {
        interrupt::ended("the call was not carried out", call.cancel(app.interrupt.cancel()).await)?
    };
    let (status, body) = (answer.status(), answer.body());
    if args.include && !app.out.raw(head(&answer).as_bytes()) {
        app.out.note(&format!("ofauth: {id} was carried out (HTTP {status})"));
    }
    match (body.is_empty(), reads_only) {
        (true, _) => app.out.confirm(&format!("HTTP {status}, no content")),
        (false, true) => app.out.json_answer(body),
        (false, false) => {
            let arrived = app.out.json_text(body);
            let shown: String = String::from_utf8_lossy(body).chars().take(LONGEST_SHOWN).collect();
            app.out.tell(arrived, &format!("{id} was carried out (HTTP {status}): {shown}"));
        }
    }
    Ok(Exit::Done)
}

/// Status and headers as they are written on the wire, and the empty line behind them.
fn head(answer: &Response) -> String {
    let headers: String = answer.headers().map(|(name, value)| format!("{name}: {value}\n")).collect();
    format!("HTTP/1.1 {}\n{headers}\n", answer.status())
}

fn content_type(args: &ApiArgs) -> Result<&str> {
    args.content_type.as_deref().ok_or_else(|| {
        Failure::argument("this operation takes bytes: say of what media type with --content-type")
    })
}

/// The body as text, held to be JSON and otherwise left alone: a long number stays what it is.
fn json(bytes: Vec<u8>, origin: &str) -> Result<String> {
    let text = user_text::text(ErrorKind::InvalidArgument, origin, bytes)?;
    serde_json::from_str::<IgnoredAny>(&text)
        .map_err(|error| Failure::argument(format!("{origin} is not JSON: {error}")))?;
    Ok(text)
}

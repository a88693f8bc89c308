//! `ofauth webhook listen`: an endpoint in the foreground, until Ctrl-C. Every request is bounded in size and in time.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ofauth::ErrorKind;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::forward::Forwarder;
use super::intake::{Intake, QUEUED, Told};
use super::secrets::verifier;
use super::send::Sender;
use super::target::Target;
use crate::app::App;
use crate::args::webhook::ListenArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::events::Event;
use crate::threads;

/// The service sends a few KiB.
const LONGEST_BODY: usize = 1024 * 1024;

/// A client has so long for its headers, and again for its body.
const SLOWEST: Duration = Duration::from_secs(10);

/// More connections wait until one of these ends.
const CONNECTIONS: usize = 256;

/// How many lines may wait to be printed.
const LINES: usize = 10_000;

/// How long an event is tried to be forwarded: signatures are good for 5 minutes, and a target that verifies refuses older ones.
const RETRY_FOR: Duration = Duration::from_secs(270);

/// How long the end waits for the last lines.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Runs the command.
pub(super) async fn run(app: &App, args: &ListenArgs) -> Result<Exit> {
    let verifier = verifier(app, &args.secrets).await?;
    let target = args.forward_to.as_deref().map(|url| Target::parse("--forward-to", url)).transpose()?;
    let address = args
        .address
        .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, args.port.unwrap_or_default())));
    let cannot = |error: io::Error| {
        Failure::io(ErrorKind::Config, format!("{address} cannot be listened on"), &error)
            .with_hint("choose another one with --port, or 0 for a free one")
    };
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let bound = listener.local_addr().map_err(cannot)?;
    let (lines, printing) = sync_channel::<Told>(LINES);
    let (forward, queue) = mpsc::channel(QUEUED);
    let intake = Intake::new(verifier, app.out.is_json(), lines, target.is_some().then_some(forward));
    let (waiting, lost) = (intake.waiting(), Arc::<AtomicU64>::default());
    let intake = Arc::new(intake);

    let url = format!("http://{bound}");
    if app.out.is_json() {
        app.out.event(&Event::Listening { url: &url });
    } else {
        app.out.line(&format!("listening on {url}"));
    }
    if !bound.ip().is_loopback() {
        app.out.note("ofauth: warning: other machines can reach this endpoint");
    }
    let out = app.out.clone();
    let printer = move || {
        for told in printing {
            match told {
                Told::Event(line) if out.line(&line) => {}
                Told::Event(_) => break,
                Told::Refusal(line) => out.note(&line),
            }
        }
    };
    let mut printed = threads::start(printer).map_err(|error| threads::refused(&error))?;
    let forwarding = match target {
        None => None,
        Some(target) => {
            let sender = Sender::new(app, target).await?;
            let retry_for = args.retry_for.unwrap_or(RETRY_FOR);
            let (waiting, lost) = (Arc::clone(&waiting), Arc::clone(&lost));
            let forwarder = Forwarder { out: app.out.clone(), sender, retry_for, waiting, lost };
            Some(tokio::spawn(forwarder.run(queue)))
        }
    };
    tokio::select! {
        () = serve(listener, Arc::clone(&intake)) => {}
        () = app.interrupt.asked() => {}
        // Nobody reads the lines any more.
        _ = &mut printed => {}
    }
    intake.close();
    let _ = tokio::time::timeout(LAST_LINES, printed).await;
    if let Some(forwarding) = forwarding {
        forwarding.abort();
        let _ = forwarding.await;
    }
    Ok(told(app, waiting.load(Ordering::Relaxed), lost.load(Ordering::Relaxed)))
}

/// Tells what was not forwarded.
fn told(app: &App, waiting: u64, lost: u64) -> Exit {
    if lost > 0 {
        app.out.confirm(&format!("ofauth: {lost} events were refused by the target or given up"));
    }
    if waiting > 0 {
        app.out.confirm(&format!("ofauth: {waiting} events were received and are not forwarded"));
        return Exit::Again;
    }
    if lost > 0 { Exit::Failed } else { Exit::Done }
}

/// Accepts connections, for ever.
async fn serve(listener: TcpListener, intake: Arc<Intake>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.len() >= CONNECTIONS {
            connections.join_next().await;
        }
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, _)) => {
                    let _ = tcp.set_nodelay(true);
                    connections.spawn(connection(TokioIo::new(tcp), Arc::clone(&intake)));
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                // No descriptors are left: there will be one when a connection ends.
                Err(_) => {
                    if connections.join_next().await.is_none() {
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(io: TokioIo<tokio::net::TcpStream>, intake: Arc<Intake>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let intake = Arc::clone(&intake);
        async move { Ok::<_, Infallible>(response(&intake, request).await) }
    });
    // What a client does wrong is its own matter: it has been answered, or is gone.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SLOWEST)
        .serve_connection(io, service)
        .await;
}

async fn response(intake: &Intake, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, text) = match receive(request).await {
        Ok((headers, body)) => intake.take(headers, body),
        Err((status, text)) => (status, text.to_owned()),
    };
    if !status.is_success() {
        intake.tell_refusal(status, &text);
    }
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, header::HeaderValue::from_static("POST"));
    }
    response
}

/// The headers and the whole body of a request, within its bounds.
async fn receive(
    request: Request<Incoming>,
) -> std::result::Result<(http::HeaderMap, Bytes), (StatusCode, &'static str)> {
    if request.method() != Method::POST {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "webhooks come by POST"));
    }
    let (head, body) = request.into_parts();
    let too_long = (StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 1 MiB");
    if body.size_hint().lower() > LONGEST_BODY as u64 {
        return Err(too_long);
    }
    match tokio::time::timeout(SLOWEST, Limited::new(body, LONGEST_BODY).collect()).await {
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "the body took longer than 10 s")),
        Ok(Ok(body)) => Ok((head.headers, body.to_bytes())),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_long),
        Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "the body cannot be read")),
    }
}

//! One request from head to answer.
//!
//! The stages are always the same: find the operation, take the faults that the script has for it, check key,
//! connection and rate, carry the request out, and deliver the answer. Faults step in between the stages.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{EXPECT, HOST, HeaderMap};
use http::request::Parts;
use http::{Request, Response};
use hyper::body::Incoming;
use serde_json::Value;
use uuid::Uuid;

use crate::call::Call;
use crate::document::ConnectionNeed;
use crate::error::{ApiError, Failure};
use crate::fault::apply::RequestFaults;
use crate::fault::kinds::{Before, Fault};
use crate::fault::on::Subject;
use crate::handlers::{connections, validate};
use crate::http::reply::{AnswerBody, Delivery, Payload, Reply};
use crate::http::request_body::RequestBody;
use crate::inspect;
use crate::link_page;
use crate::lock::lock;
use crate::net::socket::{Control, Cut};
use crate::older_clients;
use crate::rate_limit::Allowance;
use crate::router::{self, Route};
use crate::state::State;
use crate::transcript::{Entry, Head, MISPLACED_KEYS, Recorded};

/// The Access API, which alone has a rate limit.
const ACCESS: &str = "/v2/access/";

/// The header that names the linked account.
const CONNECTION_ID: &str = "x-connection-id";

/// What a request has to know about its connection.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) number: u64,
    pub(crate) scheme: &'static str,
    pub(crate) local: SocketAddr,
    pub(crate) peer: SocketAddr,
    pub(crate) control: Control,
}

/// Answers a request. Never returns if a fault has cut the connection.
pub(crate) async fn serve(
    state: Arc<State>,
    connection: Connection,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Infallible> {
    if inspect::is_inspection(request.method(), request.uri().path()) {
        let base = base(&connection, request.headers());
        let reply = inspect::answer(&state, connection.peer, &base, request).await;
        return Ok(reply.into_response(Delivery::default()));
    }
    if link_page::is_link(request.method(), request.uri().path()) {
        return Ok(link_page::answer(&state, request).await.into_response(Delivery::default()));
    }
    let (head, incoming) = request.into_parts();
    let method = head.method.as_str().to_owned();
    let path = head.uri.path().to_owned();
    let full_path = head.uri.path_and_query().map_or(path.as_str(), |path| path.as_str());
    let seen = Head { method: &method, path: full_path, headers: &head.headers };
    let entry = state.transcript.begin(connection.number, seen);
    let older = state.settings.lenient.then(|| older_clients::path_of_today(&method, &path)).flatten();
    let path = older.unwrap_or(path);
    let route = Route::find(&method, &path);
    let faults = RequestFaults::new(
        route.as_ref().map(|route| faults_for(&state, route, &head, &entry)).unwrap_or_default(),
    );
    entry.edit(|exchange| exchange.faults = faults.kinds());

    let _watched = Watched { state: Arc::clone(&state), entry: entry.clone() };
    let client_waits = head.headers.contains_key(EXPECT);
    let mut body = RequestBody::new(incoming, client_waits, entry.clone(), connection.control.clone());
    body.slow_down(faults.read_rate());
    body.cut_after(faults.cut_request());
    let mut call = Call {
        base: base(&connection, &head.headers),
        connection: text(&head.headers, CONNECTION_ID),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        request_id: format!("req_{}", Uuid::new_v4().simple()),
        entry: entry.clone(),
        state,
        method,
        path,
        body,
        json: None,
        faults,
    };
    match answer(&mut call, route.as_ref(), &connection.control).await {
        Ok(response) => {
            entry.edit(|exchange| exchange.status = Some(response.status().as_u16()));
            Ok(response)
        }
        Err(Gone) => {
            connection.control.cut(Cut::Close);
            std::future::pending().await
        }
    }
}

/// Tells who waits and who watches of an exchange once it is over, however it ends: a client may go away at any moment.
struct Watched {
    state: Arc<State>,
    entry: Entry,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.state.transcript.end(&self.entry);
        if let Some(watcher) = &self.state.settings.watcher {
            watcher.show(&self.entry.exchange());
        }
    }
}

/// The connection is over, or will be without an answer.
struct Gone;

/// Notes what the route is about and takes its faults from the script, as far as the head of the request tells.
fn faults_for(state: &State, route: &Route, head: &Parts, entry: &Entry) -> Vec<Fault> {
    let target = route.target();
    let filename = target.and_then(|target| lock(&state.uploads).note_attempt(target.upload, target.part));
    entry.edit(|exchange| {
        exchange.operation = Some(route.operation_id().to_owned());
        exchange.media_upload_id = target.map(|target| target.upload.to_owned());
        exchange.part = target.and_then(|target| target.part);
    });
    let connection = text(&head.headers, CONNECTION_ID);
    let query = head.uri.query().unwrap_or_default();
    let subject =
        Subject { filename: filename.as_deref(), ..subject(route, &connection, &head.headers, query) };
    lock(&state.faults).take(&subject)
}

/// What rules see of a request that sends no bytes of a file.
fn subject<'a>(route: &'a Route, connection: &'a str, headers: &'a HeaderMap, query: &'a str) -> Subject<'a> {
    let target = route.target();
    Subject {
        operation: route.operation_id(),
        upload: target.map(|target| target.upload),
        part: target.and_then(|target| target.part),
        filename: None,
        connection,
        headers,
        query,
    }
}

/// Takes the faults of rules that have to see the body, and reads it for them.
async fn take_faults_by_body(call: &mut Call, route: &Route) -> Result<(), Gone> {
    let state = Arc::clone(&call.state);
    let wanted = {
        let subject = subject(route, &call.connection, &call.headers, &call.query);
        subject.upload.is_none() && lock(&state.faults).want_body(&subject)
    };
    if !wanted {
        return Ok(());
    }
    let body = match call.body.read().await {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
        Err(Failure::Refused(_)) => Value::Null,
        Err(Failure::Gone) => return Err(Gone),
    };
    let subject = subject(route, &call.connection, &call.headers, &call.query);
    let faults = lock(&state.faults).take_by_body(&subject, &body);
    call.faults.add(faults);
    let kinds = call.faults.kinds();
    call.entry.edit(|exchange| exchange.faults = kinds);
    Ok(())
}

async fn answer(
    call: &mut Call,
    route: Option<&Route>,
    control: &Control,
) -> Result<Response<AnswerBody>, Gone> {
    if let Some(delay) = call.faults.delay(Before::Body) {
        tokio::time::sleep(delay).await;
    }
    if let Some(route) = route {
        take_faults_by_body(call, route).await?;
    }
    if let Some((reply, read)) = call.faults.instead_of_work(&call.request_id) {
        return instead(call, reply, read, control).await;
    }
    let (result, allowance) = work(call, route).await;
    let mut reply = match result {
        Ok(reply) => call.faults.spoil(reply, &call.request_id),
        Err(Failure::Refused(error)) => {
            call.entry.edit(|exchange| exchange.refusal = Some(error.message().to_owned()));
            call.body.drain().await.map_err(|_| Gone)?;
            Reply::new(error.status, Payload::Json(error.body(&call.request_id)))
        }
        Err(Failure::Gone) => return Err(Gone),
    };
    if let Some(allowance) = allowance {
        allowance.write(&mut reply);
    }
    if let Some(how) = call.faults.answer_lost() {
        control.cut(how);
        return Err(Gone);
    }
    deliver(call, reply, control).await
}

/// Answers a fault's reply without carrying the request out.
async fn instead(
    call: &mut Call,
    reply: Reply,
    read: Option<u64>,
    control: &Control,
) -> Result<Response<AnswerBody>, Gone> {
    match read {
        None => call.body.skip(u64::MAX).await.map_err(|_| Gone)?,
        Some(bytes) => call.body.skip(bytes).await.map_err(|_| Gone)?,
    }
    let mut response = deliver(call, reply, control).await?;
    if read.is_some() {
        response.body_mut().end_with(control.clone(), Cut::Close);
    }
    Ok(response)
}

async fn deliver(call: &Call, mut reply: Reply, control: &Control) -> Result<Response<AnswerBody>, Gone> {
    if let Some(delay) = call.faults.delay(Before::Answer) {
        tokio::time::sleep(delay).await;
    }
    reply.header("x-request-id", &call.request_id);
    reply.payload = reply.payload.written();
    if let Some(text) = reply.payload.json() {
        call.entry.edit(|exchange| exchange.answer = Some(Recorded::of(text.as_bytes())));
    }
    let delivery = call.faults.delivery(&mut reply, control);
    Ok(reply.into_response(delivery))
}

/// Checks the request and carries it out.
async fn work(call: &mut Call, route: Option<&Route>) -> (Result<Reply, Failure>, Option<Allowance>) {
    let Some(route) = route else {
        return (Err(router::unknown(&call.method, &call.path).into()), None);
    };
    if let Route::Media = route {
        return (route.answer(call).await, None);
    }
    if let Err(error) = check_credentials(call, route) {
        return (Err(error.into()), None);
    }
    let allowance =
        if call.path.starts_with(ACCESS) { lock(&call.state.limiter).take(&call.connection) } else { None };
    if let Some(Err(error)) = allowance.as_ref().map(Allowance::check) {
        return (Err(error.into()), allowance);
    }
    if let (Some(status), Some(target)) = (call.faults.expire(), route.target()) {
        let status = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::NOT_FOUND);
        lock(&call.state.uploads).expire(target.upload, status);
    }
    if let Route::Operation { operation, values } = route
        && let Err(failure) = validate::request(call, operation, values).await
    {
        return (Err(failure), allowance);
    }
    (route.answer(call).await, allowance)
}

fn check_credentials(call: &Call, route: &Route) -> Result<(), ApiError> {
    let key = call.header("apikey").unwrap_or_default();
    let access = &call.state.settings.access;
    let is_linked = || connections::is_there(&lock(&call.state.world), &call.connection);
    access.check(route.operation(), key, &call.connection, is_linked).map_err(|error| {
        let hint = if key.is_empty() {
            misplaced(call, "apiKey", &MISPLACED_KEYS)
        } else if call.connection.is_empty() {
            misplaced(call, "x-connection-id", &["connection-id", "connectionid", "x-connection"])
        } else {
            String::new()
        };
        error.add(&hint)
    })?;
    let needed = route.operation().is_none_or(|operation| operation.connection == ConnectionNeed::Required);
    if needed { connections::admit(call) } else { Ok(()) }
}

/// A hint if a header that other APIs use is there instead of `wanted`.
fn misplaced(call: &Call, wanted: &str, others: &[&str]) -> String {
    let found = others.iter().find(|name| call.headers.contains_key(**name));
    found.map(|found| format!(": \"{found}\" is not read, send it as \"{wanted}\"")).unwrap_or_default()
}

/// Scheme and host as the client wrote them.
fn base(connection: &Connection, headers: &HeaderMap) -> String {
    let host = text(headers, HOST.as_str());
    let host = if host.is_empty() { connection.local.to_string() } else { host };
    format!("{}://{host}", connection.scheme)
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

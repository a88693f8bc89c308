//! The raw call: any operation, chosen by its id when the program runs.
//!
//! Parameters are JSON values, checked against the operation table before anything is sent; bodies are passed on as
//! they are. The generated client is for callers who know the operation when they write the program.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use ofauth_operations::operation::{Body, Connection, Operation, RetryClass};
use ofauth_operations::operations;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::pages::{Items, Pages};
use super::params;
use super::transport::{Patience, Transport};
use super::values::{Pairs, unknown};
use crate::cancel::{Cancel, Limits};
use crate::error::{Error, ErrorKind, Result, invalid};
use crate::http::header_names::CONNECTION_ID;
use crate::http::request::Request;
use crate::http::response::Response;

/// The id of the one call that no OpenAPI document can describe: any method on any path of OnlyFans' own API.
pub const PROXY_REQUEST: &str = "proxy_request";

/// What a JSON body is called where the document has no name of its own for it.
const JSON: &str = "application/json";

/// What is as long as this resembles no operation, in bytes.
const LONGEST_NAME: usize = 64;

/// A call that was not sent yet. Await it, or call [`send`](Self::send).
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// use serde_json::{Value, json};
///
/// let page: Value = client.call("list_vault_media").param("limit", 10).send().await?.json()?;
/// let list: Value = client.call("create_vault_list").json(&json!({"name": "Summer"})).send().await?.json()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "a call does nothing until it is awaited"]
pub struct Call {
    transport: Arc<Transport>,
    operation_id: String,
    params: Map<String, Value>,
    raw_params: Pairs,
    body: Payload,
    connection_id: Option<String>,
    cancel: Cancel,
    timeout: Option<Duration>,
    retry: bool,
}

#[derive(Clone)]
enum Payload {
    None,
    /// A text that is yet to be checked.
    Json(Bytes),
    Bytes(Bytes, String),
    /// A value that cannot be written as JSON, and why.
    Unwritable(String),
}

impl Call {
    pub(crate) fn new(transport: Arc<Transport>, operation_id: &str) -> Self {
        Self {
            transport,
            operation_id: operation_id.to_owned(),
            params: Map::new(),
            raw_params: Pairs::new(),
            body: Payload::None,
            connection_id: None,
            cancel: Cancel::new(),
            timeout: None,
            retry: true,
        }
    }

    /// Sets a path, query or header parameter by its name. Numbers and booleans may also come as text, and an object as JSON
    /// text. Arrays and objects are written in the parameter's [`Style`](crate::operation::Style). The value is held against the words, ranges, lengths and
    /// forms of [the table](crate::operations()) before anything is sent. Null is as good as left out.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }

    /// Sets several parameters, as [`param`](Self::param) does one: a JSON object, a map, or pairs of name and value.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let page = client.call("list_vault_media").params([("limit", 10), ("offset", 20)]).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn params<N: Into<String>, V: Into<Value>>(
        mut self,
        params: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.params.extend(params.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Sends a parameter as it is, in place of one that is checked: one that the document does not know, which goes into the
    /// query, or a value that it does not allow. Given several times, all of them are sent.
    pub fn raw_param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.raw_params.push((name.into(), value.into()));
        self
    }

    /// The JSON body, from anything that serde can write. What it cannot write is an error of [`send`](Self::send).
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// #[derive(serde::Serialize)]
    /// struct NewList<'a> {
    ///     name: &'a str,
    /// }
    ///
    /// client.call("create_vault_list").json(&NewList { name: "Summer" }).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.body = match serde_json::to_vec(body) {
            Ok(json) => Payload::Json(json.into()),
            Err(error) => Payload::Unwritable(error.to_string()),
        };
        self
    }

    /// The JSON body as text, which is sent as it is: order, numbers and all.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let body = std::fs::read_to_string("post.json").unwrap_or_default();
    /// client.call("create_post").body_json(body).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn body_json(mut self, text: impl Into<String>) -> Self {
        self.body = Payload::Json(text.into().into());
        self
    }

    /// A body of bytes, for the operations that take one. It is held in memory; uploads have a better way.
    pub fn body_bytes(mut self, bytes: impl Into<Bytes>, content_type: impl Into<String>) -> Self {
        self.body = Payload::Bytes(bytes.into(), content_type.into());
        self
    }

    /// The connection to act on. Default: the client's.
    pub fn connection_id(mut self, id: impl Into<String>) -> Self {
        self.connection_id = Some(id.into());
        self
    }

    /// Gives the call up when `cancel` is cancelled, wherever it is: waiting for the rate limit, for a name server, for the
    /// answer, or for the next try.
    ///
    /// It then ends with [`Cancelled`](ErrorKind::Cancelled), or with [`OutcomeUnknown`](ErrorKind::OutcomeUnknown) if it
    /// must not be made twice and may have been carried out.
    pub fn cancel(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Gives the call up when it has taken this long, all tries and waits together. Default: no limit but those of each try.
    ///
    /// It then ends with [`Timeout`](ErrorKind::Timeout), or with [`OutcomeUnknown`](ErrorKind::OutcomeUnknown) as for
    /// [`cancel`](Self::cancel).
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Whether a failure is followed by another try where that is safe, and a refusal for too many requests by a wait.
    /// Default: true. With false, the first failure is the error, for programs that have a queue of their own.
    ///
    /// The call still waits for its turn if the rate limit is known to be used up.
    pub fn retry(mut self, retry: bool) -> Self {
        self.retry = retry;
        self
    }

    /// Sends the call and returns the answer of a success. Awaiting the call does the same.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// use ofauth::ErrorKind;
    ///
    /// let post = client.call("create_post").json(&serde_json::json!({"text": "Hello"}));
    /// match post.send().await {
    ///     Ok(answer) => println!("{}", String::from_utf8_lossy(answer.body())),
    ///     Err(error) if error.kind() == ErrorKind::OutcomeUnknown => println!("look before you post again: {error}"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) if the operation or a parameter is unknown, missing, of the wrong kind
    /// or not allowed: nothing was sent then. An answer that is no success is an error of its own kind, and so is a 2xx with an
    /// error in its body. One that cannot be read, or lacks what it is about, is
    /// [`OutcomeUnknown`](ErrorKind::OutcomeUnknown) if the operation must not be called twice, and else
    /// [`InvalidAnswer`](ErrorKind::InvalidAnswer).
    pub async fn send(self) -> Result<Response> {
        let limits = Limits::new(&self.cancel, self.timeout).retry(self.retry);
        self.send_within(limits).await
    }

    /// The list that the operation hands out, page by page. Its parameters are those of the call; which page and how many items
    /// is the walk's own business, unless the call says where to begin or how long a page is.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let mut pages = client.call("list_posts").param("limit", 5).pages();
    /// while let Some(page) = pages.next().await {
    ///     println!("{} posts", page?.items().len());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn pages(self) -> Pages {
        let pages =
            Pages::new(Arc::clone(&self.transport), self.list()).cancel(&self.cancel).retry(self.retry);
        match self.timeout {
            Some(limit) => pages.timeout(limit),
            None => pages,
        }
    }

    /// The list that the operation hands out, item by item: all of its [`pages`](Self::pages).
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let mut media = client.call("list_vault_media").items();
    /// while let Some(one) = media.next().await {
    ///     println!("{}", one?["id"]);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn items(self) -> Items {
        self.pages().items()
    }

    /// The list that is asked for, and the request of its first page.
    fn list(&self) -> Result<(&'static Operation, Request)> {
        let request = self.request()?;
        let operation = operations::find(&self.operation_id);
        let operation =
            operation.ok_or_else(|| invalid(format!("{PROXY_REQUEST} has no pages: ask for each")))?;
        Ok((operation, request))
    }

    /// The same within other limits than those of this call.
    pub(crate) async fn send_within(self, limits: Limits) -> Result<Response> {
        let request = self.request()?;
        self.transport.call(&request, &Patience { limits, ..Patience::default() }).await
    }

    fn request(&self) -> Result<Request> {
        if self.operation_id == PROXY_REQUEST {
            return self.proxy_request();
        }
        let operation =
            operations::find(&self.operation_id).ok_or_else(|| unknown_operation(&self.operation_id))?;
        let mut params = self.params.clone();
        let connection_param = params.remove(CONNECTION_ID);
        let (path, headers) = params::place(operation, &params, &self.raw_params)?;
        let method = Method::from_bytes(operation.method.as_bytes())
            .map_err(|_| Error::new(ErrorKind::Internal, "the operation table names a strange method"))?;
        let url = self.transport.settings.origins.api_url(&path)?;
        let mut request =
            Request::new(operation.id, method, url).class(operation.retry).success(operation.success);
        request.headers = headers;
        if let Some(types) = operation.success.media_type {
            request.headers.insert(ACCEPT, HeaderValue::from_static(types));
        }
        self.add_body(&mut request, operation.body, operation.media_type)?;
        self.add_connection(request, operation.connection, connection_param)
    }

    fn proxy_request(&self) -> Result<Request> {
        let text = |name: &str| {
            let value = self.params.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
            value.ok_or_else(|| invalid(format!("{PROXY_REQUEST} needs the parameter {name:?} as text")))
        };
        if let Some(other) =
            self.params.keys().find(|name| !matches!(name.as_str(), "method" | "path" | CONNECTION_ID))
        {
            return Err(invalid(format!(
                "{PROXY_REQUEST} has no parameter {other:?}: it takes \"method\" and \"path\""
            )));
        }
        let (method, path) = (text("method")?.to_ascii_uppercase(), text("path")?.trim_start_matches('/'));
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| {
            invalid(format!("{method:?} is not an HTTP method: give GET, POST, PUT, PATCH or DELETE"))
        })?;
        let mut segments = path.split(['?', '#']).next().unwrap_or_default().split(['/', '\\']);
        if path.contains('#') || segments.any(params::is_dots) {
            return Err(invalid(format!(
                "the path {path:?} leaves the proxy: give a plain path such as users/me"
            )));
        }
        let mut url = self.transport.settings.origins.api_url(&format!("/v2/access/proxy/{path}"))?;
        if !self.raw_params.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.raw_params);
        }
        let class = match method {
            Method::GET | Method::HEAD => RetryClass::Repeatable,
            _ => RetryClass::Once,
        };
        let mut request = Request::new(PROXY_REQUEST, method, url).class(class);
        self.add_body(&mut request, Body::OptionalJson, None)?;
        self.add_connection(request, Connection::Required, self.params.get(CONNECTION_ID).cloned())
    }

    fn add_body(&self, request: &mut Request, wanted: Body, media_type: Option<&'static str>) -> Result<()> {
        let doing = &self.operation_id;
        match (&self.body, wanted) {
            (Payload::Unwritable(why), _) => {
                Err(invalid(format!("the body of {doing} cannot be written as JSON: {why}")))
            }
            (Payload::None, Body::None | Body::OptionalJson | Body::OptionalBytes) => Ok(()),
            (Payload::None, Body::Json) => Err(invalid(format!("{doing} needs a JSON body"))),
            (Payload::None | Payload::Json(_), Body::Bytes) | (Payload::Json(_), Body::OptionalBytes) => {
                let form = media_type.filter(|it| *it != "*/*");
                let form = form.map(|form| format!(", {form}")).unwrap_or_default();
                Err(invalid(format!("{doing} needs a body of bytes and their content type{form}")))
            }
            (Payload::Json(_) | Payload::Bytes(..), Body::None) => {
                Err(invalid(format!("{doing} takes no body")))
            }
            (Payload::Bytes(..), Body::Json | Body::OptionalJson) => {
                Err(invalid(format!("{doing} takes a JSON body, not bytes")))
            }
            (Payload::Json(json), Body::Json | Body::OptionalJson) => {
                serde_json::from_slice::<IgnoredAny>(json)
                    .map_err(|error| invalid(format!("the body of {doing} is not JSON: {error}")))?;
                request.body = json.clone();
                let media_type = media_type.and_then(|types| types.split(", ").next()).unwrap_or(JSON);
                request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
                Ok(())
            }
            (Payload::Bytes(bytes, content_type), Body::Bytes | Body::OptionalBytes) => {
                let value = HeaderValue::from_str(content_type).ok().filter(|value| !value.is_empty());
                let value = value.ok_or_else(|| {
                    invalid(format!("the content type {content_type:?} cannot be sent in a header"))
                })?;
                request.headers.insert(CONTENT_TYPE, value);
                request.body = bytes.clone();
                Ok(())
            }
            _ => Err(unknown(doing)),
        }
    }

    fn add_connection(&self, request: Request, wanted: Connection, param: Option<Value>) -> Result<Request> {
        let param = match param {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(id),
            Some(_) => return Err(invalid(format!("the parameter {CONNECTION_ID:?} is not text"))),
        };
        let of_call = self.connection_id.as_deref().or(param.as_deref());
        Ok(match self.transport.settings.connection_for(wanted, of_call)? {
            Some(id) => request.connection(id),
            None => request,
        })
    }
}

impl IntoFuture for Call {
    type Output = Result<Response>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Response>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("operation_id", &self.operation_id).finish_non_exhaustive()
    }
}

fn unknown_operation(id: &str) -> Error {
    let known = operations::OPERATIONS.iter().map(|operation| operation.id).chain([PROXY_REQUEST]);
    let mut near: Vec<(f64, &str)> = known
        // No name is that long, and comparing takes its time.
        .filter(|_| !id.is_empty() && id.len() < LONGEST_NAME)
        .map(|known| (strsim::jaro_winkler(known, id), known))
        // 0.9 lets through a slip or two, and little that is another word.
        .filter(|(likeness, known)| known.contains(id) || *likeness > 0.9)
        .collect();
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let near: Vec<&str> = near.into_iter().map(|(_, known)| known).take(5).collect();
    let hint = if near.is_empty() { String::new() } else { format!(": did you mean {}?", near.join(", ")) };
    invalid(format!("there is no operation {id:?}{hint}"))
}

#[cfg(test)]
#[path = "raw_tests.rs"]
mod tests;

//! Which handler answers which operation.
//!
//! Operations with state are known by their method and path; everything else answers an example of the document.

use crate::call::Call;
use crate::document::{Operation, PROXY, find, methods};
use crate::error::{ApiError, Failure};
use crate::handlers::uploads::{check, complete, init, part};
use crate::handlers::{example, lists, posts, vault_plus};
use crate::http::reply::Reply;
use crate::number;
use crate::older_clients::path_of_today;
use crate::posts::Kind;

/// Where the proxy begins. Its paths have any number of segments, which no template can say.
const PROXY_PATH: &str = "/v2/access/proxy/";

/// The connected account, where a path names a user.
const ME: &str = "me";

/// What a request calls.
#[derive(Debug)]
pub(crate) enum Route {
    /// An operation of the document, and its decoded path parameters.
    Operation { operation: &'static Operation, values: Vec<String> },
    /// The proxy, and the path behind it.
    Proxy(String),
}

/// The upload and the part that a path names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) upload: &'a str,
    pub(crate) part: Option<u32>,
}

impl Route {
    pub(crate) fn find(method: &str, path: &str) -> Option<Self> {
        if let Some(rest) = path.strip_prefix(PROXY_PATH) {
            return (!rest.is_empty()).then(|| Self::Proxy(rest.to_owned()));
        }
        find(method, path).map(|(operation, values)| Self::Operation { operation, values })
    }

    pub(crate) fn operation_id(&self) -> &str {
        match self {
            Self::Operation { operation, .. } => &operation.id,
            Self::Proxy(_) => PROXY,
        }
    }

    pub(crate) fn operation(&self) -> Option<&'static Operation> {
        match self {
            Self::Operation { operation, .. } => Some(operation),
            Self::Proxy(_) => None,
        }
    }

    /// The upload and part, if the path is one that takes bytes.
    pub(crate) fn target(&self) -> Option<Target<'_>> {
        let Self::Operation { operation, values } = self else { return None };
        match (operation.method.as_str(), operation.shape().as_str(), values.as_slice()) {
            ("PUT", "/v2/access/uploads/{}", [upload]) => Some(Target { upload, part: None }),
            ("PUT", "/v2/access/uploads/{}/parts/{}", [upload, part]) => {
                // Zero is no part's number, so that a number that cannot be read is refused like one out of range.
                let part = number::whole_text(part).and_then(|part| u32::try_from(part).ok());
                Some(Target { upload, part: Some(part.unwrap_or(0)) })
            }
            _ => None,
        }
    }

    /// Carries the request out.
    pub(crate) async fn answer(&self, call: &mut Call) -> Result<Reply, Failure> {
        if let Some(target) = self.target() {
            return part::receive(call, target.upload, target.part).await;
        }
        let (operation, values) = match self {
            Self::Proxy(path) => return example::echo(call, path).await,
            Self::Operation { operation, values } => (*operation, values.as_slice()),
        };
        match (operation.method.as_str(), operation.shape().as_str(), values) {
            ("POST", "/v2/access/uploads/init", _) => init::init(call).await,
            ("POST", "/v2/access/uploads/complete", _) => complete::complete(call).await,
            ("POST", "/v2/access/uploads/check", _) => check::check(call).await,
            ("POST", "/v2/vault-plus/media/batch", _) => vault_plus::batch(call).await,
            ("POST", "/v2/access/posts", _) => posts::create(call, operation, Kind::Post, None).await,
            ("GET", "/v2/access/posts", _) => lists::posts(call, operation, values),
            ("GET", "/v2/access/users/{}/posts", [user]) if user == ME => {
                lists::posts(call, operation, values)
            }
            ("PUT", "/v2/access/posts/{}", [id]) => posts::update(call, operation, Kind::Post, id).await,
            ("GET", "/v2/access/posts/{}", [id]) => posts::read(call, operation, Kind::Post, id),
            ("DELETE", "/v2/access/posts/{}", [id]) => {
                posts::delete(call, operation, Kind::Post, None, id).await
            }
            ("POST", "/v2/access/chats/{}/messages", [user]) => {
                posts::create(call, operation, Kind::ChatMessage, Some(user)).await
            }
            ("GET", "/v2/access/chats/{}/messages", [user]) => {
                lists::chat_messages(call, operation, values, user)
            }
            ("DELETE", "/v2/access/chats/{}/messages/{}", [user, id]) => {
                posts::delete(call, operation, Kind::ChatMessage, Some(user), id).await
            }
            ("GET", "/v2/access/mass-messages", _) => lists::mass_messages(call, operation, values),
            ("POST", "/v2/access/mass-messages", _) => {
                posts::create(call, operation, Kind::MassMessage, None).await
            }
            ("PUT", "/v2/access/mass-messages/{}", [id]) => {
                posts::update(call, operation, Kind::MassMessage, id).await
            }
            ("GET", "/v2/access/mass-messages/{}", [id]) => {
                posts::read(call, operation, Kind::MassMessage, id)
            }
            ("DELETE", "/v2/access/mass-messages/{}", [id]) => {
                posts::delete(call, operation, Kind::MassMessage, None, id).await
            }
            ("GET", "/v2/access/vault/media", _) => lists::vault_media(call, operation, values),
            _ => example::answer(call, operation, values).await,
        }
    }
}

/// The error for a path that no operation has, with what may have been meant.
pub(crate) fn unknown(method: &str, path: &str) -> ApiError {
    let takes = |path: &str| !methods(path).is_empty();
    let without_slash = path.trim_end_matches('/');
    let hint = if takes(path) {
        format!(": this path takes {}", methods(path).join(" and "))
    } else if without_slash != path && takes(without_slash) {
        ": leave out the slash at the end".to_owned()
    } else if let Some(today) = path_of_today(method, path) {
        format!(": this route was replaced by {method} {today}")
    } else if takes(&format!("/v2{path}")) {
        ": the paths of the API begin with /v2".to_owned()
    } else {
        String::new()
    };
    ApiError::route_not_found(method, path, &hint)
}

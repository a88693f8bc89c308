//! Which handler answers which operation.
//!
//! Most operations are rows of a table; some have a handler of their own; the rest answers an example of the document.

use crate::call::Call;
use crate::document::{MEDIA, Operation, PROXY, find, methods};
use crate::error::{ApiError, Failure};
use crate::handlers::uploads::{check, complete, init, part};
use crate::handlers::{
    connections, counts, example, link, members, resource, settings, table, vault_plus, vault_plus_lists,
};
use crate::http::reply::Reply;
use crate::media;
use crate::number;
use crate::older_clients::path_of_today;

/// Where the proxy begins. Its paths have any number of segments, which no template can say.
const PROXY_PATH: &str = "/v2/access/proxy/";

/// What a request calls.
#[derive(Debug)]
pub(crate) enum Route {
    /// An operation of the document, and its decoded path parameters.
    Operation { operation: &'static Operation, values: Vec<String> },
    /// The proxy, and the path behind it.
    Proxy(String),
    /// A picture or a media, which is no operation of the API.
    Media,
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
        if media::is_media(method, path) {
            return Some(Self::Media);
        }
        find(method, path).map(|(operation, values)| Self::Operation { operation, values })
    }

    pub(crate) fn operation_id(&self) -> &str {
        match self {
            Self::Operation { operation, .. } => &operation.id,
            Self::Proxy(_) => PROXY,
            Self::Media => MEDIA,
        }
    }

    pub(crate) fn operation(&self) -> Option<&'static Operation> {
        match self {
            Self::Operation { operation, .. } => Some(operation),
            Self::Proxy(_) | Self::Media => None,
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
            Self::Media => return media::answer(call),
            Self::Proxy(path) => return example::echo(call, path).await,
            Self::Operation { operation, values } => (*operation, values.as_slice()),
        };
        if operation.id == "list_connections" {
            link::look_at_hosted(&call.state);
        }
        match operation.id.as_str() {
            "init_upload" => init::init(call).await,
            "complete_upload" => complete::complete(call).await,
            "check_upload" => check::check(call).await,
            "batch_vault_plus_media" => vault_plus::batch(call, operation).await,
            "purge_vault_plus_media" => Ok(vault_plus::purge(call, operation)),
            "get_vault_plus_status" => Ok(vault_plus::status(call, operation)),
            "get_vault_plus_stats" => Ok(vault_plus::stats(call, operation)),
            "list_vault_plus_list_media" => vault_plus_lists::media(call, operation, first(values)),
            "list_vault_plus_lists" => Ok(vault_plus_lists::lists(call)),
            "add_vault_plus_list" => vault_plus_lists::add(call, first(values)),
            "sync_vault_plus_list" => vault_plus_lists::sync(call, operation, first(values)),
            "add_user_to_list" => members::add_user(call, operation, first(values), second(values)),
            "remove_user_from_list" => members::remove_user(call, operation, first(values), second(values)),
            "add_user_to_lists" => members::add_user_to_lists(call, operation, first(values)),
            "add_media_to_vault_list" => members::add_media(call, operation, first(values)),
            "update_vault_list" => members::update_vault_list(call, operation, first(values)),
            "get_subscription_counts" => Ok(counts::subscriptions(call, operation)),
            "init_link" => link::init(call, operation),
            "get_link_status" => Ok(link::status(call, operation, first(values))),
            "delete_link" => Ok(link::delete(call, operation, first(values))),
            "import_connection" => connections::import(call, operation),
            "update_imported_connection" => connections::renew(call, operation, first(values)),
            "disconnect_connection" => connections::disconnect(call, operation, first(values)),
            "get_account_settings" => Ok(settings::of_account(call, operation)),
            "update_account_settings" => settings::update_account(call, operation),
            "get_connection_settings" => settings::of_connection(call, operation, first(values)),
            "update_connection_settings" => settings::update_connection(call, operation, first(values)),
            id => match table::row(id) {
                Some(row) => resource::answer(call, operation, values, row),
                None => Ok(example::whole(call, operation)),
            },
        }
    }
}

/// The first parameter of a path.
fn first(values: &[String]) -> &str {
    values.first().map_or("", String::as_str)
}

/// The second parameter of a path.
fn second(values: &[String]) -> &str {
    values.get(1).map_or("", String::as_str)
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

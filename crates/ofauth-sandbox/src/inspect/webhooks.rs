//! `/_sandbox/webhooks`: what was told to whom, told again, and told on demand.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{list, problem};
use crate::handlers::events;
use crate::http::reply::Reply;
use crate::query;
use crate::state::State;

/// How long a request waits, in seconds.
const PATIENCE: u64 = 30;

/// What somebody wants to be told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wanted {
    event: String,
    #[serde(default)]
    data: Option<Value>,
    #[serde(default)]
    connection_id: Option<String>,
}

/// All deliveries, once as many are over as a query waits for.
pub(super) async fn deliveries(state: &State, query: &str) -> Reply {
    let number = |name: &str| query::value(query, name).map(|text| text.parse::<u64>());
    let (wait, timeout) = (number("wait").transpose(), number("timeout").transpose());
    let (Ok(wait), Ok(timeout)) = (wait, timeout) else {
        return problem(StatusCode::BAD_REQUEST, "wait and timeout are whole numbers");
    };
    let Some(count) = wait else { return list(&state.webhooks.deliveries()) };
    let patience = std::time::Duration::from_secs(timeout.unwrap_or(PATIENCE));
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    match tokio::time::timeout(patience, state.webhooks.wait_for(count)).await {
        Ok(deliveries) => list(&deliveries),
        Err(_) => {
            let message = format!("{count} deliveries were not over after {} s", patience.as_secs());
            problem(StatusCode::GATEWAY_TIMEOUT, &message)
        }
    }
}

/// Tells one again.
pub(super) fn resend(state: &State, id: &str) -> Reply {
    if state.webhooks.resend(id) {
        Reply::json(json!({ "id": id, "state": "pending" }))
    } else {
        problem(StatusCode::NOT_FOUND, &format!("there is no delivery \"{id}\""))
    }
}

/// Tells an event that somebody asks for.
pub(super) fn trigger(state: &State, body: &[u8]) -> Reply {
    let wanted: Wanted = match serde_json::from_slice(body) {
        Ok(wanted) => wanted,
        Err(error) => {
            let message = format!("{error}; give {{\"event\", \"data\", \"connectionId\"}}");
            return problem(StatusCode::BAD_REQUEST, &message);
        }
    };
    if wanted.event.is_empty() {
        return problem(StatusCode::BAD_REQUEST, "event: is empty; give one such as \"connection.created\"");
    }
    if !state.webhooks.are_wanted() {
        return problem(
            StatusCode::CONFLICT,
            "no address for webhooks was given when the sandbox was started",
        );
    }
    let ids = events::trigger(state, &wanted.event, wanted.data, wanted.connection_id.as_deref());
    Reply::json(json!({ "ids": ids }))
}

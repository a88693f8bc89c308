//! `/_sandbox/link`: Link sessions, and how a test signs in or ends one without a browser.

use http::StatusCode;
use serde::Deserialize;

use super::problem;
use crate::handlers::link::{self, Deed};
use crate::http::reply::Reply;
use crate::link::session::Stage;
use crate::link::sign_in::Attempt;
use crate::link::table::now;
use crate::lock::lock;
use crate::state::State;

/// The name of the session that was opened last.
const LATEST: &str = "latest";

/// What a test does with a session.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Told {
    email: String,
    password: String,
    otp: String,
    /// How it ends without a sign-in.
    status: Option<Ending>,
    /// Whether another code is sent.
    send_code: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ending {
    Pending,
    Denied,
    InvalidCredentials,
    Failed,
}

/// All sessions, the latest last.
pub(super) fn records(state: &State, base: &str) -> Reply {
    Reply::json(link::records(state, base).into())
}

/// One session.
pub(super) fn record(state: &State, base: &str, secret: &str) -> Reply {
    let secret = named(state, secret);
    let record = lock(&state.links).get(&secret).map(|session| session.record(base, now()));
    record.map_or_else(missing, Reply::json)
}

/// Does with a session what a test says, and answers it as it is then.
pub(super) fn act(state: &State, base: &str, secret: &str, body: &[u8]) -> Reply {
    let told: Told = match serde_json::from_slice(body) {
        Ok(told) => told,
        Err(error) => {
            let wanted = "give {\"email\", \"password\", \"otp\"}, {\"status\"} or {\"sendCode\": true}";
            return problem(StatusCode::BAD_REQUEST, &format!("{error}; {wanted}"));
        }
    };
    let deed = match told.status {
        Some(Ending::Pending) => Deed::Open,
        Some(Ending::Denied) => Deed::End(Stage::Denied),
        Some(Ending::InvalidCredentials) => Deed::End(Stage::InvalidCredentials),
        Some(Ending::Failed) => Deed::End(Stage::Failed("login", "account_locked")),
        None if told.send_code => Deed::SendCode,
        None => Deed::SignIn(Attempt { email: &told.email, password: &told.password, code: &told.otp }),
    };
    link::act(state, &named(state, secret), deed, |session| session.record(base, now()))
        .map_or_else(missing, Reply::json)
}

fn named(state: &State, secret: &str) -> String {
    let latest = || lock(&state.links).latest();
    if secret == LATEST { latest().unwrap_or_default() } else { secret.to_owned() }
}

fn missing() -> Reply {
    problem(StatusCode::NOT_FOUND, "there is no such Link session; POST /v2/link/init opens one")
}

//! Link: a creator signs in, and a connection comes into being or back.
//!
//! The operations of the API are here, and what the page and `/_sandbox/link` do with a session. Where a session stands is
//! decided by [`crate::link`].

use serde_json::{Value, json};

use super::connections::{self, NewConnection};
use super::{events, example, validate};
use crate::call::Call;
use crate::document::Operation;
use crate::error::Failure;
use crate::http::reply::{Payload, Reply};
use crate::link::session::{Mode, NOT_FOUND, Session, Stage, Wish};
use crate::link::sign_in::Attempt;
use crate::link::table::now;
use crate::lock::lock;
use crate::state::State;
use crate::timestamp::precise;
use crate::webhooks::event;

/// Opens a session. It is hosted, unless the deprecated `mode` asks for the other one: what else decides is not public.
pub(crate) fn init(call: &mut Call, operation: &Operation) -> Result<Reply, Failure> {
    let body = validate::body(call).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let is_whitelabel = text("mode").is_some_and(|mode| mode == Mode::Whitelabel.name());
    let wish = Wish {
        mode: if is_whitelabel { Mode::Whitelabel } else { Mode::Hosted },
        redirect_url: text("redirectUrl"),
        client_reference_id: text("clientReferenceId"),
        connection_id: text("connectionId"),
        raw_session: body.pointer("/options/returnRawSession") == Some(&Value::Bool(true)),
    };
    if let Some(id) = &wish.connection_id {
        connections::check_that_it_can_be_linked(&call.state, id)?;
    }
    let lives = call.state.settings.link.ttl;
    let answer = lock(&call.state.links).open(wish, lives, |session| {
        let (name, value) = match session.wish.mode {
            Mode::Hosted => ("url", session.page(&call.base)),
            Mode::Whitelabel => ("clientSecret", session.secret.clone()),
        };
        json!({
            "mode": session.wish.mode.name(), name: value, "expiresAt": precise(session.expires_at),
        })
    });
    Ok(Reply::new(example::status(operation), Payload::Json(answer)))
}

/// Answers where a session stands. One that is not there is `not_found`, which is a status like others.
pub(crate) fn status(call: &Call, operation: &Operation, secret: &str) -> Reply {
    look(&call.state, secret);
    let answer = match lock(&call.state.links).get(secret) {
        Some(session) => shown(&call.state, session, operation, &call.base),
        None => json!({ "status": NOT_FOUND }),
    };
    Reply::new(example::status(operation), Payload::Json(answer))
}

/// Ends a session, whatever became of it. One that is not there is ended already.
pub(crate) fn delete(call: &Call, operation: &Operation, secret: &str) -> Reply {
    lock(&call.state.links).remove(secret);
    Reply::new(example::status(operation), Payload::Empty)
}

fn shown(state: &State, session: &Session, operation: &Operation, base: &str) -> Value {
    let status = session.status(now());
    match &session.stage {
        Stage::AwaitingCode if status != NOT_FOUND => {
            json!({ "status": status, "data": { "twoFactorState": session.two_factor_state() } })
        }
        Stage::Completed(id) => {
            let world = lock(&state.world);
            let user = connections::user(&world, id, base);
            let mut data = json!({ "id": id, "userData": user });
            let raw = operation.response.pointer("/data/session");
            if let (true, Some(raw), Some(fields)) = (session.wish.raw_session, raw, data.as_object_mut()) {
                fields.insert("session".to_owned(), raw.clone());
            }
            json!({ "status": status, "data": data })
        }
        _ => json!({ "status": status }),
    }
}

/// Notes that somebody asked how far a session is.
fn look(state: &State, secret: &str) {
    let completes = lock(&state.links).get(secret).is_some_and(|session| completes(state, session));
    if completes {
        complete(state, secret);
    }
}

/// The same for all hosted sessions: who opened one has no secret to ask with, and looks at the connections instead.
pub(crate) fn look_at_hosted(state: &State) {
    if state.settings.link.after.is_none() {
        return;
    }
    let mut links = lock(&state.links);
    let hosted = links.iter_mut().filter(|session| session.wish.mode == Mode::Hosted);
    let done: Vec<String> =
        hosted.filter_map(|session| completes(state, session).then(|| session.secret.clone())).collect();
    drop(links);
    done.iter().for_each(|secret| complete(state, secret));
}

fn completes(state: &State, session: &mut Session) -> bool {
    !session.is_expired(now()) && session.look(state.settings.link.after)
}

/// What the page or a test does with a session.
#[derive(Debug, Clone)]
pub(crate) enum Deed<'a> {
    Open,
    SignIn(Attempt<'a>),
    SendCode,
    End(Stage),
}

/// Does it. Returns what `told` says of the session then; none if it is not there.
pub(crate) fn act<T>(
    state: &State,
    secret: &str,
    deed: Deed<'_>,
    told: impl FnOnce(&Session) -> T,
) -> Option<T> {
    let mut links = lock(&state.links);
    let session = links.get(secret)?;
    let mut signed_in = false;
    if !session.is_expired(now()) {
        match deed {
            Deed::Open => session.open(),
            Deed::SignIn(attempt) => signed_in = session.sign_in(attempt, now()),
            Deed::SendCode => drop(session.send_code(now())),
            Deed::End(stage) => session.end(stage),
        }
    }
    drop(links);
    if signed_in {
        complete(state, secret);
    }
    lock(&state.links).get(secret).map(|session| told(session))
}

/// Has the connection that a session is for, new or again.
fn complete(state: &State, secret: &str) {
    let mut links = lock(&state.links);
    let Some(session) = links.get(secret).filter(|session| !session.is_over()) else { return };
    let mut world = lock(&state.world);
    let id = match &session.wish.connection_id {
        Some(id) => {
            connections::revive(&mut world, id);
            events::tell(state, &world, event::UPDATED, id);
            id.clone()
        }
        None => {
            let id = format!("conn_linked_{}", world.created() + 1);
            let reference = session.wish.client_reference_id.as_deref();
            connections::begin(&mut world, NewConnection { id: &id, reference, imported: false });
            events::tell(state, &world, event::CREATED, &id);
            id
        }
    };
    session.end(Stage::Completed(id));
}

/// What a test may know of all sessions.
pub(crate) fn records(state: &State, base: &str) -> Vec<Value> {
    lock(&state.links).iter_mut().map(|session| session.record(base, now())).collect()
}

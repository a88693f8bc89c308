//! How far a sign-in is, and what each state means for who waits: pure.

use std::fmt;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::error::{Error, ErrorKind};
use crate::object::{Raw, count_of, id_of, text_of, time_of};
use crate::open_enum::open_enum;

/// How far a sign-in is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkState {
    /// The creator did nothing yet.
    Initialized,
    /// The creator is signing in.
    Pending,
    /// The creator has to confirm the sign-in.
    Awaiting2fa,
    /// The creator said no.
    Denied,
    /// The connection can be used.
    Completed,
    /// Name or password was wrong. The creator can try again while the session lasts.
    InvalidCredentials,
    /// It did not work.
    Failed,
    /// There is no such session.
    NotFound,
    /// What this version of the library does not know.
    Other(String),
}

open_enum!(LinkState {
    Initialized = "initialized",
    Pending = "pending",
    Awaiting2fa = "awaiting_2fa",
    Denied = "denied",
    Completed = "completed",
    InvalidCredentials = "invalid_credentials",
    Failed = "failed",
    NotFound = "not_found",
});

/// How far a sign-in is, with what helps to show it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LinkStatus {
    /// How far it is. In hosted mode it is `pending` until the connection is there: the service tells nothing about such a
    /// session, and no wrong password or refusal.
    pub state: LinkState,
    /// How the sign-in can be confirmed, while it has to be.
    pub two_factor: Option<TwoFactor>,
    is_hosted: bool,
    raw: Raw,
}

impl LinkStatus {
    /// That of a hosted session, of which the service says nothing.
    pub(super) fn hosted() -> Self {
        let raw = Raw(json!({ "status": LinkState::Pending.as_str() }));
        Self { state: LinkState::Pending, two_factor: None, is_hosted: true, raw }
    }

    /// Whether it is that of a hosted session, of which no more is known than whether the connection is there.
    pub(super) fn is_hosted(&self) -> bool {
        self.is_hosted
    }

    /// All that the service said; in hosted mode what it would say.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

/// How a sign-in can be confirmed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TwoFactor {
    /// The ways to confirm it.
    pub options: Vec<TwoFactorOption>,
    /// The last four digits of the phone that gets a code.
    pub phone_last4: Option<String>,
    /// How often a code can be asked for by phone.
    pub code_requests: Option<Attempts>,
    /// How often a code of the phone can be typed.
    pub code_checks: Option<Attempts>,
    /// When the last code was sent.
    pub last_sent_at: Option<SystemTime>,
    /// When that code ends.
    pub expires_at: Option<SystemTime>,
}

/// How often something can be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempts {
    /// In all.
    pub limit: u64,
    /// From now on.
    pub left: u64,
}

/// A way to confirm a sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TwoFactorOption {
    /// A code that comes by phone.
    Phone,
    /// A code of an app.
    App,
    /// What this version of the library does not know.
    Other(String),
}

open_enum!(TwoFactorOption { Phone = "phone", App = "app" });

/// A creator who was linked.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Linked {
    /// The connection to act on.
    pub connection_id: String,
    /// What it is known by.
    pub client_reference_id: String,
    /// The creator's id at OnlyFans.
    pub user_id: Option<String>,
    /// The creator's user name.
    pub username: Option<String>,
    /// The creator's name, as it is shown.
    pub name: Option<String>,
    pub(super) raw: Raw,
}

impl Linked {
    /// All that the service said. If the session was asked for, it is in here: it works like a password.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

/// What an answer about a session means for who waits.
pub(super) enum Step {
    /// Go on waiting.
    Wait(LinkStatus),
    /// The creator is linked: this is what the service says of it.
    Done(Value),
    /// The creator is linked, as a connection shows.
    Linked(Box<Linked>),
    /// It will not be.
    Over(Error),
}

/// Reads an answer.
pub(super) fn step(raw: &Value) -> Step {
    let Some(word) = text_of(raw, "status") else {
        return Step::Over(Error::new(ErrorKind::InvalidAnswer, "wait for a link: the answer has no status"));
    };
    let over = |text: &str| Step::Over(Error::new(ErrorKind::Rejected, text));
    let state = LinkState::from(word.as_str());
    match state {
        LinkState::Completed => Step::Done(raw.get("data").cloned().unwrap_or_default()),
        LinkState::Denied => {
            over("the creator did not agree to the link: start another one if they change their mind")
        }
        LinkState::Failed => {
            over("the sign-in failed: start another link, and ask the support of OFAuth if it fails again")
        }
        LinkState::NotFound => {
            over("the service does not know the link session: it has ended or was deleted; start another one")
        }
        _ => Step::Wait(LinkStatus {
            state,
            two_factor: two_factor(raw),
            is_hosted: false,
            raw: Raw(raw.clone()),
        }),
    }
}

fn two_factor(raw: &Value) -> Option<TwoFactor> {
    let of = raw.pointer("/data/twoFactorState").filter(|of| of.is_object())?;
    let options = of.get("options").and_then(Value::as_array);
    let code = of.get("phoneCode").cloned().unwrap_or_default();
    let attempts = |limit: &str, left: &str| {
        Some(Attempts { limit: count_of(&code, limit)?, left: count_of(&code, left)? })
    };
    Some(TwoFactor {
        options: options.into_iter().flatten().filter_map(Value::as_str).map(TwoFactorOption::from).collect(),
        phone_last4: text_of(of, "phoneLast4"),
        code_requests: attempts("requestAttemptsLimit", "requestAttemptsLeft"),
        code_checks: attempts("checkAttemptsLimit", "checkAttemptsLeft"),
        last_sent_at: time_of(&code, "lastSentDate"),
        expires_at: time_of(&code, "expirationDate"),
    })
}

/// Who was linked, by what a session says of it.
pub(super) fn linked(data: Value, reference: &str) -> Option<Linked> {
    let user = data.get("userData").cloned().unwrap_or_default();
    Some(Linked {
        connection_id: id_of(&data)?,
        client_reference_id: reference.to_owned(),
        user_id: id_of(&user),
        username: text_of(&user, "username"),
        name: text_of(&user, "name"),
        raw: Raw(data),
    })
}

/// One line for people.
impl fmt::Display for LinkStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.state {
            LinkState::Initialized => f.write_str("waiting for the creator"),
            LinkState::Pending if self.is_hosted => f.write_str("waiting until the creator has signed in"),
            LinkState::Pending => f.write_str("the creator is signing in"),
            LinkState::InvalidCredentials => {
                f.write_str("the creator's name or password was wrong: they can try again")
            }
            LinkState::Awaiting2fa => {
                f.write_str("the creator has to confirm the sign-in")?;
                let two_factor = self.two_factor.as_ref();
                let options: Vec<&str> =
                    two_factor.iter().flat_map(|of| &of.options).map(TwoFactorOption::as_str).collect();
                if !options.is_empty() {
                    write!(f, " by {}", options.join(" or "))?;
                }
                match two_factor.and_then(|of| of.phone_last4.as_ref()) {
                    Some(digits) => write!(f, " (the phone that ends with {digits})"),
                    None => Ok(()),
                }
            }
            ref other => write!(f, "{other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_documented_state_is_known() {
        for (state, wanted) in [
            ("initialized", "waiting for the creator"),
            ("pending", "the creator is signing in"),
            ("awaiting_2fa", "the creator has to confirm the sign-in"),
            ("denied", "did not agree"),
            ("completed", "done"),
            ("invalid_credentials", "name or password"),
            ("failed", "failed"),
            ("not_found", "does not know"),
            ("thinking", "thinking"),
        ] {
            assert_eq!(matches!(LinkState::from(state), LinkState::Other(_)), state == "thinking");
            let said = match step(&json!({"status": state})) {
                Step::Wait(status) => status.to_string(),
                Step::Done(_) | Step::Linked(_) => "done".into(),
                Step::Over(error) => error.to_string(),
            };
            assert!(said.contains(wanted), "{state}: {said}");
            let goes_on = matches!(step(&json!({"status": state})), Step::Wait(_));
            let waits = ["initialized", "pending", "awaiting_2fa", "invalid_credentials", "thinking"];
            assert_eq!(goes_on, waits.contains(&state), "{state}");
        }
        assert!(matches!(step(&json!({})), Step::Over(error) if error.kind() == ErrorKind::InvalidAnswer));
    }

    #[test]
    fn of_a_hosted_session_no_more_is_said_than_is_known() {
        assert_eq!(LinkStatus::hosted().to_string(), "waiting until the creator has signed in");
        assert!(LinkStatus::hosted().is_hosted());
    }

    #[test]
    fn the_second_factor_is_read() {
        let Step::Wait(status) = step(&json!({"status": "awaiting_2fa", "data": {"twoFactorState": {
            "options": ["phone", "app", "pigeon"], "phoneLast4": "1234", "phoneCode": {
                "requestAttemptsLimit": 3, "requestAttemptsLeft": 2, "checkAttemptsLimit": 5,
                "lastSentDate": "2026-04-29T10:18:48+00:00"}}}}))
        else {
            panic!()
        };
        let two_factor = status.two_factor.clone().unwrap();
        assert_eq!(two_factor.code_requests, Some(Attempts { limit: 3, left: 2 }));
        assert_eq!((two_factor.code_checks, two_factor.expires_at), (None, None));
        assert!(two_factor.last_sent_at.is_some());
        let shown = "the creator has to confirm the sign-in by phone or app or pigeon (the phone that ends with 1234)";
        assert_eq!(status.to_string(), shown);
    }
}

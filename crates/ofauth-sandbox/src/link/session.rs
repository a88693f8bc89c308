//! One Link session: where it stands, and what an attempt to sign in does to it. Pure; time is passed in.

use serde_json::{Map, Value, json};

use super::redirect::{self, Outcome};
use super::sign_in::{Attempt, Password};
use crate::timestamp::{moment, precise};

/// How often a password may be wrong.
const PASSWORDS: u32 = 5;

/// How often a code may be wrong, and how often one is sent.
const CODES: u32 = 3;
const SENDS: u32 = 3;

/// How long a code is good, in seconds.
const CODE_SECONDS: i64 = 300;

/// How the creator comes to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// On a page of the service.
    Hosted,
    /// In an application of the customer.
    Whitelabel,
}

impl Mode {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hosted => "hosted",
            Self::Whitelabel => "whitelabel",
        }
    }
}

/// Where a session stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    Initialized,
    Pending,
    AwaitingCode,
    /// The connection with this id came into being, or back.
    Completed(String),
    Denied,
    InvalidCredentials,
    /// What went wrong, in the words of the redirect URL: the step, and the code of the error.
    Failed(&'static str, &'static str),
}

/// What the opener of a session asked for.
#[derive(Clone)]
pub(crate) struct Wish {
    pub(crate) mode: Mode,
    pub(crate) redirect_url: Option<String>,
    pub(crate) client_reference_id: Option<String>,
    /// The connection that is to be linked again.
    pub(crate) connection_id: Option<String>,
    pub(crate) raw_session: bool,
}

/// A session.
pub(crate) struct Session {
    pub(crate) secret: String,
    pub(crate) wish: Wish,
    pub(crate) stage: Stage,
    /// When it ends, in microseconds since 1970.
    pub(crate) expires_at: i64,
    /// How often somebody asked how far it is.
    looks: u32,
    passwords_left: u32,
    codes_left: u32,
    sends_left: u32,
    sent_at: i64,
}

// Its secret stays out of logs.
impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("stage", &self.stage).finish_non_exhaustive()
    }
}

impl Session {
    pub(crate) fn new(secret: String, wish: Wish, now: i64, lives: i64) -> Self {
        Self {
            secret,
            wish,
            stage: Stage::Initialized,
            expires_at: now.saturating_add(lives),
            looks: 0,
            passwords_left: PASSWORDS,
            codes_left: CODES,
            sends_left: SENDS,
            sent_at: now,
        }
    }

    /// Whether nothing can become of it any more: its time is over before it came to an end.
    pub(crate) fn is_expired(&self, now: i64) -> bool {
        now >= self.expires_at && !self.is_over()
    }

    /// Whether it came to an end for good. After a wrong password there may be another one.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Completed(_) | Stage::Denied | Stage::Failed(..))
    }

    /// Notes that the page was opened.
    pub(crate) fn open(&mut self) {
        if self.stage == Stage::Initialized {
            self.stage = Stage::Pending;
        }
    }

    /// Notes that somebody asked how far it is. Returns whether it is to complete by itself now, which it does when it was
    /// asked for the `after`th time and nobody signs in.
    pub(crate) fn look(&mut self, after: Option<u32>) -> bool {
        let Some(after) = after else { return false };
        if !matches!(self.stage, Stage::Initialized | Stage::Pending) {
            return false;
        }
        self.looks = self.looks.saturating_add(1);
        if self.looks > 1 {
            self.stage = Stage::Pending;
        }
        self.looks >= after
    }

    /// Does what an attempt is worth. Returns whether the creator is signed in; then the session is to be completed.
    pub(crate) fn sign_in(&mut self, attempt: Attempt<'_>, now: i64) -> bool {
        match self.stage {
            Stage::Completed(_) | Stage::Denied | Stage::Failed(..) => false,
            Stage::AwaitingCode if attempt.email.is_empty() => self.check_code(attempt),
            _ => match attempt.password() {
                Password::Locked => {
                    self.stage = Stage::Failed("login", "account_locked");
                    false
                }
                Password::Wrong => {
                    self.passwords_left = self.passwords_left.saturating_sub(1);
                    self.stage = match self.passwords_left {
                        0 => Stage::Failed("login", "account_locked"),
                        _ => Stage::InvalidCredentials,
                    };
                    false
                }
                Password::Right { needs_code: false } => true,
                Password::Right { needs_code: true } => {
                    if self.stage != Stage::AwaitingCode {
                        self.stage = Stage::AwaitingCode;
                        self.sends_left = self.sends_left.saturating_sub(1);
                        self.sent_at = now;
                    }
                    self.check_code(attempt)
                }
            },
        }
    }

    fn check_code(&mut self, attempt: Attempt<'_>) -> bool {
        match attempt.code() {
            None => false,
            Some(true) => true,
            Some(false) => {
                self.codes_left = self.codes_left.saturating_sub(1);
                if self.codes_left == 0 {
                    self.stage = Stage::Failed("2fa", "2fa_failed");
                }
                false
            }
        }
    }

    /// Sends another code, if that is allowed.
    pub(crate) fn send_code(&mut self, now: i64) -> bool {
        let allowed = self.stage == Stage::AwaitingCode && self.sends_left > 0;
        if allowed {
            self.sends_left -= 1;
            self.sent_at = now;
        }
        allowed
    }

    /// Ends it without a connection.
    pub(crate) fn end(&mut self, stage: Stage) {
        if !self.is_over() {
            self.stage = stage;
        }
    }

    /// The status, as the API names it.
    pub(crate) fn status(&self, now: i64) -> &'static str {
        if self.is_expired(now) {
            return NOT_FOUND;
        }
        match self.stage {
            Stage::Initialized => "initialized",
            Stage::Pending => "pending",
            Stage::AwaitingCode => "awaiting_2fa",
            Stage::Completed(_) => "completed",
            Stage::Denied => "denied",
            Stage::InvalidCredentials => "invalid_credentials",
            Stage::Failed(..) => "failed",
        }
    }

    /// How many codes are left to be sent and to be tried.
    pub(crate) fn two_factor_state(&self) -> Value {
        json!({
            "options": ["phone", "app"],
            "phoneCode": {
                "requestAttemptsLimit": SENDS,
                "requestAttemptsLeft": self.sends_left,
                "checkAttemptsLimit": CODES,
                "checkAttemptsLeft": self.codes_left,
                "expirationDate": moment(self.sent_at.saturating_add(CODE_SECONDS * 1_000_000)),
                "expirationSeconds": CODE_SECONDS,
                "lastSentDate": moment(self.sent_at),
            },
            "phoneLast4": "0042",
        })
    }

    /// Where the browser goes in the end, with what became of the session; none without a redirect URL.
    pub(crate) fn return_url(&self, now: i64) -> Option<String> {
        let (step, error_code) = match self.stage {
            _ if self.is_expired(now) => (Some("pre-login"), Some("session_expired")),
            Stage::Denied => (Some("authorization"), None),
            Stage::InvalidCredentials => (Some("login"), Some("invalid_credentials")),
            Stage::Failed(step, code) => (Some(step), Some(code)),
            _ => (None, None),
        };
        // The words of the guide, which are not those of a session.
        let status = match self.stage {
            _ if self.is_expired(now) => "error",
            Stage::Completed(_) => "success",
            Stage::Denied => "cancelled",
            _ => "error",
        };
        let connection_id = match &self.stage {
            Stage::Completed(id) => Some(id.as_str()),
            _ => None,
        };
        let reference = self.wish.client_reference_id.as_deref();
        let outcome = Outcome { status, connection_id, client_reference_id: reference, step, error_code };
        Some(redirect::with(self.wish.redirect_url.as_deref()?, outcome))
    }

    /// What a test may know of it, at the address `base`.
    pub(crate) fn record(&self, base: &str, now: i64) -> Value {
        let connection = match &self.stage {
            Stage::Completed(id) => json!(id),
            _ => Value::Null,
        };
        let mut fields = Map::new();
        for (name, value) in [
            ("clientSecret", json!(self.secret)),
            ("mode", json!(self.wish.mode.name())),
            ("url", json!(self.page(base))),
            ("status", json!(self.status(now))),
            ("connectionId", connection),
            ("clientReferenceId", json!(self.wish.client_reference_id)),
            ("returnUrl", json!(self.return_url(now))),
            ("expiresAt", json!(precise(self.expires_at))),
        ] {
            fields.insert(name.to_owned(), value);
        }
        if self.stage == Stage::AwaitingCode {
            fields.insert("twoFactorState".to_owned(), self.two_factor_state());
        }
        Value::Object(fields)
    }

    /// The address of its page.
    pub(crate) fn page(&self, base: &str) -> String {
        format!("{base}/link/{}", self.secret)
    }
}

/// The status of a session that is not there.
pub(crate) const NOT_FOUND: &str = "not_found";

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;

//! A session in which a creator signs in: what another process needs to wait for its end.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::http::response::Response;
use crate::object::{rfc3339, text_of, time};
use crate::open_enum::open_enum;
use crate::secret_text::Secret;

/// The version of what [`LinkSession::to_json`] writes.
const VERSION: u32 = 1;

/// A session in which a creator signs in.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct LinkSession {
    /// Whose page the creator sees.
    pub mode: LinkMode,
    /// Where to send the creator, in hosted mode. Whoever has it can sign in in their place.
    pub url: Option<Secret>,
    /// What names the session, in whitelabel mode.
    pub client_secret: Option<Secret>,
    /// When the session ends.
    pub expires_at: Option<SystemTime>,
    /// What the connection will be known by.
    pub client_reference_id: String,
    /// The connection that is linked again.
    pub connection_id: Option<String>,
    /// When the session began, by the service's clock. No clock of a machine is kept: another one may go on.
    pub(super) started_at: SystemTime,
    /// Whether the reference was made up for this session, so that nothing else has it.
    pub(super) is_unique: bool,
}

/// Whose page the creator sees.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkMode {
    /// A page of the service.
    Hosted,
    /// A page of your own.
    Whitelabel,
    /// What this version of the library does not know.
    Other(String),
}

open_enum!(LinkMode { Hosted = "hosted", Whitelabel = "whitelabel" });

/// The session as JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    version: u32,
    mode: String,
    url: Option<String>,
    client_secret: Option<String>,
    expires_at: Option<String>,
    client_reference_id: String,
    connection_id: Option<String>,
    started_at: Option<String>,
    is_unique: bool,
}

impl LinkSession {
    /// The session that an answer opens. Older services say no mode.
    pub(super) fn read(answer: &Response, reference: Reference, connection_id: Option<&str>) -> Result<Self> {
        let raw: serde_json::Value = answer.json()?;
        let (url, secret) = (text_of(&raw, "url"), text_of(&raw, "clientSecret"));
        let mode = match (text_of(&raw, "mode"), &secret) {
            (Some(mode), _) => LinkMode::from(mode.as_str()),
            (None, Some(_)) => LinkMode::Whitelabel,
            (None, None) => LinkMode::Hosted,
        };
        if url.is_none() && secret.is_none() {
            return Err(answer.invalid("start a link: the answer has neither a URL nor a client secret"));
        }
        Ok(Self {
            mode,
            url: url.map(Secret::new),
            client_secret: secret.map(Secret::new),
            expires_at: text_of(&raw, "expiresAt").as_deref().and_then(time),
            client_reference_id: reference.text,
            connection_id: connection_id.map(str::to_owned),
            started_at: answer.service_time().unwrap_or_else(SystemTime::now),
            is_unique: reference.is_unique,
        })
    }

    /// How long the session lasts from its start on, and so long more; nothing if it does not say when it ends.
    pub(super) fn life(&self, more: Duration) -> Option<Duration> {
        self.left(self.started_at, more)
    }

    /// How long the session lasts, and so long more, when it is so late by the service's clock.
    pub(super) fn left(&self, there: SystemTime, more: Duration) -> Option<Duration> {
        let end = self.expires_at?.checked_add(more)?;
        Some(end.duration_since(there).unwrap_or_default())
    }

    /// The session as JSON, for another process to wait for. It holds the secret or the address of the session: keep it as
    /// you keep a password.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let session = client.link_start(&ofauth::LinkOptions::new()).await?;
    /// std::fs::write("session.json", session.to_json()).unwrap();
    /// # Ok(()) }
    /// ```
    pub fn to_json(&self) -> String {
        let text = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.as_str().to_owned());
        let written = Written {
            version: VERSION,
            mode: self.mode.as_str().to_owned(),
            url: text(&self.url),
            client_secret: text(&self.client_secret),
            expires_at: self.expires_at.and_then(rfc3339),
            client_reference_id: self.client_reference_id.clone(),
            connection_id: self.connection_id.clone(),
            started_at: rfc3339(self.started_at),
            is_unique: self.is_unique,
        };
        // Texts and numbers alone, which JSON can always hold.
        serde_json::to_string(&written).unwrap_or_default()
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let text = std::fs::read_to_string("session.json").unwrap_or_default();
    /// let linked = client.link_wait(&ofauth::LinkSession::from_json(&text)?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) if it is something else, or of a later version of the library.
    pub fn from_json(text: &str) -> Result<Self> {
        // What is wrong is not shown: it may be the secret.
        let wrong = |_| {
            let text = "this is no link session: give what `LinkSession::to_json` wrote";
            Error::new(ErrorKind::InvalidArgument, text)
        };
        let written: Written = serde_json::from_str(text).map_err(wrong)?;
        if written.version != VERSION {
            let text =
                format!("the link session is of version {}, and {VERSION} is known here", written.version);
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        let at = |text: Option<String>| text.as_deref().and_then(time);
        Ok(Self {
            mode: LinkMode::from(written.mode.as_str()),
            url: written.url.map(Secret::new),
            client_secret: written.client_secret.map(Secret::new),
            expires_at: at(written.expires_at),
            client_reference_id: written.client_reference_id,
            connection_id: written.connection_id,
            started_at: at(written.started_at).unwrap_or_else(SystemTime::now),
            is_unique: written.is_unique,
        })
    }
}

impl fmt::Debug for LinkSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkSession")
            .field("mode", &self.mode)
            .field("expires_at", &self.expires_at)
            .field("client_reference_id", &self.client_reference_id)
            .finish_non_exhaustive()
    }
}

/// What the connection will be known by.
pub(super) struct Reference {
    pub(super) text: String,
    /// Whether it was made up for this session.
    pub(super) is_unique: bool,
}

impl Reference {
    /// The caller's, or a new one.
    pub(super) fn of(given: Option<&str>) -> Self {
        match given {
            Some(text) => Self { text: text.to_owned(), is_unique: false },
            None => Self { text: format!("link_{:032x}", fastrand::u128(..)), is_unique: true },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_survives_being_written() {
        let session = LinkSession {
            mode: LinkMode::Whitelabel,
            url: None,
            client_secret: Some(Secret::new("secret_canary")),
            expires_at: Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_777_457_928_831)),
            client_reference_id: "r".into(),
            connection_id: Some("conn_1".into()),
            started_at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_457_000),
            is_unique: false,
        };
        assert_eq!(LinkSession::from_json(&session.to_json()).unwrap(), session);
        assert!(!format!("{session:?}").contains("canary"));
        let later = session.to_json().replace("\"version\":1", "\"version\":2");
        assert!(LinkSession::from_json(&later).unwrap_err().to_string().contains("version 2"));
        let at = |millis: u64| session.started_at + Duration::from_millis(millis);
        for (there, left) in [
            (at(0), 929_831),
            (at(900_000), 29_831),
            (at(928_831), 1000),
            (at(929_831), 0),
            (at(2_000_000), 0),
        ] {
            assert_eq!(session.left(there, Duration::from_secs(1)), Some(Duration::from_millis(left)));
        }
        assert_eq!(session.life(Duration::ZERO), Some(Duration::from_millis(928_831)));
        let endless = LinkSession { expires_at: None, ..session.clone() };
        assert_eq!((endless.life(Duration::ZERO), endless.left(at(0), Duration::ZERO)), (None, None));
        for other in ["", "{}", "[]", "{\"clientSecret\": \"secret_canary\"}"] {
            let text = LinkSession::from_json(other).unwrap_err().to_string();
            assert!(text.contains("no link session") && !text.contains("canary"), "{text}");
        }
        let keys = session.to_json();
        assert!(!keys.contains("ahead") && !keys.contains("Ahead"), "no clock of this machine: {keys}");
        // What an earlier version wrote beside it is passed over.
        let earlier = session.to_json().replace("\"isUnique\"", "\"clockAhead\":99,\"isUnique\"");
        assert_eq!(LinkSession::from_json(&earlier).unwrap(), session);
        assert_ne!(Reference::of(None).text, Reference::of(None).text);
    }
}

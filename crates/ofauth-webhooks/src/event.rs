//! One typed event for both envelopes. It is read leniently: what is not understood is left out and can be had raw.

use std::fmt;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::connection::{Connection, text};
use crate::error::{Error, ErrorKind};
use crate::scheme::Scheme;
use crate::{dedupe, json};

/// Something that happened, as the service tells it.
///
/// It serializes to one JSON object with the fields `scheme`, `type`, `timestamp`, `live`, `id`, `signedAt`, `connection`,
/// `environment`, `dedupeKey` and `data`; a field that is not known is null. All languages give this object.
#[non_exhaustive]
#[derive(Clone, PartialEq)]
pub struct Event {
    /// How it was signed; nothing if that was not checked.
    pub scheme: Option<Scheme>,
    /// The id under which the service sends it, the same each time; only in the scheme of svix. It was signed.
    pub id: Option<String>,
    /// When it was signed, which is when it was sent; nothing if that was not checked.
    pub signed_at: Option<SystemTime>,
    /// The name, such as `connection.created`.
    pub name: String,
    /// When it happened, if the service said so in a way that can be read.
    pub timestamp: Option<SystemTime>,
    /// Whether it is about real accounts; only in the older envelope.
    pub live: Option<bool>,
    /// What it is about, typed.
    pub kind: Kind,
    raw: Value,
}

/// What an event is about.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `connection.created`
    ConnectionCreated(Connection),
    /// `connection.updated`
    ConnectionUpdated(Connection),
    /// `connection.expired`: the account's owner can link it again.
    ConnectionExpired(Connection),
    /// `connection.disconnected`: it was removed for good.
    ConnectionDisconnected(Connection),
    /// `rules.updated`
    RulesUpdated(Rules),
    /// `realtime.*`, and `of.websocket.event.received` from before that.
    Realtime(Realtime),
    /// An event that this version does not know: it has a name and data.
    Other,
}

/// The rules for signing requests to OnlyFans have changed.
#[non_exhaustive]
#[derive(Clone, PartialEq, Default)]
pub struct Rules {
    /// The rules, as they came.
    pub rules: Option<Value>,
    /// Which edition they are.
    pub revision: Option<String>,
}

/// Something that happened on OnlyFans.
#[non_exhaustive]
#[derive(Clone, PartialEq)]
pub struct Realtime {
    /// What happened, such as `chat_message.received`: the name of the event without `realtime.`. For
    /// `of.websocket.event.received` it is what its field `messageType` says, and may be empty.
    pub name: String,
    /// The connection it happened to.
    pub connection: Connection,
    /// `live`, `test`, `sandbox`, or a word of a newer service.
    pub environment: Option<String>,
    /// What OnlyFans said, as it came. Its form is not fixed.
    pub body: Value,
}

const REALTIME: &str = "realtime.";
/// The name of all events from OnlyFans before each got a name of its own.
const WEBSOCKET: &str = "of.websocket.event.received";

impl Event {
    /// Reads an event **without a check of who sent it**, for a body that was verified before and kept, and for tests.
    /// Whoever knows the address of an endpoint can send such a body.
    ///
    /// ```
    /// use ofauth_webhooks::Event;
    ///
    /// let event = Event::parse_unverified(br#"{"type":"rules.updated","data":{"revision":"8"}}"#)?;
    /// assert_eq!((event.name.as_str(), event.scheme), ("rules.updated", None));
    /// # Ok::<(), ofauth_webhooks::Error>(())
    /// ```
    pub fn parse_unverified(body: &[u8]) -> Result<Self, Error> {
        let raw = json::read(body);
        let raw = raw.ok_or_else(|| {
            unreadable(if body.is_empty() { "the body is empty" } else { "the body is not JSON" })
        })?;
        if !raw.is_object() {
            return Err(unreadable("the body is JSON, but not an object"));
        }
        let name = ["type", "eventType"]
            .into_iter()
            .find_map(|field| raw.get(field)?.as_str().filter(|name| !name.is_empty()));
        let name =
            name.ok_or_else(|| unreadable("the body names no event in `type` or `eventType`"))?.to_owned();
        let data = raw.get("data").unwrap_or(&Value::Null);
        Ok(Self {
            scheme: None,
            id: None,
            signed_at: None,
            timestamp: raw.get("timestamp").and_then(instant).map(SystemTime::from),
            live: raw.get("live").and_then(Value::as_bool),
            kind: Kind::read(&name, data),
            name,
            raw,
        })
    }

    /// What the event says, as it came; null if it says nothing. A number of more than 64 bits loses digits here, and a field that
    /// holds one beyond the range of an `f64`, or nests deeper than 128 levels, is there as its JSON text.
    pub fn data(&self) -> &Value {
        self.raw.get("data").unwrap_or(&Value::Null)
    }

    /// The whole body, as it came, with what [`timestamp`](Self::timestamp) could not be read from.
    pub fn raw(&self) -> &Value {
        &self.raw
    }

    /// The connection that the event is about; nothing if it names none.
    pub fn connection(&self) -> Option<&Connection> {
        let connection = match &self.kind {
            Kind::ConnectionCreated(of) | Kind::ConnectionUpdated(of) => of,
            Kind::ConnectionExpired(of) | Kind::ConnectionDisconnected(of) => of,
            Kind::Realtime(of) => &of.connection,
            Kind::RulesUpdated(_) | Kind::Other => return None,
        };
        Some(connection).filter(|connection| **connection != Connection::default())
    }

    /// A key that is the same each time the service sends this event, and another one for another event: keep those of the
    /// last hours, and leave out what comes again.
    ///
    /// It is the [`id`](Self::id) where there is one, else a hash of what the event says.
    #[must_use]
    pub fn dedupe_key(&self) -> String {
        let content = || dedupe::key(&self.name, self.raw.get("timestamp"), self.live, self.data());
        self.id.clone().unwrap_or_else(content)
    }

    fn environment(&self) -> Option<&str> {
        self.data().get("environment")?.as_str()
    }
}

impl Kind {
    fn read(name: &str, data: &Value) -> Self {
        let connection = || Connection::read(data).unwrap_or_default();
        let realtime = |name: String, body: &str| Realtime {
            name,
            connection: connection(),
            environment: text(data, "environment"),
            body: data.get(body).cloned().unwrap_or_default(),
        };
        match name {
            "connection.created" => Self::ConnectionCreated(connection()),
            "connection.updated" => Self::ConnectionUpdated(connection()),
            "connection.expired" => Self::ConnectionExpired(connection()),
            "connection.disconnected" => Self::ConnectionDisconnected(connection()),
            "rules.updated" => {
                let rules = data.get("rules").filter(|rules| !rules.is_null()).cloned();
                let revision = text(data, "revision").or_else(|| text(rules.as_ref()?, "revision"));
                Self::RulesUpdated(Rules { rules, revision })
            }
            WEBSOCKET => Self::Realtime(realtime(text(data, "messageType").unwrap_or_default(), "json")),
            _ => match name.strip_prefix(REALTIME) {
                Some(name) => Self::Realtime(realtime(name.to_owned(), "eventBody")),
                None => Self::Other,
            },
        }
    }
}

fn unreadable(text: &str) -> Error {
    let text = format!("{text}: was it passed on whole, as it came?");
    Error::new(ErrorKind::Unreadable, text)
}

/// An instant as services write it: ISO 8601 with or without a zone, or a number of seconds or milliseconds since 1970.
fn instant(value: &Value) -> Option<Timestamp> {
    /// Above are milliseconds: as seconds it would be the year 5138.
    const SECONDS_END: i64 = 100_000_000_000;
    match value {
        Value::String(text) => {
            let without_zone =
                || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
            text.parse().ok().or_else(without_zone)
        }
        Value::Number(number) => match number.as_i64()? {
            seconds @ 0..SECONDS_END => Timestamp::from_second(seconds).ok(),
            other => Timestamp::from_millisecond(other).ok().filter(|_| other > 0),
        },
        _ => None,
    }
}

/// The instant in UTC, in the form of RFC 3339: as the service wrote it, if it is that already.
fn written(timestamp: Option<&Value>) -> Option<String> {
    let value = timestamp?;
    let instant = instant(value)?;
    let is_utc = |text: &&str| text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
    Some(value.as_str().filter(is_utc).map_or_else(|| instant.to_string(), str::to_owned))
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Fields<'a> {
            scheme: Option<&'a str>,
            r#type: &'a str,
            timestamp: Option<String>,
            live: Option<bool>,
            id: Option<&'a str>,
            signed_at: Option<String>,
            connection: Option<&'a Connection>,
            environment: Option<&'a str>,
            dedupe_key: String,
            data: &'a Value,
        }
        let signed_at = self.signed_at.and_then(|at| Timestamp::try_from(at).ok());
        let fields = Fields {
            scheme: self.scheme.map(Scheme::as_str),
            r#type: &self.name,
            timestamp: written(self.raw.get("timestamp")),
            live: self.live,
            id: self.id.as_deref(),
            signed_at: signed_at.map(|at| at.to_string()),
            connection: self.connection(),
            environment: self.environment(),
            dedupe_key: self.dedupe_key(),
            data: self.data(),
        };
        fields.serialize(serializer)
    }
}

// What users wrote stays out of logs.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct("Event");
        all.field("scheme", &self.scheme)
            .field("id", &self.id)
            .field("name", &self.name)
            .field("timestamp", &self.timestamp);
        all.field("live", &self.live).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules").field("revision", &self.revision).finish_non_exhaustive()
    }
}

impl fmt::Debug for Realtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct("Realtime");
        all.field("name", &self.name)
            .field("connection", &self.connection)
            .field("environment", &self.environment);
        all.finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;

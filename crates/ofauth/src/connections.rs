//! The connections of the organization: linked OnlyFans accounts, listed and ended.
//!
//! How one comes into being is [`crate::link`]'s matter.

use std::time::SystemTime;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::call::{Call, Items, TypedCall};
use crate::client::Client;
use crate::error::Result;
use crate::object::{Raw, id_of, text_of, time_of};
use crate::open_enum::open_enum;
use crate::settings::connection_header;

/// A linked OnlyFans account.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Connection {
    /// The id, `conn_…`.
    pub id: String,
    /// Whether it can be used.
    pub status: ConnectionStatus,
    /// What the program that linked it called it.
    pub client_reference_id: Option<String>,
    /// The creator's id at OnlyFans.
    pub user_id: Option<String>,
    /// The creator's user name.
    pub username: Option<String>,
    /// The creator's name, as it is shown.
    pub name: Option<String>,
    /// What it may be used for, such as `vault:write`.
    pub permissions: Vec<String>,
    /// Whether it was imported rather than linked.
    pub imported: bool,
    /// When it was linked first.
    pub created_at: Option<SystemTime>,
    /// When it changed last.
    pub updated_at: Option<SystemTime>,
    /// When it expired, if it did.
    pub expired_at: Option<SystemTime>,
    raw: Raw,
}

/// Whether a connection can be used.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionStatus {
    /// It can.
    Active,
    /// Its session is over: link it again.
    Expired,
    /// The creator has to confirm the sign-in.
    Awaiting2fa,
    /// What this version of the library does not know.
    Other(String),
}

open_enum!(ConnectionStatus { Active = "active", Expired = "expired", Awaiting2fa = "awaiting_2fa" });

impl Connection {
    /// What an object of the service says; nothing if it has no id.
    pub(crate) fn read(raw: Value) -> Option<Self> {
        let user = raw.get("userData").cloned().unwrap_or_default();
        let permissions = raw.get("permissions").and_then(Value::as_array);
        let permissions = permissions.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        Some(Self {
            id: id_of(&raw)?,
            status: ConnectionStatus::from(text_of(&raw, "status").unwrap_or_default().as_str()),
            client_reference_id: text_of(&raw, "clientReferenceId"),
            user_id: id_of(&user),
            username: text_of(&user, "username"),
            name: text_of(&user, "name"),
            permissions: permissions.collect(),
            imported: raw.get("imported").and_then(Value::as_bool).unwrap_or(false),
            created_at: time_of(&raw, "createdAt"),
            updated_at: time_of(&raw, "updatedAt"),
            expired_at: time_of(&raw, "expiredAt"),
            raw: Raw(raw),
        })
    }

    /// All that the service said.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

/// An object of the service.
impl<'de> Deserialize<'de> for Connection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(Value::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("it has no id"))
    }
}

impl Client {
    /// All connections of the organization: a stream.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let mut connections = client.connections();
    /// while let Some(connection) = connections.next().await {
    ///     let connection = connection?;
    ///     println!("{} {} {:?}", connection.id, connection.status, connection.username);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn connections(&self) -> Items<Connection> {
        self.connections_call().items().typed()
    }

    /// The call that lists connections.
    pub(crate) fn connections_call(&self) -> Call {
        // The document names no upper bound; the usual pages are of 10.
        self.call("list_connections").param("limit", 50)
    }

    /// Removes a connection for good. The creator would have to be linked anew.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// client.disconnect_connection("conn_abc123").await?;
    /// # Ok(()) }
    /// ```
    pub fn disconnect_connection(&self, connection_id: &str) -> TypedCall<()> {
        let call = self.about_connection("disconnect_connection", connection_id);
        TypedCall::new("disconnect_connection", |limits| async move {
            call?.send_within(limits).await.map(|_| ())
        })
    }

    /// Ends the session of a connection, which can be linked again.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// client.invalidate_connection("conn_abc123").await?;
    /// # Ok(()) }
    /// ```
    pub fn invalidate_connection(&self, connection_id: &str) -> TypedCall<()> {
        let call = self.about_connection("invalidate_connection", connection_id);
        TypedCall::new("invalidate_connection", |limits| async move {
            call?.send_within(limits).await.map(|_| ())
        })
    }

    /// A call about a connection, which its path names.
    pub(crate) fn about_connection(&self, operation: &str, connection_id: &str) -> Result<Call> {
        connection_header(connection_id)?;
        Ok(self.call(operation).param("connectionId", connection_id))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn connections_are_read_as_far_as_they_go() {
        let connection: Connection = serde_json::from_value(json!({
            "id": "conn_1", "status": "asleep", "clientReferenceId": null, "userData": {"id": 7, "username": "riley"},
            "permissions": ["vault:read", 5], "createdAt": "2026-04-29T10:18:48+00:00", "updatedAt": "soon",
        }))
        .unwrap();
        assert_eq!(connection.status, ConnectionStatus::Other("asleep".into()));
        assert_eq!(connection.user_id.as_deref(), Some("7"));
        assert_eq!((connection.permissions, connection.updated_at), (vec!["vault:read".to_owned()], None));
        assert!(connection.created_at.is_some() && connection.client_reference_id.is_none());
        assert!(serde_json::from_value::<Connection>(json!({"status": "active"})).is_err());
    }
}

//! How a hosted sign-in is seen to have ended: by the connection that it makes or renews. Pure.
//!
//! The answer that opens such a session has nothing to ask about. A connection that is linked again is known by its id and
//! counts once it changed; a new one by its reference, and one that had the reference before is not it.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use super::session::LinkSession;
use crate::connections::{Connection, ConnectionStatus};
use crate::object::Raw;

use super::status::Linked;

/// Times of the service are told to the second, and the session began within one.
const ROUNDING: Duration = Duration::from_secs(1);

/// Connections that are looked through for one.
pub(super) struct HostedWatch<'a> {
    session: &'a LinkSession,
    /// Connections of the reference that could be used before, by the first look.
    before: Option<HashSet<String>>,
    seen: HashSet<String>,
}

impl<'a> HostedWatch<'a> {
    pub(super) fn new(session: &'a LinkSession) -> Self {
        Self { session, before: None, seen: HashSet::new() }
    }

    /// Takes in one of the connections: who is linked, if this is the one.
    pub(super) fn see(&mut self, connection: &Connection) -> Option<Linked> {
        let session = self.session;
        // Another connection may have the same reference.
        let is_it = match &session.connection_id {
            Some(id) => *id == connection.id,
            None => connection.client_reference_id.as_ref() == Some(&session.client_reference_id),
        };
        if !is_it || connection.status != ConnectionStatus::Active {
            return None;
        }
        let since = session.started_at.checked_sub(ROUNDING).unwrap_or(session.started_at);
        let is_later = |at: Option<SystemTime>| at.is_some_and(|at| at >= since);
        // One that was there changes for many reasons, and only for one that is linked again a sign-in is the likely one.
        let is_linked_again = session.connection_id.is_some() && is_later(connection.updated_at);
        let is_new = is_later(connection.created_at) || is_linked_again;
        let is_unique = session.is_unique && session.connection_id.is_none();
        let appeared = self.before.as_ref().is_some_and(|before| !before.contains(&connection.id));
        if !(is_unique || is_new || appeared) {
            self.seen.insert(connection.id.clone());
            return None;
        }
        Some(Linked {
            connection_id: connection.id.clone(),
            client_reference_id: session.client_reference_id.clone(),
            user_id: connection.user_id.clone(),
            username: connection.username.clone(),
            name: connection.name.clone(),
            raw: Raw(connection.raw().clone()),
        })
    }

    /// Ends a look through all connections.
    pub(super) fn end_look(&mut self) {
        let seen = std::mem::take(&mut self.seen);
        self.before.get_or_insert(seen);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::session::LinkSession;
    use super::*;

    fn session(is_unique: bool, connection_id: Option<&str>) -> LinkSession {
        let written = json!({
            "version": 1, "mode": "hosted", "clientReferenceId": "r", "connectionId": connection_id,
            "startedAt": "2026-04-29T10:00:00.5Z", "isUnique": is_unique,
        });
        LinkSession::from_json(&written.to_string()).unwrap()
    }

    fn connection(id: &str, reference: &str, status: &str, updated: &str) -> Connection {
        let created = if id == "conn_new" { "2026-04-29T10:00:01Z" } else { "2020-01-01T00:00:00Z" };
        let raw = json!({"id": id, "clientReferenceId": reference, "status": status, "createdAt": created, "updatedAt": updated});
        Connection::read(raw).unwrap()
    }

    #[test]
    fn the_connection_is_known_by_its_reference_and_counts_once_it_changed() {
        const OLD: &str = "2026-04-29T09:00:00Z";
        const NEW: &str = "2026-04-29T10:00:00Z";
        for (is_unique, relinked, id, reference, status, updated, wanted) in [
            (true, None, "conn_1", "r", "active", "", true),
            (true, None, "conn_1", "r", "awaiting_2fa", NEW, false),
            (true, None, "conn_1", "other", "active", NEW, false),
            (false, None, "conn_1", "r", "active", OLD, false),
            (false, None, "conn_1", "r", "active", "", false),
            (false, None, "conn_1", "r", "active", NEW, false),
            (false, None, "conn_new", "r", "active", OLD, true),
            (false, None, "conn_new", "r", "expired", OLD, false),
            (false, Some("conn_1"), "conn_2", "r", "active", NEW, false),
            (false, Some("conn_1"), "conn_new", "r", "active", NEW, false),
            (false, None, "conn_1", "r", "expired", NEW, false),
            (true, Some("conn_1"), "conn_1", "other", "active", OLD, false),
            (true, Some("conn_1"), "conn_1", "other", "active", NEW, true),
        ] {
            let session = session(is_unique, relinked);
            let found = HostedWatch::new(&session).see(&connection(id, reference, status, updated));
            assert_eq!(
                found.is_some(),
                wanted,
                "{is_unique} {relinked:?} {id} {reference} {status} {updated}"
            );
        }
    }

    #[test]
    fn one_that_becomes_usable_between_two_looks_is_new_whatever_its_times_say() {
        let session = session(false, None);
        let mut watch = HostedWatch::new(&session);
        assert!(watch.see(&connection("conn_1", "r", "active", "")).is_none());
        assert!(watch.see(&connection("conn_2", "r", "expired", "")).is_none());
        watch.end_look();
        assert!(watch.see(&connection("conn_1", "r", "active", "")).is_none());
        assert_eq!(watch.see(&connection("conn_2", "r", "active", "")).unwrap().connection_id, "conn_2");
    }
}

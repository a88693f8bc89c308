//! What is told: the events that the documentation names, their data, and the two envelopes they come in. Pure.

use serde_json::{Map, Value, json};

use super::signature::WebhookScheme;
use crate::timestamp::precise;

/// Events about connections and rules. Those of one connection are told one after the other.
pub(crate) const CREATED: &str = "connection.created";
pub(crate) const UPDATED: &str = "connection.updated";
pub(crate) const EXPIRED: &str = "connection.expired";
pub(crate) const DISCONNECTED: &str = "connection.disconnected";
pub(crate) const RULES: &str = "rules.updated";

/// Events of what happens on the account, which come in any order.
pub(crate) const REALTIME: &str = "realtime.";
pub(crate) const PUBLISHED: &str = "realtime.post.published";
pub(crate) const RECEIVED: &str = "realtime.chat_message.received";
pub(crate) const DELETED: &str = "realtime.chat_message.deleted";

/// A connection, as events show it.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) id: String,
    pub(crate) client_reference_id: Value,
    pub(crate) status: Value,
    pub(crate) permissions: Value,
    /// Who is behind it: `id`, `name`, `username`, `avatar`.
    pub(crate) user: Value,
}

/// What happened.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) name: String,
    /// The connection that it is about.
    pub(crate) connection: Option<Subject>,
    /// What is told besides: the body of a realtime event, or all of the data of an event without a connection.
    pub(crate) body: Value,
}

impl Event {
    pub(crate) fn is_realtime(&self) -> bool {
        self.name.starts_with(REALTIME)
    }

    /// The text that is sent. `at` is when it happened, in microseconds since 1970.
    pub(crate) fn text(&self, scheme: WebhookScheme, at: i64) -> String {
        let data = self.data(scheme);
        match scheme {
            WebhookScheme::OFAuth => json!({ "type": self.name, "timestamp": precise(at), "data": data }),
            WebhookScheme::Svix => json!({ "eventType": self.name, "live": false, "data": data }),
        }
        .to_string()
    }

    fn data(&self, scheme: WebhookScheme) -> Value {
        let Some(subject) = &self.connection else { return self.body.clone() };
        if self.is_realtime() {
            let connection = json!({ "id": subject.id, "clientReferenceId": subject.client_reference_id });
            return json!({ "connection": connection, "environment": "sandbox", "eventBody": self.body });
        }
        let mut connection = Map::from_iter([("id".to_owned(), json!(subject.id))]);
        if self.name == EXPIRED {
            connection.insert("status".to_owned(), json!("expired"));
        } else if self.name != DISCONNECTED {
            connection.insert("status".to_owned(), subject.status.clone());
            connection.insert("permissions".to_owned(), subject.permissions.clone());
            connection.insert("userData".to_owned(), user(&subject.user, scheme));
        }
        if scheme == WebhookScheme::Svix {
            let id = subject.user.get("id").cloned().unwrap_or_default();
            connection.insert("platformUserId".to_owned(), id);
        }
        let mut data = json!({ "clientReferenceId": subject.client_reference_id, "connection": connection });
        if let (Some(data), Some(more)) = (data.as_object_mut(), self.body.as_object()) {
            data.extend(more.clone());
        }
        data
    }
}

/// Who is behind a connection; the older form calls the id otherwise.
fn user(user: &Value, scheme: WebhookScheme) -> Value {
    let mut user = user.as_object().cloned().unwrap_or_default();
    if scheme == WebhookScheme::Svix
        && let Some(id) = user.remove("id")
    {
        user.insert("userId".to_owned(), id);
    }
    Value::Object(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, body: Value) -> Event {
        let subject = Subject {
            id: "conn_1".to_owned(),
            client_reference_id: json!("ref"),
            status: json!("active"),
            permissions: json!(["posts:read"]),
            user: json!({ "id": "7", "name": "N" }),
        };
        Event { name: name.to_owned(), connection: Some(subject), body }
    }

    fn read(event: &Event, scheme: WebhookScheme) -> Value {
        serde_json::from_str(&event.text(scheme, 1_777_457_928_831_001)).unwrap()
    }

    #[test]
    fn events_come_in_both_envelopes() {
        let created = event(CREATED, Value::Null);
        assert_eq!(
            read(&created, WebhookScheme::OFAuth),
            json!({ "type": "connection.created", "timestamp": "2026-04-29T10:18:48.831Z", "data": {
                "clientReferenceId": "ref",
                "connection": { "id": "conn_1", "status": "active", "permissions": ["posts:read"],
                    "userData": { "id": "7", "name": "N" } } } })
        );
        assert_eq!(
            read(&created, WebhookScheme::Svix),
            json!({ "eventType": "connection.created", "live": false, "data": {
                "clientReferenceId": "ref",
                "connection": { "id": "conn_1", "status": "active", "permissions": ["posts:read"],
                    "userData": { "userId": "7", "name": "N" }, "platformUserId": "7" } } })
        );
        for (name, connection) in [
            (EXPIRED, json!({ "id": "conn_1", "status": "expired" })),
            (DISCONNECTED, json!({ "id": "conn_1" })),
        ] {
            let data = read(&event(name, Value::Null), WebhookScheme::OFAuth)["data"].clone();
            assert_eq!(data, json!({ "clientReferenceId": "ref", "connection": connection }));
        }
        assert_eq!(
            read(&event(PUBLISHED, json!({ "id": 1 })), WebhookScheme::OFAuth)["data"],
            json!({ "connection": { "id": "conn_1", "clientReferenceId": "ref" }, "environment": "sandbox",
                "eventBody": { "id": 1 } })
        );
        let rules = Event { name: RULES.to_owned(), connection: None, body: json!({ "revision": "1" }) };
        assert_eq!(read(&rules, WebhookScheme::Svix)["data"], json!({ "revision": "1" }));
    }
}

//! An example of every event that the service is known to send, in the envelope of either scheme, to try an endpoint with.
//! What is not documented, such as the body of most events from OnlyFans, is made up.

use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::scheme::Scheme;

/// The names of all events that the documents of the service name, older ones too.
pub const EVENTS: &[&str] = &[
    "connection.created",
    "connection.updated",
    "connection.expired",
    "connection.disconnected",
    "rules.updated",
    "realtime.chat_typing.updated",
    "realtime.chat_message.received",
    "realtime.chat_message.liked",
    "realtime.chat_message.unliked",
    "realtime.chat_message.deleted",
    "realtime.inbox_counts.updated",
    "realtime.stories.updated",
    "realtime.system_messages.updated",
    "realtime.system_message.received",
    "realtime.toasts.received",
    "realtime.post_fundraising.updated",
    "realtime.post.published",
    "of.websocket.event.received",
];

/// The body of an example, of something that happened at `at`; nothing if the name is not among [`EVENTS`].
///
/// ```
/// use std::time::SystemTime;
/// use ofauth_webhooks::{Event, Scheme, examples};
///
/// for name in examples::EVENTS {
///     let body = examples::body(name, Scheme::OFAuth, SystemTime::now()).unwrap();
///     assert_eq!(Event::parse_unverified(body.as_bytes())?.name, *name);
/// }
/// # Ok::<(), ofauth_webhooks::Error>(())
/// ```
#[must_use]
pub fn body(name: &str, scheme: Scheme, at: SystemTime) -> Option<String> {
    let at = Timestamp::try_from(at).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
    let data = data(name, scheme, &at)?;
    // In the order of the documents.
    Some(match scheme {
        Scheme::OFAuth => format!(r#"{{"type":"{name}","timestamp":"{at}","data":{data}}}"#),
        Scheme::Svix => format!(r#"{{"eventType":"{name}","live":false,"data":{data}}}"#),
    })
}

fn data(name: &str, scheme: Scheme, at: &str) -> Option<Value> {
    let fan = json!({"id": 440_011, "name": "Sam", "username": "sam_fan"});
    let event_body = match name {
        "connection.created" | "connection.updated" => return Some(connection("active", scheme)),
        "connection.expired" | "connection.disconnected" => {
            let status = name.trim_start_matches("connection.");
            return Some(json!({
                "clientReferenceId": "user-42",
                "connection": {"id": "conn_example", "status": status, "platformUserId": "123456789"},
            }));
        }
        "rules.updated" => return Some(rules()),
        "of.websocket.event.received" => return Some(websocket(at)),
        "realtime.chat_typing.updated" => json!({"chatId": 440_011, "isTyping": true}),
        "realtime.chat_message.received" => json!({
            "id": 5_000_000_000_123_i64, "text": "Hello!", "price": 0, "media": [], "fromUser": fan, "createdAt": at,
        }),
        "realtime.chat_message.liked" => {
            json!({"messageId": 5_000_000_000_123_i64, "isLiked": true, "fromUser": fan})
        }
        "realtime.chat_message.unliked" => {
            json!({"messageId": 5_000_000_000_123_i64, "isLiked": false, "fromUser": fan})
        }
        "realtime.chat_message.deleted" => json!({"messageId": 5_000_000_000_123_i64, "chatId": 440_011}),
        "realtime.inbox_counts.updated" => json!({"unreadMessages": 3, "unreadChats": 2}),
        "realtime.stories.updated" => json!({"userId": 440_011, "hasStories": true}),
        "realtime.system_messages.updated" => json!({"count": 1}),
        "realtime.system_message.received" => {
            json!({"id": 77, "text": "Your payout was sent.", "createdAt": at})
        }
        "realtime.toasts.received" => {
            json!({"type": "new_subscriber", "text": "Sam subscribed", "user": fan})
        }
        "realtime.post_fundraising.updated" => json!({"postId": 900_001, "target": 500, "collected": 125.5}),
        "realtime.post.published" => json!({"postId": 900_001, "text": "New video", "publishedAt": at}),
        _ => return None,
    };
    Some(json!({
        "connection": {"id": "conn_example", "clientReferenceId": "user-42"},
        "environment": "sandbox",
        "eventBody": event_body,
    }))
}

fn connection(status: &str, scheme: Scheme) -> Value {
    let mut user = json!({"name": "Alex", "username": "alex", "avatar": "https://example.com/alex.jpg"});
    let mut connection = json!({"id": "conn_example", "status": status, "permissions": ["vault:read", "vault:write", "posts:write"]});
    // The two generations name the user in different places.
    let (place, field, value) = match scheme {
        Scheme::OFAuth => (&mut user, "id", "123456789"),
        Scheme::Svix => (&mut user, "userId", "123456789"),
    };
    set(place, field, value.into());
    set(&mut connection, "userData", user);
    if scheme == Scheme::Svix {
        set(&mut connection, "platformUserId", "123456789".into());
    }
    json!({"clientReferenceId": "user-42", "connection": connection})
}

fn set(object: &mut Value, field: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
}

fn rules() -> Value {
    json!({
        "rules": {
            "static_param": "example", "format": "1:{}:{:x}:2", "start": "1", "end": "2", "prefix": "1", "suffix": "2",
            "checksum_constant": 7, "checksum_indexes": [0, 3, 5], "app_token": "example", "revision": "202611280000-example",
        },
        "revision": "202611280000-example",
    })
}

fn websocket(at: &str) -> Value {
    json!({
        "connection": {"id": "conn_example", "clientReferenceId": "user-42"},
        "environment": "sandbox",
        "receivedAt": at,
        "messageType": "chat_message",
        "payloadKey": "api2_chat_message",
        "shapeSubtype": null,
        "truncated": false,
        "json": {"api2_chat_message": {"id": 5_000_000_000_123_i64, "text": "Hello!"}},
        "rawText": null,
        "rawBase64": null,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::{Event, Kind};

    #[test]
    fn every_example_is_read_in_full() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_860_000_250);
        for (name, scheme) in
            EVENTS.iter().flat_map(|name| Scheme::ALL.iter().map(move |scheme| (name, *scheme)))
        {
            let event = Event::parse_unverified(body(name, scheme, at).unwrap().as_bytes()).unwrap();
            assert_eq!(event.name, *name);
            let (timestamp, live) = match scheme {
                Scheme::OFAuth => (Some(at), None),
                Scheme::Svix => (None, Some(false)),
            };
            assert_eq!((event.timestamp, event.live), (timestamp, live), "{name}");
            assert_ne!(event.kind, Kind::Other, "{name}");
            let user =
                event.connection().and_then(|connection| connection.user.clone()).and_then(|user| user.id);
            match &event.kind {
                Kind::RulesUpdated(rules) => assert!(rules.rules.is_some() && rules.revision.is_some()),
                Kind::Realtime(realtime) => {
                    assert!(realtime.body.is_object() && realtime.environment.is_some(), "{name}")
                }
                _ => assert_eq!(user.as_deref(), Some("123456789"), "{name}"),
            }
        }
        assert_eq!(body("no.such.event", Scheme::OFAuth, at), None);
    }
}

use serde_json::json;

use super::*;

fn event(body: &Value) -> Event {
    Event::parse_unverified(body.to_string().as_bytes()).unwrap()
}

#[test]
fn both_envelopes_give_the_same_event() {
    let data = json!({"clientReferenceId": "r", "connection": {"id": "conn_1", "status": "active"}});
    for body in [
        json!({"type": "connection.created", "timestamp": "2026-11-28T10:00:00Z", "data": data}),
        json!({"eventType": "connection.created", "live": true, "data": data}),
        json!({"type": "", "eventType": "connection.created", "data": data, "more": 1}),
        json!({"type": 5, "eventType": "connection.created", "data": data}),
    ] {
        let event = event(&body);
        let Kind::ConnectionCreated(connection) = &event.kind else { panic!("{event:?}") };
        assert_eq!(connection.id.as_deref(), Some("conn_1"));
        assert_eq!(connection.client_reference_id.as_deref(), Some("r"));
        assert_eq!((event.data(), event.raw()), (&data, &body));
    }
}

#[test]
fn a_name_decides_what_an_event_is_about() {
    let of = |name: &str| event(&json!({"type": name, "data": {"connection": {"id": "c"}}})).kind;
    assert!(matches!(of("connection.updated"), Kind::ConnectionUpdated(_)));
    assert!(matches!(of("connection.expired"), Kind::ConnectionExpired(_)));
    assert!(matches!(of("connection.disconnected"), Kind::ConnectionDisconnected(_)));
    assert!(matches!(of("rules.updated"), Kind::RulesUpdated(_)));
    for other in ["connection.renamed", "Connection.created", "realtime", "x"] {
        assert_eq!(of(other), Kind::Other, "{other}");
    }
    let realtime = event(&json!({"type": "realtime.new.thing", "data": {
        "connection": {"id": "c", "clientReferenceId": "r"}, "environment": "test", "eventBody": {"text": "hi"}}}));
    let Kind::Realtime(of) = realtime.kind else { panic!() };
    assert_eq!(
        (of.name.as_str(), of.environment.as_deref(), &of.body["text"]),
        ("new.thing", Some("test"), &json!("hi"))
    );
    let before = event(
        &json!({"eventType": WEBSOCKET, "data": {"messageType": "chat", "json": [1], "connection": "c"}}),
    );
    let Kind::Realtime(of) = before.kind else { panic!() };
    assert_eq!((of.name.as_str(), of.body, of.connection.id.as_deref()), ("chat", json!([1]), Some("c")));
    let rules = event(&json!({"type": "rules.updated", "data": {"rules": {"revision": "8"}}}));
    let Kind::RulesUpdated(of) = rules.kind else { panic!() };
    assert_eq!(of.revision.as_deref(), Some("8"));
}

#[test]
fn a_timestamp_is_read_if_it_can_be() {
    for (timestamp, second) in [
        (json!("2026-11-28T10:00:00.000Z"), Some(1_795_860_000)),
        (json!("2026-11-28T11:00:00+01:00"), Some(1_795_860_000)),
        (json!("2026-11-28T10:00:00"), Some(1_795_860_000)),
        (json!(1_795_860_000), Some(1_795_860_000)),
        (json!(1_795_860_000_000_u64), Some(1_795_860_000)),
        (json!("yesterday"), None),
        (json!(""), None),
        (json!(-1), None),
        (json!(1e300), None),
        (json!(null), None),
        (json!({"at": 1}), None),
    ] {
        let event = event(&json!({"type": "x", "timestamp": timestamp}));
        let seconds = event.timestamp.map(|at| at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs());
        assert_eq!(seconds, second, "{timestamp}");
        assert_eq!(event.raw()["timestamp"], timestamp);
        let shown = serde_json::to_value(&event).unwrap()["timestamp"].clone();
        let wanted = match (&timestamp, second) {
            (_, None) => Value::Null,
            (Value::String(text), _) if text.ends_with('Z') => timestamp,
            _ => json!("2026-11-28T10:00:00Z"),
        };
        assert_eq!(shown, wanted);
    }
}

#[test]
fn what_is_no_event_says_so() {
    for body in
        ["", "<html>", "[]", "7", "null", "{}", r#"{"type": 7}"#, r#"{"type": ""}"#, "{\"type\":\"\u{0}\"}"]
    {
        let error = Event::parse_unverified(body.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable, "{body}");
    }
}

#[test]
fn debug_shows_nothing_that_users_wrote() {
    let event =
        event(&json!({"type": "realtime.x", "data": {"eventBody": {"text": "private"}, "connection": {
        "id": "conn_1", "userData": {"name": "private", "avatar": "private"}}}}));
    let text = format!("{event:?}");
    assert!(text.contains("conn_1") && !text.contains("private"), "{text}");
}

#[test]
fn an_event_is_one_object() {
    let event = event(&json!({"type": "a", "timestamp": "2026-11-28T10:00:00Z"}));
    let key = event.dedupe_key();
    let wanted = json!({"scheme": null, "type": "a", "timestamp": "2026-11-28T10:00:00Z", "live": null, "id": null,
        "signedAt": null, "connection": null, "environment": null, "dedupeKey": key, "data": null});
    assert_eq!(serde_json::to_value(&event).unwrap(), wanted);
}

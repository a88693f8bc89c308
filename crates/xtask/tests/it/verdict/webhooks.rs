//! The events of the section `webhooks`.

use serde_json::{Value, json};
use xtask::verdict::diff;

use super::{Pair, base, check, edited, levels, remove, set};

fn event(name: &str, data: Value) -> Value {
    json!({ "type": "object", "required": ["type", "data"], "properties": { "type": { "type": "string", "enum": [name] }, "data": data } })
}

fn webhook(schema: Value) -> Value {
    json!({ "post": { "requestBody": { "content": { "application/json": { "schema": schema } } }, "responses": {} } })
}

/// The base with a webhook of one event and one of several.
fn with_webhooks() -> Value {
    let user =
        json!({ "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } });
    let several = json!({ "oneOf": [event("realtime.toasts.received", json!({ "type": "object" })), { "$ref": "#/components/schemas/PostEvent" }] });
    edited(
        base(),
        &[
            set(
                "/components/schemas/PostEvent",
                event(
                    "realtime.post.published",
                    json!({ "type": "object", "properties": { "postId": { "type": "integer" } } }),
                ),
            ),
            set(
                "/webhooks",
                json!({ "connection": webhook(event("connection.created", user)), "realtimeWebhookEvent": webhook(several) }),
            ),
        ],
    )
}

#[test]
fn events() {
    const DATA: &str =
        "/webhooks/connection/post/requestBody/content/application~1json/schema/properties/data";
    assert!(with_webhooks().pointer(DATA).is_some());
    check(
        &with_webhooks(),
        &[
            Pair(
                "an event is gone",
                vec![remove("/webhooks/connection")],
                "---b",
                &["`connection.created`", "is gone", "Do not wait for `connection.created`."],
            ),
            Pair(
                "one of several is gone",
                vec![remove(
                    "/webhooks/realtimeWebhookEvent/post/requestBody/content/application~1json/schema/oneOf/0",
                )],
                "---b",
                &["`realtime.toasts.received`"],
            ),
            Pair(
                "an event is new",
                vec![set("/webhooks/other", webhook(event("other.created", json!({}))))],
                "---f",
                &["`other.created`", "is new"],
            ),
            Pair(
                "a field is gone",
                vec![remove(
                    "/webhooks/connection/post/requestBody/content/application~1json/schema/properties/data/properties/name",
                )],
                "---b",
                &["`connection.created`", "payload.data.name", "Do not read it."],
            ),
            Pair(
                "a field is new",
                vec![set(
                    "/webhooks/connection/post/requestBody/content/application~1json/schema/properties/data/properties/age",
                    json!({ "type": "integer" }),
                )],
                "---f",
                &["payload.data.age"],
            ),
            Pair(
                "a field of a component has another type",
                vec![set(
                    "/components/schemas/PostEvent/properties/data/properties/postId/type",
                    json!("string"),
                )],
                "---b",
                &["`realtime.post.published`", "PostEvent.data.postId", "is `string`, was `integer`"],
            ),
            Pair(
                "words",
                vec![set("/webhooks/connection/post/summary", json!("Words"))],
                "----",
                &["verdict: none"],
            ),
            Pair(
                "events in another arrangement",
                vec![
                    set(
                        "/webhooks/toasts",
                        webhook(event("realtime.toasts.received", json!({ "type": "object" }))),
                    ),
                    remove(
                        "/webhooks/realtimeWebhookEvent/post/requestBody/content/application~1json/schema/oneOf/0",
                    ),
                ],
                "----",
                &["verdict: none"],
            ),
        ],
    );
}

#[test]
fn a_section_that_is_new_tells_of_events_that_nobody_knows_alone() {
    let verdict = diff(&base(), &with_webhooks()).unwrap();
    assert_eq!(levels(&verdict), "----", "{verdict}");
    assert!(verdict.to_string().contains("`connection.created`"), "{verdict}");
    let more = edited(with_webhooks(), &[set("/webhooks/other", webhook(event("other.created", json!({}))))]);
    assert_eq!(levels(&diff(&base(), &more).unwrap()), "---f");
    assert_eq!(levels(&diff(&with_webhooks(), &base()).unwrap()), "---b");
}

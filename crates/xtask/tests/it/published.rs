//! The document as its publisher writes it: JSON, paths with colons, ids of its own, and every schema in its place.

use serde_json::{Value, json};
use xtask::adopt;
use xtask::emit::table;
use xtask::finding::Finding;
use xtask::report::Reports;
use xtask::source;
use xtask::update::{Ours, Plan, plan};
use xtask::verdict::{self, Level};

use crate::{MERGED, REPORTS};

/// Our document in the publisher's form.
fn published() -> Value {
    let document = source::upstream().unwrap();
    let mut published = written_out(&document, &document);
    published["info"]["version"] = json!("1.0.0");
    let paths = published["paths"].as_object_mut().unwrap();
    for (path, mut item) in std::mem::take(paths) {
        for (method, operation) in item.as_object_mut().unwrap() {
            operation["operationId"] = json!(format!("{method}{}", path.replace(['/', '{', '}', '-'], "X")));
        }
        // Link alone has braces.
        let is_link = path.starts_with("/v2/link");
        let name = if is_link { path } else { path.replace('{', ":").replace('}', "") };
        paths.insert(name, item);
    }
    published["components"] = json!({"securitySchemes": document["components"]["securitySchemes"]});
    published["webhooks"] = webhooks();
    published
}

fn written_out(root: &Value, value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let target = object.get("$ref").and_then(Value::as_str);
            let target = target.and_then(|target| root.pointer(target.strip_prefix('#')?));
            let mut whole = target.map_or_else(|| json!({}), |target| written_out(root, target));
            for (key, value) in object.iter().filter(|(key, _)| *key != "$ref") {
                whole[key] = written_out(root, value);
            }
            whole
        }
        Value::Array(list) => list.iter().map(|value| written_out(root, value)).collect(),
        other => other.clone(),
    }
}

/// One operation with a schema for each event.
fn webhooks() -> Value {
    let event = |name: &str| {
        json!({"type": "object", "required": ["type", "timestamp", "data"], "properties": {
            "type": {"type": "string", "enum": [name]},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": {"type": "object"},
        }})
    };
    let events: Vec<Value> =
        ["connection.created", "rules.updated", "realtime.chat_message.received"].map(event).into();
    json!({"realtimeWebhookEvent": {"post": {
        "operationId": "realtimeWebhookEvent",
        "requestBody": {"content": {"application/json": {"schema": {"oneOf": events}}}},
        "responses": {"200": {"description": "Taken."}},
    }}})
}

fn planned(document: Value) -> Plan {
    plan(document, &Ours::read().unwrap())
}

#[test]
fn it_goes_in_as_it_is() {
    let Plan { merged, actions, notes, findings, generated } = planned(published());
    assert_eq!(findings, Vec::<Finding>::new());
    assert_eq!((actions.len(), notes), (0, Vec::new()));
    assert!(adopt::collect(&merged) == adopt::collect(&MERGED), "a place has another type");
    let generated = generated.unwrap();
    let reports = Reports::of(&generated).unwrap();
    assert_eq!((&reports.types, &reports.calls), (&REPORTS.types, &REPORTS.calls));
    assert_eq!(reports.operations, REPORTS.operations);
    let ours = xtask::typed::generated(&MERGED).unwrap();
    assert_eq!(table::table(&generated.document).unwrap(), table::table(&ours.document).unwrap());
    let verdict = verdict::diff_with_clients(&MERGED, &merged).unwrap();
    assert_eq!(verdict.level(), Level::None, "{verdict}");
}

/// A type is at many places, and the publisher may change it at one of them.
#[test]
fn a_place_that_changes_alone_keeps_its_type_and_is_told() {
    const JSON: &str = "content/application~1json/schema";
    let media = format!("/v2~1access~1vault~1media/get/responses/200/{JSON}/properties/list/items");
    let create = format!("/v2~1access~1posts/post/requestBody/{JSON}");
    let update = format!("/v2~1access~1posts~1:postId/put/requestBody/{JSON}");
    for (place, operation, there) in [
        (media, "list_vault_media", "duration"),
        (create, "create_post", "text"),
        (update, "update_post", "text"),
    ] {
        for (is_new, level) in [(true, Level::Feature), (false, Level::Breaking)] {
            let mut document = published();
            let fields = document.pointer_mut(&format!("/paths/~1{}/properties", &place[1..])).unwrap();
            let fields = fields.as_object_mut().unwrap();
            if is_new {
                fields.insert("isShiny".to_owned(), json!({"type": "boolean"}));
            } else {
                fields.remove(there).unwrap();
            }
            let Plan { merged, findings, generated, .. } = planned(document);
            assert_eq!(findings, Vec::<Finding>::new());
            let types = Reports::of(&generated.unwrap()).unwrap().types;
            assert_eq!(types.contains("is_shiny"), is_new);
            let verdict = verdict::diff_with_clients(&MERGED, &merged).unwrap();
            assert_eq!(verdict.level(), level, "{verdict}");
            let text = verdict.to_string();
            let field = if is_new { "isShiny" } else { there };
            assert!(text.contains(&format!("`{operation}`")) && text.contains(field), "{text}");
            let other = if operation == "create_post" { "update_post" } else { "create_post" };
            assert!(!text.contains(&format!("**`{other}`")), "{text}");
        }
    }
}

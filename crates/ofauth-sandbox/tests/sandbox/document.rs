//! Every operation, asked with what the document's examples have.

use serde_json::{Value, json};

use crate::client::{Client, KEY, call};
use crate::sandbox;

/// The same file that the crate reads, seen as plain JSON.
pub(crate) fn operations() -> Vec<Value> {
    serde_json::from_str(include_str!("../../src/document.json")).unwrap()
}

/// A value that a schema allows.
fn sample(schema: &Value) -> Value {
    if let Some(first) = schema.get("enum").and_then(|allowed| allowed.get(0)) {
        return first.clone();
    }
    if let Some(first) = schema.get("oneOf").or(schema.get("anyOf")).and_then(|forms| forms.get(0)) {
        return sample(first);
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        Some("array") => json!([sample(&schema["items"])]),
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            // What is named has to be there.
            let value = |name: &str| match name {
                "mediaIds" if schema["properties"][name]["items"]["type"] == "integer" => json!([12345]),
                _ => sample(&schema["properties"][name]),
            };
            required.map(|name| (name.to_owned(), value(name))).collect()
        }
        _ => json!("1"),
    }
}

/// A value as it stands in a path or a query.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => text(&items[0]),
        other => other.to_string(),
    }
}

/// The names of the fields of an object, or of the first item of an array.
fn fields(value: &Value) -> Vec<&String> {
    let object = value.as_object().or(value[0].as_object());
    object.into_iter().flatten().map(|(name, _)| name).collect()
}

#[tokio::test]
async fn every_operation_answers() {
    let mut like_the_example = 0;
    for operation in operations() {
        // What one operation deletes another one may read.
        let sandbox = sandbox().await;
        let method = operation["method"].as_str().unwrap();
        let mut path = operation["path"].as_str().unwrap().to_owned();
        let mut query = Vec::new();
        for parameter in operation["parameters"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            // What is named has to be there.
            let value = match (parameter["in"].as_str(), &parameter["schema"]["enum"]) {
                (Some("path"), Value::Null) => "12345".to_owned(),
                _ => text(&sample(&parameter["schema"])),
            };
            match parameter["in"].as_str().unwrap() {
                "path" => path = path.replace(&format!("{{{name}}}"), &value),
                "query" if parameter["required"] == true => query.push(format!("{name}={value}")),
                _ => {}
            }
        }
        if !query.is_empty() {
            path = format!("{path}?{}", query.join("&"));
        }
        let body = if operation["request"].is_null() { Value::Null } else { sample(&operation["request"]) };
        let answer = call(&sandbox, method, &path, &body).await;
        let known = sandbox.transcript().last().unwrap().operation.clone();
        assert_eq!(known.as_deref(), operation["id"].as_str(), "{method} {path}");
        // These need an upload of their own and have their own tests.
        if path.starts_with("/v2/access/uploads/") {
            continue;
        }
        assert_eq!(
            answer.status,
            operation["status"].as_u64().unwrap() as u16,
            "{method} {path}: {}",
            answer.text()
        );
        match &operation["response"] {
            Value::Null => assert!(answer.body.is_empty(), "{path}"),
            example => {
                assert_eq!(answer.json().is_object(), example.is_object(), "{path}");
                like_the_example += usize::from(fields(&answer.json()) == fields(example));
            }
        }
    }
    // The others answer from the world, which need not have what the example has.
    assert!(like_the_example * 4 > operations().len() * 3, "{like_the_example}");
}

#[tokio::test]
async fn the_proxy_answers_what_it_was_asked() {
    let sandbox = sandbox().await;
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let answer =
            call(&sandbox, method, "/v2/access/proxy/users/me/x?a=1&b=2", &json!({ "c": 3 })).await.ok();
        let echo = json!({ "method": method, "path": "users/me/x", "query": "a=1&b=2", "body": { "c": 3 } });
        assert_eq!(answer, echo);
    }
    let mut client = Client::connect(&sandbox).await;
    let answer = client.request("GET", "/v2/access/proxy/x", &[KEY], b"").await.unwrap();
    answer.is_error(401, "SESSION_NOT_PROVIDED", "x-connection-id");
}

/// One that cannot be read would hold for every text.
#[test]
fn every_pattern_of_the_document_can_be_read() {
    fn patterns<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("pattern").and_then(Value::as_str));
                members.values().for_each(|value| patterns(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| patterns(item, found)),
            _ => {}
        }
    }
    let operations = operations();
    let mut found = Vec::new();
    operations.iter().for_each(|operation| patterns(operation, &mut found));
    assert!(!found.is_empty());
    for pattern in found {
        assert!(regex_lite::Regex::new(pattern).is_ok(), "{pattern}");
    }
}

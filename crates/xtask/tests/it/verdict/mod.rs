//! What a new document means: pairs of documents, each with its level for each audience and the words that the page must
//! have; and what holds for every pair.

mod answers;
mod anywhere;
mod command;
mod equal;
mod operations;
mod real;
mod requests;
mod schemas;
mod webhooks;

use serde_json::{Value, json};
use xtask::verdict::{Audience, Level, Verdict, diff};

/// One edit: what stands at a pointer afterwards, or that nothing does.
type Edit = (&'static str, Option<Value>);

/// A pair: its name, the edits of the base, the levels for Rust types, parameters, wire and webhooks (`b`, `f` or `-`),
/// and words of the page.
struct Pair(&'static str, Vec<Edit>, &'static str, &'static [&'static str]);

fn set(pointer: &'static str, value: Value) -> Edit {
    (pointer, Some(value))
}

fn remove(pointer: &'static str) -> Edit {
    (pointer, None)
}

/// A small document with one of everything.
fn base() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Small", "version": "1" },
        "servers": [{ "url": "https://api.example.com" }],
        "security": [{ "apiKey": [] }],
        "paths": {
            "/v2/posts": {
                "get": {
                    "operationId": "list_posts",
                    "summary": "List posts",
                    "tags": ["Posts"],
                    "x-permission": "posts:read",
                    "x-ofauth-page": { "style": "offset", "items": "list", "more": "hasMore", "size": "limit", "max": 50 },
                    "parameters": [
                        { "$ref": "#/components/parameters/Connection" },
                        { "name": "limit", "in": "query", "schema": { "type": "integer", "minimum": 1, "maximum": 40, "default": 24 } },
                        { "name": "offset", "in": "query", "schema": { "type": "integer", "minimum": 0 } },
                        { "name": "sort", "in": "query", "schema": { "type": "string", "enum": ["recent", "oldest"] } },
                        { "name": "query", "in": "query", "schema": { "type": "string", "minLength": 1 } },
                        { "name": "since", "in": "query", "schema": { "type": "string", "format": "date-time" } },
                        { "name": "ids", "in": "query", "schema": { "type": "array", "items": { "type": "string" }, "maxItems": 10 } },
                    ],
                    "responses": {
                        "200": {
                            "description": "A page.",
                            "headers": { "x-total": { "required": true, "schema": { "type": "integer" } } },
                            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/PostPage" } } },
                        },
                        "default": { "$ref": "#/components/responses/Error" },
                    },
                },
                "post": {
                    "operationId": "create_post",
                    "x-permission": "posts:write",
                    "parameters": [{ "$ref": "#/components/parameters/Connection" }],
                    "requestBody": {
                        "required": true,
                        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/PostInput" } } },
                    },
                    "responses": {
                        "200": {
                            "description": "The post.",
                            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Post" } } },
                        },
                        "default": { "$ref": "#/components/responses/Error" },
                    },
                },
            },
            "/v2/posts/{postId}": {
                "parameters": [{ "name": "postId", "in": "path", "required": true, "schema": { "type": "string" } }],
                "delete": {
                    "operationId": "delete_post",
                    "x-api-key-scope": "ACCOUNT",
                    "responses": { "204": { "description": "Gone." }, "default": { "$ref": "#/components/responses/Error" } },
                },
            },
        },
        "components": {
            "securitySchemes": { "apiKey": { "type": "apiKey", "in": "header", "name": "apiKey" } },
            "parameters": {
                "Connection": { "name": "x-connection-id", "in": "header", "required": true, "schema": { "type": "string" } },
            },
            "responses": {
                "Error": {
                    "description": "An error.",
                    "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
                },
            },
            "schemas": {
                "Error": { "type": "object", "required": ["error"], "properties": { "error": { "type": "string" } } },
                "PostPage": {
                    "type": "object",
                    "required": ["list"],
                    "properties": {
                        "list": { "type": "array", "items": { "$ref": "#/components/schemas/Post" } },
                        "hasMore": { "type": "boolean" },
                    },
                },
                "Post": {
                    "type": "object",
                    "required": ["id", "text"],
                    "properties": {
                        "id": { "type": "integer" },
                        "text": { "type": "string", "description": "The text." },
                        "state": { "type": "string", "enum": ["live", "expired"] },
                        "price": { "type": "number", "minimum": 0, "maximum": 200 },
                        "author": { "anyOf": [{ "$ref": "#/components/schemas/User" }, { "type": "null" }] },
                        "media": { "type": "array", "items": { "oneOf": [
                            { "$ref": "#/components/schemas/Photo" }, { "$ref": "#/components/schemas/Video" },
                        ] } },
                        "replies": { "type": "array", "items": { "$ref": "#/components/schemas/Post" } },
                        "counts": { "type": "object", "additionalProperties": { "type": "integer" } },
                        "place": { "type": "object", "properties": { "city": { "type": "string" } } },
                    },
                },
                "User": { "type": "object", "properties": { "name": { "type": "string" }, "age": { "type": ["integer", "null"] } } },
                "Photo": { "type": "object", "properties": { "kind": { "const": "photo" }, "width": { "type": "integer" } } },
                "Video": { "type": "object", "properties": { "kind": { "const": "video" }, "length": { "type": "integer" } } },
                "PostInput": {
                    "type": "object",
                    "required": ["text"],
                    "additionalProperties": false,
                    "properties": {
                        "text": { "type": "string", "maxLength": 1000 },
                        "price": { "type": ["number", "null"], "minimum": 3 },
                        "tags": { "type": "array", "items": { "type": "string" }, "maxItems": 5 },
                        "expireAfter": { "type": "integer", "enum": [1, 3, 7] },
                        "mode": { "type": "string", "enum": ["now", "later"], "default": "now" },
                        "poll": { "type": "object", "properties": { "question": { "type": "string", "pattern": "\\?$" } } },
                    },
                },
            },
        },
    })
}

/// The base with edits.
fn edited(mut document: Value, edits: &[Edit]) -> Value {
    for (pointer, value) in edits {
        let (holder, key) = pointer.rsplit_once('/').unwrap();
        let key = key.replace("~1", "/");
        let holder = document.pointer_mut(holder).unwrap_or_else(|| panic!("{pointer} is nowhere"));
        match (holder, value) {
            (Value::Object(object), Some(value)) => {
                object.insert(key, value.clone());
            }
            (Value::Object(object), None) => {
                object.remove(&key).unwrap_or_else(|| panic!("{pointer} is nowhere"));
            }
            (Value::Array(list), Some(value)) if key == "-" => list.push(value.clone()),
            (Value::Array(list), Some(value)) => list[key.parse::<usize>().unwrap()] = value.clone(),
            (Value::Array(list), None) => {
                list.remove(key.parse().unwrap());
            }
            _ => panic!("{pointer} is no place"),
        }
    }
    document
}

/// The levels of a verdict as a pair writes them.
fn levels(verdict: &Verdict) -> String {
    [Audience::RustTypes, Audience::Parameters, Audience::Wire, Audience::Webhooks]
        .map(|audience| match verdict.of(audience) {
            Level::Breaking => 'b',
            Level::Feature => 'f',
            Level::None => '-',
        })
        .iter()
        .collect()
}

/// What is wrong with the verdict on a pair.
fn wrong(document: &Value, Pair(name, edits, wanted, words): &Pair) -> Vec<String> {
    let new = edited(document.clone(), edits);
    assert_ne!(new, *document, "{name} must change the document");
    let verdict = diff(document, &new).unwrap();
    let page = verdict.to_string();
    let mut wrong = Vec::new();
    if levels(&verdict) != *wanted {
        wrong.push(format!("{name}: {} for {wanted}\n{page}", levels(&verdict)));
    }
    wrong.extend(
        words
            .iter()
            .filter(|word| !page.contains(**word))
            .map(|word| format!("{name}: no {word:?} in\n{page}")),
    );
    // Whoever needs an answer by its last line gets one.
    let last = page.lines().last().unwrap_or_default();
    let highest = if wanted.contains('b') {
        "breaking"
    } else if wanted.contains('f') {
        "feature"
    } else {
        "none"
    };
    if last != format!("verdict: {highest}") {
        wrong.push(format!("{name}: the last line is {last:?}"));
    }
    if verdict
        .changes
        .iter()
        .any(|change| change.level() == Level::Breaking && change.remedy.trim().is_empty())
    {
        wrong.push(format!("{name}: no remedy\n{page}"));
    }
    // A change that matters one way is a change the other way, too.
    let back = diff(&new, document).unwrap();
    if wanted.contains(['b', 'f']) && back.changes.is_empty() {
        wrong.push(format!("{name}: the way back is no change"));
    }
    wrong
}

fn check(document: &Value, pairs: &[Pair]) {
    let wrong: Vec<String> = pairs.iter().flat_map(|pair| wrong(document, pair)).collect();
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), pairs.len(), wrong.join("\n"));
}

//! What means the same is no change, however it is written.

use serde_json::{Value, json};
use xtask::verdict::{Level, diff};

use super::{Pair, base, check, edited, remove, set};
use crate::MERGED;

#[test]
fn words_and_ways_to_write_the_same() {
    let user = json!({ "$ref": "#/components/schemas/User" });
    check(
        &base(),
        &[
            Pair(
                "descriptions",
                vec![
                    set("/components/schemas/Post/properties/text/description", json!("Other words.")),
                    set("/components/schemas/Post/title", json!("A post")),
                    set("/paths/~1v2~1posts/get/summary", json!("Other words")),
                    set("/info/version", json!("2")),
                    set("/tags", json!([{ "name": "Posts", "description": "D." }])),
                ],
                "----",
                &["Without effect", "`list_posts`", "words of Post"],
            ),
            Pair(
                "examples",
                vec![set("/components/schemas/Post/properties/price/example", json!(3))],
                "----",
                &["words of Post"],
            ),
            Pair("only the version", vec![set("/info/version", json!("2"))], "----", &["verdict: none"]),
            Pair(
                "a list of one type",
                vec![set("/components/schemas/Post/properties/text/type", json!(["string"]))],
                "----",
                &[],
            ),
            Pair(
                "an enum of one word",
                vec![set(
                    "/components/schemas/Photo/properties/kind",
                    json!({ "type": "string", "enum": ["photo"] }),
                )],
                "----",
                &[],
            ),
            Pair(
                "an empty list of required fields",
                vec![set("/components/schemas/User/required", json!([]))],
                "----",
                &[],
            ),
            Pair(
                "null in another way",
                vec![set(
                    "/components/schemas/User/properties/age",
                    json!({ "type": "integer", "nullable": true }),
                )],
                "----",
                &[],
            ),
            Pair(
                "null among alternatives",
                vec![set(
                    "/components/schemas/User/properties/age",
                    json!({ "anyOf": [{ "type": "integer" }, { "type": "null" }] }),
                )],
                "----",
                &[],
            ),
            Pair(
                "a nullable reference in another way",
                vec![set(
                    "/components/schemas/Post/properties/author",
                    json!({ "allOf": [user], "nullable": true }),
                )],
                "----",
                &[],
            ),
            Pair(
                "oneOf for anyOf",
                vec![set(
                    "/components/schemas/Post/properties/author",
                    json!({ "oneOf": [user, { "type": "null" }] }),
                )],
                "----",
                &[],
            ),
            Pair(
                "allOf of parts",
                vec![set(
                    "/components/schemas/User",
                    json!({ "allOf": [
                { "type": "object", "properties": { "name": { "type": "string" } } },
                { "properties": { "age": { "type": ["integer", "null"] } } },
            ] }),
                )],
                "----",
                &[],
            ),
            Pair(
                "the widest format of a number",
                vec![set("/components/schemas/Photo/properties/width/format", json!("int64"))],
                "----",
                &[],
            ),
            Pair(
                "what is the default anyway",
                vec![
                    set("/paths/~1v2~1posts/get/parameters/6/style", json!("form")),
                    set("/paths/~1v2~1posts/get/parameters/6/explode", json!(true)),
                    set("/components/schemas/User/additionalProperties", json!(true)),
                    set("/components/schemas/User/properties/name/minLength", json!(0)),
                ],
                "----",
                &[],
            ),
            Pair(
                "a default as another number",
                vec![set("/paths/~1v2~1posts/get/parameters/1/schema/default", json!(24.0))],
                "----",
                &[],
            ),
            Pair(
                "words in another order",
                vec![set("/components/schemas/Post/properties/state/enum", json!(["expired", "live"]))],
                "----",
                &[],
            ),
            Pair(
                "alternatives in another order",
                vec![set(
                    "/components/schemas/Post/properties/media/items/oneOf",
                    json!([
                        { "$ref": "#/components/schemas/Video" }, { "$ref": "#/components/schemas/Photo" },
                    ]),
                )],
                "----",
                &[],
            ),
            Pair(
                "a type with the name that it has in place",
                vec![
                    set(
                        "/components/schemas/PostPlace",
                        json!({ "type": "object", "properties": { "city": { "type": "string" } } }),
                    ),
                    set(
                        "/components/schemas/Post/properties/place",
                        json!({ "$ref": "#/components/schemas/PostPlace" }),
                    ),
                ],
                "----",
                &[],
            ),
            Pair(
                "a component that nothing uses",
                vec![set("/components/schemas/Unused", json!({ "type": "string" }))],
                "----",
                &[],
            ),
            Pair(
                "a default of an answer",
                vec![set("/components/schemas/Post/properties/price/default", json!(0))],
                "----",
                &[],
            ),
            Pair(
                "a parameter in place",
                vec![set(
                    "/paths/~1v2~1posts/post/parameters/0",
                    json!(
                        { "name": "X-Connection-Id", "in": "header", "required": true, "schema": { "type": "string" } }
                    ),
                )],
                "----",
                &[],
            ),
            Pair(
                "no servers and no security named",
                vec![remove("/servers"), remove("/security")],
                "----",
                &[],
            ),
        ],
    );
}

/// A document with the members of its lists in reverse where their order means nothing.
fn shuffled(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let members = object.iter().map(|(key, value)| {
                let mut value = shuffled(value);
                if let (true, Value::Array(list)) = (
                    ["parameters", "required", "enum", "oneOf", "anyOf", "allOf", "tags", "type"]
                        .contains(&key.as_str()),
                    &mut value,
                ) {
                    list.reverse();
                }
                (key.clone(), value)
            });
            members.collect::<Vec<_>>().into_iter().rev().collect()
        }
        Value::Array(list) => list.iter().map(shuffled).collect(),
        other => other.clone(),
    }
}

#[test]
fn a_document_means_itself_in_any_order() {
    for document in [&base(), &*MERGED] {
        let verdict = diff(document, document).unwrap();
        assert!(verdict.changes.is_empty(), "{verdict}");
        let verdict = diff(document, &shuffled(document)).unwrap();
        assert_eq!(verdict.level(), Level::None, "{verdict}");
    }
}

#[test]
fn circles_and_depths_end() {
    let post = |schema: Value| edited(base(), &[set("/components/schemas/Post", schema)]);
    let itself = post(json!({ "$ref": "#/components/schemas/Post" }));
    let both = post(
        json!({ "allOf": [{ "$ref": "#/components/schemas/Post" }, { "$ref": "#/components/schemas/Post" }] }),
    );
    let alternatives = post(json!({ "oneOf": [
        { "$ref": "#/components/schemas/Post" }, { "type": "array", "items": { "$ref": "#/components/schemas/Post" } },
        { "oneOf": [{ "$ref": "#/components/schemas/Post" }, { "type": "string" }] },
    ] }));
    let nowhere = post(json!({ "$ref": "#/components/schemas/Nothing" }));
    let mut deep = json!({ "type": "string" });
    for _ in 0..200 {
        deep = json!({ "type": "object", "properties": { "a": deep, "b": deep.get("type") } });
    }
    let deep = post(deep);
    let all = [base(), itself, both, alternatives, nowhere, deep];
    for old in &all {
        for new in &all {
            let verdict = diff(old, new).unwrap();
            assert_eq!(verdict.changes.is_empty(), old == new, "{verdict}");
        }
    }
}

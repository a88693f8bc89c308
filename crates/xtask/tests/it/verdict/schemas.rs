//! Names of Rust types, marks on fields, and what JSON Schema has beside types.

use serde_json::json;

use super::{Pair, base, check, remove, set};

#[test]
fn names_of_types() {
    let post = base()["components"]["schemas"]["Post"].clone();
    check(
        &base(),
        &[
            Pair(
                "a component is renamed",
                vec![
                    set("/components/schemas/Author", base()["components"]["schemas"]["User"].clone()),
                    remove("/components/schemas/User"),
                    set(
                        "/components/schemas/Post/properties/author",
                        json!({ "anyOf": [{ "$ref": "#/components/schemas/Author" }, { "type": "null" }] }),
                    ),
                ],
                "b---",
                &["`Author`, was `User`", "`create_post`, `list_posts`", "Write `Author` for `User`."],
            ),
            Pair(
                "a schema in place gets another name",
                vec![
                    set(
                        "/components/schemas/Place",
                        json!({ "type": "object", "properties": { "city": { "type": "string" } } }),
                    ),
                    set(
                        "/components/schemas/Post/properties/place",
                        json!({ "$ref": "#/components/schemas/Place" }),
                    ),
                ],
                "b---",
                &["Post.place", "`Place`, was `PostPlace`"],
            ),
            Pair(
                "a component moves into its place",
                vec![set("/paths/~1v2~1posts/post/responses/200/content/application~1json/schema", post)],
                "b---",
                &["`create_post`", "`CreatePostResponse`, was `Post`"],
            ),
            Pair(
                "a type of requests is of answers, too",
                vec![set(
                    "/components/schemas/Post/properties/draft",
                    json!({ "$ref": "#/components/schemas/PostInput" }),
                )],
                "b-f-",
                &["request type PostInput", "`PostInputInput` in requests, was `PostInput`"],
            ),
            Pair(
                "a field becomes a secret",
                vec![set("/components/schemas/Post/properties/text/x-ofauth-secret", json!(true))],
                "b---",
                &["Post.text", "is `Secret` in Rust"],
            ),
            Pair(
                "a field is kept",
                vec![set("/components/schemas/Post/properties/text/x-ofauth-kept", json!(true))],
                "b---",
                &["Post.text", "is the value in Rust, was `Option`"],
            ),
            Pair(
                "a free object gets fields",
                vec![set(
                    "/components/schemas/Post/properties/counts",
                    json!({ "type": "object", "properties": { "likes": { "type": "integer" } } }),
                )],
                "b-b-",
                &["Post.counts"],
            ),
        ],
    );
}

#[test]
fn demands_beside_types() {
    check(
        &base(),
        &[
            Pair(
                "a condition of a request",
                vec![set("/components/schemas/PostInput/dependentRequired", json!({ "price": ["text"] }))],
                "--b-",
                &["PostInput", "has `dependentRequired` now"],
            ),
            Pair(
                "no condition of an answer any more",
                vec![set("/components/schemas/Post/not", json!({ "required": ["x"] }))],
                "--f-",
                &["Post", "`not`"],
            ),
            Pair(
                "alternatives of a request",
                vec![set(
                    "/components/schemas/PostInput/properties/text",
                    json!({ "oneOf": [
                { "type": "string", "maxLength": 1000 }, { "type": "object", "properties": { "html": { "type": "string" } } },
            ] }),
                )],
                "b-f-",
                &["PostInput.text"],
            ),
            Pair(
                "alternatives by type are types",
                vec![set(
                    "/components/schemas/PostInput/properties/expireAfter",
                    json!({ "anyOf": [
                { "type": "integer" }, { "type": "string" },
            ] }),
                )],
                "b-f-",
                &["PostInput.expireAfter"],
            ),
            Pair(
                "numbers in steps",
                vec![set("/components/schemas/PostInput/properties/price/multipleOf", json!(0.5))],
                "--b-",
                &["PostInput.price", "multiples of 0.5"],
            ),
            Pair(
                "no item twice",
                vec![set("/components/schemas/PostInput/properties/tags/uniqueItems", json!(true))],
                "--b-",
                &["PostInput.tags", "Send no item twice."],
            ),
            Pair(
                "a number of another size",
                vec![set("/components/schemas/Photo/properties/width/format", json!("int32"))],
                "--f-",
                &["Photo.width"],
            ),
            Pair(
                "a discriminator",
                vec![set(
                    "/components/schemas/Post/properties/media/items/discriminator",
                    json!({ "propertyName": "kind" }),
                )],
                "b---",
                &["Post.media[]", "told apart by the field `kind`"],
            ),
            Pair(
                "a field of an alternative is gone",
                vec![remove("/components/schemas/Video/properties/length")],
                "b-b-",
                &["Video.length"],
            ),
            Pair(
                "nothing may be sent",
                vec![set("/components/schemas/PostInput/properties/poll", json!(false))],
                "b-b-",
                &["PostInput.poll"],
            ),
        ],
    );
}

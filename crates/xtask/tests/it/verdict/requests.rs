//! Parameters and bodies: what was right must stay right.

use serde_json::json;

use super::{Pair, base, check, remove, set};

const LIST: &str = "/paths/~1v2~1posts/get/parameters";

#[test]
fn parameters() {
    assert_eq!(LIST, "/paths/~1v2~1posts/get/parameters");
    check(
        &base(),
        &[
            Pair(
                "a maximum is lowered",
                vec![set("/paths/~1v2~1posts/get/parameters/1/schema/maximum", json!(20))],
                "-bb-",
                &["`list_posts`", "query limit", "`maximum` is 20, was 40", "Send at most 20."],
            ),
            Pair(
                "a maximum is raised",
                vec![set("/paths/~1v2~1posts/get/parameters/1/schema/maximum", json!(80))],
                "-ff-",
                &["`list_posts`", "query limit", "`maximum` is 80, was 40"],
            ),
            Pair(
                "a maximum is gone",
                vec![remove("/paths/~1v2~1posts/get/parameters/1/schema/maximum")],
                "-ff-",
                &["no `maximum` any more"],
            ),
            Pair(
                "a minimum is raised",
                vec![set("/paths/~1v2~1posts/get/parameters/1/schema/minimum", json!(5))],
                "-bb-",
                &["`minimum` is 5, was 1", "Send at least 5."],
            ),
            Pair(
                "an exclusive minimum says the same",
                vec![
                    remove("/paths/~1v2~1posts/get/parameters/1/schema/minimum"),
                    set("/paths/~1v2~1posts/get/parameters/1/schema/exclusiveMinimum", json!(0)),
                ],
                "----",
                &["verdict: none"],
            ),
            Pair(
                "a length is limited",
                vec![set("/paths/~1v2~1posts/get/parameters/4/schema/maxLength", json!(9))],
                "-bb-",
                &["query query", "Send at most 9 characters."],
            ),
            Pair(
                "a least length is raised",
                vec![set("/paths/~1v2~1posts/get/parameters/4/schema/minLength", json!(3))],
                "-bb-",
                &["Send at least 3 characters."],
            ),
            Pair(
                "fewer items",
                vec![set("/paths/~1v2~1posts/get/parameters/6/schema/maxItems", json!(5))],
                "-bb-",
                &["query ids", "Send at most 5 items."],
            ),
            Pair(
                "items of another type",
                vec![set("/paths/~1v2~1posts/get/parameters/6/schema/items/type", json!("integer"))],
                "-bb-",
                &["query ids[]", "is `integer`, was `string`"],
            ),
            Pair(
                "a pattern is new",
                vec![set("/paths/~1v2~1posts/get/parameters/4/schema/pattern", json!("^a"))],
                "-bb-",
                &["has a `pattern` now", "Send only what matches `^a`."],
            ),
            Pair(
                "a format is new",
                vec![set("/paths/~1v2~1posts/get/parameters/4/schema/format", json!("email"))],
                "-bb-",
                &["`format` `email`, was none", "Send it in the format `email`."],
            ),
            Pair(
                "a format is gone",
                vec![remove("/paths/~1v2~1posts/get/parameters/5/schema/format")],
                "-ff-",
                &["query since"],
            ),
            Pair(
                "a word is gone",
                vec![set("/paths/~1v2~1posts/get/parameters/3/schema/enum", json!(["recent"]))],
                "-bb-",
                &["query sort", "has lost `oldest`", "Send one of `recent`."],
            ),
            Pair(
                "a word is new",
                vec![set("/paths/~1v2~1posts/get/parameters/3/schema/enum/-", json!("liked"))],
                "-ff-",
                &["query sort", "has the new `liked`"],
            ),
            Pair(
                "words are listed",
                vec![set("/paths/~1v2~1posts/get/parameters/4/schema/enum", json!(["a", "b"]))],
                "-bb-",
                &["takes one of a list alone", "Send one of `a`, `b`."],
            ),
            Pair(
                "another type",
                vec![set("/paths/~1v2~1posts/get/parameters/2/schema/type", json!("string"))],
                "-bb-",
                &["query offset", "is `string`, was `integer`", "Send `string`."],
            ),
            Pair(
                "one more type",
                vec![set("/paths/~1v2~1posts/get/parameters/1/schema/type", json!(["integer", "string"]))],
                "-bf-",
                &["query limit"],
            ),
            Pair(
                "a default is another",
                vec![set("/paths/~1v2~1posts/get/parameters/1/schema/default", json!(10))],
                "-bb-",
                &["default `10`, was `24`", "Send `24`"],
            ),
            Pair(
                "a parameter is gone",
                vec![remove("/paths/~1v2~1posts/get/parameters/3")],
                "-bb-",
                &["`list_posts`", "query sort", "is gone", "Do not give `sort`."],
            ),
            Pair(
                "a parameter is renamed",
                vec![set("/paths/~1v2~1posts/get/parameters/3/name", json!("order"))],
                "-bb-",
                &["query sort", "called `order` now", "Call it `order`."],
            ),
            Pair(
                "a parameter moves",
                vec![set("/paths/~1v2~1posts/get/parameters/3/in", json!("header"))],
                "-bb-",
                &["is sent in the header now"],
            ),
            Pair(
                "a parameter becomes required",
                vec![set("/paths/~1v2~1posts/get/parameters/1/required", json!(true))],
                "-bb-",
                &["is required, was optional", "Give `limit` in every call."],
            ),
            Pair(
                "a parameter becomes optional",
                vec![set("/components/parameters/Connection/required", json!(false))],
                "-ff-",
                &["`create_post`, `list_posts`", "header x-connection-id", "is optional, was required"],
            ),
            Pair(
                "a parameter is new",
                vec![set(
                    "/paths/~1v2~1posts/get/parameters/-",
                    json!({ "name": "pinned", "in": "query", "schema": { "type": "boolean" } }),
                )],
                "-ff-",
                &["`list_posts`", "query pinned", "is new"],
            ),
            Pair(
                "a required parameter is new",
                vec![set(
                    "/paths/~1v2~1posts/get/parameters/-",
                    json!({ "name": "pinned", "in": "query", "required": true, "schema": { "type": "boolean" } }),
                )],
                "-bb-",
                &["is new and required", "Give `pinned` in every call."],
            ),
            Pair(
                "a parameter of the path is renamed",
                vec![
                    set(
                        "/paths/~1v2~1posts~1{id}",
                        json!({ "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }],
                    "delete": base()["paths"]["/v2/posts/{postId}"]["delete"].clone() }),
                    ),
                    remove("/paths/~1v2~1posts~1{postId}"),
                ],
                "-b--",
                &["`delete_post`", "path postId", "called `id` now", "the wire is the same"],
            ),
            Pair(
                "a list is written in another way",
                vec![set("/paths/~1v2~1posts/get/parameters/6/explode", json!(false))],
                "--b-",
                &["query ids", "explode false"],
            ),
            Pair(
                "a parameter is deprecated",
                vec![set("/paths/~1v2~1posts/get/parameters/3/deprecated", json!(true))],
                "-ff-",
                &["query sort", "is deprecated", "Move away"],
            ),
            Pair(
                "a parameter may be null",
                vec![set("/paths/~1v2~1posts/get/parameters/1/schema/type", json!(["integer", "null"]))],
                "-ff-",
                &["query limit", "may be null now"],
            ),
        ],
    );
}

#[test]
fn bodies() {
    let post = "/components/schemas/PostInput";
    assert!(base().pointer(post).is_some());
    check(
        &base(),
        &[
            Pair(
                "a field becomes required",
                vec![set("/components/schemas/PostInput/required", json!(["text", "price"]))],
                "b-b-",
                &[
                    "`create_post`",
                    "PostInput.price",
                    "is required, was optional",
                    "Send it in every request.",
                ],
            ),
            Pair(
                "a field becomes optional",
                vec![remove("/components/schemas/PostInput/required")],
                "f-f-",
                &["PostInput.text", "is optional, was required"],
            ),
            Pair(
                "a field is gone",
                vec![remove("/components/schemas/PostInput/properties/tags")],
                "b-b-",
                &["`create_post`", "PostInput.tags", "is gone", "Do not send it."],
            ),
            Pair(
                "a field is renamed",
                vec![
                    remove("/components/schemas/PostInput/properties/tags"),
                    set(
                        "/components/schemas/PostInput/properties/labels",
                        json!({ "type": "array", "items": { "type": "string" }, "maxItems": 5 }),
                    ),
                ],
                "b-b-",
                &["PostInput.tags", "called `labels` now", "Use `labels`."],
            ),
            Pair(
                "a field is new",
                vec![set("/components/schemas/PostInput/properties/pinned", json!({ "type": "boolean" }))],
                "f-f-",
                &["`create_post`", "PostInput.pinned", "is new"],
            ),
            Pair(
                "a required field is new",
                vec![
                    set("/components/schemas/PostInput/properties/pinned", json!({ "type": "boolean" })),
                    set("/components/schemas/PostInput/required", json!(["text", "pinned"])),
                ],
                "b-b-",
                &["PostInput.pinned", "is new and required", "Send it in every request."],
            ),
            Pair(
                "a field has another type",
                vec![set("/components/schemas/PostInput/properties/text/type", json!("integer"))],
                "b-b-",
                &["PostInput.text", "is `integer`, was `string`", "Send `integer`."],
            ),
            Pair(
                "a field may not be null",
                vec![set("/components/schemas/PostInput/properties/price/type", json!("number"))],
                "b-b-",
                &["PostInput.price", "may not be null any more"],
            ),
            Pair(
                "a field may be null",
                vec![set(
                    "/components/schemas/PostInput/properties/expireAfter/type",
                    json!(["integer", "null"]),
                )],
                "f-f-",
                &["PostInput.expireAfter", "may be null now"],
            ),
            Pair(
                "a length is shorter",
                vec![set("/components/schemas/PostInput/properties/text/maxLength", json!(500))],
                "--b-",
                &["PostInput.text", "`maxLength` is 500, was 1000", "Send at most 500 characters."],
            ),
            Pair(
                "a length is longer",
                vec![set("/components/schemas/PostInput/properties/text/maxLength", json!(5000))],
                "--f-",
                &["PostInput.text"],
            ),
            Pair(
                "a number is limited",
                vec![set("/components/schemas/PostInput/properties/price/maximum", json!(100))],
                "--b-",
                &["PostInput.price", "has a `maximum` now: 100"],
            ),
            Pair(
                "a number of a list is gone",
                vec![set("/components/schemas/PostInput/properties/expireAfter/enum", json!([1, 3]))],
                "--b-",
                &["PostInput.expireAfter", "has lost `7`"],
            ),
            Pair(
                "a word is gone",
                vec![set("/components/schemas/PostInput/properties/mode/enum", json!(["now"]))],
                "b-b-",
                &["PostInput.mode", "has lost `later`"],
            ),
            Pair(
                "a word is new",
                vec![set("/components/schemas/PostInput/properties/mode/enum/-", json!("never"))],
                "f-f-",
                &["PostInput.mode", "`never`"],
            ),
            Pair(
                "a default is another",
                vec![set("/components/schemas/PostInput/properties/mode/default", json!("later"))],
                "--b-",
                &["PostInput.mode", "default `later`, was `now`", "Send `now`"],
            ),
            Pair(
                "a pattern of a nested field is another",
                vec![set(
                    "/components/schemas/PostInput/properties/poll/properties/question/pattern",
                    json!("!$"),
                )],
                "--b-",
                &["PostInput.poll.question", "another `pattern`"],
            ),
            Pair(
                "other fields are let in",
                vec![remove("/components/schemas/PostInput/additionalProperties")],
                "--f-",
                &["PostInput"],
            ),
            Pair(
                "a field is not sent any more",
                vec![set("/components/schemas/PostInput/properties/tags/readOnly", json!(true))],
                "--b-",
                &["PostInput.tags", "`readOnly` now"],
            ),
            Pair(
                "the body becomes optional",
                vec![set("/paths/~1v2~1posts/post/requestBody/required", json!(false))],
                "f-f-",
                &["`create_post`", "body"],
            ),
            Pair(
                "a body is gone",
                vec![remove("/paths/~1v2~1posts/post/requestBody")],
                "b-b-",
                &["`create_post`", "body", "Do not send one."],
            ),
            Pair(
                "a body is new",
                vec![set(
                    "/paths/~1v2~1posts~1{postId}/delete/requestBody",
                    json!({ "content": { "application/json": { "schema": {} } } }),
                )],
                "f-f-",
                &["`delete_post`", "body", "is new"],
            ),
            Pair(
                "the media type of the body",
                vec![set(
                    "/paths/~1v2~1posts/post/requestBody/content",
                    json!({ "multipart/form-data": { "schema": { "$ref": "#/components/schemas/PostInput" } } }),
                )],
                "b-b-",
                &["body", "is `multipart/form-data`, was `application/json`"],
            ),
            Pair(
                "one more media type",
                vec![set(
                    "/paths/~1v2~1posts/post/requestBody/content/text~1plain",
                    json!({ "schema": { "type": "string" } }),
                )],
                "--f-",
                &["body", "`text/plain`, too"],
            ),
        ],
    );
}

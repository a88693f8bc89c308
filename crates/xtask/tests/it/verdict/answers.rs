//! Answers: what was promised must still come.

use serde_json::json;

use super::{Pair, base, check, remove, set};

#[test]
fn fields() {
    check(
        &base(),
        &[
            Pair(
                "a field is gone",
                vec![remove("/components/schemas/Post/properties/price")],
                "b-b-",
                &["`create_post`, `list_posts`", "Post.price", "is gone", "Do not read it."],
            ),
            Pair(
                "a field is renamed",
                vec![
                    remove("/components/schemas/Post/properties/price"),
                    set(
                        "/components/schemas/Post/properties/cost",
                        json!({ "type": "number", "minimum": 0, "maximum": 200 }),
                    ),
                ],
                "b-b-",
                &["Post.price", "called `cost` now", "Use `cost`."],
            ),
            Pair(
                "a field is new",
                vec![set("/components/schemas/Post/properties/likes", json!({ "type": "integer" }))],
                "f-f-",
                &["Post.likes", "is new", "### Added"],
            ),
            Pair(
                "a required field is new",
                vec![
                    set("/components/schemas/Post/properties/likes", json!({ "type": "integer" })),
                    set("/components/schemas/Post/required/-", json!("likes")),
                ],
                "f-f-",
                &["Post.likes"],
            ),
            Pair(
                "a field of a nested object is gone",
                vec![remove("/components/schemas/Post/properties/place/properties/city")],
                "b-b-",
                &["Post.place.city"],
            ),
            Pair(
                "a field of another component is gone",
                vec![remove("/components/schemas/User/properties/name")],
                "b-b-",
                &["`create_post`, `list_posts`", "User.name", "`answer 200.list[].author.name`"],
            ),
            Pair(
                "another type",
                vec![set("/components/schemas/Post/properties/price/type", json!("string"))],
                "b-b-",
                &["Post.price", "is `string`, was `number`", "Read `string`."],
            ),
            Pair(
                "a whole number becomes any number",
                vec![set("/components/schemas/User/properties/age/type", json!(["number", "null"]))],
                "b-b-",
                &["User.age", "is `number`, was `integer`"],
            ),
            Pair(
                "an id changes its type",
                vec![set("/components/schemas/Post/properties/id/type", json!("string"))],
                "--b-",
                &["Post.id", "is `string`, was `integer`"],
            ),
            Pair(
                "an id becomes optional",
                vec![set("/components/schemas/Post/required", json!(["text"]))],
                "b-b-",
                &["Post.id", "is optional, was required", "Expect that it is missing."],
            ),
            Pair(
                "a field becomes optional",
                vec![set("/components/schemas/Post/required", json!(["id"]))],
                "--b-",
                &["Post.text", "is optional, was required"],
            ),
            Pair(
                "a field becomes required",
                vec![set("/components/schemas/Post/required/-", json!("price"))],
                "--f-",
                &["Post.price"],
            ),
            Pair(
                "a field may be null",
                vec![set("/components/schemas/Post/properties/text/type", json!(["string", "null"]))],
                "--b-",
                &["Post.text", "may be null now", "Expect null"],
            ),
            Pair(
                "a field is never null",
                vec![set(
                    "/components/schemas/Post/properties/author",
                    json!({ "$ref": "#/components/schemas/User" }),
                )],
                "--f-",
                &["Post.author", "may not be null any more"],
            ),
            Pair(
                "a word is new",
                vec![set("/components/schemas/Post/properties/state/enum/-", json!("hidden"))],
                "f-f-",
                &["Post.state", "has the new `hidden`", "open"],
            ),
            Pair(
                "a word is gone",
                vec![set("/components/schemas/Post/properties/state/enum", json!(["live"]))],
                "b-f-",
                &["Post.state", "has lost `expired`"],
            ),
            Pair(
                "the one word is another",
                vec![set("/components/schemas/Photo/properties/kind", json!({ "const": "image" }))],
                "b-b-",
                &["Photo.kind", "has lost `photo`", "Expect `image`."],
            ),
            Pair(
                "any text instead of words",
                vec![remove("/components/schemas/Post/properties/state/enum")],
                "b-f-",
                &["Post.state"],
            ),
            Pair(
                "a limit is wider",
                vec![set("/components/schemas/Post/properties/price/maximum", json!(500))],
                "--b-",
                &["Post.price", "`maximum` is 500, was 200", "Do not rely on at most 200 any more."],
            ),
            Pair(
                "a limit is tighter",
                vec![set("/components/schemas/Post/properties/price/maximum", json!(100))],
                "--f-",
                &["Post.price"],
            ),
            Pair(
                "a map has other values",
                vec![set(
                    "/components/schemas/Post/properties/counts/additionalProperties/type",
                    json!("string"),
                )],
                "b-b-",
                &["Post.counts{}", "is `string`, was `integer`"],
            ),
            Pair(
                "a list becomes an object",
                vec![set("/components/schemas/PostPage/properties/list", json!({ "type": "object" }))],
                "b-b-",
                &["PostPage.list", "is `object`, was `array`"],
            ),
            Pair(
                "a list has other items",
                vec![set(
                    "/components/schemas/PostPage/properties/list/items",
                    json!({ "$ref": "#/components/schemas/User" }),
                )],
                "b-b-",
                &["Rust type `User`, was `Post`"],
            ),
            Pair(
                "an alternative is new",
                vec![set(
                    "/components/schemas/Post/properties/media/items/oneOf/-",
                    json!({ "type": "string" }),
                )],
                "b-b-",
                &["Post.media[]", "new alternative `string`"],
            ),
            Pair(
                "an alternative is gone",
                vec![remove("/components/schemas/Post/properties/media/items/oneOf/1")],
                "b-f-",
                &["Post.media[]"],
            ),
            Pair(
                "a field of an error is gone",
                vec![remove("/components/schemas/Error/properties/error")],
                "b-b-",
                &["Error.error"],
            ),
            Pair(
                "a field is deprecated",
                vec![set("/components/schemas/Post/properties/price/deprecated", json!(true))],
                "f-f-",
                &["Post.price", "is deprecated", "### Deprecated"],
            ),
            Pair(
                "a field does not come any more",
                vec![set("/components/schemas/Post/properties/price/writeOnly", json!(true))],
                "--b-",
                &["Post.price"],
            ),
        ],
    );
}

#[test]
fn statuses_and_media() {
    check(
        &base(),
        &[
            Pair(
                "another status",
                vec![
                    remove("/paths/~1v2~1posts~1{postId}/delete/responses/204"),
                    set("/paths/~1v2~1posts~1{postId}/delete/responses/200", json!({ "description": "" })),
                ],
                "--b-",
                &["`delete_post`", "answer 204", "has the status 200 now"],
            ),
            Pair(
                "one more success",
                vec![set("/paths/~1v2~1posts/post/responses/202", json!({ "description": "Later." }))],
                "--f-",
                &["`create_post`", "answer 202"],
            ),
            Pair(
                "one more error",
                vec![set("/paths/~1v2~1posts/post/responses/409", json!({ "description": "Twice." }))],
                "--f-",
                &["`create_post`", "answer 409"],
            ),
            Pair(
                "the body of an answer is gone",
                vec![remove("/paths/~1v2~1posts/post/responses/200/content")],
                "b-b-",
                &["`create_post`", "answer 200", "has no content any more"],
            ),
            Pair(
                "an answer has a body now",
                vec![set(
                    "/paths/~1v2~1posts~1{postId}/delete/responses/204/content",
                    json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Post" } } }),
                )],
                "b-f-",
                &["`delete_post`", "answer 204"],
            ),
            Pair(
                "another media type",
                vec![set(
                    "/paths/~1v2~1posts/post/responses/200/content",
                    json!({ "text/csv": { "schema": { "type": "string" } } }),
                )],
                "b-b-",
                &["`create_post`", "is `text/csv`, was `application/json`"],
            ),
            Pair(
                "a header is gone",
                vec![remove("/paths/~1v2~1posts/get/responses/200/headers/x-total")],
                "--b-",
                &["`list_posts`", "header x-total", "Do not read `x-total`."],
            ),
            Pair(
                "a header has another type",
                vec![set(
                    "/paths/~1v2~1posts/get/responses/200/headers/x-total/schema/type",
                    json!("string"),
                )],
                "--b-",
                &["header x-total", "is `string`, was `integer`"],
            ),
            Pair(
                "a header becomes optional",
                vec![set("/paths/~1v2~1posts/get/responses/200/headers/x-total/required", json!(false))],
                "--b-",
                &["x-total"],
            ),
            Pair(
                "a header is new",
                vec![set(
                    "/paths/~1v2~1posts/get/responses/200/headers/x-more",
                    json!({ "schema": { "type": "string" } }),
                )],
                "--f-",
                &["x-more"],
            ),
        ],
    );
}

//! Operations as wholes: there, moved, renamed, and their marks.

use serde_json::{Value, json};
use xtask::verdict::diff;

use super::{Pair, base, check, levels, remove, set};

fn operation(path: &str, method: &str) -> Value {
    base()["paths"][path][method].clone()
}

#[test]
fn wholes() {
    check(
        &base(),
        &[
            Pair(
                "an operation is gone",
                vec![remove("/paths/~1v2~1posts/post")],
                "bbb-",
                &["`create_post`", "POST /v2/posts", "is gone", "Do not call `create_post`"],
            ),
            Pair(
                "an operation is new",
                vec![set(
                    "/paths/~1v2~1posts~1{postId}/get",
                    json!({ "operationId": "get_post", "responses": {} }),
                )],
                "fff-",
                &["`get_post`", "GET /v2/posts/{postId}", "is new"],
            ),
            Pair(
                "an operation moves",
                vec![
                    remove("/paths/~1v2~1posts/post"),
                    set("/paths/~1v2~1new-posts", json!({ "post": operation("/v2/posts", "post") })),
                ],
                "--b-",
                &[
                    "`create_post`",
                    "is at POST /v2/new-posts now",
                    "Nothing in the source of who calls by our id",
                ],
            ),
            Pair(
                "an operation has another method",
                vec![
                    remove("/paths/~1v2~1posts/post"),
                    set("/paths/~1v2~1posts/put", {
                        let mut moved = operation("/v2/posts", "post");
                        moved["x-ofauth-retry"] = json!("once");
                        moved
                    }),
                ],
                "--b-",
                &["`create_post`", "is at PUT /v2/posts now"],
            ),
            Pair(
                "an operation has another id",
                vec![set("/paths/~1v2~1posts/post/operationId", json!("make_post"))],
                "bb--",
                &["`create_post`", "is called `make_post` now", "Call `make_post` for `create_post`."],
            ),
            Pair(
                "an operation is deprecated",
                vec![set("/paths/~1v2~1posts/post/deprecated", json!(true))],
                "fff-",
                &["`create_post`", "is deprecated", "### Deprecated"],
            ),
            Pair(
                "a permission is another",
                vec![set("/paths/~1v2~1posts/post/x-permission", json!("posts:admin"))],
                "--b-",
                &[
                    "`create_post`",
                    "x-permission",
                    "is `posts:admin`, was `posts:write`",
                    "linked with this permission",
                ],
            ),
            Pair(
                "a permission is not needed",
                vec![remove("/paths/~1v2~1posts/post/x-permission")],
                "--f-",
                &["x-permission"],
            ),
            Pair(
                "a scope is another",
                vec![set("/paths/~1v2~1posts~1{postId}/delete/x-api-key-scope", json!("ADMIN"))],
                "--b-",
                &["`delete_post`", "x-api-key-scope", "Use a key"],
            ),
            Pair(
                "pages are others",
                vec![set("/paths/~1v2~1posts/get/x-ofauth-page/style", json!("cursor"))],
                "-b--",
                &["`list_posts`", "x-ofauth-page", "style cursor"],
            ),
            Pair(
                "pages are smaller",
                vec![set("/paths/~1v2~1posts/get/x-ofauth-page/max", json!(10))],
                "-b--",
                &["`10`, were `50`"],
            ),
            Pair(
                "pages are larger",
                vec![set("/paths/~1v2~1posts/get/x-ofauth-page/max", json!(100))],
                "-f--",
                &["`100`, were `50`"],
            ),
            Pair(
                "a list is marked",
                vec![set(
                    "/paths/~1v2~1posts/post/x-ofauth-page",
                    json!({ "style": "offset", "items": "list" }),
                )],
                "-f--",
                &["can be walked"],
            ),
            Pair(
                "may be sent again",
                vec![set("/paths/~1v2~1posts/post/x-ofauth-retry", json!("repeatable"))],
                "-b--",
                &["`create_post`", "x-ofauth-retry", "retry(false)"],
            ),
            Pair(
                "may not be sent again",
                vec![set("/paths/~1v2~1posts/get/x-ofauth-retry", json!("once"))],
                "-b--",
                &["x-ofauth-retry"],
            ),
            Pair(
                "a mark says what was so",
                vec![set("/paths/~1v2~1posts/get/x-ofauth-retry", json!("repeatable"))],
                "----",
                &["verdict: none"],
            ),
            Pair(
                "a success may be empty",
                vec![set("/paths/~1v2~1posts/post/x-ofauth-success", json!("optional"))],
                "bb--",
                &["x-ofauth-success"],
            ),
            Pair(
                "another server",
                vec![set("/servers/0/url", json!("https://new.example.com"))],
                "--b-",
                &["https://api.example.com", "Set the new base URL."],
            ),
            Pair(
                "one more server",
                vec![set("/servers/-", json!({ "url": "https://new.example.com" }))],
                "--f-",
                &["every operation"],
            ),
            Pair(
                "other credentials",
                vec![set("/security", json!([{ "oauth": ["read"] }]))],
                "--b-",
                &["asks for `oauth` and `oauth read`"],
            ),
            Pair(
                "further credentials",
                vec![set("/security/-", json!({ "oauth": [] }))],
                "--f-",
                &["`apiKey` or `oauth`"],
            ),
            Pair(
                "the key has another name",
                vec![set("/components/securitySchemes/apiKey/name", json!("x-api-key"))],
                "--b-",
                &["security scheme apiKey", "Send the credentials in the new form."],
            ),
        ],
    );
}

fn without_ids(mut document: Value, id: &dyn Fn(&str) -> Option<String>) -> Value {
    for (path, item) in document["paths"].as_object_mut().unwrap() {
        for (method, operation) in item.as_object_mut().unwrap() {
            if let (Some(operation), Some(id)) =
                (operation.as_object_mut(), Some(id(&format!("{method} {path}"))))
            {
                operation.remove("operationId");
                operation.extend(id.map(|id| ("operationId".to_owned(), json!(id))));
            }
        }
    }
    document
}

#[test]
fn operations_without_our_ids_are_matched_by_method_and_path() {
    let bare = without_ids(base(), &|_| None);
    let theirs = without_ids(base(), &|place| Some(format!("Op {}", place.to_uppercase())));
    for (old, new) in
        [(&base(), &bare), (&bare, &base()), (&bare, &theirs), (&base(), &theirs), (&theirs, &base())]
    {
        assert_eq!(levels(&diff(old, new).unwrap()), "----");
    }
    let text = serde_json::to_string(&bare).unwrap().replace("/v2/posts/{postId}", "/v2/posts/:postId");
    let colons: Value = serde_json::from_str(&text).unwrap();
    let verdict = diff(&bare, &colons).unwrap();
    assert_eq!(levels(&verdict), "----", "{verdict}");
    let text = text.replace(":postId", ":other").replace("\"postId\"", "\"other\"");
    let renamed: Value = serde_json::from_str(&text).unwrap();
    let verdict = diff(&bare, &renamed).unwrap();
    assert_eq!(levels(&verdict), "-b--", "{verdict}");
    assert!(verdict.to_string().contains("`delete /v2/posts/{postId}`"), "{verdict}");
}

#[test]
fn what_is_no_document_is_an_error() {
    for odd in [json!(null), json!([]), json!("text"), json!({ "info": {} })] {
        assert!(diff(&base(), &odd).is_err(), "{odd}");
        assert!(diff(&odd, &base()).is_err(), "{odd}");
    }
}

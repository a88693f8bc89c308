//! What a raw call sends, and what it refuses.

use ofauth_operations::operation::Kind;
use serde_json::json;

use super::*;
use crate::client::Client;

fn client() -> Client {
    Client::builder()
        .api_key("sk")
        .connection_id("conn_1")
        .base_url("http://127.0.0.1:1/base")
        .build()
        .unwrap()
}

fn url(call: Call) -> String {
    call.request().unwrap().url.to_string()
}

fn refused(call: Call) -> String {
    let error = call.request().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    error.to_string()
}

#[test]
fn parameters_go_where_the_table_says() {
    let list = client().call("list_vault_media").params([
        ("limit", json!("5")),
        ("offset", json!(0)),
        ("query", json!("a b&c")),
        ("listId", json!(null)),
    ]);
    assert_eq!(url(list), "http://127.0.0.1:1/base/v2/access/vault/media?limit=5&offset=0&query=a+b%26c");
    let post = client().call("get_post").param("postId", 4_492_994_399_u64);
    assert_eq!(url(post), "http://127.0.0.1:1/base/v2/access/posts/4492994399");
    let part = client()
        .call("upload_part")
        .params([("mediaUploadId", json!("upload:a/b c")), ("partNumber", json!(2))]);
    let part = part.body_bytes(vec![1], "video/mp4").request().unwrap();
    assert_eq!(part.url.path(), "/base/v2/access/uploads/upload%3Aa%2Fb%20c/parts/2");
    assert_eq!(part.headers[CONTENT_TYPE], "video/mp4");
    assert_eq!(part.headers[CONNECTION_ID], "conn_1");
    let other = client().call("get_post").param("postId", 1).param("x-connection-id", "conn_2");
    assert_eq!(other.request().unwrap().headers[CONNECTION_ID], "conn_2");
    assert!(client().call("whoami").request().unwrap().headers.get(CONNECTION_ID).is_none());
}

#[test]
fn a_raw_parameter_is_sent_as_it_is() {
    let list = client().call("list_vault_media").param("limit", 5).raw_param("limit", "1000");
    let list = list.raw_param("later", "a b").raw_param("later", "c");
    assert_eq!(url(list), "http://127.0.0.1:1/base/v2/access/vault/media?limit=1000&later=a+b&later=c");
    assert!(
        url(client().call("get_post").raw_param("postId", "not a number")).ends_with("/not%20a%20number")
    );
    refused(client().call("get_post").raw_param("postId", ".."));
    let proxied = client().proxy_call("GET", "users/me?x=1").raw_param("y", "a b");
    assert_eq!(url(proxied), "http://127.0.0.1:1/base/v2/access/proxy/users/me?x=1&y=a+b");
}

#[test]
fn an_object_is_a_pair_for_each_of_its_fields() {
    let fans = client().call("list_subscribers").param("filter", json!({"online": true, "tips": "a b"}));
    let wanted = "http://127.0.0.1:1/base/v2/access/subscribers?filter%5Bonline%5D=true&filter%5Btips%5D=a+b";
    assert_eq!(url(fans.clone()), wanted);
    assert_eq!(
        url(fans.raw_param("filter[online]", "later")),
        "http://127.0.0.1:1/base/v2/access/subscribers?filter%5Btips%5D=a+b&filter%5Bonline%5D=later"
    );
}

#[test]
fn a_body_of_text_goes_as_it_is() {
    let text = r#"{"z": 123456789012345678901234567890, "price": null, "a": 1.10}"#;
    let call = client().call("create_post").body_json(text).request().unwrap();
    assert_eq!(
        (&call.body[..], &call.headers[CONTENT_TYPE]),
        (text.as_bytes(), &HeaderValue::from_static("application/json"))
    );
}

#[test]
fn what_does_not_fit_the_table_is_refused_by_name() {
    for (call, names) in [
        (client().call("get_pots"), "get_post"),
        (client().call(""), "no operation"),
        (client().call(&"get_post".repeat(1 << 17)), "there is no operation \"get_post"),
        (client().call("get_post"), "postId"),
        (client().call("get_post").param("postId", ".."), "postId"),
        (client().call("get_post").param("postId", ""), "postId"),
        (client().call("get_post").params([("postId", 1), ("x", 2)]), "\"x\""),
        (client().call("get_post").param("postId", 1).json(&json!({})), "takes no body"),
        (client().call("create_post").json(&std::collections::HashMap::from([([1], 1)])), "as JSON"),
        (client().call("list_vault_media").param("limit", "five"), "whole number"),
        (client().call("list_vault_media").param("limit", 1000), "is \"1000\": use 1 to 40"),
        (client().call("list_vault_media").params([("limit", "0"), ("offset", "0")]), "use 1 to 40"),
        (client().call("list_vault_media").param("sortDirection", "up"), "use asc or desc"),
        (client().call("create_post"), "JSON body"),
        (client().call("create_post").body_bytes(vec![1], "a/b"), "not bytes"),
        (client().call("create_post").body_json("{\"a\": "), "not JSON"),
        (client().call("create_post").body_json(""), "not JSON"),
        (client().call("get_post").param("postId", 1).body_json("{}"), "takes no body"),
        (client().call("upload_part").param("mediaUploadId", "u").param("partNumber", 1), "content type"),
    ] {
        let text = refused(call);
        assert!(text.contains(names), "{text}");
    }
}

#[test]
fn the_proxy_stays_in_the_proxy() {
    let call = client().proxy_call("get", "/users/me?x=1").request().unwrap();
    assert_eq!(call.url.as_str(), "http://127.0.0.1:1/base/v2/access/proxy/users/me?x=1");
    assert_eq!((call.method, call.class), (Method::GET, RetryClass::Repeatable));
    assert_eq!(client().proxy_call("POST", "x").request().unwrap().class, RetryClass::Once);
    for path in ["", "../../account", "a/%2e%2E/b", "a/./b", "a\\..\\b", "a#b"] {
        refused(client().proxy_call("GET", path));
    }
    refused(client().proxy_call("GET", "x").param("query", 1));
    refused(client().proxy_call("NO METHOD", "x"));
}

#[test]
fn every_operation_of_the_document_can_be_called() {
    for operation in operations::OPERATIONS {
        let mut call = client().call(operation.id);
        for parameter in operation.parameters {
            let word = parameter.values.first().copied();
            let text = word.or(parameter.limits.format.map(|_| "2030-01-02T03:04:05Z"));
            let value = match parameter.kind {
                Kind::String => json!(text.unwrap_or("text")),
                Kind::Array if word.is_some() => json!([word]),
                Kind::Integer | Kind::Id => json!(7),
                Kind::Number => json!(1.5),
                Kind::Boolean => json!(true),
                Kind::Array => json!([1, 2]),
                Kind::Object => json!({"online": "1"}),
                Kind::Json => json!({}),
                other => panic!("{other:?}"),
            };
            call = call.param(parameter.name, value);
        }
        call = match operation.body {
            Body::None => call,
            Body::Json | Body::OptionalJson => call.json(&json!({})),
            Body::Bytes | Body::OptionalBytes => call.body_bytes(vec![1], "video/mp4"),
            other => panic!("{other:?}"),
        };
        let url = url(call);
        assert!(!url.contains(['{', '}']) && url.contains("/v2/"), "{}: {url}", operation.id);
    }
}

//! Requests are held against the document: what it does not allow is refused with what would be right.

use serde_json::{Value, json};

use crate::client::{Answer, INIT, POSTS, call, get, post};
use crate::{sandbox, small};
use ofauth_sandbox::Sandbox;

const MEDIA: &str = "/v2/access/vault/media";
const SUBSCRIBERS: &str = "/v2/access/subscribers";
const CHARTS: &str = "/v2/access/analytics/posts/chart";
const SUPERSEDED: [(&str, &str, &str); 8] = [
    ("POST", "/v2/vault-plus/batch", "batch_vault_plus_media"),
    ("GET", "/v2/vault-plus/list", "query_vault_plus_media"),
    ("DELETE", "/v2/vault-plus/purge", "purge_vault_plus_media"),
    ("POST", "/v2/vault-plus/store/list/12345", "add_vault_plus_list"),
    ("GET", "/v2/vault-plus/store/stats", "get_vault_plus_stats"),
    ("GET", "/v2/vault-plus/store/status", "get_vault_plus_status"),
    ("GET", "/v2/vault-plus/12345", "get_vault_plus_media"),
    ("DELETE", "/v2/vault-plus/12345", "delete_vault_plus_media"),
];

async fn lenient() -> Sandbox {
    small().lenient(true).start().await.unwrap()
}

#[track_caller]
fn expect(answer: &Answer, problem: Option<&str>, what: &str) {
    match problem {
        None => assert!(answer.status < 300, "{what}: {}", answer.text()),
        Some(problem) => {
            assert_eq!(answer.status, 400, "{what}: {}", answer.text());
            answer.is_error(400, "BAD_REQUEST", problem);
        }
    }
}

#[tokio::test]
async fn parameters_have_the_documented_limits() {
    let sandbox = sandbox().await;
    let long = "x".repeat(200);
    for (path, query, problem) in [
        (MEDIA, "limit=40&offset=0&sortBy=most-liked", None),
        (MEDIA, "limit=40.0", None),
        (MEDIA, "limit=1000", Some("limit: must be from 1 to 40, not 1000")),
        (MEDIA, "limit=-5", Some("limit: must be from 1 to 40, not -5")),
        (MEDIA, "limit=0", Some("limit: must be from 1 to 40, not 0")),
        (MEDIA, "limit=x", Some("limit: must be a whole number, not \"x\"")),
        (MEDIA, "limit=1.5", Some("limit: must be a whole number, not \"1.5\"")),
        (MEDIA, "limit=", Some("limit: must be a whole number")),
        (MEDIA, "limit=1&limit=2", Some("limit: is given 2 times")),
        (MEDIA, "offset=-1", Some("offset: must be at least 0, not -1")),
        (MEDIA, "listId=99999999999999999999", Some("listId: must be a whole number")),
        (MEDIA, "listId=9999999999999999999", Some("listId: must fit into 64 bits")),
        (MEDIA, "sortBy=age", Some("sortBy: must be one of \"recent\", \"most-liked\", \"highest-tips\"")),
        (MEDIA, &format!("query={long}"), Some("query: has 200 characters, at most 100 are allowed")),
        (MEDIA, "lmit=5", Some("lmit: is not a parameter of list_vault_media; did you mean limit?")),
        (MEDIA, "page=5", Some("page: is not a parameter of list_vault_media; known are limit, offset")),
        (MEDIA, "limit%5B%5D=5", Some("limit[]: is not a parameter")),
        (CHARTS, "startDate=2026-04-01T00:00:00Z&endDate=2026-05-01T00:00:00%2B02:00&withTotal=true", None),
        (CHARTS, "startDate=null", Some("startDate: must be a time such as 2026-04-29T10:18:48Z")),
        (CHARTS, "startDate=2026-04-01", Some("startDate: must be a time")),
        (CHARTS, "withTotal=yes", Some("withTotal: must be true or false, not \"yes\"")),
        ("/v2/access/users/list", "userIds=1&userIds=2", None),
        ("/v2/access/users/list", "", Some("userIds: is required")),
        ("/v2/access/users/list", "userIds[]=1", Some("userIds[]: write an array as userIds=1&userIds=2")),
        ("/v2/access/users/list", &"userIds=1&".repeat(11), Some("userIds: has 11 elements, at most 10")),
        ("/v2/access/vault/lists/12345.0/media", "", None),
        ("/v2/access/vault/lists/abc/media", "", Some("listId: must be a whole number, not \"abc\"")),
    ] {
        expect(&get(&sandbox, &format!("{path}?{query}")).await, problem, query);
    }
    let used = &sandbox.transcript()[0];
    assert_eq!(used.refusal, None);
    assert_eq!(used.status, Some(200));
}

#[tokio::test]
async fn an_object_in_the_query_is_written_field_by_field() {
    let (strict, lenient) = (sandbox().await, lenient().await);
    let right = Some("filter: is an object; write each field on its own: filter[duration]=value");
    for (query, problem, of_lenient) in [
        ("filter[online]=1&filter[total_spent]=100", None, None),
        ("filter%5Bonline%5D=true", None, None),
        (
            "filter[online]=banana",
            Some("filter[online]: must be one of \"0\", \"1\""),
            Some("filter[online]"),
        ),
        ("filter[nope]=1", Some("filter[nope]: is not a documented field; known are duration"), None),
        ("filter[onlin]=1", Some("filter[onlin]: is not a documented field; did you mean online?"), None),
        ("filter[online]=1&filter[online]=0", Some("filter[online]: is given more"), Some("filter[online]")),
        (
            "filter[online=1",
            right.map(|_| "filter[online: is an object"),
            Some("filter[online: is an object"),
        ),
        ("filter=online", right, right),
        ("filter=%7B%22online%22%3Atrue%7D", right, None),
        ("filter=%7B%22online%22%3A%22banana%22%7D", right, Some("filter[online]: must be one of")),
        ("filter=%7B'online'%3A%20True%7D", right, right),
    ] {
        let path = format!("{SUBSCRIBERS}?{query}");
        expect(&get(&strict, &path).await, problem, query);
        expect(&get(&lenient, &path).await, of_lenient, query);
    }
}

#[tokio::test]
async fn bodies_have_the_documented_fields_and_values() {
    let sandbox = sandbox().await;
    let lists = "/v2/access/vault/lists";
    let late = "/v2/access/mass-messages";
    let message = "/v2/access/chats/12345/messages/12345";
    let share = "/v2/access/promotions/tracking-links/share-access";
    for (method, path, body, problem) in [
        ("POST", lists, json!({ "name": "a" }), None),
        ("POST", lists, json!({}), Some("name: is required")),
        ("POST", lists, json!({ "name": 1 }), Some("name: must be of type string")),
        ("POST", POSTS, json!({ "": "a" }), Some("\"\": is not a documented field; known are")),
        ("POST", POSTS, json!({ "txt": "a" }), Some("txt: is not a documented field; did you mean text?")),
        (
            "POST",
            POSTS,
            json!({ "releaseForms": { "user": [1] } }),
            Some("releaseForms.user: is not a documented field; did you mean users?"),
        ),
        ("POST", POSTS, json!({ "previewMediaCount": 1.0, "price": 5 }), None),
        ("POST", late, json!({ "scheduledDate": "tomorrow" }), Some("scheduledDate: must be a time such as")),
        (
            "POST",
            late,
            json!({ "subscribedAfterDate": "2026-02-30T00:00:00Z" }),
            Some("subscribedAfterDate:"),
        ),
        ("POST", share, json!({ "campaignId": 1, "userId": 9.0 }), None),
        ("POST", share, json!({ "campaignId": 1, "userId": 9.5 }), Some("userId: must be of type integer")),
        ("POST", "/v2/link/init", json!({ "clientAppId": "app_1" }), None),
        (
            "POST",
            "/v2/link/init",
            json!({ "clientAppId": "1" }),
            Some("clientAppId: must match ^app_[a-zA-Z0-9]+$"),
        ),
        ("DELETE", message, json!({ "withUserId": 1 }), None),
        ("DELETE", message, Value::Null, Some("the request's body is required")),
        ("POST", "/v2/access/posts?draft=true", json!({}), Some("draft: is not a parameter of create_post")),
    ] {
        let answer = call(&sandbox, method, path, &body).await;
        expect(&answer, problem, &format!("{method} {path} {body}"));
    }
}

#[tokio::test]
async fn a_body_that_the_document_requires_may_not_be_absent() {
    let sandbox = sandbox().await;
    let mut checked = 0;
    for operation in crate::document::operations() {
        if operation["body"] != "json" {
            continue;
        }
        let path = operation["path"].as_str().unwrap().replace(['{', '}'], "");
        let path: Vec<&str> =
            path.split('/').map(|part| if part.ends_with("Id") { "1" } else { part }).collect();
        let answer =
            call(&sandbox, operation["method"].as_str().unwrap(), &path.join("/"), &Value::Null).await;
        answer.is_error(400, "BAD_REQUEST", "the request's body is required");
        checked += 1;
    }
    assert!(checked > 30, "{checked}");
}

#[tokio::test]
async fn older_clients_are_refused_with_what_is_right_today_and_served_on_request() {
    let (strict, lenient) = (sandbox().await, lenient().await);
    for (method, path, operation) in SUPERSEDED {
        // What one route deletes another one reads.
        let lenient = self::lenient().await;
        let body = if method == "POST" { json!({ "mediaIds": ["1"] }) } else { Value::Null };
        let refused = call(&strict, method, path, &body).await;
        refused.is_error(404, "ROUTE_NOT_FOUND", "this route was replaced by");
        let served = call(&lenient, method, path, &body).await;
        assert_eq!(served.status, 200, "{method} {path}: {}", served.text());
        let seen = lenient.transcript().pop().unwrap();
        assert_eq!((seen.path.as_str(), seen.operation.as_deref()), (path, Some(operation)));
    }

    let old = json!({ "filename": "a.mp4", "filesize": 10, "mimeType": "video/mp4" });
    post(&strict, INIT, old.clone()).await.is_error(
        400,
        "BAD_REQUEST",
        "filesize: is not a documented field; it is called size",
    );
    assert_eq!(post(&lenient, INIT, old).await.ok()["uploadType"], "single");

    for (method, path, body, problem) in [
        ("POST", POSTS, json!({ "userTags": null, "text": "a" }), "userTags: must be of type array"),
        ("POST", POSTS, json!({ "text": "a", "extra": 1 }), "extra: is not a documented field"),
        ("GET", "/v2/access/vault/media?extra=1", Value::Null, "extra: is not a parameter"),
        ("GET", "/v2/access/users/list?userIds[]=1", Value::Null, "userIds[]: write an array as"),
    ] {
        call(&strict, method, path, &body).await.is_error(400, "BAD_REQUEST", problem);
        assert_eq!(call(&lenient, method, path, &body).await.status, 200, "{method} {path} {body}");
    }
    post(&lenient, POSTS, json!({ "price": 999 })).await.is_error(
        400,
        "BAD_REQUEST",
        "price: must be from 0 to 200",
    );
}

#[tokio::test]
async fn files_are_at_most_as_large_as_the_guide_says() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    for (content_type, most) in
        [("image/png", 50u64 << 20), ("audio/mpeg", 50 << 20), ("Video/MP4; a=b", 5 << 30)]
    {
        let body = |size: u64| json!({ "filename": "a", "size": size, "contentType": content_type });
        post(&sandbox, INIT, body(most)).await.ok();
        post(&sandbox, INIT, body(most + 1)).await.is_error(413, "PAYLOAD_TOO_LARGE", "size:");
    }
    let generous = small().max_size(60 << 20).start().await.unwrap();
    post(&generous, INIT, json!({ "filename": "a", "size": 60_000, "contentType": "image/png" })).await.ok();
}

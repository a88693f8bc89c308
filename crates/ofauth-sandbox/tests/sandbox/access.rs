//! Who is let in: key, connection, paths, rate limit.

use ofauth_sandbox::{RateLimit, Sandbox};
use serde_json::json;

use crate::client::{CONNECTION, Client, INIT, JSON, KEY, call, get, init_body, post};
use crate::{sandbox, small};

const WHOAMI: &str = "/v2/account/whoami";

async fn init_with(sandbox: &Sandbox, headers: &[(&str, &str)]) -> crate::client::Answer {
    let body = init_body(10).to_string();
    Client::connect(sandbox).await.request("POST", INIT, headers, body.as_bytes()).await.unwrap()
}

#[tokio::test]
async fn a_key_is_needed() {
    let sandbox = sandbox().await;
    init_with(&sandbox, &[CONNECTION, JSON]).await.is_error(401, "UNAUTHORIZED", "apiKey");
    init_with(&sandbox, &[("apikey", ""), CONNECTION, JSON]).await.is_error(401, "UNAUTHORIZED", "apiKey");
    init_with(&sandbox, &[("Authorization", "Bearer x"), CONNECTION, JSON]).await.is_error(
        401,
        "UNAUTHORIZED",
        "",
    );
    assert!(sandbox.uploads().is_empty());
}

#[tokio::test]
async fn the_name_of_the_key_header_has_any_case() {
    let sandbox = sandbox().await;
    for name in ["apikey", "apiKey", "APIKEY"] {
        init_with(&sandbox, &[(name, "x"), CONNECTION, JSON]).await.ok();
    }
}

#[tokio::test]
async fn a_configured_key_is_the_only_one() {
    let sandbox = small().api_key("right").start().await.unwrap();
    init_with(&sandbox, &[("apikey", "right"), CONNECTION, JSON]).await.ok();
    init_with(&sandbox, &[("apikey", "wrong"), CONNECTION, JSON]).await.is_error(
        401,
        "UNAUTHORIZED",
        "not valid",
    );
}

#[tokio::test]
async fn access_calls_need_a_connection_and_others_do_not() {
    let sandbox = sandbox().await;
    let answer = init_with(&sandbox, &[KEY, JSON]).await;
    answer.is_error(401, "SESSION_NOT_PROVIDED", "x-connection-id");
    assert!(answer.json()["actionRequired"].is_string());
    let answer = Client::connect(&sandbox).await.request("GET", WHOAMI, &[KEY], b"").await.unwrap();
    answer.ok();
}

#[tokio::test]
async fn configured_connections_are_the_only_ones() {
    let sandbox = small()
        .connection_id("conn_test")
        .connection_id("conn_second")
        .permissions("conn_third", ["vault:write"])
        .start()
        .await
        .unwrap();
    for (connection, known) in
        [("conn_test", true), ("conn_second", true), ("conn_third", true), ("conn_other", false)]
    {
        let answer = init_with(&sandbox, &[KEY, ("x-connection-id", connection), JSON]).await;
        match known {
            true => drop(answer.ok()),
            false => answer.is_error(401, "SESSION_NOT_PROVIDED", "unknown"),
        }
    }
}

#[tokio::test]
async fn a_connection_does_what_it_grants() {
    let sandbox = small().permissions("conn_test", ["posts:read", "vault:write"]).start().await.unwrap();
    get(&sandbox, "/v2/access/posts").await.ok();
    let refused = post(&sandbox, "/v2/access/posts", json!({})).await;
    refused.is_error(
        403,
        "FORBIDDEN",
        "create_post needs the permission posts:write; the connection conn_test has posts:read, vault:write",
    );
    assert!(sandbox.posts().is_empty());
    // What nobody limited, and what the key alone decides.
    let other = [KEY, ("x-connection-id", "conn_other"), JSON];
    let mut client = Client::connect(&sandbox).await;
    client.request("POST", "/v2/access/posts", &other, b"{}").await.unwrap().ok();
    get(&sandbox, WHOAMI).await.ok();
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say() {
    let without = small().scopes([""; 0]).start().await.unwrap();
    get(&without, "/v2/vault-plus/stats").await.is_error(
        403,
        "FORBIDDEN",
        "get_vault_plus_stats needs the scope ACCOUNT; the API key has none",
    );
    get(&without, "/v2/access/posts").await.ok();
    get(&small().scopes(["ACCOUNT"]).start().await.unwrap(), "/v2/vault-plus/stats").await.ok();
}

#[tokio::test]
async fn what_nobody_needs_cannot_be_granted() {
    let start =
        async |builder: ofauth_sandbox::SandboxBuilder| builder.start().await.unwrap_err().to_string();
    let permission = start(small().permissions("c", ["post:read"])).await;
    assert!(permission.contains("\"post:read\" is no permission; did you mean posts:read?"), "{permission}");
    let scope = start(small().scopes(["account:all"])).await;
    assert!(scope.contains("\"account:all\" is no scope; did you mean ACCOUNT?"), "{scope}");
}

#[tokio::test]
async fn uploads_belong_to_their_connection() {
    let sandbox = sandbox().await;
    let plan = crate::client::init(&sandbox, 10).await;
    let path = crate::client::url(&plan, 0).strip_prefix(sandbox.base_url()).unwrap();
    let other = ("x-connection-id", "conn_other");
    let mut client = Client::connect(&sandbox).await;
    let answer = client.request("PUT", path, &[KEY, other, crate::client::MP4], &[0; 10]).await.unwrap();
    answer.is_error(404, "RESOURCE_NOT_FOUND", "no upload");
}

#[tokio::test]
async fn unknown_paths_and_methods_are_not_found() {
    let sandbox = sandbox().await;
    get(&sandbox, "/v2/nothing").await.is_error(404, "ROUTE_NOT_FOUND", "GET /v2/nothing");
    post(&sandbox, "/", json!({})).await.is_error(404, "ROUTE_NOT_FOUND", "POST /");
    call(&sandbox, "PATCH", INIT, &json!({})).await.is_error(404, "ROUTE_NOT_FOUND", "PATCH");
    get(&sandbox, "/v2/access/proxy/").await.is_error(404, "ROUTE_NOT_FOUND", "proxy");
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_a_date() {
    let sandbox = sandbox().await;
    let first = get(&sandbox, WHOAMI).await;
    let second = get(&sandbox, WHOAMI).await;
    assert_ne!(first.header("x-request-id").unwrap(), second.header("x-request-id").unwrap());
    assert!(first.header("date").unwrap().ends_with("GMT"));
}

#[tokio::test]
async fn the_rate_limit_is_counted_for_each_connection() {
    let limit = RateLimit { per_minute: 1, burst: 3 };
    let sandbox = small().rate_limit(limit).start().await.unwrap();
    for remaining in ["2", "1", "0"] {
        let answer = get(&sandbox, "/v2/access/self").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-ratelimit-limit"), Some("3"));
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(remaining));
    }
    let refused = get(&sandbox, "/v2/access/self").await;
    refused.is_error(429, "RATE_LIMIT_EXCEEDED", "too many");
    let reset: u64 = refused.header("x-ratelimit-reset").unwrap().parse().unwrap();
    assert!((150..=180).contains(&reset), "{reset}");
    assert_eq!(refused.header("retry-after"), None);

    let other = [KEY, ("x-connection-id", "conn_other")];
    let answer =
        Client::connect(&sandbox).await.request("GET", "/v2/access/self", &other, b"").await.unwrap();
    assert_eq!(answer.status, 200);
    let account = get(&sandbox, WHOAMI).await;
    assert_eq!((account.status, account.header("x-ratelimit-limit")), (200, None));
}

#[tokio::test]
async fn the_bucket_refills() {
    let limit = RateLimit { per_minute: 60_000, burst: 1 };
    let sandbox = small().rate_limit(limit).start().await.unwrap();
    // A token a millisecond: each round trip over a new connection brings at least part of one.
    let mut allowed = 0;
    for _ in 0..1000 {
        allowed += u32::from(get(&sandbox, "/v2/access/self").await.status == 200);
        if allowed == 3 {
            return;
        }
    }
    panic!("only {allowed} of 1000 requests were allowed");
}

#[tokio::test]
async fn debug_shows_neither_the_key_nor_what_was_posted() {
    let builder = small().api_key("sk_canary");
    assert!(!format!("{builder:?}").contains("sk_canary"));
    let sandbox = builder.start().await.unwrap();
    let headers =
        [("apikey", "sk_canary"), ("x-connection-id", "conn_1"), ("content-type", "application/json")];
    let post = br#"{"text": "a canary"}"#;
    let answer = Client::connect(&sandbox).await.request("POST", "/v2/access/posts", &headers, post).await;
    assert_eq!((answer.unwrap().status, sandbox.posts().len()), (200, 1));
    let shown = format!("{sandbox:?}");
    assert!(shown.contains(sandbox.base_url()) && !shown.contains("canary"), "{shown}");
}

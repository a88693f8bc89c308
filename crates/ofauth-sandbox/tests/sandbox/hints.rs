//! What a newcomer who does something else than the documentation says is told.

use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::client::{CONNECTION, Client, JSON, KEY, POSTS, call, get, post};
use crate::{sandbox, small};
use ofauth_sandbox::Fault;

#[tokio::test]
async fn a_path_that_is_almost_right_says_what_was_meant() {
    let sandbox = sandbox().await;
    for (method, path, hint) in [
        ("DELETE", "/v2/access/self", "this path takes GET and PATCH"),
        ("GET", "/v2/access/uploads/init", "this path takes POST"),
        ("GET", "/v2/access/vault/media/", "leave out the slash"),
        ("GET", "/access/vault/media", "begin with /v2"),
        ("GET", "/v2/nothing", "no operation answers GET /v2/nothing"),
    ] {
        call(&sandbox, method, path, &json!(null)).await.is_error(404, "ROUTE_NOT_FOUND", hint);
    }
}

#[tokio::test]
async fn a_key_in_the_header_of_another_api_is_told_where_it_goes() {
    let sandbox = sandbox().await;
    for (name, value) in [("Authorization", "Bearer sk_x"), ("X-API-Key", "sk_x"), ("api-key", "sk_x")] {
        let mut client = Client::connect(&sandbox).await;
        let answer =
            client.request("GET", "/v2/access/self", &[(name, value), CONNECTION], b"").await.unwrap();
        answer.is_error(401, "UNAUTHORIZED", &format!("\"{}\" is not read", name.to_lowercase()));
        assert!(!answer.text().contains("sk_x"));
        let seen = serde_json::to_string(&sandbox.transcript()).unwrap();
        assert!(!seen.contains("sk_x") && seen.contains(&name.to_lowercase()), "{seen}");
    }
    let mut client = Client::connect(&sandbox).await;
    let misplaced = ("connection-id", "conn_x");
    let answer = client.request("GET", "/v2/access/self", &[KEY, misplaced], b"").await.unwrap();
    answer.is_error(401, "SESSION_NOT_PROVIDED", "send it as \"x-connection-id\"");
}

#[tokio::test]
async fn http_2_is_told_that_http_1_1_is_required() {
    let sandbox = sandbox().await;
    let mut client = Client::connect(&sandbox).await;
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    client.answer().await.unwrap_err();
    assert!(client.buffered().contains("this sandbox speaks HTTP/1.1 only"), "{:?}", client.buffered());
    get(&sandbox, "/v2/access/self").await.ok();
}

#[tokio::test]
async fn http_where_https_is_spoken_is_told_so() {
    let sandbox = small().tls(true).start().await.unwrap();
    let mut client = Client::plain(&sandbox).await;
    let answer = client.request("GET", "/v2/access/self", &[KEY, CONNECTION], b"").await.unwrap();
    assert_eq!((answer.status, answer.text().contains("https only")), (400, true), "{}", answer.text());
    get(&sandbox, "/v2/access/self").await.ok();
}

#[tokio::test]
async fn the_address_in_a_browser_says_what_this_is() {
    let sandbox = sandbox().await;
    let answer = Client::connect(&sandbox).await.request("GET", "/", &[], b"").await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    let text = answer.text();
    assert!(
        text.contains("ofauth-sandbox") && text.contains(&format!("{}/_sandbox/uploads", sandbox.base_url()))
    );
    assert!(sandbox.transcript().is_empty());
}

#[tokio::test]
async fn whoever_watches_sees_each_request_with_what_became_of_it() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watcher = Arc::clone(&seen);
    let sandbox = small()
        .on_exchange(move |exchange| {
            let line = (exchange.path.clone(), exchange.status, exchange.refusal.clone());
            watcher.lock().unwrap().push(line);
        })
        .start()
        .await
        .unwrap();
    get(&sandbox, "/v2/access/self").await.ok();
    post(&sandbox, POSTS, json!({ "price": -1 })).await;
    sandbox.push_fault(Fault::AnswerLost { how: Default::default() });
    crate::client::try_call(&sandbox, "GET", "/v2/access/self", &json!(null)).await.unwrap_err();
    let mut gone = Client::connect(&sandbox).await;
    gone.send_head("POST", POSTS, &[KEY, CONNECTION, JSON, ("content-length", "10")]).await.unwrap();
    drop(gone);
    while seen.lock().unwrap().len() < 4 {
        tokio::task::yield_now().await;
    }
    let refusal = Some("price: must be from 0 to 200, not -1".to_owned());
    assert_eq!(
        *seen.lock().unwrap(),
        [
            ("/v2/access/self".to_owned(), Some(200), None),
            (POSTS.to_owned(), Some(400), refusal),
            ("/v2/access/self".to_owned(), None, None),
            (POSTS.to_owned(), None, None),
        ]
    );
}

//! Link: how a creator signs in, on the page or by a test, and what becomes of the session.

use std::time::Duration;

use ofauth_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::client::{Answer, Client, KEY, call, get, post};
use crate::{sandbox, small};

const INIT: &str = "/v2/link/init";
const SELF: &str = "/v2/access/self";

async fn open(sandbox: &Sandbox, body: Value) -> Value {
    post(sandbox, INIT, body).await.ok()
}

/// A whitelabel session.
async fn secret(sandbox: &Sandbox) -> String {
    let opened = open(sandbox, json!({ "mode": "whitelabel", "clientReferenceId": "creator-7" })).await;
    opened["clientSecret"].as_str().unwrap().to_owned()
}

async fn status(sandbox: &Sandbox, secret: &str) -> Value {
    get(sandbox, &format!("/v2/link/{secret}")).await.ok()
}

async fn tell(sandbox: &Sandbox, secret: &str, body: Value) -> Answer {
    let path = format!("/_sandbox/link/{secret}");
    Client::connect(sandbox).await.request("POST", &path, &[], body.to_string().as_bytes()).await.unwrap()
}

/// Sends a form to the page of a session, or opens it.
async fn page(sandbox: &Sandbox, url: &str, form: &str) -> Answer {
    let path = url.strip_prefix(sandbox.base_url()).unwrap();
    let method = if form.is_empty() { "GET" } else { "POST" };
    Client::connect(sandbox).await.request(method, path, &[], form.as_bytes()).await.unwrap()
}

fn with(email: &str, otp: &str) -> Value {
    json!({ "email": email, "password": "good-password", "otp": otp })
}

/// Whether a request of a connection is answered.
async fn works(sandbox: &Sandbox, id: &str) -> u16 {
    let headers = [KEY, ("x-connection-id", id)];
    Client::connect(sandbox).await.request("GET", SELF, &headers, b"").await.unwrap().status
}

#[tokio::test]
async fn a_session_has_an_address_or_a_secret() {
    let sandbox = sandbox().await;
    let hosted = open(&sandbox, json!({})).await;
    assert_eq!(hosted["mode"], "hosted");
    assert!(hosted["url"].as_str().unwrap().starts_with(&format!("{}/link/cs_", sandbox.base_url())));
    assert!(hosted.get("clientSecret").is_none() && hosted["expiresAt"].as_str().unwrap().ends_with('Z'));
    let whitelabel = open(&sandbox, json!({ "mode": "whitelabel" })).await;
    assert_eq!(whitelabel["mode"], "whitelabel");
    assert!(whitelabel.get("url").is_none() && whitelabel["clientSecret"].is_string());
    assert_eq!(works(&sandbox, "conn_a").await, 200);
    call(&sandbox, "DELETE", "/v2/account/connections/conn_a", &Value::Null).await;
    post(&sandbox, INIT, json!({ "connectionId": "conn_a" })).await.is_error(
        404,
        "RESOURCE_NOT_FOUND",
        "conn_a",
    );
}

#[tokio::test]
async fn a_test_signs_in() {
    let sandbox = small().connection_id("conn_test").start().await.unwrap();
    let secret = secret(&sandbox).await;
    assert_eq!(status(&sandbox, &secret).await, json!({ "status": "initialized" }));
    tell(&sandbox, "latest", json!({ "status": "pending" })).await.ok();
    assert_eq!(status(&sandbox, &secret).await, json!({ "status": "pending" }));
    tell(&sandbox, &secret, with("x@creator-otp.sandbox.com", "")).await.ok();
    let waits = status(&sandbox, &secret).await;
    let phone = &waits["data"]["twoFactorState"]["phoneCode"];
    assert_eq!((&waits["status"], &phone["checkAttemptsLeft"]), (&json!("awaiting_2fa"), &json!(3)));
    tell(&sandbox, &secret, json!({ "otp": "000000" })).await.ok();
    let waits = status(&sandbox, &secret).await;
    assert_eq!(waits["data"]["twoFactorState"]["phoneCode"]["checkAttemptsLeft"], 2);
    let record = tell(&sandbox, &secret, json!({ "otp": "123456" })).await.ok();
    let done = status(&sandbox, &secret).await;
    let id = done["data"]["id"].as_str().unwrap();
    assert_eq!((&done["status"], &record["connectionId"]), (&json!("completed"), &json!(id)));
    assert!(done["data"]["userData"]["username"].is_string() && done["data"].get("session").is_none());
    let all = get(&sandbox, "/v2/account/connections?limit=50").await.ok();
    let found = all["list"].as_array().unwrap().iter().find(|found| found["id"] == id).unwrap();
    assert_eq!((&found["clientReferenceId"], &found["status"]), (&json!("creator-7"), &json!("active")));
    assert_eq!(found["userData"]["id"], done["data"]["userData"]["id"]);
    // It may be used, although others that are unknown may not.
    assert_eq!((works(&sandbox, id).await, works(&sandbox, "conn_other").await), (200, 401));
}

#[tokio::test]
async fn a_session_that_failed_says_so() {
    let sandbox = sandbox().await;
    for (told, wanted) in [
        (json!({ "status": "denied" }), "denied"),
        (json!({ "status": "failed" }), "failed"),
        (json!({ "email": "x@creator.sandbox.com", "password": "bad" }), "invalid_credentials"),
        (with("locked@creator.sandbox.com", ""), "failed"),
    ] {
        let secret = secret(&sandbox).await;
        tell(&sandbox, &secret, told).await.ok();
        assert_eq!(status(&sandbox, &secret).await, json!({ "status": wanted }));
    }
    assert_eq!(tell(&sandbox, "cs_none", json!({})).await.status, 404);
    assert_eq!(tell(&sandbox, "latest", json!({ "state": "x" })).await.status, 400);
    let listed =
        Client::connect(&sandbox).await.request("GET", "/_sandbox/link", &[], b"").await.unwrap().ok();
    assert_eq!(listed.as_array().unwrap().len(), 4);
    sandbox.reset();
    assert_eq!(tell(&sandbox, "latest", json!({})).await.status, 404);
}

#[tokio::test]
async fn a_session_ends_by_time_or_when_it_is_deleted() {
    let sandbox = small().link_ttl(Duration::ZERO).start().await.unwrap();
    let ended = secret(&sandbox).await;
    tell(&sandbox, &ended, with("x@creator.sandbox.com", "")).await.ok();
    assert_eq!(status(&sandbox, &ended).await, json!({ "status": "not_found" }));
    let sandbox = self::sandbox().await;
    let deleted = secret(&sandbox).await;
    let path = format!("/v2/link/{deleted}");
    assert_eq!(call(&sandbox, "DELETE", &path, &Value::Null).await.status, 200);
    assert_eq!(status(&sandbox, &deleted).await, json!({ "status": "not_found" }));
    assert_eq!(call(&sandbox, "DELETE", &path, &Value::Null).await.status, 200, "it is ended already");
}

#[tokio::test]
async fn the_page_leads_back_with_what_became_of_it() {
    let sandbox = sandbox().await;
    let body = json!({ "redirectUrl": "https://app.example/back?x=1", "clientReferenceId": "a b" });
    let good = "password=good-password&action=sign-in";
    for (forms, wanted) in [
        (vec![format!("email=x%40creator.sandbox.com&{good}")], "status=success&connection_id=conn_linked_"),
        (
            vec![
                format!("email=x@fan-otp.sandbox.com&{good}"),
                "action=send".to_owned(),
                "otp=123456&action=sign-in".to_owned(),
            ],
            "status=success&connection_id=conn_linked_",
        ),
        (vec!["action=deny".to_owned()], "status=cancelled&client_reference_id=a%20b&step=authorization"),
        (
            vec!["email=x@creator.sandbox.com&password=bad&action=sign-in".to_owned()],
            "status=error&client_reference_id=a%20b&step=login&error_code=invalid_credentials",
        ),
        (
            vec![format!("email=x@fan-otp.sandbox.com&otp=1&{good}"); 3],
            "status=error&client_reference_id=a%20b&step=2fa&error_code=2fa_failed",
        ),
    ] {
        let opened = open(&sandbox, body.clone()).await;
        let url = opened["url"].as_str().unwrap();
        let first = page(&sandbox, url, "").await;
        assert_eq!(first.status, 200);
        assert!(first.text().contains("<form method=\"post\">"), "{}", first.text());
        let mut last = first;
        for form in &forms {
            last = page(&sandbox, url, form).await;
        }
        assert_eq!(last.status, 303, "{}", last.text());
        let back = last.header("location").unwrap();
        assert!(back.starts_with("https://app.example/back?x=1&") && back.contains(wanted), "{back}");
    }
    let none = format!("{}/link/cs_none", sandbox.base_url());
    assert_eq!(page(&sandbox, &none, "").await.status, 404);
}

#[tokio::test]
async fn an_ended_connection_comes_back() {
    let sandbox = sandbox().await;
    assert_eq!(works(&sandbox, "conn_a").await, 200);
    post(&sandbox, "/v2/account/connections/conn_a/invalidate", Value::Null).await;
    for id in ["conn_a", "conn_expired"] {
        assert_eq!(works(&sandbox, id).await, 401);
        open(&sandbox, json!({ "connectionId": id })).await;
        let record = tell(&sandbox, "latest", with("x@creator.sandbox.com", "")).await.ok();
        assert_eq!(record["connectionId"], id);
        assert_eq!(works(&sandbox, id).await, 200);
    }
}

#[tokio::test]
async fn a_session_completes_by_itself_if_that_is_asked_for() {
    let sandbox = small().link_after(3).start().await.unwrap();
    let secret = secret(&sandbox).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(status(&sandbox, &secret).await["status"].clone());
    }
    assert_eq!(seen, ["initialized", "pending", "completed"]);
    // Who opened a hosted one has nothing to ask with but the list of connections.
    open(&sandbox, json!({ "clientReferenceId": "hosted" })).await;
    let mut counts = Vec::new();
    for _ in 0..3 {
        let all = get(&sandbox, "/v2/account/connections?limit=50").await.ok();
        let list = all["list"].as_array().unwrap().clone();
        counts.push(list.iter().filter(|found| found["clientReferenceId"] == "hosted").count());
    }
    assert_eq!(counts, [0, 0, 1]);
}

#[tokio::test]
async fn the_raw_session_is_given_to_those_who_ask() {
    let sandbox = sandbox().await;
    let opened =
        open(&sandbox, json!({ "mode": "whitelabel", "options": { "returnRawSession": true } })).await;
    tell(&sandbox, "latest", with("x@creator.sandbox.com", "")).await.ok();
    let done = status(&sandbox, opened["clientSecret"].as_str().unwrap()).await;
    assert!(done["data"]["session"]["cookie"].is_string());
}

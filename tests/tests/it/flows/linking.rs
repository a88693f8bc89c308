//! Link: both modes to their end over all states, in another process too, and connections.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ofauth::{
    Cancel, ConnectionStatus, ErrorKind, LinkMode, LinkOptions, LinkSession, LinkState, LinkWait,
    TwoFactorOption, blocking,
};
use ofauth_tests::exchange::Head;
use ofauth_tests::server::Recorded;
use ofauth_tests::{Answer, Server};
use serde_json::{Value, json};

use super::By;
use crate::support::{SIGNATURE, builder, check, client, within};

/// A service that opens a session with this answer, whose status and whose connections change with every look.
async fn service(opened: Value, status: Vec<Value>, connections: Vec<Value>) -> Server {
    let looks = Mutex::new(0);
    Server::start(By(move |head: &Head, _: &[u8]| {
        let next = |of: &[Value]| {
            let mut looks = looks.lock().unwrap();
            let at: usize = *looks;
            *looks = at + 1;
            of[at.min(of.len() - 1)].clone()
        };
        let answer = match (head.method.as_str(), head.target.as_str()) {
            ("POST", "/v2/link/init") => opened.clone(),
            ("GET", target) if target.starts_with("/v2/link/") => next(&status),
            ("GET", _) => json!({"hasMore": false, "list": next(&connections)}),
            _ => Value::Null,
        };
        Some(match answer == json!({"status": 404}) {
            true => Answer::problem(404, "no", "RESOURCE_NOT_FOUND", "r"),
            false => Answer::json(200, &answer),
        })
    }))
    .await
}

fn quick(wait: LinkWait) -> LinkWait {
    wait.interval(Duration::from_millis(1), Duration::from_millis(10))
}

fn whitelabel() -> Value {
    json!({"mode": "whitelabel", "clientSecret": format!("cs_{SIGNATURE}"), "expiresAt": "2099-01-01T00:00:00.000Z"})
}

fn completed() -> Value {
    json!({"status": "completed", "data": {
        "id": "conn_new", "userData": {"id": "7", "name": "Riley", "username": "riley"},
        "session": {"cookie": SIGNATURE}}})
}

#[tokio::test]
async fn a_whitelabel_session_is_waited_for_through_its_states() {
    let two_factor = json!({"options": ["phone", "app"], "phoneLast4": "1234", "phoneCode": {
        "requestAttemptsLimit": 3, "requestAttemptsLeft": 2, "checkAttemptsLimit": 3, "checkAttemptsLeft": 3}});
    let states = vec![
        json!({"status": "initialized"}),
        json!({"status": "pending"}),
        json!({"status": "pending"}),
        json!({"status": "dreaming"}),
        json!({"status": "awaiting_2fa", "data": {"twoFactorState": two_factor}}),
        completed(),
    ];
    let server = service(whitelabel(), states, vec![]).await;
    let client = client(&server);
    let options = LinkOptions::new().client_app_id("app_1").client_reference_id("creator-17");
    let session = within(10, client.link_start(&options)).await.unwrap();
    assert_eq!((&session.mode, &session.url), (&LinkMode::Whitelabel, &None));
    assert!(!format!("{session:?}").contains(SIGNATURE));
    let body = server.requests()[0].json();
    assert_eq!(body, json!({"clientAppId": "app_1", "clientReferenceId": "creator-17"}));

    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    // Another process goes on.
    let session = LinkSession::from_json(&session.to_json()).unwrap();
    let wait = quick(client.link_wait(&session))
        .on_progress(move |status| sink.lock().unwrap().push(status.clone()));
    let linked = within(20, wait).await.unwrap();
    assert_eq!((linked.connection_id.as_str(), linked.username.as_deref()), ("conn_new", Some("riley")));
    assert_eq!(linked.client_reference_id, "creator-17");
    assert!(!format!("{linked:?}").contains(SIGNATURE));
    let told = told.lock().unwrap();
    let states: Vec<_> = told.iter().map(|status| status.state.as_str()).collect();
    assert_eq!(states, ["initialized", "pending", "dreaming", "awaiting_2fa"], "each once");
    let two_factor = told[3].two_factor.as_ref().unwrap();
    assert_eq!(two_factor.options, [TwoFactorOption::Phone, TwoFactorOption::App]);
    assert_eq!((told[3].state.clone(), two_factor.code_requests.unwrap().left), (LinkState::Awaiting2fa, 2));
}

#[tokio::test]
async fn every_bad_end_is_an_error_that_says_what_to_do() {
    for (status, kind, said) in [
        (json!({"status": "denied"}), ErrorKind::Rejected, "did not agree"),
        (json!({"status": "failed"}), ErrorKind::Rejected, "start another link"),
        (json!({"status": "not_found"}), ErrorKind::Rejected, "does not know"),
        (json!({"status": 404}), ErrorKind::Rejected, "does not know"),
        (json!({"status": "completed", "data": {}}), ErrorKind::InvalidAnswer, "list_connections"),
        (json!({"what": 1}), ErrorKind::InvalidAnswer, "no status"),
    ] {
        let server = service(whitelabel(), vec![status], vec![]).await;
        let session = within(10, client(&server).link_start(&LinkOptions::new())).await.unwrap();
        let error = within(20, quick(client(&server).link_wait(&session))).await.unwrap_err();
        let shown = check(&error, kind);
        assert!(shown.contains(said), "{shown}");
    }
    let server = service(json!({"expiresAt": "2099-01-01T00:00:00Z"}), vec![], vec![]).await;
    let error = within(10, client(&server).link_start(&LinkOptions::new())).await.unwrap_err();
    check(&error, ErrorKind::InvalidAnswer);
    let error =
        within(10, client(&server).link_start(&LinkOptions::new().client_app_id("nope"))).await.unwrap_err();
    check(&error, ErrorKind::InvalidArgument);
}

#[tokio::test]
async fn a_wrong_password_is_told_and_the_next_try_is_waited_for() {
    let wrong = || json!({"status": "invalid_credentials"});
    let states =
        vec![json!({"status": "pending"}), wrong(), wrong(), json!({"status": "pending"}), completed()];
    let server = service(whitelabel(), states, vec![]).await;
    let session = within(10, client(&server).link_start(&LinkOptions::new())).await.unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let wait = quick(client(&server).link_wait(&session))
        .on_progress(move |status| sink.lock().unwrap().push(status.state.to_string()));
    assert_eq!(within(20, wait).await.unwrap().connection_id, "conn_new");
    assert_eq!(*told.lock().unwrap(), ["pending", "invalid_credentials", "pending"]);

    let server = service(whitelabel(), vec![wrong()], vec![]).await;
    let session = within(10, client(&server).link_start(&LinkOptions::new())).await.unwrap();
    let wait = quick(client(&server).link_wait(&session)).timeout(Duration::from_millis(300));
    let shown = check(&within(20, wait).await.unwrap_err(), ErrorKind::Timeout);
    assert!(shown.contains("invalid_credentials") && shown.contains("start another link"), "{shown}");
}

#[tokio::test]
async fn a_session_ends_and_a_wait_can_be_given_up() {
    let mut opened = whitelabel();
    opened["expiresAt"] = json!("2020-01-01T00:00:00Z");
    let server = service(opened, vec![json!({"status": "pending"})], vec![]).await;
    let session = within(10, client(&server).link_start(&LinkOptions::new())).await.unwrap();
    let error = within(20, quick(client(&server).link_wait(&session))).await.unwrap_err();
    let shown = check(&error, ErrorKind::Timeout);
    assert!(shown.contains("start another link"), "{shown}");

    let server = service(whitelabel(), vec![json!({"status": "pending"})], vec![]).await;
    let session = within(10, client(&server).link_start(&LinkOptions::new())).await.unwrap();
    let wait = client(&server).link_wait(&session).timeout(Duration::from_millis(100));
    check(&within(20, wait).await.unwrap_err(), ErrorKind::Timeout);
    let cancel = Cancel::new();
    let key = cancel.clone();
    let wait = client(&server).link_wait(&session).cancel(&cancel).on_progress(move |_| key.cancel());
    check(&within(20, wait).await.unwrap_err(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn the_end_of_a_session_is_by_the_clock_of_the_service_on_any_machine() {
    // By the service the session is of 30 minutes. The clock of no machine is right: it is 2031 there.
    let written = |secret: Value, url: Value| {
        json!({"version": 1, "mode": "whitelabel", "clientSecret": secret, "url": url, "clientReferenceId": "r",
               "connectionId": null, "startedAt": "2031-01-01T10:00:00Z", "expiresAt": "2031-01-01T10:30:00Z",
               "isUnique": false})
    };
    let whitelabel = || written(json!(format!("cs_{SIGNATURE}")), Value::Null);
    let hosted = || written(Value::Null, json!("https://link.example/x"));
    for (name, session, date, is_over) in [
        ("in time", whitelabel(), "Wed, 01 Jan 2031 10:29:00 GMT", false),
        ("in its last moment", whitelabel(), "Wed, 01 Jan 2031 10:30:03 GMT", false),
        ("late", whitelabel(), "Wed, 01 Jan 2031 10:30:06 GMT", true),
        ("days late", whitelabel(), "Sat, 04 Jan 2031 10:00:00 GMT", true),
        ("hosted in time", hosted(), "Wed, 01 Jan 2031 10:29:00 GMT", false),
        ("hosted and late", hosted(), "Wed, 01 Jan 2031 10:31:00 GMT", true),
    ] {
        let looks = Mutex::new(0);
        let server = Server::start(By(move |head: &Head, _: &[u8]| {
            let mut looks = looks.lock().unwrap();
            *looks += 1;
            let is_hosted = !head.target.starts_with("/v2/link/");
            let list = |list: Value| json!({"hasMore": false, "list": list});
            let new = json!({"id": "conn_new", "clientReferenceId": "r", "status": "active",
                             "createdAt": "2031-01-01T10:00:09Z"});
            let answer = match (is_hosted, *looks > 2) {
                (true, false) => list(json!([])),
                (true, true) => list(json!([new])),
                (false, false) => json!({"status": "pending"}),
                (false, true) => completed(),
            };
            Some(Answer::json(200, &answer).header("Date", date))
        }))
        .await;
        let session = LinkSession::from_json(&session.to_string()).unwrap();
        let ended = within(20, quick(client(&server).link_wait(&session))).await;
        match (ended, is_over) {
            (Ok(linked), false) => assert_eq!(linked.connection_id, "conn_new", "{name}"),
            (Err(error), true) => {
                assert!(check(&error, ErrorKind::Timeout).contains("start another link"), "{name}");
                assert_eq!(server.requests().len(), 1, "{name}: it is looked at once");
            }
            (ended, _) => panic!("{name}: {ended:?}"),
        }
    }
}

#[tokio::test]
async fn a_hosted_session_is_over_when_its_connection_is_there() {
    // Older services say no mode.
    let opened = json!({"url": format!("https://link.ofauth.com/cs_{SIGNATURE}"), "expiresAt": "2099-01-01T00:00:00Z"});
    let connection = |id: &str, reference: &str, status: &str| {
        json!({"id": id, "clientReferenceId": reference, "status": status, "userData": {"username": "riley"},
               "createdAt": "2020-01-01T00:00:00Z", "updatedAt": "2020-01-01T00:00:00Z"})
    };
    let old = || connection("conn_old", "creator-17", "active");
    let looks = vec![
        json!([old()]),
        json!([old(), connection("conn_new", "creator-17", "awaiting_2fa")]),
        json!([old(), connection("conn_new", "creator-17", "active")]),
    ];
    let server = service(opened, vec![], looks).await;
    let client = client(&server);
    let options = LinkOptions::new().client_reference_id("creator-17");
    let session = within(10, client.link_start(&options)).await.unwrap();
    assert_eq!(session.mode, LinkMode::Hosted);
    assert!(session.url.as_ref().unwrap().as_str().contains("link.ofauth.com"));
    let linked = within(20, quick(client.link_wait(&session))).await.unwrap();
    assert_eq!((linked.connection_id.as_str(), linked.username.as_deref()), ("conn_new", Some("riley")));
    let made_up = within(10, client.link_start(&LinkOptions::new())).await.unwrap();
    assert!(made_up.client_reference_id.len() > 20, "it has a name of its own, to be waited for");
}

#[tokio::test]
async fn connections_are_walked_and_ended() {
    let list = json!([{"id": "conn_1", "status": "expired"}, {"id": "conn_2", "status": "active", "imported": true}]);
    let server = service(json!({}), vec![], vec![list]).await;
    let client = client(&server);
    let mut connections = client.connections();
    let first = within(10, connections.next()).await.unwrap().unwrap();
    let second = within(10, connections.next()).await.unwrap().unwrap();
    assert!(within(10, connections.next()).await.is_none());
    assert_eq!(
        (first.status, second.id.as_str(), second.imported),
        (ConnectionStatus::Expired, "conn_2", true)
    );
    within(10, client.disconnect_connection("conn_1")).await.unwrap();
    within(10, client.invalidate_connection("conn_2")).await.unwrap();
    let lines: Vec<_> = server.requests().iter().skip(1).map(Recorded::line).collect();
    let wanted = ["DELETE /v2/account/connections/conn_1", "POST /v2/account/connections/conn_2/invalidate"];
    assert_eq!(lines, wanted);
    for id in ["", "a b"] {
        let error = within(10, client.disconnect_connection(id)).await.unwrap_err();
        check(&error, ErrorKind::Config);
    }
}

#[test]
fn links_block() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let list = json!([{"id": "conn_1", "status": "active"}]);
    let server = runtime.block_on(service(whitelabel(), vec![completed()], vec![list]));
    let client = blocking::Client::new(builder(&server)).unwrap();
    let session = client.link_start(&LinkOptions::new()).send().unwrap();
    let (short, long) = (Duration::from_millis(1), Duration::from_millis(10));
    let wait = client.link_wait(&session).interval(short, long).timeout(Duration::from_secs(10));
    assert_eq!(wait.on_progress(|_| {}).cancel(&Cancel::new()).send().unwrap().connection_id, "conn_new");
    let ids: Vec<_> = client.connections().map(|connection| connection.unwrap().id).collect();
    assert_eq!(ids, ["conn_1"]);
    client.disconnect_connection("conn_1").send().unwrap();
    client.invalidate_connection("conn_1").send().unwrap();
}

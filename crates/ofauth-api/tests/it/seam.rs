//! What happens between the generated client and the wire.

use std::sync::{Arc, Mutex};

use ofauth_api::transport::{Direct, Execute};
use ofauth_api::{Client, Error, ErrorKind, Operation, Transport, operations};

use crate::server::{Server, client, http_client, raw};

#[tokio::test]
async fn direct_adds_key_and_connection_and_nothing_else() {
    let server = Server::answering(200, r#"{"mediaUploadId":"upload:1"}"#).await;
    let client = server.client();
    client.complete_upload().body_map(|body| body.media_upload_id("upload:1")).send().await.unwrap();
    client.whoami().send().await.unwrap_err();
    client
        .complete_upload()
        .x_connection_id("conn_other")
        .body_map(|body| body.media_upload_id("u"))
        .send()
        .await
        .unwrap();
    let requests = server.requests();
    assert_eq!(requests[0].target, "POST /v2/access/uploads/complete");
    assert_eq!(requests[0].body, r#"{"mediaUploadId":"upload:1"}"#);
    let mut names: Vec<&str> = requests[0].headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "apikey", "content-length", "content-type", "host", "x-connection-id"]);
    assert_eq!(requests[0].headers["apikey"], "sk_canary");
    assert_eq!(requests[0].headers["x-connection-id"], "conn_own");
    assert!(!requests[1].headers.contains_key("x-connection-id"), "whoami acts on no connection");
    assert_eq!(requests[2].headers["x-connection-id"], "conn_other");
}

#[tokio::test]
async fn raw_bytes_carry_the_type_the_caller_names() {
    let server = Server::answering(200, r#"{"mediaUploadId":"upload:1","partNumber":2}"#).await;
    let part = server
        .client()
        .upload_part()
        .media_upload_id("upload:1")
        .part_number(2)
        .content_type("video/mp4")
        .body("bytes")
        .send()
        .await
        .unwrap();
    assert_eq!(part.part_number, Some(2));
    let request = &server.requests()[0];
    assert_eq!(request.target, "PUT /v2/access/uploads/upload:1/parts/2");
    assert_eq!(request.headers.get_all("content-type").iter().collect::<Vec<_>>(), ["video/mp4"]);
    assert_eq!(request.headers["content-length"], "5");
    assert_eq!(request.body, "bytes");
}

#[tokio::test]
async fn errors_keep_status_and_text_whatever_their_body() {
    for (body, text) in [
        (r#"{"error":"slow down","type":"RATE_LIMIT_EXCEEDED","requestId":"r1"}"#, "slow down"),
        ("<html>Bad gateway</html>", "<html>Bad gateway</html>"),
        ("\"just text\"", "\"just text\""),
        ("", "no reason given"),
    ] {
        for (status, kind) in
            [(400, ErrorKind::Rejected), (429, ErrorKind::RateLimited), (599, ErrorKind::Server)]
        {
            let server = Server::answering(status, body).await;
            let error: Error = server.client().list_posts().send().await.unwrap_err();
            assert_eq!(error.status(), Some(status));
            assert_eq!(error.message(), format!("list_posts: {text}"));
            if text == "slow down" {
                assert_eq!((error.kind(), error.request_id()), (ErrorKind::RateLimited, Some("r1")));
                assert_eq!(error.api_type(), Some("RATE_LIMIT_EXCEEDED"));
            } else {
                assert_eq!(error.kind(), kind);
            }
        }
    }
}

#[tokio::test]
async fn every_2xx_is_a_success_and_an_empty_one_an_empty_object() {
    for (status, body) in [(200, "{}"), (201, "{}"), (200, ""), (204, ""), (202, "  ")] {
        let server = Server::answering(status, body).await;
        let answer = server.client().list_posts().send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        assert!(answer.list.is_empty());
        server.client().disconnect_connection().connection_id("conn_1").send().await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_that_is_not_the_documented_json_is_an_error() {
    for body in ["<html>", "[1]", "{\"list\": 5}", "{\"list\": [{}]}"] {
        let server = Server::answering(200, body).await;
        let error = server.client().list_posts().send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidAnswer, "{body}: {error}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_not_in_the_error() {
    for body in [
        r#"{"items": [{"media": {"full": {"url": "https://media/canary"}}}]}"#,
        r#"{"items": [{"id": "1", "media": "https://media/canary"}]}"#,
        r#"{"items": [{"id": "1", "media": {"full": "https://media/\"canary\", expected"}}]}"#,
        r#"{"items": ["https://media/canary"]}"#,
        r#""https://media/canary""#,
        r#"{"items": [{"id": {"https://media/canary": 1}}]}"#,
    ] {
        let server = Server::answering(200, body).await;
        let client = server.client();
        let request = client.batch_vault_plus_media().body_map(|body| body.media_ids(Vec::new()));
        let error = request.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidAnswer, "{body}: {error}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_leaves_open_what_must_not_happen_twice() {
    let cut = || b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"list\": []".to_vec();
    let error = client(raw(cut()).await).list_posts().send().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Network && error.is_retryable(), "{error}");
    let error = client(raw(cut()).await).create_post().send().await.unwrap_err();
    assert!(error.kind() == ErrorKind::OutcomeUnknown && !error.is_retryable(), "{error}");
}

#[tokio::test]
async fn an_answer_of_the_wrong_form_leaves_open_what_must_not_happen_twice() {
    for body in ["[1]", "{}", "{\"id\": []}"] {
        let server = Server::answering(200, body).await;
        let error = server.client().create_post().send().await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::OutcomeUnknown, Some(200)), "{body}: {error}");
    }
}

#[tokio::test]
async fn of_a_field_that_stands_twice_the_last_one_counts() {
    let server = Server::answering(200, r#"{"hasMore": true, "list": [], "hasMore": false}"#).await;
    assert_eq!(server.client().list_posts().send().await.unwrap().has_more, Some(false));
}

#[tokio::test]
async fn an_endless_answer_is_given_up() {
    let mut endless = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    endless.resize(40 * 1024 * 1024, b' ');
    let error = client(raw(endless).await).list_posts().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidAnswer);
    assert!(error.to_string().contains("longer than 32 MiB"), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = Server::answering(302, "").await;
    let error = server.client().list_posts().send().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Redirect, Some(302)));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_communication_error() {
    let http = http_client();
    // Bound and dropped: nothing listens there.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let direct = Direct::new(http, "sk").unwrap();
    let client = Client::new(&format!("http://{address}"), Arc::new(direct));
    assert_eq!(client.whoami().send().await.unwrap_err().kind(), ErrorKind::Network);
}

#[tokio::test]
async fn a_base_url_that_is_none_is_told_by_the_call() {
    let direct = Direct::new(http_client(), "sk").unwrap();
    let client = Client::new("nonsense", Arc::new(direct));
    let error = client.whoami().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
}

/// Keeps the operation of each request and hands it on.
#[derive(Debug)]
struct Recorder {
    inner: Direct,
    seen: Mutex<Vec<Option<&'static Operation>>>,
}

impl Transport for Recorder {
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        operation: Option<&'static Operation>,
    ) -> Execute<'a> {
        assert!(!request.headers().contains_key("api-version"));
        self.seen.lock().unwrap().push(operation);
        self.inner.execute(request, operation)
    }
}

#[tokio::test]
async fn a_transport_learns_the_operation() {
    let inner = Direct::new(http_client(), "sk").unwrap();
    let recorder = Arc::new(Recorder { inner, seen: Mutex::default() });
    let client = Client::new("http://127.0.0.1:9", Arc::clone(&recorder) as _);
    let _ = client.create_post().send().await;
    let _ = client.list_posts().send().await;
    assert_eq!(
        *recorder.seen.lock().unwrap(),
        [operations::find("create_post"), operations::find("list_posts")]
    );
}

#[test]
fn the_key_stays_out_of_debug() {
    let direct = Direct::new(http_client(), "sk_canary").unwrap().with_connection("conn_1").unwrap();
    let client = Client::new("https://api.example", Arc::new(direct));
    let shown = format!("{client:?} {:?}", client.create_post());
    assert!(shown.contains("conn_1") && !shown.contains("canary"), "{shown}");
    let error = Direct::new(http_client(), "sk_\ncanary").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
}

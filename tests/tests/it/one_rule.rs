//! One rule for every road: what a 2xx is, whether the call is typed, raw, blocking or one of the short ones.

use ofauth::{Content, Error, ErrorKind};
use ofauth_tests::server::Recorded;
use ofauth_tests::{Answer, Play};
use serde_json::json;

use crate::support::{builder, client, data, parts, single, video, within};

/// What the service answers.
type Body = (&'static str, fn() -> Answer);

/// A body as the table has it, and the kind of error of a thing that is made and of a thing that is read.
const BODIES: &[(Body, Option<ErrorKind>, Option<ErrorKind>)] = &[
    (("good", good), None, None),
    (("gzip", || good().gzip("gzip")), None, None),
    (("x-gzip, mixed case", || good().gzip("X-GZip")), None, None),
    (("mark", || good().marked()), None, None),
    (("mark in gzip", || good().marked().gzip("gzip")), None, None),
    (("error", || plain(REFUSAL)), FORBIDDEN, FORBIDDEN),
    (("error in gzip", || plain(REFUSAL).gzip("gzip")), FORBIDDEN, FORBIDDEN),
    (("error after a mark", || plain(REFUSAL).marked()), FORBIDDEN, FORBIDDEN),
    (("HTML", || Answer::with_body(200, "text/html", "<html><p>Log in")), DOUBT, INVALID),
    (("cut JSON", || plain("{\"id\": 5, \"li")), DOUBT, INVALID),
    (("empty", || Answer::new(200)), DOUBT, INVALID),
    (("204", || Answer::new(204)), DOUBT, INVALID),
    (("list", || plain("[]")), DOUBT, INVALID),
    (("no id", || plain("{}")), DOUBT, INVALID),
    (("br", || plain("packed").header("Content-Encoding", "br")), DOUBT, INVALID),
    (("no gzip", || plain(GOOD).header("Content-Encoding", "gzip")), DOUBT, INVALID),
    (("bomb", || plain(vec![b' '; 40 << 20]).gzip("gzip")), DOUBT, INVALID),
];

const GOOD: &str = r#"{"id": 5, "name": "x"}"#;
const REFUSAL: &str = r#"{"error": "You cannot now", "type": "FORBIDDEN", "requestId": "req_1"}"#;
const DOUBT: Option<ErrorKind> = Some(ErrorKind::OutcomeUnknown);
const INVALID: Option<ErrorKind> = Some(ErrorKind::InvalidAnswer);
const FORBIDDEN: Option<ErrorKind> = Some(ErrorKind::Forbidden);

fn good() -> Answer {
    plain(GOOD)
}

fn plain(body: impl Into<Vec<u8>>) -> Answer {
    Answer::with_body(200, "application/json", body)
}

fn check(road: &str, body: &str, end: Result<(), Error>, kind: Option<ErrorKind>) {
    let found = end.as_ref().err().map(Error::kind);
    assert_eq!(found, kind, "{road}, {body}: {end:?}");
    if let Err(error) = end {
        let text = error.to_string();
        assert!(!text.contains('\n') && error.status().is_some(), "{road}, {body}: {text}");
        if error.kind() == ErrorKind::Forbidden {
            assert_eq!(error.request_id(), Some("req_1"));
            assert!(text.contains("You cannot now") && error.next_step().is_some(), "{text}");
        }
        assert!(!error.is_retryable());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_road_reads_an_answer_alike() {
    for ((body, answer), made, read) in BODIES {
        let site = single().script(move |_| Play::Answer(answer())).start().await;
        let client = client(&site);
        let content = Content::new("x");
        let call = |id: &str| client.call(id);
        let post = json!({"text": "x"});
        let api = client.api().unwrap();
        let typed = api.create_post().body_map(|post| post.text("x".to_owned())).send();
        let mass = client.create_mass_message(&content);
        let ends = [
            ("create_post", within(20, client.create_post(&content)).await.map(drop), *made),
            ("send_message", within(20, client.send_message("7", &content)).await.map(drop), *made),
            ("create_mass_message", within(20, mass).await.map(drop), *made),
            ("raw post", within(20, call("create_post").body(post).send()).await.map(drop), *made),
            ("typed post", within(20, typed).await.map(drop), *made),
            ("whoami", within(20, client.whoami()).await.map(drop), *read),
            ("raw whoami", within(20, call("whoami").send()).await.map(drop), *read),
            ("typed whoami", within(20, api.whoami().send()).await.map(drop), *read),
        ];
        for (road, end, kind) in ends {
            check(road, body, end, kind);
        }
        // Nothing is asked again: a refusal is final, and an unreadable answer would be none the next time.
        assert_eq!(site.requests().len(), 8, "{body}");
        assert!(site.requests().iter().all(asks_for_it_as_it_is));
        if *made == DOUBT {
            continue;
        }
        let blocking = ofauth::blocking::Client::new(builder(&site)).unwrap();
        let end =
            std::thread::spawn(move || blocking.create_post(&Content::new("x")).map(drop)).join().unwrap();
        check("blocking", body, end, *made);
    }
}

fn asks_for_it_as_it_is(request: &Recorded) -> bool {
    let head = request.head.as_ref();
    head.and_then(|head| head.header("accept-encoding")) == Some("identity")
}

/// What `?` makes of a typed call.
async fn newest(client: &ofauth::Client) -> ofauth::Result<usize> {
    Ok(client.api()?.list_posts().send().await?.list.len())
}

#[tokio::test]
async fn a_typed_error_says_what_happened_and_is_the_error_of_the_crate() {
    let site = single()
        .script(|_| Play::Answer(Answer::problem(401, "the key is not known", "UNAUTHORIZED", "req_2")))
        .start()
        .await;
    let error = newest(&client(&site)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "list_posts: the key is not known; check the API key (HTTP 401, UNAUTHORIZED, request req_2)"
    );
    assert_eq!((error.kind(), error.status()), (ErrorKind::Unauthorized, Some(401)));
    assert_eq!((error.request_id(), error.next_step()), (Some("req_2"), Some("check the API key")));
    assert!(!error.is_retryable());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_reads_compressed_answers_and_marks() {
    for parted in [false, true] {
        let guide = if parted { parts(64 * 1024) } else { single() };
        let site = guide.edit_answer(|_, answer| answer.marked().gzip("gzip")).start().await;
        let uploaded = within(30, video(&client(&site), &data(200 * 1024))).await.unwrap();
        assert_eq!(uploaded.media_upload_id(), site.sessions()[0].id);
        assert!(site.requests().iter().all(asks_for_it_as_it_is));
    }
}

//! One rule for every road: what a 2xx is, whether the call is typed, raw, blocking or one of the short ones.

use ofauth::{Content, Error, ErrorKind};
use ofauth_tests::one_rule::{Row, TABLE};
use ofauth_tests::server::Recorded;
use ofauth_tests::{Answer, Play};
use serde_json::json;

use crate::support::{builder, client, data, parts, single, video, within};

fn check(road: &str, body: &str, end: Result<(), Error>, kind: Option<ErrorKind>) {
    let found = end.as_ref().err().map(Error::kind);
    assert_eq!(found, kind, "{road}, {body}: {end:?}");
    if let Err(error) = end {
        let text = error.to_string();
        assert!(!text.contains('\n') && error.status().is_some(), "{road}, {body}: {text}");
        if body.starts_with("error") {
            assert_eq!(error.request_id(), Some("req_1"));
            assert!(text.contains("You cannot now") && error.next_step().is_some(), "{text}");
        }
        assert!(!error.is_retryable());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_road_reads_an_answer_alike() {
    for Row { name: body, answer, made, read, sent } in TABLE {
        let site = single().script(move |_| Play::Answer(answer())).start().await;
        let client = client(&site);
        let content = Content::new("x");
        let call = |id: &str| client.call(id);
        let post = json!({"text": "x"});
        let api = client.api();
        let typed = api.create_post().body_map(|post| post.text("x".to_owned())).send();
        let part = call("upload_part").param("mediaUploadId", "upload:1").param("partNumber", 1);
        let part = part.body_bytes("bytes", "video/mp4");
        let mass = client.create_mass_message(&content);
        let ends = [
            ("create_post", within(20, client.create_post(&content)).await.map(drop), *made),
            ("send_message", within(20, client.send_message("7", &content)).await.map(drop), *made),
            ("create_mass_message", within(20, mass).await.map(drop), *made),
            ("raw post", within(20, call("create_post").json(&post).send()).await.map(drop), *made),
            ("typed post", within(20, typed).await.map(drop), *made),
            ("whoami", within(20, client.whoami()).await.map(drop), *read),
            ("raw whoami", within(20, call("whoami").send()).await.map(drop), *read),
            ("raw part", within(20, part.send()).await.map(drop), *sent),
            ("typed whoami", within(20, api.whoami().send()).await.map(drop), *read),
        ];
        for (road, end, kind) in ends {
            check(road, body, end, kind);
        }
        // Nothing is asked again: a refusal is final, and an unreadable answer would be none the next time.
        assert_eq!(site.requests().len(), 9, "{body}");
        assert!(site.requests().iter().all(asks_for_it_as_it_is));
        if *made == Some(ErrorKind::OutcomeUnknown) {
            continue;
        }
        let blocking = ofauth::blocking::Client::new(builder(&site)).unwrap();
        let end = std::thread::spawn(move || blocking.create_post(&Content::new("x")).send().map(drop))
            .join()
            .unwrap();
        check("blocking", body, end, *made);
    }
}

fn asks_for_it_as_it_is(request: &Recorded) -> bool {
    let head = request.head.as_ref();
    head.and_then(|head| head.header("accept-encoding")) == Some("identity")
}

/// What `?` makes of a typed call.
async fn newest(client: &ofauth::Client) -> ofauth::Result<usize> {
    Ok(client.api().list_posts().send().await?.list.len())
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

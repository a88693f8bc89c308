//! Secrets: the key and signed URLs are in no log, no error and no `Debug`, whatever a server does with them.
//!
//! The watch is on in all the tests of this binary: any line of any crate with the key or a signature in it fails the
//! test that caused it. Here servers try to make the client say them.

use std::error::Error as _;

use ofauth::{Content, Error, ErrorKind};
use ofauth_tests::server::Handling;
use ofauth_tests::{Answer, Exchange, Guide, Play, Server, Step, watch};
use serde_json::json;

use crate::support::{KEY, KIB, SIGNATURE, Together, builder, client, data, parts, single, video, within};

/// Everything that an error can show.
fn shown(error: &Error) -> String {
    let mut text = format!(
        "{error} {error:?} {error:#?} {:?} {:?} {:?} {:?} {}",
        error.api_type(),
        error.request_id(),
        error.action_required(),
        error.upload_id(),
        error.message()
    );
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(&format!(" {inner} {inner:?}"));
        source = inner.source();
    }
    text
}

/// Answers that say the key in every place that a client may show.
fn echoes() -> Vec<(&'static str, Answer)> {
    let escaped: String = KEY.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
    let long = "x".repeat(495);
    vec![
        ("in error", Answer::problem(400, &format!("bad key {KEY}!"), "BAD_REQUEST", "r")),
        ("in type", Answer::problem(400, "e", KEY, "r")),
        ("in requestId", Answer::problem(400, "e", "T", KEY)),
        ("in actionRequired", Answer::json(401, &json!({"error": "e", "actionRequired": KEY}))),
        ("in details", Answer::json(422, &json!({"error": "e", "details": KEY, "code": KEY}))),
        ("in HTML", Answer::with_body(403, "text/html", format!("<p>apikey: {KEY}</p>"))),
        ("escaped", Answer::with_body(400, "application/json", format!("{{\"error\":\"{escaped}\"}}"))),
        ("where a text is cut", Answer::with_body(400, "text/plain", format!("{long}{KEY}"))),
        ("where a JSON text is cut", Answer::problem(400, &format!("{long}{KEY}"), "T", "r")),
        (
            "escaped, where a text is cut",
            Answer::with_body(400, "application/json", format!("{{\"error\":\"{long}{escaped}\"}}")),
        ),
        ("in headers", Answer::new(400).header("X-Request-Id", KEY).header("Server", KEY)),
        ("in a success that is none", Answer::with_body(200, "text/html", KEY).header("X-Request-Id", KEY)),
        ("in a redirect", Answer::new(302).header("Location", format!("/{KEY}")).header("X-Request-Id", KEY)),
        ("in a number", Answer::with_body(200, "application/json", format!("{{\"mediaUploadId\":{KEY}}}"))),
    ]
}

/// No part of the key that is long enough to matter.
fn assert_clean(text: &str, what: &str) {
    assert!(!watch::is_forbidden(text), "{what}: {text}");
    assert!(!text.contains(&KEY[..KEY.len() - 4]), "{what}: most of the key: {text}");
    assert!(!text.contains(&KEY[4..]), "{what}: most of the key: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_echoes_the_key_is_not_repeated() {
    let mut together = Together::default();
    for (name, answer) in echoes() {
        for step in [Step::Init, Step::Part(1), Step::Complete, Step::Single, Step::Other] {
            let answer = answer.clone();
            // Unreadable successes are sent again for a while: one step is enough for them.
            if name.contains("is none") && step != Step::Other || name == "in a number" && step != Step::Init
            {
                continue;
            }
            together.add(format!("{name}, {step:?}"), async move {
                let guide = if step == Step::Single { single() } else { parts(64 * KIB) };
                let site = guide
                    .script(
                        move |visit| {
                            if visit.step == step { Play::Answer(answer.clone()) } else { Play::Guide }
                        },
                    )
                    .start()
                    .await;
                let client = client(&site);
                let error = match step {
                    Step::Other => client.check("\"e\"", 5).await.unwrap_err(),
                    _ => video(&client, &data(100 * KIB)).concurrency(1).await.unwrap_err(),
                };
                assert_clean(&shown(&error), name);
            });
        }
    }
    together.run(40).await;
}

#[tokio::test]
async fn a_success_that_echoes_the_key_gives_none_away() {
    let site = parts(64 * KIB)
        .edit_answer(|step, answer| match step {
            Step::Part(number) => {
                Answer::json(200, &json!({"partNumber": number})).header("ETag", format!("\"{KEY}\""))
            }
            Step::Complete => {
                Answer::json(200, &json!({"mediaUploadId": KEY, "media": {"id": KEY, "files": KEY}}))
            }
            _ => answer,
        })
        .start()
        .await;
    let uploaded = within(10, video(&client(&site), &data(100 * KIB))).await.unwrap();
    let all = format!(
        "{uploaded:?} {:?} {:?} {:?} {:?}",
        uploaded.media(),
        uploaded.media_id(),
        uploaded.parts(),
        uploaded.media_upload_id()
    );
    assert_clean(&all, "the result");

    let echo = Guide::single(KEY)
        .script(|_| {
            Play::Answer(Answer::json(200, &json!({"id": "user_1", "you": KEY})).header("X-Request-Id", KEY))
        })
        .start()
        .await;
    let answer = within(5, client(&echo).call("whoami").send()).await.unwrap();
    let all = format!(
        "{answer:?} {:?} {:?} {:?} {}",
        answer.request_id(),
        answer.header("x-request-id"),
        answer.json::<serde_json::Value>().unwrap(),
        String::from_utf8_lossy(answer.body())
    );
    assert_clean(&all, "the answer of a call");
}

#[tokio::test]
async fn plan_urls_and_signed_urls_are_in_no_error_and_no_debug() {
    let signed = json!({"id": "user_1", "items": [{"id": "1", "media": {"full": {"url": format!("https://m.test/{SIGNATURE}")}}}]});
    let site = parts(64 * KIB)
        .media(json!({"id": 5, "files": {"full": {"url": format!("https://m.test/{SIGNATURE}")}}}))
        .script(move |visit| match visit.step {
            Step::Other => Play::Answer(Answer::json(200, &signed)),
            _ => Play::Guide,
        })
        .start()
        .await;
    let client = client(&site);
    let uploaded = within(10, video(&client, &data(100 * KIB))).await.unwrap();
    let batch = within(5, client.vault_plus_batch(["1"])).await.unwrap();
    let call = client.call("whoami").send().await.unwrap();
    assert!(
        call.json::<serde_json::Value>().unwrap().to_string().contains(SIGNATURE),
        "the caller gets what was asked for"
    );
    assert_clean(&format!("{uploaded:?} {uploaded:#?} {batch:?} {batch:#?} {call:?} {client:?}"), "Debug");

    // Failures on URLs with signatures, of every kind that names a place.
    let dead = parts(64 * KIB)
        .script(|visit| match visit.step {
            Step::Part(_) => Play::Answer(Answer::problem(403, "no", "FORBIDDEN", "r")),
            _ => Play::Guide,
        })
        .start()
        .await;
    let error = within(10, video(&builder(&dead).build().unwrap(), &data(100 * KIB))).await.unwrap_err();
    assert_clean(&shown(&error), "a refused part");
    // Half a plan, whole as far as HTTP goes.
    let half = single().script(|_| {
        let text = format!(r#"{{"mediaUploadId":"u","parts":[{{"uploadUrl":"http://h.test/x?{SIGNATURE}""#);
        Play::Answer(Answer::with_body(200, "application/json", text))
    });
    let half = half.start().await;
    let error = within(10, video(&builder(&half).build().unwrap(), &data(10))).await.unwrap_err();
    assert_clean(&shown(&error), "half a plan");
    for url in ["https://u:p@h.test/x", "http://evil.test/x", "http://[", "http://127.0.0.1:1/x"] {
        let site = parts(64 * KIB)
            .edit_plan(move |plan, _| plan["parts"][0]["uploadUrl"] = json!(format!("{url}?{SIGNATURE}")))
            .start()
            .await;
        let error = within(10, video(&builder(&site).build().unwrap(), &data(100 * KIB))).await.unwrap_err();
        assert_clean(&shown(&error), url);
        // A plan that is no plan, with the URL in the middle of what cannot be read.
        let site = parts(64 * KIB)
            .edit_plan(move |plan, _| plan["parts"][0]["byteRange"] = json!(format!("{url}?{SIGNATURE}")))
            .start()
            .await;
        let error = within(10, video(&builder(&site).build().unwrap(), &data(100 * KIB))).await.unwrap_err();
        assert_clean(&shown(&error), url);
    }
}

#[tokio::test]
async fn the_key_is_in_no_debug_and_the_watch_sees_logs() {
    let site = single().start().await;
    let builder = builder(&site).proxy("http://user:proxy-password@127.0.0.1:9");
    let mut all = format!("{builder:?} {builder:#?}");
    let client = builder.build().unwrap();
    let upload = video(&client, &data(10));
    all.push_str(&format!(
        "{client:?} {client:#?} {upload:?} {:?} {:?}",
        client.call("whoami"),
        client.api()
    ));
    let blocking = format!("{:?}", Content::new("x"));
    assert!(!all.contains("proxy-password") && !blocking.is_empty());
    assert_clean(&all, "Debug");

    let before = watch::lines();
    within(10, upload).await.unwrap();
    assert!(watch::lines() > before, "the watch sees nothing");
    assert_eq!(watch::hits(), Vec::<String>::new());
}

#[tokio::test]
async fn an_unreachable_server_is_named_and_the_key_is_not() {
    fn hang_up(_: &mut Exchange) -> Handling<'_> {
        Box::pin(async { Ok(ofauth_tests::Next::Reset) })
    }
    let server = Server::start(hang_up).await;
    let client = client(&server);
    let address = server.address().to_string();
    drop(server);
    let error = within(30, client.whoami()).await.unwrap_err();
    assert!(error.to_string().contains(&address) || error.to_string().contains("base URL"), "{error}");
    assert_clean(&shown(&error), "an unreachable server");
}

#[tokio::test]
async fn a_key_that_was_replaced_is_no_longer_sent_and_still_shown_to_nobody() {
    const NEXT: &str = "sk_live_canary_0d1e2f3a4b5c6d7e";
    let site = single()
        .script(|_| {
            Play::Answer(Answer::json(200, &json!({"id": "org_1", "name": format!("{KEY} and {NEXT}")})))
        })
        .start()
        .await;
    let client = client(&site);
    let sent = || site.requests().last().unwrap().header("apikey").unwrap().to_owned();
    let before = within(5, client.whoami()).await.unwrap();
    assert_eq!((sent().as_str(), before.name), (KEY, Some(format!("[api key] and {NEXT}"))));
    client.clone().set_api_key(NEXT).unwrap();
    for _ in 0..2 {
        let after = within(5, client.whoami()).await.unwrap();
        assert_eq!((sent().as_str(), after.name.as_deref()), (NEXT, Some("[api key] and [api key]")));
        assert!(!format!("{client:?}").contains("canary"));
        for wrong in ["", " ", "two words", "line\nbreak"] {
            assert_eq!(client.set_api_key(wrong).unwrap_err().kind(), ErrorKind::Config);
        }
    }
    assert_eq!(site.connections(), 1, "connections are kept");
}

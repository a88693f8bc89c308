//! Responses that are none, or no good ones: to init, to parts, to complete and to plain calls.

use std::time::{Duration, Instant};

use ofauth::{ErrorKind, Source};
use ofauth_tests::guide::holds;
use ofauth_tests::server::Handling;
use ofauth_tests::{Answer, Exchange, Next, Play, Step};
use serde_json::json;

use crate::support::{KIB, Together, builder, check, client, data, parts, single, video, within};

#[tokio::test(flavor = "multi_thread")]
async fn an_init_that_cannot_be_read_is_an_error_at_once() {
    let cases: &[(&str, fn() -> Answer, ErrorKind)] = &[
        ("HTML", || Answer::with_body(200, "text/html", "<html>Hello</html>"), ErrorKind::InvalidAnswer),
        ("nothing", || Answer::new(200), ErrorKind::InvalidAnswer),
        ("204", || Answer::new(204), ErrorKind::InvalidAnswer),
        ("array", || Answer::with_body(200, "application/json", "[1]"), ErrorKind::InvalidAnswer),
        ("text", || Answer::with_body(200, "application/json", "\"ok\""), ErrorKind::InvalidAnswer),
        ("null", || Answer::with_body(200, "application/json", "null"), ErrorKind::InvalidAnswer),
        (
            "half an object",
            || Answer::with_body(200, "application/json", "{\"mediaUploadId\":\"u"),
            ErrorKind::InvalidAnswer,
        ),
        ("two objects", || Answer::with_body(200, "application/json", "{}{}"), ErrorKind::InvalidAnswer),
        (
            "not UTF-8",
            || Answer::with_body(200, "application/json", b"{\"mediaUploadId\":\"\xff\xfe\"}".to_vec()),
            ErrorKind::InvalidAnswer,
        ),
        (
            "deep",
            || Answer::with_body(200, "application/json", "[".repeat(1 << 20)),
            ErrorKind::InvalidAnswer,
        ),
        (
            "deep object",
            || Answer::with_body(200, "application/json", "{\"a\":".repeat(1 << 20)),
            ErrorKind::InvalidAnswer,
        ),
        (
            "an error",
            || Answer::json(200, &json!({"error": "quota", "requestId": "req_3"})),
            ErrorKind::Rejected,
        ),
        (
            "an error with a type",
            || Answer::problem(200, "quota", "FORBIDDEN", "req_3"),
            ErrorKind::Forbidden,
        ),
        ("100 MB, announced", huge, ErrorKind::InvalidAnswer),
        (
            "101",
            || Answer::new(101).header("Upgrade", "h2c").header("Connection", "upgrade"),
            ErrorKind::InvalidAnswer,
        ),
    ];
    let mut together = Together::default();
    for (name, answer, kind) in cases {
        together.add(*name, async move {
            let site = single().script(move |_| Play::Answer(answer())).start().await;
            let began = Instant::now();
            let error = video(&client(&site), &data(10)).await.unwrap_err();
            check(&error, *kind);
            assert!(began.elapsed() < Duration::from_secs(10), "not at once");
            assert_eq!(site.requests().len(), 1);
            if name.starts_with("an error") {
                assert!(
                    error.to_string().contains("quota") && error.request_id() == Some("req_3"),
                    "{error}"
                );
            }
        });
    }
    together.run(30).await;
}

/// The head of 100 MB of JSON, and its beginning.
fn huge() -> Answer {
    Answer::with_body(200, "application/json", vec![b' '; 100 * 1000 * 1000])
}

/// A success whose body is spaces in chunks for as long as the client listens, up to 100 MB.
fn endless(exchange: &mut Exchange) -> Handling<'_> {
    endless_with("200 OK", "", exchange)
}

fn endless_with<'a>(status: &'a str, words: &'a str, exchange: &'a mut Exchange) -> Handling<'a> {
    Box::pin(async move {
        exchange.read_body().await?;
        let head = format!("HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n");
        exchange.write(head.as_bytes()).await?;
        if !words.is_empty() {
            exchange.write(format!("{:x}\r\n{words}\r\n", words.len()).as_bytes()).await?;
        }
        let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
        for _ in 0..1600 {
            exchange.write(&chunk).await?;
        }
        Ok(Next::Drop)
    })
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let site = single().script(|_| Play::Custom(Box::new(endless))).start().await;
    let error = within(20, video(&client(&site), &data(10))).await.unwrap_err();
    assert!(check(&error, ErrorKind::InvalidAnswer).contains("32 MiB"));
    let error = within(20, client(&site).whoami()).await.unwrap_err();
    assert!(check(&error, ErrorKind::InvalidAnswer).contains("32 MiB"));
    assert_eq!(site.requests().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_answer_to_a_part_or_complete_is_a_lost_one() {
    for step in [Step::Part(2), Step::Complete] {
        let site = parts(64 * KIB)
            .repeatable_complete()
            .script(move |visit| match visit.attempt {
                1 if visit.step == step => Play::Custom(Box::new(endless)),
                _ => Play::Guide,
            })
            .start()
            .await;
        let data = data(200 * KIB);
        within(30, video(&client(&site), &data)).await.unwrap();
        assert!(holds(&site.sessions()[0], &data));
        assert_eq!(site.visits(step), 2);
    }
}

#[tokio::test]
async fn an_answer_that_drips_is_read_to_its_end() {
    for guide in [single(), parts(64 * KIB)] {
        let site =
            guide.edit_answer(|_, answer| answer.chunked(16).drip(9, Duration::from_millis(2))).start().await;
        let data = data(100 * KIB);
        // Each drip is a sign of life: the stall clock is shorter than the whole answer.
        let client = builder(&site).stall_timeout(Duration::from_millis(1500)).build().unwrap();
        within(30, video(&client, &data)).await.unwrap();
        assert!(holds(&site.sessions()[0], &data));
    }
}

/// The status of a refusal stands: whoever is stopped while its words are waited for is not in doubt.
#[tokio::test]
async fn a_refusal_without_its_words_is_one_soon() {
    let mut together = Together::default();
    for (name, guide, step) in [
        ("single", single(), Step::Single),
        ("part", parts(64 * KIB), Step::Part(1)),
        ("complete", parts(64 * KIB), Step::Complete),
        ("init", single(), Step::Init),
    ] {
        let guide = guide.script(move |visit| match visit.step == step {
            true => Play::Custom(Box::new(|exchange| {
                Box::pin(async {
                    exchange.read_body().await?;
                    exchange
                        .write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\n{\"error\":")
                        .await?;
                    Ok(Next::Silence)
                })
            })),
            false => Play::Guide,
        });
        together.add(name.to_owned(), async move {
            let site = guide.start().await;
            let upload = client(&site).upload(Source::bytes(data(100 * KIB)).filename("clip.mp4"));
            let error = within(30, upload.timeout(Duration::from_secs(20)).send()).await.unwrap_err();
            check(&error, ErrorKind::Rejected);
            // A part is tried once more with nothing beside it.
            let visits = if step == Step::Part(1) { 2 } else { 1 };
            assert_eq!((error.status(), site.visits(step)), (Some(400), visits), "{error}");
        });
    }
    together.run(40).await;
}

#[tokio::test]
async fn an_answer_that_stops_in_the_middle_ends_by_the_clock() {
    // A post, because it is not repeated.
    let site = single()
        .script(|_| {
            Play::Custom(Box::new(|exchange| {
                Box::pin(async {
                    exchange.read_body().await?;
                    exchange.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":").await?;
                    Ok(Next::Silence)
                })
            }))
        })
        .start()
        .await;
    let client = builder(&site).stall_timeout(Duration::from_millis(300)).build().unwrap();
    let began = Instant::now();
    let error = within(30, client.create_post(&ofauth::Content::new("x"))).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(5), "{error}");
    assert_eq!(site.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_of_a_refusal_stands_whatever_becomes_of_its_words() {
    let endings: &[(&str, fn() -> Play)] = &[
        ("endless", || {
            Play::Custom(Box::new(|exchange| endless_with("413 X", "too large for this account", exchange)))
        }),
        ("stops", || {
            Play::Custom(Box::new(|exchange| {
                Box::pin(async {
                    exchange.read_body().await?;
                    exchange
                        .write(b"HTTP/1.1 413 X\r\nContent-Length: 99\r\n\r\ntoo large for this account")
                        .await?;
                    Ok(Next::Silence)
                })
            }))
        }),
        ("cut", || {
            let words = "too large for this account, and more that never comes";
            Play::Answer(Answer::with_body(413, "text/plain", words).cut_at(30))
        }),
    ];
    let mut together = Together::default();
    for (name, ending) in endings {
        for step in [Step::Init, Step::Part(1), Step::Single, Step::Complete] {
            together.add(format!("{name}, {step:?}"), async move {
                let guide = if step == Step::Single { single() } else { parts(64 * KIB) };
                let site = guide
                    .script(move |visit| if visit.step == step { ending() } else { Play::Guide })
                    .start()
                    .await;
                let client = builder(&site).stall_timeout(Duration::from_secs(2)).build().unwrap();
                let error = video(&client, &data(100 * KIB)).concurrency(1).await.unwrap_err();
                assert!(check(&error, ErrorKind::Rejected).contains("too large for this account"));
                assert_eq!((error.status(), site.visits(step)), (Some(413), 1));
            });
        }
    }
    together.run(30).await;
}

#[tokio::test]
async fn plain_calls_tell_what_is_wrong_with_an_answer() {
    let answers: [(Answer, ErrorKind); 4] = [
        (Answer::with_body(200, "text/html", "<html>"), ErrorKind::InvalidAnswer),
        (Answer::json(200, &json!({"exist": true})), ErrorKind::InvalidAnswer),
        (Answer::json(200, &json!({"exists": "yes"})), ErrorKind::InvalidAnswer),
        (Answer::new(302).header("Location", "/elsewhere"), ErrorKind::Redirect),
    ];
    for (answer, kind) in answers {
        let site = single().script(move |_| Play::Answer(answer.clone())).start().await;
        let error = within(10, client(&site).check("\"e\"", 5)).await.unwrap_err();
        check(&error, kind);
        assert_eq!(site.requests().len(), 1);
    }
}

#[tokio::test]
async fn check_says_what_the_vault_has() {
    for (answer, exists, media) in [
        (json!({"exists": true, "media": {"id": 5, "files": {}}}), true, true),
        (json!({"exists": true, "media": null, "new": 1}), true, false),
        (json!({"exists": false}), false, false),
    ] {
        let site = single().script(move |_| Play::Answer(Answer::json(200, &answer))).start().await;
        let found = within(10, client(&site).check("\"abc123\"", 1_024_000)).await.unwrap();
        assert_eq!((found.exists, found.media.is_some()), (exists, media));
        let request = &site.requests()[0];
        assert_eq!(request.line(), "POST /v2/access/uploads/check");
        assert_eq!(request.json(), json!({"etag": "\"abc123\"", "size": 1_024_000}));
    }
    let site = single().start().await;
    for (etag, size) in [("", 5), ("\"e\"", 0)] {
        check(&client(&site).check(etag, size).await.unwrap_err(), ErrorKind::InvalidArgument);
    }
    assert!(site.requests().is_empty());
}

#[tokio::test]
async fn a_batch_asks_for_a_hundred_ids_at_a_time_and_names_the_missing() {
    let site = single()
        .script(|_| {
            Play::Custom(Box::new(|exchange| {
                Box::pin(async {
                    let asked = exchange.read_body().await?.json();
                    let mut items = asked["mediaIds"].as_array().unwrap().clone();
                    items.retain(|id| !id.as_str().unwrap().ends_with('7'));
                    items.reverse();
                    let items: Vec<_> = items.iter().map(|id| json!({"id": id, "media": {}})).collect();
                    exchange.answer(&Answer::json(200, &json!({"items": items}))).await
                })
            }))
        })
        .start()
        .await;
    let ids: Vec<_> = (0..250).map(|id| id.to_string()).collect();
    let batch = within(10, client(&site).vault_plus_batch(ids.iter().chain(&ids).cloned())).await.unwrap();
    let asked: Vec<_> =
        site.requests().iter().map(|r| r.json()["mediaIds"].as_array().unwrap().len()).collect();
    assert_eq!(asked, [100, 100, 50]);
    assert_eq!((batch.items.len(), batch.missing.len()), (225, 25));
    assert!(
        batch.items[0].id.as_deref() == Some("0")
            && batch.items[224].id.as_deref() == Some("249")
            && batch.missing[0] == "7"
    );
    let none = within(5, client(&site).vault_plus_batch(Vec::<String>::new())).await.unwrap();
    assert_eq!((none.items.len(), site.requests().len()), (0, 3));
}

#[tokio::test]
async fn a_source_that_cannot_be_sent_sends_nothing() {
    let site = single().start().await;
    let client = client(&site);
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty.mp4");
    std::fs::write(&empty, b"").unwrap();
    let odd = dir.path().join("odd.unheardof");
    std::fs::write(&odd, b"plain words").unwrap();
    // What neither name nor first bytes tell is sent as what it may be: the service decides.
    for source in [Source::path(&odd), Source::bytes("x").filename("noname")] {
        let opened = within(5, client.upload(source).open()).await.unwrap();
        assert_eq!(opened.content_type(), "application/octet-stream");
    }
    let fifo = dir.path().join("fifo.mp4");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let cases = [
        (Source::path(dir.path().join("missing.mp4")), ErrorKind::Source),
        (Source::path(dir.path()), ErrorKind::Source),
        (Source::path("/dev/zero"), ErrorKind::Source),
        (Source::path(""), ErrorKind::Source),
        (Source::path("with\0nul.mp4"), ErrorKind::Source),
        (Source::path(empty.join("below")), ErrorKind::Source),
        (Source::path(empty), ErrorKind::Source),
        (Source::path(fifo), ErrorKind::Source),
        (Source::bytes("").filename("a.mp4"), ErrorKind::Source),
        (Source::bytes("x").filename(""), ErrorKind::InvalidArgument),
    ];
    for (source, kind) in cases {
        let upload = client.upload(source);
        check(&within(5, upload.open()).await.unwrap_err(), kind);
    }
    for upload in [
        video(&client, &data(9)).content_type(""),
        video(&client, &data(9)).content_type("video/mp4\r\nX: y"),
        video(&client, &data(9)).filename(" "),
        video(&client, &data(9)).concurrency(0),
        video(&client, &data(9)).concurrency(1000),
    ] {
        check(&within(5, upload).await.unwrap_err(), ErrorKind::InvalidArgument);
    }
    for upload in [video(&client, &data(9)).connection_id(""), video(&client, &data(9)).connection_id("a\nb")]
    {
        check(&within(5, upload).await.unwrap_err(), ErrorKind::Config);
    }
    let unconnected = ofauth::Client::builder().api_key("sk").base_url(site.origin()).build().unwrap();
    check(&within(5, video(&unconnected, &data(9))).await.unwrap_err(), ErrorKind::Config);
    assert_eq!(site.connections(), 0);
}

/// A megabyte of objects would take hundreds of them in memory.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_bytes_is_read_up_to_what_one_can_be() {
    let media =
        format!(r#"{{"mediaUploadId":"u","media":{{"list":[{}0]}}}}"#, r#"{"a":{}},"#.repeat(100_000));
    for step in [Step::Single, Step::Complete] {
        let body = media.clone();
        let guide = if step == Step::Single { single() } else { parts(64 * KIB) };
        let site = guide
            .script(move |visit| match (visit.step == step, visit.attempt) {
                (true, 1) => Play::Answer(Answer::with_body(200, "application/json", body.clone())),
                (true, _) => Play::Answer(Answer::problem(404, "gone", "RESOURCE_NOT_FOUND", "r")),
                (false, _) => Play::Guide,
            })
            .start()
            .await;
        let error = within(20, video(&client(&site), &data(200 * KIB))).await.unwrap_err();
        // The service says that it is done, and nobody can read what it says.
        check(&error, ErrorKind::OutcomeUnknown);
        assert_eq!((site.visits(Step::Init), site.visits(step)), (1, 2));
    }
    let long = format!(r#"{{"partNumber":1,"etag":"{}"}}"#, "e".repeat(100_000));
    let site = parts(64 * KIB)
        .edit_answer(move |of, answer| match of == Step::Part(1) {
            true => Answer::with_body(200, "application/json", long.clone()),
            false => answer,
        })
        .start()
        .await;
    let uploaded = within(20, video(&client(&site), &data(200 * KIB))).await.unwrap();
    assert_eq!(uploaded.parts()[0].etag, None, "what is so long is no etag");
    assert!(uploaded.parts()[1].etag.is_some());
}

//! Answers that are lost when the work may be done: what is repeated, and where the outcome stays unknown.

use std::time::Duration;

use ofauth::{Content, ErrorKind};
use ofauth_tests::guide::holds;
use ofauth_tests::{Answer, Guide, Next, Play, Step};
use serde_json::json;

use crate::support::{
    KEY, KIB, MIB, Together, builder, check, client, data, parts, single, trap, video, within,
};

/// Ways to lose an answer after the work was done.
const LOSSES: &[(&str, fn() -> Play)] = &[
    ("closed", || Play::Lose),
    ("reset", || {
        Play::Custom(Box::new(|exchange| {
            Box::pin(async {
                exchange.read_body().await?;
                Ok(Next::Reset)
            })
        }))
    }),
    ("cut short", || Play::Answer(Answer::json(200, &json!({"mediaUploadId": "upload:1"})).cut_at(9))),
    ("not JSON", || Play::Answer(Answer::with_body(200, "text/html", "<html>fine</html>"))),
    ("an array", || Play::Answer(Answer::with_body(200, "application/json", "[]"))),
    ("no HTTP", || {
        Play::Custom(Box::new(|exchange| {
            Box::pin(async {
                exchange.read_body().await?;
                exchange.write(b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n").await?;
                Ok(Next::Close)
            })
        }))
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_complete_is_repeated_with_the_same_reference() {
    let mut together = Together::default();
    for (name, loss) in LOSSES {
        together.add(*name, async move {
            let site = parts(64 * KIB)
                .repeatable_complete()
                .script(|visit| match visit.step {
                    Step::Complete if visit.attempt <= 2 => loss(),
                    _ => Play::Guide,
                })
                .start()
                .await;
            let data = data(200 * KIB);
            let uploaded = video(&client(&site), &data).await.unwrap();
            assert!(holds(&site.sessions()[0], &data));
            assert_eq!((site.visits(Step::Init), site.repeated_parts()), (1, vec![]));
            let completes = site.requests_to("/complete");
            assert_eq!(completes.len(), 3);
            for complete in completes {
                assert_eq!(complete.json(), json!({"mediaUploadId": uploaded.media_upload_id()}));
            }
        });
    }
    together.run(30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_after_a_lost_complete_leaves_the_outcome_unknown() {
    let mut together = Together::default();
    for (name, loss) in LOSSES {
        for status in [400, 403, 404, 409, 410] {
            together.add(format!("{name}, then {status}"), async move {
                let site = parts(64 * KIB)
                    .script(move |visit| match (visit.step, visit.attempt) {
                        (Step::Complete, 1) => loss(),
                        (Step::Complete, _) => {
                            Play::Answer(Answer::problem(status, "no such session", "X", "req_2"))
                        }
                        _ => Play::Guide,
                    })
                    .start()
                    .await;
                let error = video(&client(&site), &data(200 * KIB)).await.unwrap_err();
                assert!(check(&error, ErrorKind::OutcomeUnknown).contains("no such session"));
                assert_eq!(error.upload_id(), Some(site.sessions()[0].id.as_str()));
                assert_eq!((error.status(), error.request_id()), (Some(status), Some("req_2")));
                assert!(!error.is_retryable());
                assert_eq!(
                    (site.visits(Step::Complete), site.visits(Step::Init)),
                    (2, 1),
                    "no second session"
                );
            });
        }
    }
    // A service that said 5xx may have done it, too.
    together.add("503, then 404", async {
        let site = parts(64 * KIB)
            .script(|visit| match (visit.step, visit.attempt) {
                (Step::Complete, 1) => Play::Answer(Answer::new(503)),
                (Step::Complete, _) => Play::Answer(Answer::new(404)),
                _ => Play::Guide,
            })
            .start()
            .await;
        let error = video(&client(&site), &data(200 * KIB)).await.unwrap_err();
        check(&error, ErrorKind::OutcomeUnknown);
        assert_eq!((site.visits(Step::Complete), site.visits(Step::Init)), (2, 1));
    });
    together.run(30).await;
}

#[tokio::test]
async fn a_complete_that_is_refused_at_first_is_no_mystery() {
    let site = parts(64 * KIB)
        .script(|visit| match visit.step {
            Step::Complete => Play::Answer(Answer::problem(404, "gone", "RESOURCE_NOT_FOUND", "r")),
            _ => Play::Guide,
        })
        .start()
        .await;
    let error = within(10, video(&client(&site), &data(200 * KIB))).await.unwrap_err();
    check(&error, ErrorKind::Rejected);
    assert_eq!((site.visits(Step::Complete), site.visits(Step::Init)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_upload_without_answer_is_sent_once_more_and_then_unknown() {
    let mut together = Together::default();
    for (name, loss) in LOSSES {
        together.add(format!("{name}, twice"), async move {
            let site = single().script(|visit| if visit.step == Step::Single { loss() } else { Play::Guide });
            let site = site.start().await;
            let error = video(&client(&site), &data(50 * KIB)).await.unwrap_err();
            let shown = check(&error, ErrorKind::OutcomeUnknown);
            assert!(shown.contains("vault"), "says where to look: {shown}");
            assert_eq!((site.visits(Step::Single), site.visits(Step::Init)), (2, 1));
            assert_eq!(error.upload_id(), Some(site.sessions()[0].id.as_str()));
        });
        together.add(format!("{name}, then 404"), async move {
            let script = |visit: &ofauth_tests::guide::Visit<'_>| match (visit.step, visit.attempt) {
                (Step::Single, 1) => loss(),
                (Step::Single, _) => Play::Answer(Answer::new(404)),
                _ => Play::Guide,
            };
            let site = single().script(script).start().await;
            let error = video(&client(&site), &data(50 * KIB)).await.unwrap_err();
            check(&error, ErrorKind::OutcomeUnknown);
            assert_eq!((site.visits(Step::Single), site.visits(Step::Init)), (2, 1));
        });
        together.add(format!("{name}, then it works"), async move {
            let script = |visit: &ofauth_tests::guide::Visit<'_>| match (visit.step, visit.attempt) {
                // Lost before the work, as far as this server goes: the second try finds the session open.
                (Step::Single, 1) => Play::Custom(Box::new(|exchange| {
                    Box::pin(async {
                        exchange.read_body().await?;
                        Ok(Next::Drop)
                    })
                })),
                _ => Play::Guide,
            };
            let site = single().script(script).start().await;
            let data = data(50 * KIB);
            video(&client(&site), &data).await.unwrap();
            assert!(holds(&site.sessions()[0], &data));
            assert_eq!(site.visits(Step::Single), 2);
        });
    }
    together.run(30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_upload_that_breaks_off_in_its_body_is_sent_again_freely() {
    // Larger than what the kernel can hold, so that the client knows that the body never arrived.
    let site = single()
        .script(|visit| match visit.step {
            Step::Single if visit.attempt <= 4 => Play::Cut(MIB),
            _ => Play::Guide,
        })
        .start()
        .await;
    let data = data(16 * MIB);
    let uploaded = within(40, video(&client(&site), &data)).await.unwrap();
    assert!(holds(&site.sessions()[0], &data));
    assert_eq!((site.visits(Step::Single), site.visits(Step::Init), uploaded.retries()), (5, 1, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_upload_answered_5xx_is_sent_again_as_a_part_is() {
    let site = single()
        .script(|visit| match visit.step {
            Step::Single if visit.attempt <= 3 => Play::Answer(Answer::new(500)),
            _ => Play::Guide,
        })
        .start()
        .await;
    let data = data(50 * KIB);
    within(20, video(&client(&site), &data)).await.unwrap();
    assert!(holds(&site.sessions()[0], &data));
    assert_eq!(site.visits(Step::Single), 4);
}

/// A server for one route, which plays its faults first.
async fn posts(faults: &'static [fn() -> Play]) -> ofauth_tests::Site {
    Guide::single(KEY)
        .script(move |visit| {
            if visit.step != Step::Other {
                return Play::Guide;
            }
            match faults.get(visit.attempt - 1) {
                Some(fault) => fault(),
                None => Play::Answer(Answer::json(200, &json!({"id": 7}))),
            }
        })
        .start()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_never_repeated_when_it_may_exist() {
    let cases: &[(&str, &'static [fn() -> Play])] = &[
        ("500", &[|| Play::Answer(Answer::problem(500, "oops", "INTERNAL", "r"))]),
        ("502 HTML", &[|| Play::Answer(Answer::with_body(502, "text/html", "<b>bad</b>"))]),
        ("no answer", &[|| Play::Lose]),
        (
            "reset",
            &[|| {
                Play::Custom(Box::new(|exchange| {
                    Box::pin(async {
                        exchange.read_body().await?;
                        Ok(Next::Reset)
                    })
                }))
            }],
        ),
        ("cut short", &[|| Play::Answer(Answer::json(200, &json!({"id": 7})).cut_at(3))]),
        ("silence", &[|| Play::Silence]),
    ];
    let mut together = Together::default();
    for (name, faults) in cases {
        for kind in ["post", "message", "mass message"] {
            together.add(format!("{name}, {kind}"), async move {
                let site = posts(faults).await;
                let client = builder(&site).answer_timeout(Duration::from_secs(2)).build().unwrap();
                let content = Content::new("hello").media(ofauth::MediaItem::reference("upload:1"));
                let ended = match kind {
                    "post" => client.create_post(&content).await.map(drop),
                    "message" => client.send_message("7", &content).await.map(drop),
                    _ => client.create_mass_message(&content.field("userIds", vec![7])).await.map(drop),
                };
                let error = ended.unwrap_err();
                assert_eq!(site.visits(Step::Other), 1, "sent again");
                assert!(!error.is_retryable(), "a repetition could post twice: {error}");
                check(&error, ErrorKind::OutcomeUnknown);
            });
        }
    }
    together.run(30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_repeated_when_it_was_certainly_not_made() {
    let cases: &[(&str, &'static [fn() -> Play])] = &[
        ("429", &[|| Play::Answer(Answer::new(429).header("Retry-After", "1"))]),
        ("429 twice", &[|| Play::Answer(Answer::new(429)), || Play::Answer(Answer::new(429))]),
        ("rules outdated", &[|| Play::Answer(Answer::problem(401, "rules", "RULES_OUTDATED", "r"))]),
    ];
    let mut together = Together::default();
    for (name, faults) in cases {
        together.add(*name, async move {
            let site = posts(faults).await;
            let post = client(&site).create_post(&Content::new("hello")).await.unwrap();
            assert_eq!((post.id.as_str(), site.visits(Step::Other)), ("7", faults.len() + 1));
        });
    }
    together.add("nobody listened", async {
        // The port is known and free until the server comes.
        let free = trap().await;
        let address = free.address();
        let client = builder(&free).build().unwrap();
        drop(free);
        let posting = tokio::spawn(async move { client.create_post(&Content::new("hello")).await });
        // Nothing tells that the first try has failed, but it takes no time.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut head = [0; 4096];
        let read = tokio::io::AsyncReadExt::read(&mut tcp, &mut head).await.unwrap();
        assert!(head[..read].starts_with(b"POST /v2/access/posts"));
        let answer = Answer::json(200, &json!({"id": 8})).to_bytes();
        tokio::io::AsyncWriteExt::write_all(&mut tcp, &answer).await.unwrap();
        assert_eq!(posting.await.unwrap().unwrap().raw(), &json!({"id": 8}));
    });
    together.run(40).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_post_is_an_error_with_the_words_of_the_api() {
    for (status, api_type, kind) in [
        (400, "BAD_REQUEST", ErrorKind::Rejected),
        (401, "SESSION_EXPIRED", ErrorKind::Unauthorized),
        (403, "FORBIDDEN", ErrorKind::Forbidden),
    ] {
        let site = Guide::single(KEY)
            .script(move |_| {
                Play::Answer(Answer::problem(status, "invalid media reference", api_type, "req_5"))
            })
            .start()
            .await;
        let error = within(5, client(&site).create_post(&Content::new("x"))).await.unwrap_err();
        assert!(check(&error, kind).contains("invalid media reference"));
        assert_eq!(
            (error.api_type(), error.request_id(), site.requests().len()),
            (Some(api_type), Some("req_5"), 1)
        );
    }
}

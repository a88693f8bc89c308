//! Upload sessions that end under way: a new one once, and none while the outcome is unknown.

use std::time::Duration;

use ofauth::ErrorKind;
use ofauth_tests::guide::holds;
use ofauth_tests::{Answer, Play, Step};
use serde_json::json;

use crate::support::{KIB, Together, check, client, data, parts, single, video, within};

fn gone(status: u16) -> Play {
    Play::Answer(Answer::problem(status, "the upload session is over", "RESOURCE_NOT_FOUND", "req_gone"))
}

#[tokio::test]
async fn a_session_that_ends_after_a_part_was_taken_is_opened_anew_once() {
    for status in [404, 410] {
        let site = parts(64 * KIB)
            .script(move |visit| match (visit.session, visit.step) {
                (0, Step::Part(3)) => gone(status),
                _ => Play::Guide,
            })
            .start()
            .await;
        let data = data(320 * KIB);
        let uploaded = within(10, video(&client(&site), &data).concurrency(1)).await.unwrap();
        let sessions = site.sessions();
        assert_eq!((sessions.len(), sessions[0].completed, sessions[1].completed), (2, 0, 1));
        assert!(holds(&sessions[1], &data));
        assert_eq!(uploaded.media_upload_id(), sessions[1].id);
        assert_eq!(uploaded.sent_again(), 128 * KIB);
        assert_eq!(site.requests_to("/complete")[0].json(), json!({"mediaUploadId": sessions[1].id}));
    }
}

#[tokio::test]
async fn a_second_session_that_ends_is_an_error() {
    let site = parts(64 * KIB)
        .script(|visit| if visit.step == Step::Part(3) { gone(404) } else { Play::Guide })
        .start()
        .await;
    let error = within(10, video(&client(&site), &data(320 * KIB)).concurrency(1)).await.unwrap_err();
    assert!(check(&error, ErrorKind::Rejected).contains("the upload session is over"));
    assert_eq!((site.visits(Step::Init), site.visits(Step::Complete)), (2, 0));
    assert_eq!((error.part(), error.upload_id()), (Some(3), Some(site.sessions()[1].id.as_str())));
}

#[tokio::test]
async fn a_404_before_any_part_was_taken_is_an_error() {
    let site = parts(64 * KIB)
        .script(|visit| if matches!(visit.step, Step::Part(_)) { gone(404) } else { Play::Guide })
        .start()
        .await;
    let error = within(10, video(&client(&site), &data(320 * KIB))).await.unwrap_err();
    check(&error, ErrorKind::Rejected);
    assert_eq!(site.visits(Step::Init), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn past_the_end_by_the_clock_of_the_service_400_and_404_mean_expired() {
    // The service's clock runs years behind this machine's; only its own `Date` makes sense of `expiresAt`.
    const DATE: &str = "Mon, 02 Jan 2023 00:00:00 GMT";
    let mut together = Together::default();
    for (expires, status, sessions) in [
        ("2023-01-02T00:00:01.000Z", 400, 2),
        ("2023-01-02T00:00:01.000Z", 404, 2),
        ("2023-01-02T00:00:01.000Z", 410, 2),
        ("2023-01-02T00:00:01.000Z", 403, 1),
        ("2023-01-02T01:00:00.000Z", 400, 1),
        ("2023-01-02T01:00:00.000Z", 404, 1),
        // Over when it began: hard to believe, unless the service then does not know the session.
        ("2023-01-01T23:59:00.000Z", 400, 1),
        ("2023-01-01T23:59:00.000Z", 404, 2),
        ("2023-01-01T23:59:00.000Z", 410, 2),
    ] {
        for step in [Step::Part(1), Step::Single] {
            together.add(format!("{expires}, {status}, {step:?}"), async move {
                let guide = if step == Step::Single { single() } else { parts(64 * KIB) };
                let site = guide
                    .edit_plan(move |plan, session| {
                        plan["expiresAt"] =
                            json!(if session == 0 { expires } else { "2023-01-02T02:00:00.000Z" });
                    })
                    .edit_answer(move |_, answer| answer.header("Date", DATE))
                    .script(move |visit| {
                        if visit.session == 0 && visit.step == step {
                            late_refusal(status)
                        } else {
                            Play::Guide
                        }
                    })
                    .start()
                    .await;
                let data = data(200 * KIB);
                let ended = video(&client(&site), &data).concurrency(1).await;
                assert_eq!(site.sessions().len(), sessions, "{ended:?}");
                match ended {
                    Ok(_) => assert!(sessions == 2 && holds(&site.sessions()[1], &data)),
                    Err(error) => assert!(sessions == 1 && error.status() == Some(status)),
                }
            });
        }
    }
    together.run(20).await;
}

/// Refuses once more than a second has passed.
fn late_refusal(status: u16) -> Play {
    Play::Custom(Box::new(move |exchange| {
        Box::pin(async move {
            exchange.read_body().await?;
            tokio::time::sleep(Duration::from_millis(1100)).await;
            exchange.answer(&Answer::problem(status, "too late", "X", "req_late")).await
        })
    }))
}

#[tokio::test]
async fn after_complete_was_sent_no_second_session_is_opened() {
    for status in [404, 410, 400] {
        let site = parts(64 * KIB)
            .edit_plan(|plan, _| plan["expiresAt"] = json!("2020-01-01T00:00:00.000Z"))
            .script(move |visit| if visit.step == Step::Complete { gone(status) } else { Play::Guide })
            .start()
            .await;
        let error = within(10, video(&client(&site), &data(200 * KIB))).await.unwrap_err();
        check(&error, ErrorKind::Rejected);
        assert_eq!((site.visits(Step::Init), site.visits(Step::Complete)), (1, 1));
    }
}

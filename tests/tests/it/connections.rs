//! Connections between two requests: used again, closed by the server, and closed when nobody needs them.

use std::time::Duration;

use ofauth_tests::guide::holds;
use ofauth_tests::{Answer, Next, Play, Step};
use serde_json::json;

use crate::support::{KIB, Together, client, data, parts, video, within};

/// How a server ends a connection that has nothing to do.
#[derive(Debug, Clone, Copy)]
enum HangUp {
    Announced,
    AtOnce,
    /// Some time after the answer, so that it crosses the next request.
    Crossing,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_the_server_closes_between_parts_costs_nothing() {
    const PARTS: u32 = 40;
    let mut together = Together::default();
    for tls in [false, true] {
        for hang_up in [HangUp::Announced, HangUp::AtOnce, HangUp::Crossing] {
            together.add(format!("{hang_up:?}, TLS {tls}"), async move {
                let guide = parts(64 * KIB).script(move |visit| match (visit.step, hang_up) {
                    (Step::Part(_), HangUp::AtOnce) => Play::Ending(Next::Drop),
                    (Step::Part(number), HangUp::Announced) => worked(number, None),
                    (Step::Part(number), HangUp::Crossing) => {
                        worked(number, Some(Duration::from_millis(u64::from(number % 5) * 3)))
                    }
                    _ => Play::Guide,
                });
                let site = if tls { guide.start_tls().await } else { guide.start().await };
                let data = data(u64::from(PARTS) * 64 * KIB);
                let uploaded = video(&client(&site), &data).concurrency(4).await.unwrap();
                assert!(holds(&site.sessions()[0], &data));
                assert_eq!(uploaded.retries(), 0, "a dead connection was counted as a failed try");
                assert!(uploaded.parts().iter().all(|part| part.attempts == 1));
                let whole = site.requests_to("/parts/").iter().filter(|put| put.sha256.is_some()).count();
                assert_eq!(whole, PARTS as usize, "parts arrived twice");
                assert!(site.connections() > PARTS as usize, "the connections were not closed");
            });
        }
    }
    together.run(20).await;
}

/// Takes a part and hangs up: with an announcement, or so long after the answer.
fn worked(number: u32, after: Option<Duration>) -> Play {
    Play::Worked(Box::new(move |exchange| {
        Box::pin(async move {
            let answer = Answer::json(200, &json!({"partNumber": number, "etag": "\"e\""}));
            match after {
                None => exchange.answer(&answer.header("Connection", "close")).await,
                Some(pause) => {
                    exchange.answer(&answer).await?;
                    tokio::time::sleep(pause).await;
                    Ok(Next::Drop)
                }
            }
        })
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_are_closed_while_the_client_lives() {
    let site = parts(64 * KIB).start().await;
    let client = client(&site);
    video(&client, &data(512 * KIB)).await.unwrap();
    // Four seconds for the connections of parts, up to twice that for those of calls.
    within(12, site.deserted()).await;
    drop(client);
}

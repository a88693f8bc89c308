//! Requests are paced ahead of a rate limit that nobody told the client of: over real sockets and with real time, none
//! is refused and little of what the service allows is left unused.
//!
//! Both are measured at the server, from what it recorded of each request, so that nothing but the client's pace
//! counts. Budgets under paused time are tested beside their code.

use std::time::Duration;

use ofauth_sandbox::{Exchange, RateLimit, Sandbox, UploadState};
use ofauth_tests::session::sha256;

use crate::support::{builder_for, data, video, within};

const PER_MINUTE: u32 = 600;
const PART: u64 = 512;
/// Requests beyond those of the full bucket, so 11 s at this rate.
const BEYOND: u32 = 110;

fn seconds(requests: f64) -> f64 {
    requests * 60.0 / f64::from(PER_MINUTE)
}

/// What an upload at 8 connections asked of a server whose bucket was full at its first request. Nothing of it was
/// refused, and each part was sent once and arrived.
async fn upload_against(burst: u32) -> Vec<Exchange> {
    let limit = RateLimit { per_minute: PER_MINUTE, burst };
    let sandbox = Sandbox::builder().part_size(PART).rate_limit(limit).start().await.unwrap();
    let client = builder_for(sandbox.base_url()).concurrency(8).build().unwrap();
    // Two requests are there to open and to complete.
    let parts = u64::from(burst + BEYOND - 2);
    let bytes = data(parts * PART);
    let uploaded = within(60, video(&client, &bytes)).await.unwrap();

    let mut exchanges = sandbox.transcript();
    // Heads that are read at the same time are recorded in either order.
    exchanges.sort_by_key(|exchange| exchange.at);
    let refused: Vec<_> = exchanges.iter().filter(|exchange| exchange.status == Some(429)).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(exchanges.iter().all(|exchange| exchange.status == Some(200)));
    assert_eq!(exchanges.len() as u64, parts + 2);
    assert_eq!(uploaded.retries(), 0);
    let uploads = sandbox.uploads();
    assert_eq!(
        (uploads.len(), uploads[0].state, uploads[0].received),
        (1, UploadState::Complete, parts * PART)
    );
    assert_eq!(uploads[0].parts.len() as u64, parts);
    assert!(uploads[0].parts.iter().all(|part| part.attempts == 1 && part.etag.is_some()));
    let expected: String = sha256(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(uploads[0].sha256.as_ref(), Some(&expected));
    exchanges
}

/// The time from the first of these requests to the last.
fn span(exchanges: &[Exchange]) -> Duration {
    exchanges.last().unwrap().at - exchanges.first().unwrap().at
}

/// The tokens that the server's bucket holds after each request, if it is full at the first.
fn levels(exchanges: &[Exchange], burst: u32) -> Vec<f64> {
    let (mut level, mut at) = (f64::from(burst), exchanges[0].at);
    let after = |exchange: &Exchange| {
        level += (exchange.at - at).as_secs_f64() * f64::from(PER_MINUTE) / 60.0;
        level = level.min(f64::from(burst)) - 1.0;
        at = exchange.at;
        level
    };
    exchanges.iter().map(after).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_takes_hardly_longer_than_the_limit_makes_it() {
    let burst = 60;
    let exchanges = upload_against(burst).await;
    // The last request finds its token no earlier: those of the burst were there, all others had to flow in.
    let optimum = seconds((exchanges.len() as u32 - burst).into());
    let ratio = span(&exchanges).as_secs_f64() / optimum;
    eprintln!("{} requests took {ratio:.4} of the optimum, {optimum} s", exchanges.len());
    // Otherwise the server limits nothing, or the optimum is none.
    assert!(ratio > 0.999, "{ratio}");
    assert!(ratio <= 1.05, "{ratio}");
}

/// A bucket so small that the service's first answers do not tell how fast it refills.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_bucket_costs_a_pause_at_the_start_and_no_more() {
    let burst = 10;
    let exchanges = upload_against(burst).await;
    let optimum = seconds((exchanges.len() as u32 - burst).into());
    let lost = span(&exchanges).as_secs_f64() - optimum;
    // What follows is measured from a request whose tokens are known.
    let learned = exchanges.len() / 2;
    let rest = &exchanges[learned..];
    let there = levels(&exchanges, burst)[learned];
    assert!(rest.len() == 60 && (-0.5..f64::from(burst)).contains(&there), "{there}");
    let ratio = span(rest).as_secs_f64() / seconds((rest.len() - 1) as f64 - there);
    eprintln!("{lost:.2} s lost at the start, then {ratio:.4} of the optimum");
    // The bucket says "full in a second", rounded, so it is asked again after two, of which one was enough.
    assert!(lost <= 2.0, "{lost}");
    assert!(ratio > 0.99 && ratio <= 1.05, "{ratio}");
}

//! A service that refuses before it has the body, and closes: its words arrive although the connection breaks.

use std::sync::Arc;
use std::time::Duration;

use ofauth::ErrorKind;
use ofauth_tests::{Answer, Guide, Next, Play, Site, Step};

use crate::support::{MIB, check, client, data, parts, single, video, within};

/// Uploads, of which all but one have to hear the refusal.
const UPLOADS: usize = 100;

fn too_large() -> Answer {
    Answer::problem(413, "the file is larger than this account may upload", "PAYLOAD_TOO_LARGE", "req_413")
}

/// How a server refuses.
const WAYS: &[(&str, fn() -> Play)] = &[
    ("at once", || Play::Early(too_large())),
    ("saying close", || Play::Early(too_large().header("Connection", "close"))),
    ("in chunks", || Play::Early(too_large().chunked(20))),
    ("until close", || Play::Early(too_large().until_close())),
    ("in drips", || Play::Early(too_large().drip(40, Duration::from_millis(2)))),
    ("in the middle", || custom(MIB, Next::Drop)),
    ("read on after the answer", || custom(0, Next::Silence)),
    ("write side shut, nothing read", || {
        Play::Custom(Box::new(|exchange| {
            Box::pin(async {
                exchange.answer(&too_large().header("Connection", "close")).await?;
                exchange.shutdown().await?;
                Ok(Next::Deaf)
            })
        }))
    }),
];

fn custom(read_first: u64, next: Next) -> Play {
    Play::Custom(Box::new(move |exchange| {
        Box::pin(async move {
            exchange.read(read_first).await?;
            exchange.answer(&too_large()).await?;
            Ok(next)
        })
    }))
}

async fn start(guide: Guide, tls: bool) -> Site {
    if tls { guide.start_tls().await } else { guide.start().await }
}

fn is_put(step: Step) -> bool {
    matches!(step, Step::Single | Step::Part(_))
}

/// How many of the uploads end with the API's words at the first try.
async fn heard(tls: bool, several: bool, way: fn() -> Play) -> usize {
    let guide = if several { parts(4 * MIB) } else { single() };
    let guide = guide.script(move |visit| if is_put(visit.step) { way() } else { Play::Guide });
    let site = Arc::new(start(guide, tls).await);
    let client = client(&site);
    let data = data(8 * MIB);
    let mut uploads = tokio::task::JoinSet::new();
    let mut heard = 0;
    for _ in 0..UPLOADS {
        uploads.spawn(video(&client, &data).into_future());
        // Side by side, but not so many that the kernel runs out of buffers.
        if uploads.len() >= 16 {
            heard += usize::from(is_heard(uploads.join_next().await.unwrap().unwrap()));
        }
    }
    while let Some(ended) = uploads.join_next().await {
        heard += usize::from(is_heard(ended.unwrap()));
    }
    // At the first try: a refusal that was missed would be met again.
    let refused = site.requests_to("PUT").len();
    assert!(refused <= UPLOADS * if several { 2 } else { 1 } + 1, "{refused} requests");
    heard
}

fn is_heard(ended: ofauth::Result<ofauth::Uploaded>) -> bool {
    let error = ended.unwrap_err();
    let words = "the file is larger than this account may upload";
    let heard = error.to_string().contains(words) && error.request_id() == Some("req_413");
    if heard {
        check(&error, ErrorKind::Rejected);
        assert_eq!((error.status(), error.api_type()), (Some(413), Some("PAYLOAD_TOO_LARGE")));
    }
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn a_413_before_the_body_is_heard() {
    for (name, way) in WAYS {
        for tls in [false, true] {
            // Half of the ways with one PUT, half with several.
            let several = name.len() % 2 == usize::from(tls);
            let heard = within(60, heard(tls, several, *way)).await;
            assert!(heard >= UPLOADS - 1, "{name}, TLS {tls}, several {several}: {heard} of {UPLOADS}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_over_a_connection_that_was_used_before_is_heard() {
    for tls in [false, true] {
        let guide = parts(8 * MIB).script(|visit| match visit.step {
            Step::Part(2) => Play::Early(too_large()),
            _ => Play::Guide,
        });
        let site = start(guide, tls).await;
        let client = client(&site);
        let data = data(16 * MIB);
        let mut heard = 0;
        for _ in 0..UPLOADS / 4 {
            heard += usize::from(is_heard(within(20, video(&client, &data).concurrency(1)).await));
        }
        assert_eq!((heard, site.visits(Step::Part(2))), (UPLOADS / 4, UPLOADS / 4), "TLS {tls}");
    }
}

/// A connection for each upload: those of one would keep to one request budget and learn from each other's refusals.
fn connection(number: usize) -> String {
    format!("conn_{number}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_429_before_the_body_is_heard_with_its_headers() {
    for tls in [false, true] {
        let guide = single().script(|visit| match visit.step {
            Step::Single if visit.attempt == 1 => Play::Early(Answer::new(429).header("Retry-After", "2")),
            _ => Play::Guide,
        });
        let site = Arc::new(start(guide, tls).await);
        let client = client(&site);
        let data = data(4 * MIB);
        let mut uploads = tokio::task::JoinSet::new();
        for number in 0..UPLOADS {
            uploads.spawn(video(&client, &data).connection_id(connection(number)).into_future());
        }
        while let Some(ended) = within(60, uploads.join_next()).await {
            ended.unwrap().unwrap();
        }
        // Without the header a client would come back sooner.
        let mut patient = 0;
        for session in site.sessions() {
            let puts =
                site.requests_to(&format!("PUT /v2/access/uploads/{}", session.id.replace(':', "%3A")));
            assert_eq!(puts.len(), 2);
            patient += usize::from(puts[1].at - puts[0].at >= Duration::from_secs(2));
        }
        assert!(patient >= UPLOADS - 1, "TLS {tls}: {patient} of {UPLOADS}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_429_that_asks_for_hours_is_an_error_with_the_words_of_the_api() {
    let words = "the bucket is empty for today";
    for tls in [false, true] {
        let refusal = move || {
            Answer::problem(429, words, "RATE_LIMIT_EXCEEDED", "req_429").header("Retry-After", "7200")
        };
        let guide = parts(4 * MIB)
            .script(move |visit| if is_put(visit.step) { Play::Early(refusal()) } else { Play::Guide });
        let site = start(guide, tls).await;
        let client = client(&site);
        let data = data(8 * MIB);
        let mut uploads = tokio::task::JoinSet::new();
        for number in 0..UPLOADS {
            uploads.spawn(video(&client, &data).connection_id(connection(number)).into_future());
        }
        let mut heard = 0;
        while let Some(ended) = within(60, uploads.join_next()).await {
            let error = ended.unwrap().unwrap_err();
            if error.kind() == ErrorKind::RateLimited {
                assert!(check(&error, ErrorKind::RateLimited).contains(words));
                assert_eq!((error.status(), error.request_id()), (Some(429), Some("req_429")));
                heard += 1;
            }
        }
        assert!(heard >= UPLOADS - 1, "TLS {tls}: {heard} of {UPLOADS}");
    }
}

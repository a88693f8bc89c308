//! What becomes of an upload when every try fails: an error of the right kind, after a bounded number of requests.
//!
//! The pauses between eight tries add up to a minute at most, so the cases run in parallel.

use std::time::Duration;

use ofauth::ErrorKind;
use ofauth_tests::{Answer, Listen, Next, Play, Step};

use crate::support::{KIB, MIB, Together, builder, check, data, parts, single, trap, video};

/// A fault that never passes, and the error that it ends in for a part.
const FAULTS: &[(&str, fn() -> Play, ErrorKind)] = &[
    ("500", || Play::Answer(Answer::problem(500, "still broken", "INTERNAL", "req_8")), ErrorKind::Server),
    (
        "502 HTML",
        || Play::Answer(Answer::with_body(502, "text/html", "<h1>still broken</h1>")),
        ErrorKind::Server,
    ),
    ("no answer", || drop_after_body(), ErrorKind::Network),
    ("silence", || Play::Silence, ErrorKind::Timeout),
    ("unreadable", || Play::Answer(Answer::with_body(200, "text/html", "<html>")), ErrorKind::InvalidAnswer),
    ("no HTTP", || garbage(), ErrorKind::Network),
];

fn drop_after_body() -> Play {
    Play::Custom(Box::new(|exchange| {
        Box::pin(async {
            exchange.read_body().await?;
            Ok(Next::Drop)
        })
    }))
}

fn garbage() -> Play {
    Play::Custom(Box::new(|exchange| {
        Box::pin(async {
            exchange.read_body().await?;
            exchange.write(&[0xff; 3000]).await?;
            Ok(Next::Close)
        })
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_error_names_the_last_failure_and_requests_are_bounded() {
    let mut together = Together::default();
    for (name, fault, part_kind) in FAULTS {
        for step in [Step::Init, Step::Part(2), Step::Single, Step::Complete] {
            // An init that cannot be read is an error at once.
            let kind = match step {
                Step::Single | Step::Complete => ErrorKind::OutcomeUnknown,
                _ => *part_kind,
            };
            together.add(format!("{name}, {step:?}"), async move {
                let guide = if step == Step::Single { single() } else { parts(4 * KIB) };
                let site = guide
                    .script(move |visit| if visit.step == step { fault() } else { Play::Guide })
                    .start()
                    .await;
                let client = builder(&site).answer_timeout(Duration::from_millis(500)).build().unwrap();
                let error = video(&client, &data(12 * KIB)).await.unwrap_err();
                let shown = check(&error, kind);
                if *part_kind == ErrorKind::Server {
                    assert!(shown.contains("still broken") && error.status().is_some(), "{shown}");
                }
                assert_eq!(error.part(), (step == Step::Part(2)).then_some(2));
                let visits = site.visits(step);
                assert!((1..=9).contains(&visits), "{visits} requests");
                assert_eq!(site.visits(Step::Init), if step == Step::Init { visits } else { 1 });
                if step != Step::Complete {
                    assert_eq!(site.visits(Step::Complete), 0);
                }
            });
        }
    }
    together.add("nobody listens", async {
        let server = trap().await;
        let client = builder(&server).build().unwrap();
        drop(server);
        let error = video(&client, &data(10)).await.unwrap_err();
        check(&error, ErrorKind::Network);
        assert!(error.is_retryable() && error.upload_id().is_none());
    });
    together.add("a name that does not exist", async {
        let client = crate::support::builder_for("https://nowhere.invalid").build().unwrap();
        let error = video(&client, &data(10)).await.unwrap_err();
        // Without a certificate store the machine is to blame first.
        let kind = error.kind();
        assert!(matches!(kind, ErrorKind::Network | ErrorKind::Config), "{error}");
        check(&error, kind);
    });
    together.add("a certificate of somebody else", async {
        let (site, other) = (parts(64 * KIB).start_tls().await, parts(64 * KIB).start_tls().await);
        let client = builder(&site).ca_pem(other.ca_pem().unwrap()).build().unwrap();
        let began = std::time::Instant::now();
        let error = video(&client, &data(10)).await.unwrap_err();
        assert!(check(&error, ErrorKind::Config).contains("certificate"));
        assert!(began.elapsed() < Duration::from_secs(5), "hopeless, so not tried again");
        assert_eq!(site.requests().len(), 0);
    });
    for several in [false, true] {
        together.add(format!("never reads, several: {several}"), async move {
            let guide = if several { parts(8 * MIB) } else { single() };
            let site = guide
                .script(|visit| match visit.step {
                    Step::Init => Play::Guide,
                    _ => Play::Deaf(10),
                })
                .listen(Listen::default().receive_buffer(64 * 1024))
                .await;
            let client = builder(&site).stall_timeout(Duration::from_secs(2)).build().unwrap();
            let error = video(&client, &data(16 * MIB)).await.unwrap_err();
            check(&error, ErrorKind::Timeout);
            assert_eq!(site.visits(Step::Init), 1);
        });
    }
    together.run(85).await;
}

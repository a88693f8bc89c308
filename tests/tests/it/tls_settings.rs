//! TLS that does not come about because a setting is wrong: said in words, and not tried again.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use ofauth::ErrorKind;
use ofauth_tests::server::Handling;
use ofauth_tests::{Answer, Exchange, Failing, Gate, Identity, Listen, Pass, Play, Server, Step};

use crate::support::{KIB, Together, builder, builder_for, check, data, parts, single, video, within};

fn hello(exchange: &mut Exchange) -> Handling<'_> {
    Box::pin(async {
        exchange.read_body().await?;
        exchange.answer(&Answer::with_body(200, "application/json", "{}")).await
    })
}

#[tokio::test]
async fn the_servers_own_certificate_may_be_given_whatever_it_says_of_itself() {
    for marked_as_authority in [false, true] {
        let own = Identity::self_signed(&["127.0.0.1"], marked_as_authority);
        let site = single().listen(Listen::default().tls_as(&own)).await;
        let client = builder(&site).build().unwrap();
        within(10, video(&client, &data(100 * KIB))).await.unwrap();

        let again = Identity::self_signed(&["127.0.0.1"], marked_as_authority);
        let elsewhere = Identity::self_signed(&["api.test"], marked_as_authority);
        let past = Identity::expired(&["127.0.0.1"], marked_as_authority);
        for (name, server, trusted, words) in [
            ("another of the same name", &again, &own, "not trusted"),
            ("for another name", &elsewhere, &elsewhere, "not for 127.0.0.1"),
            ("expired", &past, &past, "has expired"),
        ] {
            let server = Listen::default().tls_as(server).start(hello).await;
            let client = builder_for(server.origin()).ca_pem(trusted.authority()).build().unwrap();
            let error = within(10, client.whoami()).await.unwrap_err();
            let shown = check(&error, ErrorKind::Config);
            assert!(shown.contains(words), "{name}, {marked_as_authority}: {shown}");
            assert!(shown.contains(&server.address().to_string()), "{shown}");
            assert_eq!(server.connections(), 1, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_speaks_another_protocol_is_told_at_once() {
    const TOO_OLD: &[u8] = b"\x15\x03\x01\x00\x02\x02\x46";
    const NOTHING_IN_COMMON: &[u8] = b"\x15\x03\x03\x00\x02\x02\x28";
    const PAGE: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    const NGINX: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 65\r\nConnection: close\r\n\r\n\
        <center>The plain HTTP request was sent to HTTPS port</center>\r\n\r";
    let mut together = Together::default();
    for (scheme, says, words) in [
        ("https", TOO_OLD, "TLS before 1.2"),
        ("https", NOTHING_IN_COMMON, "no TLS settings in common"),
        ("https", PAGE, "does not speak TLS"),
        ("https", b"SSH-2.0-OpenSSH_9.2\r\n", "does not speak TLS"),
        ("http", TOO_OLD, "speaks TLS: use https://"),
        ("http", NGINX, "use https:// in the base URL"),
    ] {
        together.add(format!("{scheme}, {words}"), async move {
            let nobody = Server::start(hello).await;
            let gate = Gate::before(nobody.address()).script(move |_| Pass::Fail(11, Failing::Say(says)));
            let gate = gate.start().await;
            let origin = format!("{scheme}://{}", gate.address());
            for upload in [false, true] {
                let before = gate.connections();
                let client = builder_for(&origin).build().unwrap();
                let error = match upload {
                    false => client.whoami().await.unwrap_err(),
                    true => video(&client, &data(KIB)).await.unwrap_err(),
                };
                let shown = check(&error, ErrorKind::Config);
                assert!(shown.contains(words), "{words:?} is not in {shown}");
                assert_eq!(gate.connections(), before + 1, "{shown}");
            }
        });
    }
    together.run(30).await;
}

#[tokio::test]
async fn a_server_of_https_that_is_spoken_to_without_is_told_at_once() {
    let server = Listen::default().tls(&["127.0.0.1"]).start(hello).await;
    let client = builder_for(&format!("http://{}", server.address())).build().unwrap();
    let error = within(20, client.whoami()).await.unwrap_err();
    let shown = check(&error, ErrorKind::Config);
    assert!(shown.contains("speaks TLS: use https://"), "{shown}");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn no_connection_in_time_is_told_in_our_words() {
    let server = Server::start(hello).await;
    let gate = Gate::before(server.address()).script(|_| Pass::Fail(11, Failing::Silence)).start().await;
    let client = builder_for(&format!("https://{}", gate.address()));
    let client = client.connect_timeout(std::time::Duration::from_millis(200)).build().unwrap();
    let error = within(30, client.whoami()).await.unwrap_err();
    let shown = check(&error, ErrorKind::Timeout);
    let wanted = format!("the server {} cannot be reached (no connection within 200 ms", gate.address());
    assert!(shown.contains(&wanted), "{shown}");
    assert_eq!(gate.connections(), 5);
}

#[tokio::test]
async fn a_request_that_came_to_the_wrong_server_goes_over_a_fresh_connection_once() {
    for (misdirected, succeeds) in [(1, true), (9, false)] {
        for step in [Step::Init, Step::Single, Step::Part(1), Step::Complete] {
            let guide = if step == Step::Single { single() } else { parts(64 * KIB) };
            let left = AtomicUsize::new(misdirected);
            let site = guide.script(move |visit| {
                let hit = visit.step == step
                    && left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
                if hit {
                    Play::Answer(Answer::with_body(421, "text/plain", "wrong server"))
                } else {
                    Play::Guide
                }
            });
            let site = site.start().await;
            let client = builder(&site).concurrency(1).build().unwrap();
            let ended = within(20, video(&client, &data(100 * KIB))).await;
            assert_eq!(ended.is_ok(), succeeds, "{step:?}: {ended:?}");
            assert_eq!(site.visits(step), 2, "{step:?}");
            if let Err(error) = ended {
                assert_eq!((error.kind(), error.status()), (ErrorKind::Rejected, Some(421)), "{error}");
            }
        }
    }
}

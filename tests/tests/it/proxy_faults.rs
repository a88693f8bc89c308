//! What goes wrong at a proxy, on both roads: JSON calls and the bytes of files. Each failure names the proxy, is tried as
//! often as it is worth, and never shows the proxy's password.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ofauth::{ClientBuilder, Error, ErrorKind};
use ofauth_tests::server::{Handler, Handling};
use ofauth_tests::{Answer, Exchange, Listen, Next, Server};

use crate::proxies::{HOST, Proxy, at};
use crate::support::{KIB, Together, builder_for, check, data, single, video, within};

const PASSWORD: &str = "secret-word";
/// `user:secret-word`, as the header has it.
const LOGIN: &str = "dXNlcjpzZWNyZXQtd29yZA==";

/// What a proxy does instead of its work.
#[derive(Clone, Copy)]
enum Fault {
    Says(fn() -> Answer),
    Writes(&'static [u8], Next),
    Ends(Next),
}

impl Fault {
    async fn play(self, exchange: &mut Exchange) -> std::io::Result<Next> {
        exchange.read_body().await?;
        match self {
            Self::Says(answer) => exchange.answer(&answer().header("Connection", "close")).await,
            Self::Writes(bytes, then) => {
                exchange.write(bytes).await?;
                Ok(then)
            }
            Self::Ends(then) => Ok(then),
        }
    }
}

/// A proxy that does its work but for some requests.
struct Faulty {
    proxy: Proxy,
    /// The first and the last request that it fails, counted from 0.
    from: usize,
    to: usize,
    fault: Fault,
    seen: AtomicUsize,
}

impl Faulty {
    fn new(site: std::net::SocketAddr, from: usize, to: usize, fault: Fault) -> Self {
        Self { proxy: Proxy(site), from, to, fault, seen: AtomicUsize::new(0) }
    }
}

impl Handler for Faulty {
    fn handle<'a>(&'a self, exchange: &'a mut Exchange) -> Handling<'a> {
        let number = self.seen.fetch_add(1, Ordering::SeqCst);
        if (self.from..=self.to).contains(&number) {
            Box::pin(self.fault.play(exchange))
        } else {
            self.proxy.handle(exchange)
        }
    }
}

fn page(status: u16, body: &str) -> Answer {
    Answer::with_body(status, "text/html", body)
}

fn login(scheme: &str) -> Answer {
    let echo = format!("<p>{PASSWORD} ({LOGIN}) is not known</p>");
    page(407, &echo).header("Proxy-Authenticate", format!("{scheme} realm=x"))
}

/// What answers CONNECT, the error that it ends in, words of its text, and how often a proxy that goes on so is asked.
const TUNNELS: &[(&str, Fault, ErrorKind, &str, usize)] = &[
    ("407", Fault::Says(|| login("Basic")), ErrorKind::Proxy, "user name and password, or refused these", 1),
    ("407 NTLM", Fault::Says(|| login("NTLM")), ErrorKind::Proxy, "by NTLM, and only Basic is supported", 1),
    ("407 empty", Fault::Says(|| Answer::new(407)), ErrorKind::Proxy, "Proxy Authentication Required", 1),
    (
        "403",
        Fault::Says(|| page(403, "<h1>Blocked</h1> by policy")),
        ErrorKind::Proxy,
        "(Blocked by policy)",
        2,
    ),
    ("405", Fault::Says(|| Answer::new(405)), ErrorKind::Proxy, "Method Not Allowed", 1),
    ("302", Fault::Says(|| Answer::new(302).header("Location", "http://x/")), ErrorKind::Proxy, "Found", 1),
    (
        "502",
        Fault::Says(|| page(502, "<title>502 Bad Gateway</title><h1>Bad Gateway</h1>")),
        ErrorKind::Network,
        "(502 Bad Gateway)",
        5,
    ),
    ("503", Fault::Says(|| Answer::new(503)), ErrorKind::Network, "Service Unavailable", 5),
    ("504", Fault::Says(|| page(504, "")), ErrorKind::Network, "Gateway Timeout", 5),
    (
        "rubbish",
        Fault::Writes(b"220 mail.test ESMTP\r\n", Next::Close),
        ErrorKind::Config,
        "as an HTTP proxy does",
        1,
    ),
    (
        "TLS",
        Fault::Writes(b"\x15\x03\x01\x00\x02\x02\x46", Next::Close),
        ErrorKind::Config,
        "as an HTTP proxy does",
        1,
    ),
    (
        "more than a tunnel",
        Fault::Writes(b"HTTP/1.1 200 OK\r\n\r\nhello", Next::Close),
        ErrorKind::Config,
        "as an HTTP proxy does",
        1,
    ),
    ("closes", Fault::Ends(Next::Close), ErrorKind::Network, "closed the connection", 5),
    ("resets", Fault::Ends(Next::Reset), ErrorKind::Network, "onnection", 5),
    (
        "hangs",
        Fault::Ends(Next::Silence),
        ErrorKind::Timeout,
        "no connection within 500 ms; it does not answer CONNECT",
        5,
    ),
    (
        "200 and closes",
        Fault::Writes(b"HTTP/1.1 200 OK\r\n\r\n", Next::Close),
        ErrorKind::Network,
        "through the proxy",
        5,
    ),
    (
        "200 and resets",
        Fault::Writes(b"HTTP/1.1 200 OK\r\n\r\n", Next::Reset),
        ErrorKind::Network,
        "onnection",
        5,
    ),
    (
        "200 and hangs",
        Fault::Writes(b"HTTP/1.1 200 OK\r\n\r\n", Next::Silence),
        ErrorKind::Timeout,
        "through the proxy",
        5,
    ),
];

/// Long enough on a machine that is busy, and short where it is waited for.
fn patience(kind: ErrorKind) -> Duration {
    Duration::from_millis(if kind == ErrorKind::Timeout { 500 } else { 10_000 })
}

async fn secure_site() -> ofauth_tests::Site {
    at("https", 8443, single()).listen(Listen::default().tls(&[HOST])).await
}

fn through(proxy: &Server, client: ClientBuilder) -> ClientBuilder {
    client.proxy(format!("http://user:{PASSWORD}@{}", proxy.address()))
}

#[track_caller]
fn check_named(error: &Error, kind: ErrorKind, proxy: &Server, words: &str) {
    let shown = check(error, kind);
    assert!(shown.contains(&format!("proxy {}", proxy.address())), "{shown}");
    assert!(shown.contains(words), "{words:?} is not in {shown}");
    let all = format!("{shown} {error:?}");
    assert!(!all.contains(PASSWORD) && !all.contains(LOGIN), "{all}");
    assert!(!shown.contains("tunnel error") && !shown.contains("deadline has elapsed"), "{shown}");
    assert_eq!(error.is_retryable(), matches!(kind, ErrorKind::Network | ErrorKind::Timeout), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_gets_no_tunnel_says_why() {
    let mut together = Together::default();
    for &(name, fault, kind, words, asked) in TUNNELS {
        together.add(name, async move {
            let site = secure_site().await;
            let proxy = Server::start(Faulty::new(site.address(), 0, usize::MAX, fault)).await;
            let client = builder_for(&format!("https://{HOST}:8443")).ca_pem(site.ca_pem().unwrap());
            let client = through(&proxy, client).connect_timeout(patience(kind)).build().unwrap();
            let error = client.whoami().await.unwrap_err();
            check_named(&error, kind, &proxy, words);
            assert_eq!(proxy.connections(), asked, "{error}");
            assert_eq!(proxy.requests_to("CONNECT").len(), asked);
            assert!(proxy.requests().iter().all(|request| request.header("apikey").is_none()));
        });
    }
    together.run(60).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_get_no_tunnel_say_why_or_wait_for_one() {
    let mut together = Together::default();
    for &(name, fault, kind, words, asked) in TUNNELS {
        together.add(name, async move {
            let site = secure_site().await;
            // The session is opened through the first tunnel. A fault that may pass does so after two.
            let passes = matches!(kind, ErrorKind::Network | ErrorKind::Timeout);
            let last = if passes { 2 } else { usize::MAX };
            let proxy = Server::start(Faulty::new(site.address(), 1, last, fault)).await;
            let client = builder_for(&format!("https://{HOST}:8443")).ca_pem(site.ca_pem().unwrap());
            let client = through(&proxy, client).connect_timeout(patience(kind)).build().unwrap();
            let ended = video(&client, &data(100 * KIB)).await;
            if passes {
                assert_eq!(ended.unwrap().retries(), 2);
                assert_eq!(proxy.requests_to("CONNECT").len(), 4);
            } else {
                check_named(&ended.unwrap_err(), kind, &proxy, words);
                assert_eq!(proxy.requests_to("CONNECT").len(), 1 + asked);
            }
        });
    }
    together.run(60).await;
}

/// What answers a plain request in place of the service, the error, words of its text, and whether it is the proxy's.
const PAGES: &[(&str, Fault, ErrorKind, &str, bool)] = &[
    (
        "407",
        Fault::Says(|| login("Basic")),
        ErrorKind::Proxy,
        "user name and password, or refused these",
        true,
    ),
    (
        "407 NTLM",
        Fault::Says(|| login("NTLM")),
        ErrorKind::Proxy,
        "by NTLM, and only Basic is supported",
        true,
    ),
    ("407 empty", Fault::Says(|| Answer::new(407)), ErrorKind::Proxy, "Proxy Authentication Required", true),
    (
        "403 page",
        Fault::Says(|| page(403, "<h1>Blocked</h1>")),
        ErrorKind::Proxy,
        "refused the request (Blocked)",
        true,
    ),
    ("403 text", Fault::Says(|| Answer::with_body(403, "text/plain", "no")), ErrorKind::Proxy, "(no)", true),
    (
        "404 page",
        Fault::Says(|| page(404, "<h1>Nothing here</h1>")),
        ErrorKind::Rejected,
        "came through the proxy",
        true,
    ),
    (
        "403 JSON",
        Fault::Says(|| Answer::problem(403, "no right", "FORBIDDEN", "r")),
        ErrorKind::Forbidden,
        "no right",
        false,
    ),
    (
        "404 JSON",
        Fault::Says(|| Answer::problem(404, "not there", "RESOURCE_NOT_FOUND", "r")),
        ErrorKind::Rejected,
        "not there",
        false,
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_proxy_is_not_taken_for_the_services_words() {
    let mut together = Together::default();
    for &(name, fault, kind, words, is_proxys) in PAGES {
        // The call itself, and the bytes after an init that came through.
        for from in [0, 1] {
            together.add(format!("{name} from {from}"), async move {
                let guide = at("http", 8080, single());
                let site = guide.edit_answer(|_, answer| answer.header("Connection", "close")).start().await;
                let proxy = Server::start(Faulty::new(site.address(), from, usize::MAX, fault)).await;
                let client = builder_for(&format!("http://{HOST}:8080")).allow_plain_http(true);
                let client = through(&proxy, client).build().unwrap();
                let error = match from {
                    0 => client.whoami().await.unwrap_err(),
                    _ => video(&client, &data(100 * KIB)).await.unwrap_err(),
                };
                if is_proxys {
                    check_named(&error, kind, &proxy, words);
                } else {
                    let shown = check(&error, kind);
                    assert!(shown.contains(words) && !shown.contains("proxy"), "{shown}");
                }
                assert_eq!(proxy.requests().len(), 1 + from, "{error}");
            });
        }
    }
    together.run(30).await;
}

/// A page for a login, or anything else that is not the service's, with the status of a success.
#[tokio::test]
async fn a_success_that_a_proxy_made_up_is_told_with_the_proxy() {
    let mut together = Together::default();
    let made_up: [(&str, fn() -> Answer); 3] = [
        ("page", || page(200, "<h1>Log in to the hotel</h1>")),
        ("text", || Answer::with_body(200, "text/plain", "try again")),
        ("cut", || Answer::with_body(200, "application/json", "{\"id\": ")),
    ];
    for (name, answer) in made_up {
        together.add(name.to_owned(), async move {
            let site = at("http", 8080, single()).start().await;
            let proxy = Server::start(Faulty::new(site.address(), 0, usize::MAX, Fault::Says(answer))).await;
            let client = builder_for(&format!("http://{HOST}:8080")).allow_plain_http(true);
            let client = through(&proxy, client).build().unwrap();
            let post = client.call("create_post").body_json("{\"text\": \"x\"}").send();
            for (error, kind) in [
                (client.whoami().await.unwrap_err(), ErrorKind::InvalidAnswer),
                (post.await.unwrap_err(), ErrorKind::OutcomeUnknown),
                (video(&client, &data(KIB)).await.unwrap_err(), ErrorKind::InvalidAnswer),
            ] {
                check_named(&error, kind, &proxy, "it came through the proxy");
            }
        });
    }
    together.run(30).await;
}

#[tokio::test]
async fn a_dead_proxy_is_named_on_both_roads() {
    for base in [format!("https://{HOST}"), format!("http://{HOST}:8080")] {
        let client = builder_for(&base).allow_plain_http(true).proxy("http://user:secret-word@127.0.0.1:1");
        let client = client.build().unwrap();
        for error in [
            within(30, client.whoami()).await.unwrap_err(),
            within(30, video(&client, &data(KIB))).await.unwrap_err(),
        ] {
            let shown = check(&error, ErrorKind::Network);
            let wanted = "the proxy 127.0.0.1:1 cannot be reached (connection refused): check that it runs";
            assert!(shown.contains(wanted) && !shown.contains(PASSWORD), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_certificate_that_came_through_the_proxy_is_said_to() {
    let site = secure_site().await;
    let other = secure_site().await;
    let proxy = Server::start(Proxy(site.address())).await;
    // The proxy leads to somebody whose certificate another authority signed, as one does that looks into TLS.
    let client = builder_for(&format!("https://{HOST}:8443")).ca_pem(other.ca_pem().unwrap());
    let error = within(10, through(&proxy, client).build().unwrap().whoami()).await.unwrap_err();
    check_named(&error, ErrorKind::Config, &proxy, "if the proxy looks into TLS");
    assert_eq!(proxy.connections(), 1);
}

#[test]
fn a_proxy_that_cannot_be_used_is_refused_with_a_remedy() {
    for (url, words) in [
        ("socks5://127.0.0.1:1080", "begins with socks5://"),
        ("https://127.0.0.1:3128", "begins with https://"),
        ("http://", "give something like"),
        ("nonsense", "give something like"),
    ] {
        let error = builder_for("https://api.test").proxy(url).build().unwrap_err();
        let shown = check(&error, ErrorKind::Config);
        assert!(shown.contains(words) && shown.contains("http://proxy.example:3128"), "{shown}");
    }
}

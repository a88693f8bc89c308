//! Servers that would like to see the key: named by a plan or by a redirect, and none of them is ever connected to.
//!
//! The traps are as good as can be: they run on this machine and their certificate is trusted, so nothing but the rule on
//! origins keeps a client away. More ways to write a foreign origin, and all statuses of redirects, are in `plans`.

use std::sync::Arc;

use ofauth::{ErrorKind, Source};
use ofauth_tests::{Answer, Guide, Identity, Listen, Play, Server, Step};
use serde_json::json;

use crate::support::{KEY, KIB, Together, builder, check, data, parts, single, trap_on, video, within};

/// Where a client is to be lured. `BASE` is host and port of its own server, `PLAIN` and `TLS` those of traps.
const PLACES: &[(&str, &str)] = &[
    ("same host, other port", "http://127.0.0.1:PLAIN"),
    ("same host, other port, https", "https://127.0.0.1:TLS"),
    ("other host", "http://localhost:PLAIN"),
    ("other host, https", "https://localhost:TLS"),
    ("the other scheme", "SWAPPED://BASE"),
    ("user and password", "SCHEME://user:password@BASE"),
    ("the server as a user", "http://BASE@127.0.0.1:PLAIN"),
    ("the server as a password, https", "https://x:BASE@127.0.0.1:TLS"),
    ("no scheme", "//127.0.0.1:SAME"),
    ("backslashes", "\\\\127.0.0.1:SAME"),
    ("a dot behind the host", "SCHEME://127.0.0.1.:SAME"),
    ("an address in IPv6", "SCHEME://[::ffff:127.0.0.1]:SAME"),
];

/// The traps, and whom clients trust.
struct Traps {
    plain: Server,
    tls: Server,
    identity: Identity,
}

impl Traps {
    async fn set() -> Arc<Self> {
        let identity = Identity::new(&["127.0.0.1", "localhost"]);
        let tls = trap_on(Listen::default().tls_as(&identity)).await;
        Arc::new(Self { plain: trap_on(Listen::default()).await, tls, identity })
    }

    fn listen(&self, tls: bool) -> Listen {
        if tls { Listen::default().tls_as(&self.identity) } else { Listen::default() }
    }

    /// A place of the table for a client of `base`, which is an origin.
    fn place(&self, place: &str, base: &str) -> String {
        let (scheme, host) = base.split_once("://").unwrap();
        let (swapped, same) = if scheme == "http" { ("https", &self.plain) } else { ("http", &self.tls) };
        place
            .replace("SCHEME", scheme)
            .replace("SWAPPED", swapped)
            .replace("BASE", host)
            .replace("SAME", &same.address().port().to_string())
            .replace("PLAIN", &self.plain.address().port().to_string())
            .replace("TLS", &self.tls.address().port().to_string())
    }

    fn assert_empty(&self) {
        for trap in [&self.plain, &self.tls] {
            let keys: Vec<_> =
                trap.requests().iter().map(|request| request.header("apikey").map(str::to_owned)).collect();
            assert_eq!((trap.connections(), keys), (0, vec![]), "a trap was walked into");
        }
    }
}

/// Runs every place over plain HTTP and TLS.
async fn everywhere<F: Future<Output = ()> + Send + 'static>(
    traps: &Arc<Traps>,
    case: impl Fn(Arc<Traps>, &'static str, bool) -> F,
) {
    let mut together = Together::default();
    for (name, place) in PLACES {
        for tls in [false, true] {
            together.add(format!("{name}, TLS {tls}"), case(Arc::clone(traps), place, tls));
        }
    }
    together.run(30).await;
    traps.assert_empty();
}

fn of(step: Step) -> Guide {
    if step == Step::Single { single() } else { parts(64 * KIB) }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_plan_leads_to_another_server() {
    let traps = Traps::set().await;
    everywhere(&traps, |traps, place, tls| async move {
        for step in [Step::Part(3), Step::Single, Step::Complete] {
            let names = Arc::clone(&traps);
            let guide = of(step).edit_plan(move |plan, _| {
                let own = plan["parts"][0]["uploadUrl"].as_str().unwrap().to_owned();
                let base = own.split("/v2/").next().unwrap();
                let url = json!(format!("{}/v2/access/uploads/x", names.place(place, base)));
                match step {
                    Step::Complete => plan["completeUrl"] = url,
                    Step::Single => plan["parts"][0]["uploadUrl"] = url,
                    _ => plan["parts"][2]["uploadUrl"] = url,
                }
            });
            let site = guide.listen(traps.listen(tls)).await;
            let client = builder(&site).build().unwrap();
            let error = within(10, video(&client, &data(200 * KIB))).await.unwrap_err();
            check(&error, ErrorKind::UntrustedOrigin);
            assert_eq!(site.requests().len(), 1, "a plan is refused as a whole");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_redirect_leads_anywhere() {
    let traps = Traps::set().await;
    everywhere(&traps, |traps, place, tls| async move {
        for step in [Step::Init, Step::Part(2), Step::Single, Step::Complete, Step::Other] {
            for status in [302, 307] {
                let names = Arc::clone(&traps);
                let scheme = if tls { "https" } else { "http" };
                let site = of(step)
                    .script(move |visit| {
                        let base = format!("{scheme}://{}", visit.head.header("host").unwrap());
                        let to = format!("{}/v2/steal", names.place(place, &base));
                        let redirect = Answer::new(status).header("Location", to);
                        if visit.step == step { Play::Answer(redirect) } else { Play::Guide }
                    })
                    .listen(traps.listen(tls))
                    .await;
                // Not even to a server that a plan may name.
                let builder =
                    builder(&site).allow_origin(traps.plain.origin()).allow_origin(traps.tls.origin());
                let client = builder.build().unwrap();
                let error = match step {
                    Step::Other => within(10, client.whoami()).await.unwrap_err(),
                    _ => within(10, video(&client, &data(200 * KIB)).concurrency(1)).await.unwrap_err(),
                };
                check(&error, ErrorKind::Redirect);
                assert_eq!((error.status(), site.visits(step)), (Some(status), 1));
                assert!(site.requests().iter().all(|request| !request.line().contains("steal")));
            }
        }
    })
    .await;
}

/// The traps are traps: a client that is sent there on purpose walks in and shows its key.
#[tokio::test(flavor = "multi_thread")]
async fn a_trap_sees_the_key_of_whoever_walks_in() {
    let traps = Traps::set().await;
    for trap in [&traps.plain, &traps.tls] {
        let client = builder(trap).build().unwrap();
        let _refused = within(20, client.upload(Source::bytes("x").filename("a.mp4"))).await.unwrap_err();
        assert!(trap.requests().iter().all(|request| request.header("apikey") == Some(KEY)));
        assert!(!trap.requests().is_empty());
    }
}

//! One client for many connections, what is known of each one's request budget, and calls that are tried once.

use std::time::Duration;

use ofauth::{Client, Content, Error, ErrorKind, RateLimit};
use ofauth_sandbox::{Fault, Sandbox};

use crate::support::{CONNECTION, builder_for, check};

async fn limited() -> (Sandbox, Client) {
    let limit = ofauth_sandbox::RateLimit { per_minute: 60, burst: 10 };
    let sandbox = Sandbox::builder().rate_limit(limit).start().await.unwrap();
    let client = builder_for(sandbox.base_url()).build().unwrap();
    (sandbox, client)
}

async fn get_self(client: &Client) {
    client.call("get_self").send().await.unwrap();
}

#[tokio::test]
async fn clients_for_connections_share_connections_and_budgets() {
    let (sandbox, client) = limited().await;
    let other = client.for_connection("conn_other").unwrap();
    let same = other.for_connection(CONNECTION).unwrap();
    assert_eq!(client.budget(None).unwrap(), None);
    for client in [&client, &other, &same] {
        get_self(client).await;
    }
    let seen = sandbox.transcript();
    let connections: Vec<_> = seen.iter().map(|seen| seen.headers["x-connection-id"].as_str()).collect();
    assert_eq!(connections, [CONNECTION, "conn_other", CONNECTION]);
    let sockets: std::collections::BTreeSet<u64> = seen.iter().map(|seen| seen.connection).collect();
    assert_eq!(sockets.len(), 1);
    let left = |client: &Client, id: Option<&str>| client.budget(id).unwrap().unwrap().left;
    assert_eq!(left(&client, None), left(&same, None));
    assert_eq!(left(&client, Some("conn_other")), left(&other, None));
    assert!(left(&other, None) > left(&client, None));
}

#[tokio::test]
async fn a_budget_says_what_is_left_and_when_the_next_may_go() {
    let (_sandbox, client) = limited().await;
    for sent in 1..=10_u64 {
        get_self(&client).await;
        let budget = client.budget(CONNECTION).unwrap().unwrap();
        assert_eq!(budget.limit, 10);
        // A token comes each second, and the machine may be slow.
        assert!(budget.left >= 10 - sent && budget.left <= 10, "{budget:?} after {sent}");
        assert_eq!(budget.next.is_zero(), budget.left > 0);
    }
    let stated =
        builder_for("http://127.0.0.1:1").request_limit(RateLimit::new(60, 3).unwrap()).build().unwrap();
    let budget = stated.budget(None).unwrap().unwrap();
    assert_eq!((budget.limit, budget.left, budget.next), (3, 3, Duration::ZERO));
    let nobody = Client::builder().api_key("sk").build().unwrap();
    check(&nobody.budget(None).unwrap_err(), ErrorKind::Config);
    check(&nobody.budget("a b").unwrap_err(), ErrorKind::Config);
    check(&nobody.for_connection("").unwrap_err(), ErrorKind::Config);
}

#[tokio::test]
async fn another_process_knows_the_budget_by_the_directory() {
    let (sandbox, _) = limited().await;
    let directory = tempfile::tempdir().unwrap();
    let client = || builder_for(sandbox.base_url()).rate_state_dir(directory.path()).build().unwrap();
    let (one, other) = (client(), client());
    for _ in 0..5 {
        get_self(&one).await;
    }
    let budget = other.budget(None).unwrap().unwrap();
    assert!(budget.limit == 10 && budget.left < 10, "{budget:?}");
}

/// A failure is the error at once, on every road and for every failure that is tried again otherwise.
#[tokio::test]
async fn a_call_without_retries_is_sent_once() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let client = builder_for(sandbox.base_url()).build().unwrap();
    let sent = |sandbox: &Sandbox| sandbox.transcript().len();
    for (fault, kind) in [
        (Fault::status(503), ErrorKind::Server),
        (Fault::status(429), ErrorKind::RateLimited),
        (Fault::AnswerLost { how: Default::default() }, ErrorKind::Network),
    ] {
        for road in ["raw", "typed", "pages", "items"] {
            let operation = match road {
                "raw" | "pages" | "items" => "list_posts",
                _ => "whoami",
            };
            sandbox.push_fault(fault.clone().on(operation));
            let before = sent(&sandbox);
            let error: Error = match road {
                "raw" => client.call(operation).retry(false).await.unwrap_err(),
                "typed" => client.whoami().retry(false).await.unwrap_err(),
                "pages" => client.call(operation).retry(false).pages().next().await.unwrap().unwrap_err(),
                _ => client.call(operation).items().retry(false).next().await.unwrap().unwrap_err(),
            };
            check(&error, kind);
            assert_eq!(sent(&sandbox), before + 1, "{road} {kind:?}");
        }
        // And otherwise again.
        sandbox.push_fault(fault.on("whoami"));
        client.whoami().await.unwrap();
    }
    sandbox.push_fault(Fault::status(429).on("create_post"));
    let post = client.create_post(&Content::new("x")).retry(false).await;
    check(&post.unwrap_err(), ErrorKind::RateLimited);
}

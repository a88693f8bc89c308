//! The commands about the account: its connections, one command for each of them, their settings and their budgets.

use ofauth_sandbox::{RateLimit, Sandbox};

use crate::support::{CONNECTION, Home, calm, run};

/// A server that knows two connections that are active and one that is not.
async fn three(home: &Home) -> Sandbox {
    let server = calm().await;
    for id in ["conn_one", "conn_two", "conn_over"] {
        run(home.against(&server).args(["api", "get_self", "--connection", id])).await.ends_with(0);
    }
    run(home.against(&server).args(["connections", "invalidate", "conn_over", "--yes"])).await.ends_with(0);
    server
}

#[tokio::test]
async fn connections_are_listed_and_ended() {
    let home = Home::new();
    let server = three(&home).await;
    let listed = run(home.against(&server).args(["connections", "list"])).await.ends_with(0);
    let fields: Vec<Vec<&str>> = listed.out.lines().map(|line| line.split('\t').collect()).collect();
    assert!(fields.iter().all(|fields| fields.len() == 4), "{}", listed.out);
    let status = |id: &str| fields.iter().find(|fields| fields[0] == id).map(|fields| fields[1]);
    assert_eq!([status("conn_one"), status("conn_over")], [Some("active"), Some("expired")]);
    let json = run(home.against(&server).args(["connections", "list", "--json"])).await.ends_with(0).json();
    assert!(json.len() == fields.len() && json.iter().all(|one| one["id"].is_string()));

    let asked = run(home.against(&server).args(["connections", "disconnect", "conn_one"])).await.ends_with(2);
    asked.says(&["conn_one for good", "--yes"]);
    run(home.against(&server).args(["connections", "disconnect", "conn_one", "--yes"])).await.ends_with(0);
    run(home.against(&server).args(["api", "get_self", "--connection", "conn_one"])).await.ends_with(4);
    run(home.against(&server).args(["connections", "disconnect", "conn_none", "-y"])).await.ends_with(5);
}

#[tokio::test]
async fn a_command_runs_for_each_active_connection() {
    let home = Home::new();
    let server = three(&home).await;
    server.clear_transcript();
    let each = run(home.against(&server).env_remove("OFAUTH_CONNECTION_ID").args([
        "--each-connection",
        "post",
        "Hello",
    ]))
    .await
    .ends_with(0)
    .says(&["== conn_one", "== conn_two", "conn_over is expired and is left out"]);
    let posts: Vec<_> = server
        .transcript()
        .into_iter()
        .filter(|seen| seen.operation.as_deref() == Some("create_post"))
        .map(|seen| seen.headers["x-connection-id"].clone())
        .collect();
    assert!(posts.contains(&"conn_one".to_owned()) && posts.contains(&"conn_two".to_owned()), "{posts:?}");
    assert!(!posts.contains(&"conn_over".to_owned()) && each.out.lines().count() == posts.len());

    // What fails for one does not keep it from the others; the worst end counts.
    let json = run(home.against(&server).env_remove("OFAUTH_CONNECTION_ID").args([
        "--each-connection",
        "--json",
        "api",
        "get_post",
        "-p",
        "postId=1",
    ]))
    .await
    .ends_with(5)
    .json();
    let of = |event: &str| json.iter().filter(|line| line["event"] == event).count();
    assert_eq!((of("connection"), of("failed")), (posts.len(), posts.len()), "{json:?}");

    for (arguments, says) in [
        (&["--each-connection", "--connection", "conn_one", "budget"][..], "--connection"),
        (&["--each-connection", "sandbox"], "--each-connection is for commands that act on a connection"),
        (&["--each-connection", "--sandbox", "budget"], "--sandbox"),
    ] {
        run(home.against(&server).args(arguments)).await.ends_with(2).says(&[says]);
    }
}

#[tokio::test]
async fn settings_are_shown_and_changed_and_a_purge_is_asked_for() {
    let (home, server) = (Home::new(), calm().await);
    let settings = |arguments: &[&str]| {
        let mut command = home.against(&server);
        command.arg("settings").args(arguments);
        command
    };
    // A connection comes into being by being used.
    run(home.against(&server).args(["api", "get_self"])).await.ends_with(0);
    run(&mut settings(&["update", "--set", "enabled=true"])).await.ends_with(0);
    let shown = run(settings(&["show"]).arg("--json")).await.ends_with(0).json();
    assert_eq!(
        (&shown[0]["connectionId"], &shown[0]["vaultPlus"]["enabled"]),
        (&CONNECTION.into(), &true.into())
    );
    let refused = run(&mut settings(&["update", "--set", "enabled=false"])).await.ends_with(2);
    refused.says(&["This deletes copies", "--yes"]);
    let still = run(settings(&["show"]).arg("--json")).await.ends_with(0).json();
    assert_eq!(still[0]["vaultPlus"]["enabled"], true);
    run(&mut settings(&["update", "--set", "enabled=false", "--yes"])).await.ends_with(0);
    let changed = run(settings(&["show"]).arg("--json")).await.ends_with(0).json();
    assert_eq!(changed[0]["vaultPlus"]["enabled"], false);

    run(&mut settings(&["update", "--account", "--set", "minAccessCountVault=3"])).await.ends_with(0);
    let account = run(settings(&["show", "--account"]).arg("--json")).await.ends_with(0).json();
    assert_eq!(account[0]["vaultPlus"]["defaultSettings"]["minAccessCountVault"], 3);
    for (arguments, says) in [
        (&["update"][..], "--set"),
        (&["update", "--set", "enabled=perhaps"], "true or false"),
        (&["update", "--body", "{"], "not JSON"),
    ] {
        run(&mut settings(arguments)).await.ends_with(2).says(&[says]);
    }
    let nobody =
        run(home.against(&server).env_remove("OFAUTH_CONNECTION_ID").args(["settings", "show"])).await;
    nobody.ends_with(2).says(&["no connection"]);
}

#[tokio::test]
async fn a_budget_is_known_from_earlier_commands() {
    let home = Home::new();
    let limit = RateLimit { per_minute: 60, burst: 20 };
    let server = Sandbox::builder().rate_limit(limit).start().await.unwrap();
    let unknown = run(home.against(&server).arg("budget")).await.ends_with(0);
    assert_eq!(unknown.out, "no limit is known\n");
    let json = run(home.against(&server).args(["budget", "--json"])).await.ends_with(0).json();
    assert!(json[0]["limit"].is_null() && json[0]["left"].is_null());
    run(home.against(&server).args(["api", "get_self"])).await.ends_with(0);
    let before = server.transcript().len();
    let known = run(home.against(&server).arg("budget")).await.ends_with(0);
    assert!(known.out.contains(" of 20 left, next in 0.0 s"), "{}", known.out);
    let json = run(home.against(&server).args(["budget", "--json"])).await.ends_with(0).json();
    assert!(json[0]["limit"] == 20 && json[0]["left"].as_u64().unwrap() >= 18, "{json:?}");
    assert_eq!(server.transcript().len(), before);
}

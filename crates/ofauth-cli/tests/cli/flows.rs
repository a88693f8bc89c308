//! Whole flows from the shell: sign-in, vault, posts, messages, Vault+, settings, and one command for each connection.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ofauth_sandbox::Sandbox;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{CANARY, Home, Run, finish, run, run_with_input, sample, signal};

/// A home, and a sandbox whose Link sessions complete by themselves.
struct Scene {
    home: Home,
    server: Sandbox,
}

impl Scene {
    async fn start() -> Self {
        Self { home: Home::new(), server: Sandbox::builder().link_after(2).start().await.unwrap() }
    }

    async fn run(&self, line: &[&str]) -> Run {
        run(self.home.against(&self.server).args(line)).await
    }

    /// Runs without a connection.
    async fn account(&self, line: &[&str]) -> Run {
        let mut command = self.home.bare();
        command.env("OFAUTH_BASE_URL", self.server.base_url()).env("OFAUTH_API_KEY", CANARY);
        run(command.args(line)).await
    }

    /// What a command prints that succeeds, without the line end.
    async fn out(&self, line: &[&str]) -> String {
        self.run(line).await.ends_with(0).out.trim_end().to_owned()
    }

    /// How often an operation was called.
    fn calls(&self, method: &str) -> usize {
        self.server.transcript().iter().filter(|exchange| exchange.method == method).count()
    }
}

/// The media id of an uploaded clip.
async fn uploaded(scene: &Scene) -> String {
    let clip = sample("clip.mp4");
    let events = scene.run(&["upload", clip.to_str().unwrap(), "--json"]).await.ends_with(0).json();
    events[0]["media"]["id"].to_string()
}

#[tokio::test]
async fn a_creator_is_linked_and_the_same_session_goes_on_after_ctrl_c() {
    let scene = Scene::start().await;
    let end = scene
        .account(&["link", "--reference", "user-42"])
        .await
        .ends_with(0)
        .says(&["the creator signs in at http", "waiting until the creator has signed in"]);
    let id = end.out.trim_end();
    assert!(id.starts_with("conn_") && !id.contains('\n'), "{id}");
    let listed = scene.account(&["connections", "list"]).await.ends_with(0).out;
    assert!(listed.contains(&format!("{id}\tactive\t")) && listed.contains("\tuser-42\n"), "{listed}");
    let quiet =
        scene.account(&["link", "--quiet"]).await.ends_with(0).says(&["the creator signs in at http"]);
    assert!(quiet.out.starts_with("conn_") && quiet.out.lines().count() == 1, "{}", quiet.out);
    let address = scene.account(&["link", "--no-wait"]).await.ends_with(0).out;
    assert!(address.starts_with("http") && address.lines().count() == 1, "{address}");

    let started =
        scene.account(&["link", "--no-wait", "--session", "kept", "--json"]).await.ends_with(0).json();
    assert_eq!((&started[0]["event"], &started[0]["clientSecret"]), (&json!("linking"), &Value::Null));
    let posts = scene.calls("POST");
    let again = scene.account(&["link", "--session", "kept", "--json"]).await.ends_with(0).json();
    assert_eq!((&again[0]["url"], &again[1]["event"]), (&started[0]["url"], &json!("linked")));
    assert_eq!(scene.calls("POST"), posts, "a second session was started");
    assert!(!scene.home.path().join("kept").exists());
}

#[tokio::test]
async fn ctrl_c_while_the_creator_signs_in_says_how_to_go_on() {
    let (home, server) = (Home::new(), Sandbox::builder().start().await.unwrap());
    let mut command = home.against(&server);
    let mut child = command.args(["link", "--session", "kept"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(err.next_line().await.unwrap().unwrap().starts_with("ofauth: the creator signs in at http"));
    signal(&child, Signal::INT);
    let mut said = String::new();
    while let Some(line) = err.next_line().await.unwrap() {
        said.push_str(&line);
    }
    assert!(said.contains("run the same command again: it waits for the same session"), "{said}");
    finish(child).await.ends_with(3);
    assert!(home.path().join("kept").exists());
    home.file("kept", "{}");
    run(home.against(&server).args(["link", "--session", "kept"]))
        .await
        .ends_with(2)
        .says(&["kept: this is no link session\n", "remove kept to start another session"]);
}

#[tokio::test]
async fn lists_of_the_vault_are_made_filled_and_deleted() {
    let scene = Scene::start().await;
    let media = uploaded(&scene).await;
    assert!(scene.out(&["vault", "wait", &media]).await.contains(&format!("\"id\":{media}")));
    let list = scene.out(&["vault", "create-list", "Summer"]).await;
    assert!(scene.out(&["vault", "rename-list", &list, "Winter"]).await.contains("\"Winter\""));
    let mut add = scene.home.against(&scene.server);
    run_with_input(add.args(["vault", "add", &list, "-"]), media.as_bytes())
        .await
        .ends_with(0)
        .says(&["1 media"]);
    assert!(scene.out(&["vault", "list", "--list", &list]).await.contains(&format!("\"id\":{media}")));
    let other = scene.out(&["vault", "create-list", "Copy"]).await;
    assert!(scene.out(&["vault", "copy", &list, &other]).await.contains(&media));
    assert_eq!(
        scene.out(&["vault", "remove", &list, &media]).await,
        format!(r#"{{"changed":["{media}"],"unchanged":[]}}"#)
    );
    scene.run(&["vault", "delete-list", &list]).await.ends_with(0).says(&["the list was deleted"]);
    assert!(!scene.out(&["vault", "lists"]).await.contains("Winter"));
    scene
        .run(&["vault", "list", "--max", "1"])
        .await
        .ends_with(0)
        .says(&["go on with --resume list_vault_media@1"]);
}

#[tokio::test]
async fn posts_and_messages_are_made_read_edited_and_deleted() {
    let scene = Scene::start().await;
    let post = scene.out(&["post", "First", "--expire-after", "7"]).await;
    assert!(scene.out(&["post", "get", &post]).await.contains("First"));
    assert!(scene.out(&["post", "list", "--max", "1"]).await.contains("First"));
    assert_eq!(scene.out(&["post", "update", &post, "Second"]).await, post);
    let says = |line: &'static [&'static str], code, said: &'static [&'static str]| {
        let run = scene.run(line);
        async move { run.await.ends_with(code).says(said) }
    };
    says(&["post", "update", "Corrected"], 2, &["'Corrected'", "not an id: give its number"]).await;
    says(&["post", "get", "First"], 2, &["not an id"]).await;
    says(&["message", "get", "First"], 2, &["not an id"]).await;
    let posts = scene.server.posts().len();
    let lst = ["did you mean `ofauth post list`?", "ofauth post -- lst"];
    scene.run(&["post", "lst"]).await.ends_with(2).says(&lst);
    says(&["message", "lst", "--to", "1"], 2, &["ofauth message -- lst"]).await;
    says(&["post", "Late", "--schedule", "2020-01-01T00:00:00Z"], 2, &["is in the past, it is 2"]).await;
    assert_eq!(scene.server.posts().len(), posts);
    assert!(!scene.out(&["post", "--", "lst"]).await.is_empty(), "a text that is nearly the name of one");
    assert!(scene.out(&["post", "get", &post]).await.contains("Second"));
    scene.run(&["post", "delete", &post]).await.ends_with(0).says(&["the post was deleted"]);
    scene.run(&["post", "get", &post]).await.ends_with(5);
    assert!(!scene.out(&["post", "--", "list"]).await.is_empty(), "a text that is the name of a command");
    scene.run(&["post", "Later", "--schedule", "tomorrow"]).await.ends_with(2).says(&["+2h"]);

    let message = scene.out(&["message", "--to", "12345", "Hello"]).await;
    assert!(scene.out(&["message", "list", "12345"]).await.contains("Hello"));
    scene.out(&["message", "--to", "12345", "--reply-to", &message, "Again"]).await;
    scene.run(&["message", "unsend", "12345", &message]).await.ends_with(0).says(&["taken back"]);
    let mass = scene.out(&["message", "--to-list", "fans", "All", "--schedule", "+2h"]).await;
    assert_eq!(
        scene.out(&["message", "update", &mass, "--to-list", "fans", "Both", "--schedule", "+3h"]).await,
        mass
    );
    assert!(scene.out(&["message", "get", &mass]).await.contains("Both"));
    let unsaid = ["nothing was changed", "the time when it goes out", "its recipients", "--replace"];
    scene.run(&["message", "update", &mass, "Typo"]).await.ends_with(2).says(&unsaid);
    assert!(scene.out(&["message", "get", &mass]).await.contains("Both"));
    assert_eq!(scene.out(&["message", "update", &mass, "Third", "--replace"]).await, mass);
    scene.run(&["message", "delete", &mass]).await.ends_with(0);
    for (line, said) in [
        (&["message", "Hi"][..], "--to"),
        (&["message", "Hi", "--to", "1", "--schedule", "+2h"], "--schedule is for"),
        (&["message", "Hi", "--to-list", "fans", "--reply-to", "1"], "--reply-to is for"),
    ] {
        scene.run(line).await.ends_with(2).says(&[said]);
    }
}

#[tokio::test]
async fn an_update_takes_nothing_away_without_a_word() {
    let scene = Scene::start().await;
    let media = uploaded(&scene).await;
    let at = "2099-01-31T09:00:00Z";
    let post = scene.out(&["post", "First", "--media", &media, "--schedule", at, "--price", "5"]).await;
    assert!(scene.out(&["post", "get", &post]).await.contains("2099-01-31T09:00:00+00:00"));
    let keep = [
        "nothing was changed: an update replaces the post",
        &format!("--media {media}, --price 5, --schedule {at}"),
        "add --replace",
    ];
    let update = ["post", "update", &post, "typo"];
    scene.run(&update).await.ends_with(2).says(&keep);
    let failed = scene.run(&[&update[..], &["--json"]].concat()).await.ends_with(2).json();
    assert!(failed[0]["next"].as_str().unwrap().contains("add --replace"), "{failed:?}");
    assert!(scene.out(&["post", "get", &post]).await.contains("First"));
    let whole = ["--media", &media, "--schedule", at, "--price", "5"];
    scene.run(&[&update[..], &whole].concat()).await.ends_with(0);
    let reads = scene.calls("GET");
    scene.run(&[&update[..], &["--replace"]].concat()).await.ends_with(0);
    assert_eq!(scene.calls("GET"), reads, "it was told to replace all, and read it first");
    let bare = scene.out(&["post", "get", &post]).await;
    assert!(!bare.contains("2099") && !bare.contains(&format!("\"id\":{media}")), "{bare}");
}

#[tokio::test]
async fn an_upload_is_known_in_the_vault_by_the_media_of_its_post() {
    let scene = Scene::start().await;
    let clip = sample("clip.mp4");
    let uploaded = scene.run(&["upload", clip.to_str().unwrap()]).await.ends_with(0).out;
    let reference = uploaded.trim_end();
    scene
        .run(&["vault", "wait", reference])
        .await
        .ends_with(2)
        .says(&["is the reference of an upload", "next: make a post of it: `ofauth post get ID`"]);
    let post = scene.out(&["post", "New", "--media", reference]).await;
    let shown: Value = serde_json::from_str(&scene.out(&["post", "get", &post]).await).unwrap();
    let id = shown["media"][0]["id"].to_string();
    assert!(scene.out(&["vault", "wait", &id]).await.contains(&format!("\"id\":{id}")));
}

/// What is refused says what was meant, that nothing was done, and what to type instead.
#[tokio::test]
async fn refusals_name_what_may_be_typed() {
    let scene = Scene::start().await;
    scene.home.file("taken.mp4", "x");
    let (download, linked) =
        (["vault-plus", "download", "1", "full", "-o", "taken.mp4"], "ofauth connections list");
    for (line, said) in [
        (
            &["vault-plus", "purge"][..],
            &["nothing was done: this would delete all copies of conn_test", "--yes"][..],
        ),
        (
            &["connections", "disconnect", "conn_1"],
            &["nothing was done: this would remove the connection conn_1"],
        ),
        (
            &["connections", "invalidate", "conn_1"],
            &["nothing was done: this would end the session of conn_1"],
        ),
        (&download, &["taken.mp4 is there already\n", "--output", "--overwrite"]),
        (&["--base-url", "http://192.0.2.1", "whoami"], &["--allow-plain-http"]),
        (&["--base-url", "ftp://x", "whoami"], &["the address comes from --base-url"]),
        (
            &["--connection", "a b", "post", "list"],
            &["the connection id comes from --connection", "conn_abc123", linked],
        ),
        (&["vault", "remove", "404404", "1"], &["`ofauth vault lists` shows"]),
    ] {
        let end = scene.run(line).await.ends_with(2).says(said);
        assert!(end.err.contains("ofauth: next: "), "{line:?}: {}", end.err);
        let failed = scene.run(&[line, &["--json"]].concat()).await.ends_with(2).json();
        let next = failed.last().unwrap()["next"].as_str().unwrap().to_owned();
        assert!(end.err.contains(&next), "{line:?}: {next}");
    }
    let mut command = scene.home.against(&scene.server);
    command.env("OFAUTH_CONNECTION_ID", "http://127.0.0.1/link\nconn_1").args(["post", "list"]);
    run(&mut command).await.ends_with(2).says(&["the connection id comes from OFAUTH_CONNECTION_ID"]);
    let strict = Sandbox::builder().connection_id("conn_other").start().await.unwrap();
    run(scene.home.against(&strict).args(["post", "list"])).await.ends_with(4).says(&[
        "link_connection",
        linked,
        "`ofauth link` links one",
    ]);
}

#[tokio::test]
async fn copies_are_stored_downloaded_and_purged() {
    let scene = Scene::start().await;
    let media = uploaded(&scene).await;
    assert!(scene.out(&["vault-plus", "wait", &media, "--label", "source"]).await.contains("\"stored\""));
    assert_eq!(scene.out(&["vault-plus", "download", &media, "source", "-o", "a.mp4"]).await, "a.mp4");
    let same =
        std::fs::read(scene.home.path().join("a.mp4")).unwrap() == std::fs::read(sample("clip.mp4")).unwrap();
    assert!(same, "the download is another file");
    let again = ["vault-plus", "download", &media, "source", "-o", "a.mp4", "--json"];
    scene.run(&again).await.ends_with(2).says(&["is there already"]);
    let again = scene.run(&[&again[..], &["--overwrite"]].concat()).await.ends_with(0).json();
    assert_eq!((&again[0]["event"], &again[0]["bytes"]), (&json!("downloaded"), &json!(747_208)));
    assert!(
        scene
            .out(&["vault-plus", "query", "--type", "video", "--sort", "createdAt_desc"])
            .await
            .contains(&media)
    );
    assert_eq!(scene.out(&["vault-plus", "query", "--type", "audio"]).await, "");
    assert!(scene.out(&["vault-plus", "get", &media]).await.contains(&media));
    assert!(scene.out(&["vault-plus", "status"]).await.contains("\"pending\":0"));
    scene.account(&["vault-plus", "stats"]).await.ends_with(0);
    let before = scene.calls("DELETE");
    scene.run(&["vault-plus", "purge"]).await.ends_with(2).says(&["cannot be undone", "--yes"]);
    assert_eq!(scene.calls("DELETE"), before);
    assert!(scene.out(&["vault-plus", "purge", "--yes"]).await.contains("\"purged\":"));
}

#[tokio::test]
async fn settings_that_delete_copies_are_said_first() {
    let scene = Scene::start().await;
    scene.account(&["link"]).await.ends_with(0);
    let of = ["--connection", "conn_linked_1"];
    assert!(scene.out(&[&of[..], &["settings", "show"]].concat()).await.contains("vaultPlus"));
    assert!(
        scene
            .out(&[&of[..], &["settings", "update", "--set", "cacheVideos=true"]].concat())
            .await
            .contains("cacheVideos")
    );
    let off = [&of[..], &["settings", "update", "--set", "enabled=false"]].concat();
    scene.run(&off).await.ends_with(2).says(&["enabled becomes false", "add --yes"]);
    scene.run(&[&off[..], &["--yes"]].concat()).await.ends_with(0).says(&["enabled becomes false"]);
    scene.account(&["settings", "show", "--account"]).await.ends_with(0);
    scene.account(&["settings", "show"]).await.ends_with(2).says(&["no connection"]);
    scene.run(&["settings", "update", "--body", "{"]).await.ends_with(2).says(&["not JSON"]);
    scene.run(&["connections", "disconnect", "conn_test"]).await.ends_with(2).says(&["add --yes"]);
    assert!(scene.run(&["budget"]).await.ends_with(0).out.starts_with("conn_test  "));
}

/// Hands connections on to a server and counts them.
async fn relay(to: SocketAddr) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let opened = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&opened);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let mut server = TcpStream::connect(to).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    (base_url, opened)
}

#[tokio::test]
async fn one_command_runs_for_each_connection() {
    let scene = Scene::start().await;
    scene.account(&["link"]).await.ends_with(0);
    let end = scene.account(&["--each-connection", "vault-plus", "status", "--json"]).await.ends_with(0);
    let lines = end.json();
    assert_eq!(lines.len(), 4, "{lines:?}");
    for pair in lines.chunks(2) {
        assert_eq!(
            (&pair[0]["event"], &pair[0]["connectionId"]),
            (&json!("connection"), &pair[1]["connectionId"])
        );
    }
    let end = scene.account(&["--each-connection", "post", "get", "404404"]).await.ends_with(5);
    assert_eq!(end.err.matches("== ").count(), 2, "{}", end.err);
    for line in [
        &["sandbox"][..],
        &["whoami"],
        &["link"],
        &["man"],
        &["webhook", "trigger", "--list"],
        &["settings", "update", "--account", "--set", "cacheAudio=true"],
    ] {
        scene
            .account(&[&["--each-connection"][..], line].concat())
            .await
            .ends_with(2)
            .says(&["--each-connection is not for"]);
    }
    scene.account(&["--each-connection", "--connection", "conn_1", "budget"]).await.ends_with(2);

    // All of it goes through one client: the list, and both calls.
    let (base_url, opened) = relay(scene.server.address()).await;
    scene.account(&["--base-url", &base_url, "--each-connection", "vault-plus", "status"]).await.ends_with(0);
    assert_eq!(opened.load(Ordering::SeqCst), 1, "connections to the server");
    let photo = sample("photo.jpg");
    let upload = ["--each-connection", "upload", photo.to_str().unwrap()];
    let references = scene.account(&upload).await.ends_with(0).out;
    assert_eq!((references.lines().count(), scene.server.uploads().len()), (2, 2), "{references}");

    let listed = scene.account(&["connections", "list"]).await.ends_with(0);
    assert!(listed.out.lines().all(|line| line.split('\t').count() == 4), "{}", listed.out);
    let cut = scene
        .account(&["connections", "list", "--max", "1"])
        .await
        .ends_with(0)
        .says(&["--resume list_connections@"]);
    assert_eq!(cut.out.lines().next(), listed.out.lines().next());
}

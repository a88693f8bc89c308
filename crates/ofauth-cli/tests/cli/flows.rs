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
        .says(&["signs in there", "pending"]);
    let lines: Vec<&str> = end.out.lines().collect();
    assert!(lines[0].starts_with("http") && lines[1].starts_with("conn_"), "{lines:?}");
    let listed = scene.account(&["connections", "list"]).await.ends_with(0).out;
    assert!(
        listed.contains(&format!("{}\tactive\t", lines[1])) && listed.contains("\tuser-42\n"),
        "{listed}"
    );

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
    let mut child = command.args(["link", "--session", "kept"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(out.next_line().await.unwrap().unwrap().starts_with("http"));
    signal(&child, Signal::INT);
    finish(child).await.ends_with(3).says(&["run the same command again: it waits for the same session"]);
    assert!(home.path().join("kept").exists());
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

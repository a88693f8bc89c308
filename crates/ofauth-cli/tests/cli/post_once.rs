//! `ofauth upload --post` that is stopped while nobody knows whether the post was made: it is never made twice.

use std::process::Stdio;

use ofauth_sandbox::Sandbox;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::{Home, calm, finish, run, run_with_input, sample, sandbox, signal};

const DOUBT: &str = "an earlier run with these files may have made the post \"Hello\"";

/// A server on which this befalls every post.
async fn posts(fault: Value) -> Sandbox {
    sandbox(json!([{"on": {"operation": "create_post", "times": "always"}, "fault": fault}])).await
}

fn upload(home: &Home, server: &Sandbox) -> Command {
    let mut command = home.against(server);
    command.args(["upload", "-v"]).args([sample("clip.mp4"), sample("photo.jpg")]);
    command
}

fn with_post(home: &Home, server: &Sandbox) -> Command {
    let mut command = upload(home, server);
    command.args(["--post", "Hello"]);
    command
}

/// The command, when it has asked for the post.
async fn posting(home: &Home, server: &Sandbox) -> Child {
    let mut child = with_post(home, server).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        out.next_line().await.unwrap().expect("a reference");
    }
    let asked = || {
        let all = server.transcript();
        all.iter().any(|exchange| exchange.operation.as_deref() == Some("create_post"))
    };
    for _ in 0..600 {
        if asked() {
            return child;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("no post was asked for");
}

/// Runs with `--post` end with 6 and send nothing; one without delivers the references and ends the record.
async fn is_in_doubt(home: &Home, server: &Sandbox, posts: usize) {
    server.clear_faults();
    let references: Vec<String> =
        server.uploads().iter().map(|upload| upload.media_upload_id.clone()).collect();
    assert_eq!(references.len(), 2);
    let before = server.transcript().len();
    for text in ["Hello", "Another"] {
        let again = run(upload(home, server).args(["--post", text])).await.ends_with(6);
        assert_eq!(again.out, "");
        let again = again.says(&[DOUBT, "`ofauth post TEXT -m upload:", "once without --post"]);
        assert!(
            references.iter().all(|reference| again.err.contains(&format!(" -m {reference}"))),
            "{}",
            again.err
        );
    }
    let delivered = run(&mut upload(home, server)).await.ends_with(0);
    assert!(references.iter().all(|reference| delivered.out.contains(reference)), "{}", delivered.out);
    assert_eq!(server.transcript().len(), before, "nothing was sent");
    assert_eq!(server.posts().len(), posts);
    let sessions = run(home.bare().args(["sessions", "list", "--json"])).await.ends_with(0);
    assert_eq!(sessions.out, "", "nothing is left");
    run(&mut with_post(home, server)).await.ends_with(0).says(&["posted as"]);
    assert_eq!((server.uploads().len(), server.posts().len()), (4, posts + 1), "the record was ended");
}

#[tokio::test]
async fn a_kill_before_the_answer_leaves_it_in_doubt() {
    for (when, made) in [("body", 0), ("answer", 1)] {
        let home = Home::new();
        let server = posts(json!({"kind": "delay", "ms": 600_000, "before": when})).await;
        let mut child = posting(&home, &server).await;
        while server.posts().len() < made {
            tokio::task::yield_now().await;
        }
        child.kill().await.unwrap();
        is_in_doubt(&home, &server, made).await;
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_it_in_doubt() {
    for (fault, made) in [
        (json!({"kind": "answer_lost"}), 1),
        (json!({"kind": "status", "status": 502}), 0),
        (json!({"kind": "unreadable"}), 1),
        (json!({"kind": "empty"}), 1),
        (json!({"kind": "html", "status": 200}), 0),
        (json!({"kind": "status", "status": 200, "body": "{}", "work": true}), 1),
        (json!({"kind": "status", "status": 200, "body": "[]", "work": true}), 1),
    ] {
        let home = Home::new();
        let server = posts(fault).await;
        let unknown = run(&mut with_post(&home, &server)).await.ends_with(6);
        let unknown = unknown.says(&["`ofauth post TEXT -m upload:", "once without --post"]);
        assert_eq!(unknown.out.lines().count(), 2);
        is_in_doubt(&home, &server, made).await;
    }
}

#[tokio::test]
async fn a_refusal_in_a_success_leaves_everything_open() {
    for (fault, code) in [
        (json!({"kind": "status", "status": 200, "error": "You cannot post now"}), 5),
        (json!({"kind": "status", "status": 200, "error": "You cannot post now", "type": "FORBIDDEN"}), 4),
    ] {
        let home = Home::new();
        let server = posts(fault).await;
        let refused = run(with_post(&home, &server).arg("--json")).await.ends_with(code);
        assert!(
            !refused.out.contains("\"posted\"") && refused.out.contains("You cannot post now"),
            "{}",
            refused.out
        );
        server.clear_faults();
        run(&mut with_post(&home, &server)).await.ends_with(0).says(&["posted as"]);
        assert_eq!((server.uploads().len(), server.posts().len()), (2, 1), "the same references");
    }
}

#[tokio::test]
async fn ctrl_c_leaves_it_in_doubt() {
    let home = Home::new();
    let server = posts(json!({"kind": "delay", "ms": 600_000})).await;
    let child = posting(&home, &server).await;
    let before = server.posts().len();
    signal(&child, Signal::INT);
    finish(child).await.ends_with(6).says(&["the call was cancelled", "is unknown", "once without --post"]);
    is_in_doubt(&home, &server, before).await;
}

#[tokio::test]
async fn ctrl_c_before_it_is_sent_leaves_everything_open() {
    let home = Home::new();
    let server = posts(json!({"kind": "status", "status": 429, "retry_after": 600})).await;
    let mut child = with_post(&home, &server).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    while !said.next_line().await.unwrap().expect("the post waits").contains("create_post: HTTP 429") {}
    signal(&child, Signal::INT);
    finish(child).await.ends_with(3);
    let mut rest = String::new();
    while let Some(line) = said.next_line().await.unwrap() {
        rest.push_str(&line);
    }
    assert!(rest.contains("no post was made") && rest.contains("next: run the command again"), "{rest}");
    server.clear_faults();
    // The rate limit is known to later commands, which would wait for it.
    std::fs::remove_dir_all(home.path().join(".local/state/ofauth/rate")).unwrap();
    run(&mut with_post(&home, &server)).await.ends_with(0).says(&["posted as"]);
    assert_eq!((server.uploads().len(), server.posts().len()), (2, 1), "the same references");
}

#[tokio::test]
async fn a_post_of_standard_input_is_in_doubt_too() {
    let clip = std::fs::read(sample("clip.mp4")).unwrap();
    let home = Home::new();
    let server = posts(json!({"kind": "answer_lost"})).await;
    let upload = |more: &[&str]| {
        let mut command = home.against(&server);
        command.args(["upload", "-"]).args(more);
        command
    };
    let unknown = run_with_input(&mut upload(&["--post", "Hello"]), &clip).await.ends_with(6);
    server.clear_faults();
    run_with_input(&mut upload(&["--post", "Hello"]), &clip).await.ends_with(6).says(&[DOUBT]);
    let delivered = run_with_input(&mut upload(&[]), &clip).await.ends_with(0);
    assert_eq!(delivered.out, unknown.out);
    assert_eq!((server.uploads().len(), server.posts().len()), (1, 1));
    run_with_input(&mut upload(&["--post", "Hello"]), &clip).await.ends_with(0);
    assert_eq!((server.uploads().len(), server.posts().len()), (2, 2));
}

#[tokio::test]
async fn many_references_are_not_all_named() {
    let home = Home::new();
    for number in 0..5 {
        home.file(&format!("d/{number}.jpg"), b"\xff\xd8\xff");
    }
    let server = posts(json!({"kind": "answer_lost"})).await;
    let mut command = home.against(&server);
    let unknown = run(command.args(["upload", "-r", "d", "--post", "Hello"])).await.ends_with(6);
    let unknown = unknown.says(&[" -m ...` with all 5 references"]);
    assert_eq!(unknown.err.matches(" -m upload:").count(), 3);
}

#[tokio::test]
async fn a_post_that_was_made_and_not_told_is_told_by_the_next_run() {
    use std::io::Write;
    let (home, server) =
        (Home::new(), posts(json!({"kind": "status", "status": 403, "error": "not now"})).await);
    let mut child = with_post(&home, &server);
    child.arg("--json");
    let lines = run(&mut child).await.ends_with(4).json();
    // What a run would have left that ended between the post and its own end.
    let record = home.path().join(".local/state/ofauth/post");
    let record = record.read_dir().unwrap().next().unwrap().unwrap().path();
    // In the order of the command line; events come as the files end.
    let reference = |name: &str| {
        let of = |line: &&Value| line["file"].as_str().is_some_and(|file| file.ends_with(name));
        &lines.iter().find(of).unwrap()["mediaUploadId"]
    };
    let references = [reference("clip.mp4"), reference("photo.jpg")];
    let begun = format!(r#"{{"post":"begun","text":"Hello","mediaItems":{}}}"#, json!(references));
    let made = r#"{"post":"made","answer":{"id":17}}"#;
    server.clear_faults();
    let mut file = std::fs::File::options().append(true).open(&record).unwrap();
    write!(file, "{begun}\n{made}\n").unwrap();
    let before = server.transcript().len();
    let again = run(&mut child).await.ends_with(0).says(&["posted by an earlier run as 17"]);
    let told = again.json().into_iter().find(|line| line["event"] == "posted").unwrap();
    assert_eq!((&told["id"], &told["mediaItems"]), (&json!("17"), &json!(references)));
    assert_eq!((server.transcript().len(), server.posts().len()), (before, 0));
    assert!(!record.exists(), "the record goes with the end");
}

/// Whatever it is that was uploaded: a run that had to stop remembers it, and the next one makes the only post.
#[tokio::test]
async fn what_was_uploaded_is_known_whatever_it_is() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let far = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(20_000_000_000);
    for (what, name) in [
        ("a plain name", &b"a.jpg"[..]),
        ("a directory whose name is no text", b"d\xff/a.jpg"),
        ("a time that is far away", b"far.jpg"),
        ("a time before 1970", b"old.jpg"),
        ("a name with a line end", b"two\nlines.jpg"),
        ("standard input", b"-"),
    ] {
        let home = Home::new();
        let server = sandbox(json!([{
            "on": {"operation": "upload", "filename": "last.jpg"},
            "fault": {"kind": "status", "status": 403, "error": "not this one"},
        }]))
        .await;
        let picture = std::fs::read(sample("photo.jpg")).unwrap();
        if name != b"-" {
            let path = home.path().join(OsStr::from_bytes(name));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &picture).unwrap();
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            match what {
                "a time that is far away" => file.set_modified(far).unwrap(),
                "a time before 1970" => {
                    file.set_modified(std::time::UNIX_EPOCH - std::time::Duration::from_millis(1500))
                        .unwrap();
                }
                _ => {}
            }
        }
        home.file("last.jpg", &picture);
        let upload = || {
            let mut command = home.against(&server);
            command
                .arg("upload")
                .arg(OsStr::from_bytes(name))
                .args(["last.jpg", "--files", "1", "--post", "Hi"]);
            command
        };
        let first = run_with_input(&mut upload(), &picture).await;
        assert!(first.code != 0 && server.posts().is_empty(), "{what}: {first:?}");
        let second = run_with_input(&mut upload(), &picture).await.ends_with(0);
        assert!(second.err.contains("uploaded by an earlier run"), "{what}: {second:?}");
        let finished = server.uploads().iter().filter(|upload| upload.sha256.is_some()).count();
        assert_eq!((finished, server.posts().len()), (2, 1), "{what}: {second:?}");
    }
}

/// A directory that holds no medium is most likely the wrong one, and its bare text for nobody.
#[tokio::test]
async fn there_is_no_post_of_nothing() {
    let (home, server) = (Home::new(), calm().await);
    home.file("texts/notes.txt", "notes");
    std::fs::create_dir(home.path().join("empty")).unwrap();
    for directory in ["texts", "empty"] {
        for more in [&[][..], &["--json"], &["--dry-run"], &["-q"]] {
            let mut command = home.against(&server);
            command.args(["upload", "-r", directory, "--post", "Hi"]).args(more);
            run(&mut command).await.ends_with(2).says(&["no post was made: there is nothing to upload"]);
        }
    }
    assert!(server.posts().is_empty());
}

/// What a file that cannot be uploaded holds back is told of, and counted as not tried.
#[tokio::test]
async fn a_post_that_cannot_have_all_of_its_files_uploads_none() {
    let (home, server) = (Home::new(), calm().await);
    home.file("a.jpg", std::fs::read(sample("photo.jpg")).unwrap());
    home.file("d/b.jpg", std::fs::read(sample("photo.jpg")).unwrap());
    let mut command = home.against(&server);
    command.args(["upload", "-r", "a.jpg", "missing.jpg", "d", "--post", "Hi", "--json"]);
    let lines = run(&mut command).await.ends_with(2).json();
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
    assert_eq!([of("not_tried"), of("failed"), of("uploaded"), of("summary")], [2, 1, 0, 1], "{lines:#?}");
    let summary = lines.last().unwrap();
    assert_eq!(
        [&summary["files"], &summary["failed"], &summary["notTried"], &summary["bytes"]],
        [3, 1, 2, 0].map(Value::from).each_ref()
    );
    assert!(server.uploads().is_empty() && server.posts().is_empty());
}

/// The answer of the service is one line, whatever its ids hold.
#[tokio::test]
async fn an_id_begins_no_line() {
    let (home, server) =
        (Home::new(), posts(json!({"kind": "merge", "patch": {"id": "1\nupload:forged\r"}})).await);
    let posted = run(home.against(&server).args(["post", "Hi"])).await.ends_with(0);
    assert!(posted.out.is_empty() && posted.err.contains("returned no id"), "{posted:?}");
    let message =
        run(home.against(&server).args(["upload", "--zz\nofauth: all uploaded"])).await.ends_with(2);
    assert!(!message.err.contains("\nofauth: all uploaded"), "{message:?}");
}

#[tokio::test]
async fn a_field_is_given_once() {
    let (home, server) = (Home::new(), calm().await);
    for more in [["--field", "price=1", "--price", "2"], ["--field", "text=b", "--field", "x=1"]] {
        let mut command = home.against(&server);
        run(command.args(["post", "Hi"]).args(more)).await.ends_with(2).says(&["set the same field"]);
    }
    assert!(server.posts().is_empty());
}

//! What goes wrong, and the exit code and words it ends with.

use ofauth_sandbox::Sandbox;
use rustix::fs::{CWD, FileType, mknodat};
use serde_json::{Value, json};

use crate::support::{Home, Run, calm, run, sample, sandbox};

async fn upload(home: &Home, server: &Sandbox, files: &[&std::path::Path]) -> Run {
    // One after another, so that it is known which file a fault meets.
    run(home.against(server).args(["upload", "--json", "--files", "1"]).args(files)).await
}

fn refused(status: u16, api_type: &str) -> Value {
    json!([{
        "on": {"operation": "init_upload"},
        "fault": {"kind": "status", "status": status, "error": "the API says no", "type": api_type},
    }])
}

#[tokio::test]
async fn files_that_cannot_be_uploaded_end_with_2_and_nothing_is_sent() {
    let (home, server) = (Home::new(), calm().await);
    let empty = home.file("empty.mp4", "");
    let fifo = home.path().join("fifo.mp4");
    mknodat(CWD, &fifo, FileType::Fifo, 0o600.into(), 0).unwrap();
    let missing = home.path().join("missing.mp4");
    for (path, why) in [
        (missing.as_path(), "no such file"),
        (&empty, "empty"),
        (home.path(), "directory"),
        (&fifo, "regular file"),
    ] {
        let run = upload(&home, &server, &[path]).await.ends_with(2).says(&[why, path.to_str().unwrap()]);
        let line = &run.json()[0];
        assert_eq!(
            (&line["event"], &line["kind"], &line["file"]),
            (&json!("failed"), &json!("source"), &json!(path))
        );
        assert_eq!((&line["retryable"], &line["status"]), (&json!(false), &Value::Null));
    }
    assert_eq!(server.uploads().len(), 0);
}

#[tokio::test]
async fn a_name_with_control_characters_is_said_once_and_on_one_line() {
    let (home, server) = (Home::new(), calm().await);
    let missing = home.path().join("two\nlines\u{1b}[1m.mp4");
    let failed = run(home.against(&server).arg("upload").arg(&missing)).await.ends_with(2);
    assert_eq!(failed.err.matches("two\u{FFFD}lines\u{FFFD}[1m.mp4").count(), 1, "{}", failed.err);
    assert_eq!(failed.err.lines().count(), 1, "{}", failed.err);
    let photo = home.file("a\nb.jpg", std::fs::read(sample("photo.jpg")).unwrap());
    let dry = run(home.against(&server).args(["upload", "--dry-run"]).arg(photo)).await.ends_with(0);
    assert_eq!(dry.err.lines().count(), 1, "{}", dry.err);
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_names_the_flag() {
    let home = Home::new();
    let server = Sandbox::builder().tls(true).start().await.unwrap();
    // Another sandbox's authority, so that the test needs no certificates of the machine.
    let other = Sandbox::builder().tls(true).start().await.unwrap();
    home.file("other.pem", other.ca_pem().unwrap());
    let mut command = home.against(&server);
    let failed = run(command.args(["whoami", "--ca-file", "other.pem"])).await;
    let failed = failed.ends_with(2).says(&["certificate is not trusted", "--ca-file FILE"]);
    assert!(!failed.err.contains("run the command again"), "{}", failed.err);
}

#[tokio::test]
async fn an_expired_session_is_opened_anew_and_the_user_is_told() {
    let expiry = json!([{"on": {"operation": "upload_part", "part": 3}, "fault": {"kind": "expire"}}]);
    let (home, server) = (Home::new(), sandbox(expiry).await);
    let mut command = home.against(&server);
    let run = run(command.args(["upload", "-c", "1"]).arg(sample("clip.mp4"))).await.ends_with(0);
    // Two parts of 64 KiB were in when the session ended.
    let run = run.says(&["the upload session expired", "128.0 KiB are sent again"]);
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    assert_eq!(server.uploads().len(), 2);
}

#[tokio::test]
async fn the_next_step_is_named() {
    let (home, server) = (Home::new(), sandbox(refused(401, "UNAUTHORIZED")).await);
    let run = run(home.against(&server).arg("upload").arg(sample("clip.mp4"))).await.ends_with(4);
    run.says(&["the API says no", "next: check the API key"]);
}

#[tokio::test]
async fn the_api_s_text_type_and_request_id_are_shown() {
    for (status, api_type, code, kind) in [
        (400, "BAD_REQUEST", 5, "rejected"),
        (413, "PAYLOAD_TOO_LARGE", 5, "rejected"),
        (415, "UNSUPPORTED_MEDIA_TYPE", 5, "rejected"),
        (401, "SESSION_EXPIRED", 4, "unauthorized"),
        (403, "FORBIDDEN", 4, "forbidden"),
    ] {
        let (home, server) = (Home::new(), sandbox(refused(status, api_type)).await);
        let clip = sample("clip.mp4");
        let run = upload(&home, &server, &[&clip]).await.ends_with(code);
        let line = &run.json()[0];
        let mut names: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "error",
                "event",
                "file",
                "kind",
                "mediaUploadId",
                "next",
                "part",
                "requestId",
                "retryable",
                "status",
                "type"
            ]
        );
        assert_eq!(
            (&line["kind"], &line["status"], &line["type"]),
            (&json!(kind), &json!(status), &json!(api_type))
        );
        let request_id = line["requestId"].as_str().unwrap();
        run.says(&[
            "clip.mp4: ",
            "the API says no",
            &format!("(HTTP {status}, type {api_type}, request id {request_id})"),
        ]);
    }
}

#[tokio::test]
async fn a_batch_goes_on_and_ends_with_the_worst() {
    let home = Home::new();
    let server = sandbox(refused(415, "UNSUPPORTED_MEDIA_TYPE")).await;
    let (clip, photo) = (sample("clip.mp4"), sample("photo.jpg"));
    let missing = home.path().join("missing.mp4");
    let run = upload(&home, &server, &[&clip, &missing, &photo]).await.ends_with(5);
    let events: Vec<(String, String)> = run
        .json()
        .iter()
        .map(|line| (line["event"].as_str().unwrap().into(), line["kind"].as_str().unwrap_or("").into()))
        .collect();
    let expected = [("failed", "source"), ("failed", "rejected"), ("uploaded", ""), ("summary", "")];
    assert_eq!(events, expected.map(|(event, kind)| (event.to_owned(), kind.to_owned())));
}

#[tokio::test]
async fn a_refused_key_is_not_tried_on_every_file() {
    let home = Home::new();
    let server = sandbox(refused(401, "UNAUTHORIZED")).await;
    let (clip, photo) = (sample("clip.mp4"), sample("photo.jpg"));
    let run = upload(&home, &server, &[&clip, &photo]).await.ends_with(4);
    assert_eq!(run.json().len(), 3, "each file has its line, and all of them together");
    assert_eq!(run.json()[1]["error"], "not tried, for the same reason");
    assert_eq!((&run.json()[2]["failed"], &run.json()[2]["notTried"]), (&json!(1), &json!(1)));
    assert_eq!(server.uploads().len(), 0, "the second file would have been taken");
    run.says(&["1 file was not tried, for the same reason", "2 files: 0 uploaded, 1 failed, 1 not tried"]);
}

#[tokio::test]
async fn no_post_is_made_when_a_file_failed() {
    let home = Home::new();
    let server = sandbox(refused(413, "PAYLOAD_TOO_LARGE")).await;
    let (clip, photo) = (sample("clip.mp4"), sample("photo.jpg"));
    let mut one_fails = home.against(&server);
    one_fails.args(["upload", "--files", "1", "--post", "Hello"]).args([&clip, &photo]);
    let run_ = run(&mut one_fails).await.ends_with(5).says(&["no post was made: 1 of 2 files"]);
    assert_eq!(run_.out.lines().count(), 1, "the file that went well has its reference");

    let mut one_is_missing = home.against(&server);
    one_is_missing.args(["upload", "--post", "Hello", "missing.mp4"]).arg(&photo);
    let run_ = run(&mut one_is_missing).await.ends_with(2).says(&["nothing was uploaded"]);
    assert_eq!(run_.out, "");
    assert_eq!(server.uploads().len(), 1, "only the photo of the first run");
}

#[tokio::test]
async fn a_post_without_an_answer_ends_with_6() {
    let home = Home::new();
    let server =
        sandbox(json!([{"on": {"operation": "create_post"}, "fault": {"kind": "answer_lost"}}])).await;
    let mut command = home.against(&server);
    command.args(["upload", "--json", "--post", "Hello"]).arg(sample("photo.jpg"));
    let lines = run(&mut command).await.ends_with(6).json();
    assert_eq!((&lines[1]["file"], &lines[1]["kind"]), (&Value::Null, &json!("outcome_unknown")));
}

#[tokio::test]
async fn bad_plans_and_redirects_end_with_1() {
    for (fault, kind) in [
        (json!({"kind": "merge", "patch": {"parts": []}}), "invalid_plan"),
        (json!({"kind": "redirect", "location": "http://127.0.0.1:9/"}), "redirect"),
        (json!({"kind": "unreadable"}), "invalid_answer"),
    ] {
        let home = Home::new();
        // Unreadable answers are asked for again, so this one stays.
        let server =
            sandbox(json!([{"on": {"operation": "init_upload", "times": "always"}, "fault": fault}])).await;
        let clip = sample("clip.mp4");
        let mut command = home.against(&server);
        command.args(["upload", "--json", "--timeout", "30"]).arg(&clip);
        let lines = run(&mut command).await.ends_with(1).json();
        assert_eq!(lines[0]["kind"], kind);
    }
}

#[tokio::test]
async fn nobody_at_the_address_ends_with_3() {
    let home = Home::new();
    let mut command = home.bare();
    // Port 9 of this machine: nothing listens below 1024 where tests run.
    command
        .env("OFAUTH_API_KEY", "k")
        .env("OFAUTH_CONNECTION_ID", "c")
        .env("OFAUTH_BASE_URL", "http://127.0.0.1:9");
    command.args(["upload", "--json", "--timeout", "2"]).arg(sample("photo.jpg"));
    let lines = run(&mut command).await.ends_with(3).says(&["next: run the command again"]).json();
    assert_eq!(lines[0]["retryable"], true);
}

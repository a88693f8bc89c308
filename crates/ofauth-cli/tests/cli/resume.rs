//! Uploads that go on where an earlier run stopped, and `ofauth sessions`.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use ofauth_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::support::{Home, Run, calm, finish, run, sample, sandbox, sha256};

/// A server that never answers the eighth of the clip's twelve parts.
async fn stuck() -> Sandbox {
    sandbox(json!([{
        "on": {"operation": "upload_part", "part": 8, "times": "always"},
        "fault": {"kind": "delay", "ms": 600_000},
    }]))
    .await
}

/// An upload of the clip that is stopped with seven parts in.
async fn interrupted(home: &Home, server: &Sandbox) -> Run {
    let mut command = home.against(server);
    command.args(["upload", "-c", "1", "--timeout", "3"]).arg(sample("clip.mp4"));
    run(&mut command).await.ends_with(3)
}

async fn sessions(home: &Home) -> Vec<Value> {
    run(home.bare().args(["sessions", "list", "--json"])).await.ends_with(0).json()
}

fn journals(home: &Home) -> Vec<PathBuf> {
    let Ok(entries) = home.path().join(".local/state/ofauth/journal").read_dir() else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "journal")).collect()
}

#[tokio::test]
async fn running_again_sends_what_is_missing() {
    let (home, server) = (Home::new(), stuck().await);
    interrupted(&home, &server).await;
    server.clear_faults();
    let before = server.transcript().len();
    let mut again = home.against(&server);
    let again = run(again.args(["upload", "--json"]).arg(sample("clip.mp4"))).await.ends_with(0);
    let line = &again.json()[0];
    assert_eq!((&line["resumed"], &line["parts"]), (&json!(true), &json!(12)));
    let record = server.upload(line["mediaUploadId"].as_str().unwrap()).unwrap();
    assert_eq!(record.sha256.unwrap(), sha256(&std::fs::read(sample("clip.mp4")).unwrap()));
    assert_eq!(server.uploads().len(), 1, "no second session");
    // Five parts and the request to complete.
    assert_eq!(server.transcript().len() - before, 6);
    again.says(&["clip.mp4: resumed: 448.0 KiB in 7 of 12 parts"]);
    assert_eq!(journals(&home), [] as [PathBuf; 0], "nothing is left of it");
}

#[tokio::test]
async fn sessions_are_listed_shown_and_forgotten() {
    let (home, server) = (Home::new(), stuck().await);
    interrupted(&home, &server).await;
    let session = &sessions(&home).await[0];
    let id = session["id"].as_str().unwrap();
    assert_eq!((&session["state"], &session["inUse"]), (&json!("interrupted"), &json!(false)));
    assert_eq!((&session["partsDone"], &session["partsTotal"]), (&json!(7), &json!(12)));
    assert_eq!(session["bytesDone"], json!(7 * 65536));
    assert_eq!(session["mediaUploadId"], json!(server.uploads()[0].media_upload_id));

    let list = run(home.bare().args(["sessions", "list"])).await.ends_with(0);
    assert_eq!(list.out.lines().count(), 2);
    for shown in [id, "interrupted", "7/12", "729.7 KiB", "clip.mp4"] {
        assert!(list.out.contains(shown), "{shown}: {}", list.out);
    }
    let shown = run(home.bare().args(["sessions", "show", &id[..4]])).await.ends_with(0);
    for field in [id, "458752 bytes in 7 of 12 parts", "conn_test", server.base_url(), "opened"] {
        assert!(shown.out.contains(field), "{field}: {}", shown.out);
    }
    assert!(!shown.out.contains("/parts/"), "the plan's addresses are not shown");

    let wrong = run(home.bare().args(["sessions", "forget", "0123456789abcdef", id])).await.ends_with(2);
    wrong.says(&["0123456789abcdef", &format!("forgot {id}")]);
    assert_eq!(sessions(&home).await, [] as [Value; 0]);
    run(home.bare().args(["sessions", "list"])).await.ends_with(0).says(&["no interrupted uploads"]);
    run(home.bare().args(["sessions", "forget"])).await.ends_with(2);
    run(home.bare().args(["sessions", "forget", "--all"])).await.ends_with(0);
    server.clear_faults();
    let anew =
        run(home.against(&server).args(["upload", "--json"]).arg(sample("clip.mp4"))).await.ends_with(0);
    assert_eq!((&anew.json()[0]["resumed"], server.uploads().len()), (&json!(false), 2));
}

#[tokio::test]
async fn a_session_in_use_is_neither_forgotten_nor_uploaded_twice() {
    let (home, server) = (Home::new(), stuck().await);
    let mut child =
        home.against(&server).args(["upload", "-c", "1"]).arg(sample("clip.mp4")).spawn().unwrap();
    // The journal is there before the parts are, and nothing tells of it but the journal.
    let mut session = Value::Null;
    for _ in 0..600 {
        session = sessions(&home).await.into_iter().next().unwrap_or_default();
        if session["partsDone"] == 7 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((&session["inUse"], &session["partsDone"]), (&json!(true), &json!(7)));
    let id = session["id"].as_str().unwrap();
    run(home.bare().args(["sessions", "forget", id])).await.ends_with(3);
    run(home.bare().args(["sessions", "forget", "--all"])).await.ends_with(3);
    let second = run(home.against(&server).args(["upload", "--json"]).arg(sample("clip.mp4"))).await;
    assert_eq!(second.ends_with(3).json()[0]["kind"], "busy");
    assert_eq!(server.uploads().len(), 1);
    child.kill().await.unwrap();
    server.clear_faults();
    let again =
        run(home.against(&server).args(["upload", "--json"]).arg(sample("clip.mp4"))).await.ends_with(0);
    assert_eq!((&again.json()[0]["resumed"], server.uploads().len()), (&json!(true), 1), "after a kill too");
}

#[tokio::test]
async fn an_unknown_outcome_names_the_session_and_stays_until_it_is_forgotten() {
    let home = Home::new();
    let server = sandbox(json!([{
        "on": {"operation": "complete_upload", "times": "always"},
        "fault": {"kind": "answer_lost"},
    }]))
    .await;
    let mut command = home.against(&server);
    command.args(["upload", "--timeout", "2"]).arg(sample("clip.mp4"));
    let unknown = run(&mut command).await.ends_with(6);
    let session = &sessions(&home).await[0];
    let (id, reference) = (session["id"].as_str().unwrap(), session["mediaUploadId"].as_str().unwrap());
    assert_eq!(session["state"], "outcome_unknown");
    unknown.says(&[
        reference,
        "run the same command again, which is safe",
        &format!("ofauth sessions forget {id}"),
    ]);
    run(home.bare().args(["sessions", "list"])).await.ends_with(0).says(&["look there", id]);
    run(home.bare().args(["sessions", "show", id])).await.ends_with(0).says(&["look there"]);

    run(home.bare().args(["sessions", "forget", id])).await.ends_with(0);
    server.clear_faults();
    run(home.against(&server).arg("upload").arg(sample("clip.mp4"))).await.ends_with(0);
    assert_eq!(server.uploads().len(), 2);
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_is_kept_and_the_command_says_how_to_forget_it() {
    let home = Home::new();
    let server = sandbox(json!([{"on": {"operation": "upload_part", "part": 2, "times": "always"},
        "fault": {"kind": "status", "status": 403}}]))
    .await;
    let mut upload = home.against(&server);
    run(upload.arg("upload").arg(sample("clip.mp4"))).await.ends_with(4);
    let [journal] = journals(&home).try_into().unwrap();
    std::fs::write(&journal, "precious notes of mine").unwrap();
    let id = journal.file_stem().unwrap().to_str().unwrap().to_owned();
    let refused = run(&mut upload).await.ends_with(1);
    refused.says(&[
        "it is unknown how far the upload got",
        &format!(
            "ofauth: next: look into the vault, and if the file is not there, `ofauth sessions forget {id}`"
        ),
    ]);
    assert_eq!(std::fs::read(&journal).unwrap(), b"precious notes of mine");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_reference_that_could_not_be_written_is_delivered_by_the_next_run() {
    let (home, server) = (Home::new(), calm().await);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = home.against(&server);
    command.arg("upload").arg(sample("clip.mp4")).stdout(Stdio::from(full));
    finish(command.spawn().unwrap()).await.ends_with(1);
    let again = run(home.against(&server).arg("upload").arg(sample("clip.mp4"))).await.ends_with(0);
    let again = again.says(&["uploaded by an earlier run of this command"]);
    assert_eq!(again.out.trim_end(), server.uploads()[0].media_upload_id);
    assert_eq!(server.uploads().len(), 1);
    assert_eq!(sessions(&home).await.len(), 0);
}

#[tokio::test]
async fn a_post_that_was_refused_is_made_by_the_next_run() {
    let home = Home::new();
    let server = sandbox(json!([{
        "on": {"operation": "create_post"},
        "fault": {"kind": "status", "status": 400, "error": "not now"},
    }]))
    .await;
    let mut command = home.against(&server);
    command.args(["upload", "--post", "Hello"]).args([sample("clip.mp4"), sample("photo.jpg")]);
    run(&mut command).await.ends_with(5).says(&["not now"]);
    run(&mut command).await.ends_with(0).says(&["posted as"]);
    assert_eq!((server.uploads().len(), server.posts().len()), (2, 1), "nothing was uploaded twice");
    assert_eq!(sessions(&home).await.len(), 0);
}

#[tokio::test]
async fn without_a_journal_nothing_is_kept_and_nothing_found() {
    let (home, server) = (Home::new(), stuck().await);
    let mut command = home.against(&server);
    command.args(["upload", "--no-resume", "-c", "1", "--timeout", "3"]).arg(sample("clip.mp4"));
    run(&mut command).await.ends_with(3);
    assert_eq!(journals(&home), [] as [PathBuf; 0]);
}

#[tokio::test]
async fn a_state_directory_that_cannot_be_made_names_the_way_out() {
    let (home, server) = (Home::new(), calm().await);
    home.file("file", "");
    let upload = |more: &'static [&str]| {
        let mut command = home.against(&server);
        command.args(["upload", "--state-dir", "file/state"]).args(more).arg(sample("photo.jpg"));
        command
    };
    run(&mut upload(&[])).await.ends_with(2).says(&["file/state", "--no-resume"]);
    assert_eq!(server.uploads().len(), 0);
    run(&mut upload(&["--no-resume"])).await.ends_with(0);
    run(home.against(&server).args(["whoami", "--state-dir", "file/state"])).await.ends_with(0);
}

#[tokio::test]
async fn requests_keep_to_the_rate_that_was_given() {
    let (home, server) = (Home::new(), calm().await);
    let start = std::time::Instant::now();
    let mut command = home.against(&server);
    command.args(["upload", "--request-limit", "10/s", "--burst", "1", "-c", "8"]).arg(sample("clip.mp4"));
    run(&mut command).await.ends_with(0);
    // 14 requests: the first at once, and ten a second from then on.
    assert!(start.elapsed() > Duration::from_millis(1290), "{:?}", start.elapsed());
    for wrong in [
        &["--request-limit", "0"][..],
        &["--request-limit", "5/day"],
        &["--request-limit", "60"],
        &["--burst", "5"],
    ] {
        run(home.against(&server).arg("upload").args(wrong).arg("x.jpg")).await.ends_with(2);
    }
    for (wrong, text) in [
        (["--request-limit=9/min", "--burst=0"], "at least one request at once"),
        (["--request-limit=0/min", "--burst=1"], "at least one request a minute"),
    ] {
        run(home.against(&server).arg("upload").args(wrong).arg("x.jpg")).await.ends_with(2).says(&[text]);
    }
}

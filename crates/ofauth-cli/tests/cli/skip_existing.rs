//! `ofauth upload --skip-existing`, and what is remembered for it.

use std::path::PathBuf;

use ofauth_sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::{Home, calm, run, sample};

fn skipping(home: &Home, server: &Sandbox) -> Command {
    let mut command = home.against(server);
    command.args(["upload", "--skip-existing", "-r", "d"]);
    command
}

fn home_with_files() -> Home {
    let home = Home::new();
    for name in ["photo.jpg", "clip.mp4"] {
        home.file(&format!("d/{name}"), std::fs::read(sample(name)).unwrap());
    }
    home
}

/// The files of remembered uploads in the usual place.
fn remembered(home: &Home) -> Vec<PathBuf> {
    let Ok(entries) = home.path().join(".local/state/ofauth/uploaded").read_dir() else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")).collect()
}

#[tokio::test]
async fn what_an_earlier_run_uploaded_is_not_uploaded_again() {
    let (home, server) = (home_with_files(), calm().await);
    let first = run(&mut skipping(&home, &server)).await.ends_with(0);
    assert_eq!((first.out.lines().count(), server.uploads().len()), (2, 2));

    let again = run(skipping(&home, &server).arg("--json")).await.ends_with(0);
    assert_eq!(server.uploads().len(), 2, "nothing was uploaded");
    let lines = again.json();
    for line in &lines[..2] {
        let file = line["file"].as_str().unwrap();
        let upload = server.uploads().into_iter().find(|upload| file.ends_with(&upload.filename)).unwrap();
        assert_eq!((&line["event"], &line["media"]["id"]), (&json!("skipped"), &json!(upload.media_id)));
        assert_eq!(line["etag"].as_str(), upload.parts[0].etag.as_deref());
        assert_eq!(line.as_object().unwrap().len(), 4);
    }
    assert_eq!((&lines[2]["skipped"], &lines[2]["uploaded"]), (&json!(2), &json!(0)));

    let plain = run(&mut skipping(&home, &server)).await.ends_with(0);
    let mut ids: Vec<String> =
        server.uploads().iter().map(|upload| upload.media_id.unwrap().to_string()).collect();
    ids.sort_unstable();
    let mut printed: Vec<&str> = plain.out.lines().collect();
    printed.sort_unstable();
    assert_eq!(printed, ids, "media ids stand for the files");
    plain.says(&["d/clip.mp4: skipped", "2 files: 0 uploaded, 2 skipped"]);

    let other = run(skipping(&home, &server).args(["--connection", "conn_other"])).await.ends_with(0);
    assert_eq!(other.out.lines().count(), 2);
    assert_eq!(server.uploads().len(), 4, "another vault does not have them");
}

#[tokio::test]
async fn a_changed_file_and_one_that_the_vault_lost_are_uploaded() {
    let (home, server) = (home_with_files(), calm().await);
    run(&mut skipping(&home, &server)).await.ends_with(0);
    let mut changed = std::fs::read(sample("photo.jpg")).unwrap();
    changed.push(0);
    home.file("d/photo.jpg", changed);
    run(&mut skipping(&home, &server)).await.ends_with(0).says(&["1 uploaded, 1 skipped"]);
    for (fault, checks) in [
        (json!({"kind": "merge", "patch": {"exists": false}}), 3),
        (json!({"kind": "status", "status": 404, "error": "unknown etag"}), 3),
    ] {
        server.push_fault(rule("always", fault));
        let before = server.transcript().len();
        run(&mut skipping(&home, &server)).await.ends_with(0).says(&["2 files: 2 uploaded; "]);
        let asked = server.transcript().split_off(before);
        // The clip has parts, so its first and its last etag are tried.
        let asked = asked.iter().filter(|exchange| exchange.operation.as_deref() == Some("check_upload"));
        assert_eq!(asked.count(), checks);
        server.clear_faults();
    }
}

fn rule(times: impl Into<Value>, fault: Value) -> ofauth_sandbox::FaultRule {
    let rule = json!([{"on": {"operation": "check_upload", "times": times.into()}, "fault": fault}]);
    ofauth_sandbox::FaultScript::from_json(&rule.to_string()).unwrap().rules.remove(0)
}

#[tokio::test]
async fn a_check_that_fails_uploads_nothing_of_that_file() {
    let (home, server) = (home_with_files(), calm().await);
    run(&mut skipping(&home, &server)).await.ends_with(0);
    server.push_fault(rule("always", json!({"kind": "status", "status": 403, "error": "no vault:write"})));
    run(&mut skipping(&home, &server)).await.ends_with(4).says(&["no vault:write", "2 failed"]);
    assert_eq!(server.uploads().len(), 2);
}

#[tokio::test]
async fn a_post_takes_skipped_files_by_their_media_ids() {
    let (home, server) = (home_with_files(), calm().await);
    run(&mut skipping(&home, &server)).await.ends_with(0);
    run(skipping(&home, &server).args(["--post", "Again"])).await.ends_with(0).says(&["posted as"]);
    assert_eq!(server.posts()[0]["mediaIds"].as_array().unwrap().len(), 2);
    server.push_fault(rule(1, json!({"kind": "merge", "patch": {"media": null}})));
    let nameless = run(skipping(&home, &server).args(["--post", "Again", "--files", "1"])).await.ends_with(1);
    assert_eq!(nameless.out.lines().count(), 1, "no id, no line");
    nameless.says(&["does not name the media of d/clip.mp4", "without --skip-existing"]);
    assert_eq!(server.posts().len(), 1);
}

#[tokio::test]
async fn the_state_directory_is_where_it_was_asked_for() {
    let (home, server) = (home_with_files(), calm().await);
    run(home.against(&server).args(["upload", "d/photo.jpg"])).await.ends_with(0);
    assert_eq!(remembered(&home).len(), 1, "without the flag too");
    let elsewhere = home.path().join("elsewhere");
    run(skipping(&home, &server).arg("--state-dir").arg(&elsewhere)).await.ends_with(0).says(&["2 uploaded"]);
    run(skipping(&home, &server).env("OFAUTH_STATE_DIR", &elsewhere)).await.ends_with(0).says(&["2 skipped"]);
    run(skipping(&home, &server).env("XDG_STATE_HOME", "relative")).await.ends_with(0).says(&["1 skipped"]);

    let fresh = home_with_files();
    run(fresh.bare().args(["upload", "--sandbox", "d/photo.jpg"])).await.ends_with(0);
    assert!(!fresh.path().join(".local").exists(), "nothing is kept of an embedded sandbox");
}

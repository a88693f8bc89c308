//! `ofauth upload` with many files and directories.

use std::path::Path;
use std::process::Stdio;

use ofauth_sandbox::Sandbox;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use crate::support::{Home, Run, calm, finish, run, sample, sandbox, signal};

/// The smallest thing that passes for a picture.
const PICTURE: &[u8] = b"\xff\xd8\xff\xe0";

/// The names under which the server knows these references, in their order.
fn names(server: &Sandbox, references: &str) -> Vec<String> {
    references.lines().map(|id| server.upload(id).expect("a reference of this server").filename).collect()
}

/// The last line, which counts all files, without the time that it took.
fn summary(run: &Run) -> Value {
    let mut summary = run.json().pop().unwrap();
    let fields = summary.as_object_mut().unwrap();
    assert!(fields.remove("seconds").unwrap().as_f64().unwrap() >= 0.0);
    assert_eq!(fields.remove("event").unwrap(), "summary");
    summary
}

/// A server whose answer for this file comes late.
async fn late(filename: &str, ms: u64) -> Sandbox {
    sandbox(json!([{
        "on": {"operation": "upload_single", "filename": filename},
        "fault": {"kind": "delay", "ms": ms},
    }]))
    .await
}

/// A server that takes no byte of this file, and the command that uploads `d` against it when two others are uploaded.
async fn stuck_at(home: &Home, filename: &str) -> (Sandbox, Child) {
    let server = sandbox(json!([{
        "on": {"operation": "upload_single", "filename": filename, "times": "always"},
        "fault": {"kind": "delay", "ms": 600_000, "before": "body"},
    }]))
    .await;
    let mut child = home.against(&server).args(["upload", "-r", "d", "--json"]).spawn().unwrap();
    let mut events = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut uploaded = 0;
    while uploaded < 2 {
        uploaded += usize::from(events.next_line().await.unwrap().unwrap().contains("\"uploaded\""));
    }
    (server, child)
}

#[tokio::test]
async fn references_come_in_order_and_events_as_they_happen() {
    let home = Home::new();
    let files = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"];
    for name in files {
        home.file(name, PICTURE);
    }
    let server = late("a.jpg", 1500).await;
    let plain = run(home.against(&server).arg("upload").args(files)).await.ends_with(0);
    assert_eq!(names(&server, &plain.out), files);
    let server = late("a.jpg", 1500).await;
    let lines = run(home.against(&server).args(["upload", "--json"]).args(files)).await.ends_with(0).json();
    assert_eq!((&lines[3]["file"], &lines[4]["event"]), (&json!("a.jpg"), &json!("summary")));
}

#[tokio::test]
async fn one_at_a_time_is_one_at_a_time() {
    let home = Home::new();
    let files = ["a.jpg", "b.jpg", "c.jpg"];
    for name in files {
        home.file(name, PICTURE);
    }
    let server = late("a.jpg", 300).await;
    let mut command = home.against(&server);
    let lines = run(command.args(["upload", "--json", "--files", "1"]).args(files)).await.ends_with(0).json();
    let order: Vec<&str> = lines[..3].iter().map(|line| line["file"].as_str().unwrap()).collect();
    assert_eq!(order, files);
    run(home.against(&server).args(["upload", "--files", "65", "a.jpg"])).await.ends_with(2);
}

#[tokio::test]
async fn a_directory_gives_its_media_by_name_and_nothing_hidden() {
    let (home, server) = (Home::new(), calm().await);
    for name in ["d/b.jpg", "d/a/clip.mp4", "d/.hidden.jpg", "d/.git/c.jpg", "d/song.mp3"] {
        home.file(name, PICTURE);
    }
    // By its content a picture, by its name nothing.
    home.file("d/unnamed", std::fs::read(sample("photo.jpg")).unwrap());
    home.file("d/notes.txt", "text");
    home.file("d/.notes.txt", "text");
    home.file("d/empty.txt", "");
    home.file("d/empty", "");
    std::os::unix::fs::symlink(home.path().join("d/b.jpg"), home.path().join("d/link.jpg")).unwrap();
    let all = run(home.against(&server).args(["upload", "-r", "d"])).await.ends_with(0);
    assert_eq!(names(&server, &all.out), ["clip.mp4", "b.jpg", "song.mp3", "unnamed"]);
    let all = all.says(&["symbolic link was not followed: d/link.jpg", "4 files: 4 uploaded, 3 not media; "]);
    assert_eq!(all.err.lines().count(), 2, "{}", all.err);

    let mut given = home.against(&server);
    given.args(["upload", "-r", "d", "--dry-run", "--content-type", "image/png"]);
    run(&mut given).await.ends_with(2).says(&[
        "d/notes.txt: image/png",
        "d/empty is empty",
        "5 would be uploaded, 2 failed",
    ]);
}

#[tokio::test]
async fn a_directory_without_the_flag_names_it_and_the_rest_goes_on() {
    let (home, server) = (Home::new(), calm().await);
    home.file("d/a.jpg", PICTURE);
    home.file("b.jpg", PICTURE);
    let both = run(home.against(&server).args(["upload", "d", "b.jpg"])).await.ends_with(2);
    let both = both.says(&["d is a directory", "--recursive", "2 files: 1 uploaded, 1 failed"]);
    assert_eq!(names(&server, &both.out), ["b.jpg"]);
    let named = run(home.against(&server).args(["upload", "-r", "d", "--filename", "x.jpg"])).await;
    named.ends_with(2).says(&["--filename"]);
}

/// Makes a directory whose path is longer than the system takes. Unlike permissions, that holds for root too.
fn too_deep(root: &Path) {
    use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
    let flags = OFlags::DIRECTORY | OFlags::RDONLY;
    let mut at = openat(CWD, root, flags, Mode::empty()).unwrap();
    let name = "n".repeat(250);
    for _ in 0..18 {
        mkdirat(&at, &name, Mode::RWXU).unwrap();
        at = openat(&at, &name, flags, Mode::empty()).unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_uploaded_is_told_once_and_counted() {
    let home = Home::new();
    let server = sandbox(json!([{
        "on": {"operation": "upload_single", "filename": "refused.jpg"},
        "fault": {"kind": "status", "status": 415, "error": "not this one"},
    }]))
    .await;
    for name in ["d/a.jpg", "d/refused.jpg", "d/z.jpg"] {
        home.file(name, PICTURE);
    }
    home.file("d/empty.jpg", "");
    home.file("d/notes.txt", "text");
    too_deep(&home.path().join("d"));
    let mix =
        run(home.against(&server).args(["upload", "--json", "-r", "d", "missing.jpg"])).await.ends_with(5);
    let expected = json!({
        "files": 6, "uploaded": 2, "resumed": 0, "skipped": 0, "notMedia": 1, "failed": 4, "notTried": 0, "bytes": 8,
    });
    assert_eq!(summary(&mix), expected);
    for told in ["empty.jpg is empty", "missing.jpg", "not this one", "cannot be read: file name too long"] {
        assert_eq!(mix.err.matches(told).count(), 1, "{told}: {}", mix.err);
    }
    assert_eq!(mix.json().iter().filter(|line| line["event"] == "failed").count(), 4);

    let only_bad = run(home.against(&server).args(["upload", "-r", "d", "--post", "Hello"])).await;
    only_bad.ends_with(2).says(&["nothing was uploaded: the post needs all of the files"]);
    assert_eq!(server.posts().len(), 0);
}

#[tokio::test]
async fn a_file_that_is_named_twice_is_uploaded_once() {
    let (home, server) = (Home::new(), calm().await);
    home.file("a.jpg", PICTURE);
    home.file("d/b.jpg", PICTURE);
    let twice = run(home.against(&server).args(["upload", "a.jpg", "./a.jpg"])).await.ends_with(0);
    assert_eq!(names(&server, &twice.out), ["a.jpg"]);
    twice.says(&["./a.jpg: named more than once, uploaded once", "1 file: 1 uploaded;"]);
    let inside =
        run(home.against(&server).args(["upload", "-r", "d", "d/../d/b.jpg", "d"])).await.ends_with(0);
    assert_eq!(names(&server, &inside.out), ["b.jpg"]);
    inside.says(&["d/../d/b.jpg: named more than once"]);
    assert_eq!(server.uploads().len(), 2);
}

#[tokio::test]
async fn ctrl_c_stops_every_file_and_each_has_its_line() {
    let home = Home::new();
    for number in 0..9 {
        home.file(&format!("d/{number}.jpg"), PICTURE);
    }
    home.file("d/notes.txt", "text");
    let server = sandbox(json!([{
        "on": {"operation": "upload_single", "times": "always"},
        "fault": {"kind": "delay", "ms": 600_000, "before": "body"},
    }]))
    .await;
    let mut command = home.against(&server);
    command.args(["upload", "-r", "d", "-v", "--json", "--files", "3"]).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut begun = 0;
    while begun < 3 {
        begun += usize::from(log.next_line().await.unwrap().unwrap().contains("uploading"));
    }
    signal(&child, Signal::INT);
    let ended = finish(child).await.ends_with(3);
    let events = ended.json();
    let failed = |error: &str| {
        events.iter().filter(|line| line["error"].as_str().is_some_and(|text| text.contains(error))).count()
    };
    assert_eq!((failed("not tried"), failed("cancelled")), (6, 3), "{}", ended.out);
    assert!(events[..9].iter().all(|line| line["kind"] == "cancelled" && line["retryable"] == true));
    let counts = |field| summary(&ended)[field].clone();
    assert_eq!(["failed", "notTried", "notMedia"].map(counts), [3, 6, 1].map(Value::from));
    assert_eq!(events.iter().filter(|line| line["event"] == "not_tried").count(), 6);
    // The line of each file that was under way, the count, the summary, and what to do.
    let mut said = Vec::new();
    while let Some(line) = log.next_line().await.unwrap() {
        said.push(line);
    }
    let of_files = said.iter().filter(|line| line.contains("d/")).count();
    assert_eq!(of_files, 3, "{said:#?}");
    assert!(said.iter().any(|line| line.contains("9 files: 0 uploaded, 3 failed, 6 not tried")), "{said:#?}");
    assert_eq!(
        said.iter().filter(|line| line.contains("next: run the command again")).count(),
        1,
        "{said:#?}"
    );
}

#[tokio::test]
async fn a_shared_failure_is_said_once_to_people() {
    let home = Home::new();
    for number in 0..20 {
        home.file(&format!("d/{number}.jpg"), PICTURE);
    }
    let server = sandbox(json!([{
        "on": {"operation": "init_upload", "times": "always"},
        "fault": {"kind": "status", "status": 401, "error": "no such key", "type": "UNAUTHORIZED"},
    }]))
    .await;
    let all = run(home.against(&server).args(["upload", "-r", "d", "--files", "2"])).await.ends_with(4);
    assert!((1..=2).contains(&all.err.matches("no such key").count()), "{}", all.err);
    assert_eq!(server.transcript().len(), all.err.matches("no such key").count());
    all.says(&["were not tried, for the same reason", "not tried, "]);
}

#[tokio::test]
async fn a_batch_that_was_stopped_uploads_only_the_rest() {
    let home = Home::new();
    for name in ["d/a.jpg", "d/b.jpg", "d/c.jpg"] {
        home.file(name, PICTURE);
    }
    let (server, mut child) = stuck_at(&home, "b.jpg").await;
    let twice = run(home.against(&server).args(["upload", "-r", "d", "--json"])).await.ends_with(3);
    twice.says(&["another process is uploading the same files"]);
    child.kill().await.unwrap();
    server.clear_faults();

    let again = run(home.against(&server).args(["upload", "-r", "d"])).await.ends_with(0);
    assert_eq!(names(&server, &again.out), ["a.jpg", "b.jpg", "c.jpg"], "all references, in order");
    let again = again.says(&["d/a.jpg: uploaded by an earlier run", "3 files: 3 uploaded ("]);
    assert!(!again.err.contains("d/b.jpg: uploaded by"), "{}", again.err);
    let finished =
        |server: &Sandbox| server.uploads().iter().filter(|upload| upload.media_id.is_some()).count();
    assert_eq!(finished(&server), 3, "nothing was uploaded twice");
    let anew = run(home.against(&server).args(["upload", "-r", "d"])).await.ends_with(0);
    assert!(!anew.err.contains("by an earlier run"), "the command was over: {}", anew.err);
    assert_eq!(finished(&server), 6);
}

#[tokio::test]
async fn what_changed_since_the_command_was_stopped_is_uploaded_anew() {
    let home = Home::new();
    for name in ["d/a.jpg", "d/b.jpg"] {
        home.file(name, PICTURE);
    }
    let server = sandbox(json!([{
        "on": {"operation": "upload_single", "filename": "b.jpg"},
        "fault": {"kind": "status", "status": 415, "error": "not this one"},
    }]))
    .await;
    let upload = || {
        let mut command = home.against(&server);
        command.args(["upload", "-r", "d"]);
        command
    };
    run(&mut upload()).await.ends_with(5);
    home.file("d/a.jpg", [PICTURE, b"more"].concat());
    let again = run(&mut upload()).await.ends_with(0);
    assert!(!again.err.contains("by an earlier run"), "{}", again.err);
    let sizes: Vec<u64> = again.out.lines().map(|id| server.upload(id).unwrap().size).collect();
    assert_eq!(sizes, [8, 4]);
}

#[tokio::test]
async fn what_was_uploaded_is_known_until_the_command_ends_with_0() {
    let home = Home::new();
    for name in ["d/a.jpg", "d/b.jpg", "d/c.jpg"] {
        home.file(name, PICTURE);
    }
    home.file("d/bad.jpg", "");
    let (server, mut child) = stuck_at(&home, "c.jpg").await;
    child.kill().await.unwrap();
    server.clear_faults();

    let upload = || {
        let mut command = home.against(&server);
        command.args(["upload", "-r", "d"]);
        command
    };
    let first = run(&mut upload())
        .await
        .ends_with(2)
        .says(&["bad.jpg is empty", "d/a.jpg: uploaded by an earlier run"]);
    let sent = server.uploads().len();
    home.file("d/bad.jpg", PICTURE);
    let mended = run(&mut upload()).await.ends_with(0).says(&["d/c.jpg: uploaded by an earlier run"]);
    assert_eq!(names(&server, &mended.out), ["a.jpg", "b.jpg", "bad.jpg", "c.jpg"]);
    assert!(first.out.lines().all(|reference| mended.out.contains(reference)), "{}", mended.out);
    assert_eq!(server.uploads().len(), sent + 1, "only the file that was mended");
}

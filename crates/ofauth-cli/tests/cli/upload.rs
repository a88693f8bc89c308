//! `ofauth upload` where everything goes well.

use serde_json::json;

use crate::support::{Home, calm, run, run_with_input, sample, sandbox, sha256};

#[tokio::test]
async fn one_reference_a_line_and_the_bytes_arrive() {
    let (home, server) = (Home::new(), calm().await);
    let files = [sample("clip.mp4"), sample("photo.jpg")];
    let run = run(home.against(&server).arg("upload").args(&files)).await.ends_with(0);
    let references: Vec<&str> = run.out.lines().collect();
    assert_eq!(references.len(), 2, "{}", run.out);
    for (reference, file) in references.iter().zip(&files) {
        let record = server.upload(reference).expect("a reference that the server gave out");
        assert_eq!(record.sha256.unwrap(), sha256(&std::fs::read(file).unwrap()));
    }
    assert_eq!(server.upload(references[0]).unwrap().parts.len(), 12);
    assert_eq!(server.upload(references[1]).unwrap().parts.len(), 1);
    assert!(
        run.err.starts_with("ofauth: 2 files: 2 uploaded; ") && run.err.lines().count() == 1,
        "{}",
        run.err
    );
}

#[tokio::test]
async fn json_has_the_documented_fields_and_no_others() {
    let (home, server) = (Home::new(), calm().await);
    let (clip, photo) = (sample("clip.mp4"), sample("photo.jpg"));
    let run = run(home.against(&server).args(["upload", "--json"]).args([&clip, &photo])).await.ends_with(0);
    let lines = run.json();
    let of = |file: &std::path::Path| {
        lines.iter().find(|line| line["file"].as_str() == file.to_str()).expect("each file has its line")
    };
    let lines = [of(&clip), of(&photo)];
    let fields = ["event", "file", "mediaUploadId", "media", "bytes", "parts", "etags", "retries", "resumed"];
    for line in lines {
        let mut names: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        let mut expected = fields.to_vec();
        names.sort_unstable();
        expected.sort_unstable();
        assert_eq!(names, expected);
        assert_eq!(
            (&line["event"], &line["retries"], &line["resumed"]),
            (&json!("uploaded"), &json!(0), &json!(false))
        );
    }
    assert_eq!((&lines[0]["bytes"], &lines[0]["parts"]), (&json!(747_208), &json!(12)));
    assert_eq!(lines[0]["etags"].as_array().unwrap().len(), 12);
    assert!(lines[0]["etags"][0].as_str().unwrap().starts_with('"'), "etags keep their quotes");
    assert_eq!((&lines[1]["parts"], lines[1]["etags"].as_array().unwrap().len()), (&json!(1), 1));
    assert!(lines[1]["media"]["id"].is_number(), "a single upload has its media");
}

#[tokio::test]
async fn the_embedded_sandbox_shows_equal_digests_and_takes_the_post() {
    let home = Home::new();
    let clip = sample("clip.mp4");
    let mut command = home.bare();
    command.args(["upload", "--sandbox", "--sandbox-part-size", "64KiB", "--post", "Hello"]).arg(&clip);
    let digest = sha256(&std::fs::read(&clip).unwrap());
    let run = run(&mut command)
        .await
        .ends_with(0)
        .says(&["12 parts, and the server's SHA-256 equals the file's", "posted as"]);
    assert_eq!(run.err.matches(&digest).count(), 2, "both digests are shown:\n{}", run.err);
    assert_eq!(run.out.lines().count(), 1);
}

#[tokio::test]
async fn one_post_is_made_of_all_files() {
    let (home, server) = (Home::new(), calm().await);
    let mut command = home.against(&server);
    command.args(["upload", "--json", "--post", "Two"]).args([sample("photo.jpg"), sample("clip.mp4")]);
    let lines = run(&mut command).await.ends_with(0).json();
    assert_eq!(lines.len(), 4);
    let post = &lines[2];
    assert_eq!((&post["event"], &lines[3]["event"]), (&json!("posted"), &json!("summary")));
    assert!(post["id"].is_string());
    let reference = |name: &str| {
        let file = sample(name);
        let line = lines.iter().find(|line| line["file"].as_str() == file.to_str()).unwrap();
        line["mediaUploadId"].clone()
    };
    assert_eq!(post["mediaItems"], json!([reference("photo.jpg"), reference("clip.mp4")]));
    for line in &lines[..2] {
        let record = server.upload(line["mediaUploadId"].as_str().unwrap()).unwrap();
        assert_eq!(serde_json::to_value(record.state).unwrap(), "consumed");
    }
}

#[tokio::test]
async fn a_limited_upload_takes_its_time() {
    let (home, server) = (Home::new(), calm().await);
    let clip = sample("clip.mp4");
    let start = std::time::Instant::now();
    let run = run(home.against(&server).args(["upload", "--bandwidth-limit", "500kB", "-c", "2"]).arg(&clip))
        .await
        .ends_with(0);
    // 747 208 bytes at 500 000 a second; the last grant is handed over when the others have flowed.
    assert!(start.elapsed().as_secs_f64() > 1.4, "{:?}", start.elapsed());
    assert_eq!(server.upload(run.out.trim()).unwrap().sha256.unwrap(), sha256(&std::fs::read(clip).unwrap()));
}

#[tokio::test]
async fn a_dry_run_sends_nothing() {
    let (home, server) = (Home::new(), calm().await);
    let clip = sample("clip.mp4");
    let plain = run(home.against(&server).args(["upload", "--dry-run"]).arg(&clip)).await.ends_with(0);
    assert_eq!(plain.out, "");
    plain.says(&["video/mp4", "747208 bytes", "clip.mp4"]);
    let lines = run(home.against(&server).args(["upload", "--dry-run", "--json"]).arg(&clip))
        .await
        .ends_with(0)
        .json();
    let expected = json!({"event": "inspected", "file": clip, "filename": "clip.mp4", "size": 747_208, "contentType": "video/mp4"});
    assert_eq!(lines, [expected]);
    assert_eq!(server.uploads().len(), 0);
}

#[tokio::test]
async fn standard_input_is_uploaded_under_its_flag_or_its_type() {
    let (home, server) = (Home::new(), calm().await);
    let clip = std::fs::read(sample("clip.mp4")).unwrap();
    let named =
        run_with_input(home.against(&server).args(["upload", "-", "--filename", "a.mp4"]), &clip).await;
    let found = run_with_input(home.against(&server).args(["upload", "-"]), &clip).await;
    for (run, name) in [(named, "a.mp4"), (found, "stdin.mp4")] {
        let run = run.ends_with(0);
        let record = server.upload(run.out.trim_end()).unwrap();
        assert_eq!((record.filename.as_str(), record.content_type.as_str()), (name, "video/mp4"));
        assert_eq!(record.sha256.unwrap(), sha256(&clip));
    }
}

#[tokio::test]
async fn standard_input_has_a_bound_and_needs_a_known_type() {
    let (home, server) = (Home::new(), calm().await);
    let bytes = vec![7; 100_000];
    let mut bounded = home.against(&server);
    bounded.args(["upload", "-", "--filename", "a.mp4", "--spool-limit", "64KiB"]);
    run_with_input(&mut bounded, &bytes)
        .await
        .ends_with(2)
        .says(&["longer than 65536 bytes", "--spool-limit"]);
    let mut unknown = home.against(&server);
    run_with_input(unknown.args(["upload", "-"]), &bytes).await.ends_with(2);
    run(home.against(&server).args(["upload", "-"])).await.ends_with(2).says(&["standard input is empty"]);
    run(home.against(&server).args(["upload", "-", "-"])).await.ends_with(2).says(&["only once"]);
    assert_eq!(server.uploads().len(), 0);
}

#[tokio::test]
async fn name_and_type_can_be_given() {
    let (home, server) = (Home::new(), calm().await);
    let mut command = home.against(&server);
    command
        .args(["upload", "--filename", "b.mov", "--content-type", "video/quicktime"])
        .arg(sample("clip.mp4"));
    let run_ = run(&mut command).await.ends_with(0);
    let record = server.upload(run_.out.trim_end()).unwrap();
    assert_eq!((record.filename.as_str(), record.content_type.as_str()), ("b.mov", "video/quicktime"));
    let mut two = home.against(&server);
    two.args(["upload", "--filename", "b.mov"]).args([sample("clip.mp4"), sample("photo.jpg")]);
    run(&mut two).await.ends_with(2).says(&["--filename"]);
}

#[tokio::test]
async fn a_part_that_failed_is_counted_as_sent_again() {
    let home = Home::new();
    let server = sandbox(json!([{
        "on": {"operation": "upload_part", "part": 3},
        "fault": {"kind": "status", "status": 500},
    }]))
    .await;
    let run =
        run(home.against(&server).args(["upload", "--json"]).arg(sample("clip.mp4"))).await.ends_with(0);
    assert_eq!(run.json()[0]["retries"], 1);
}

//! The names of files: exact where a program reads them, and beside each reference where a person does.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use serde_json::{Value, json};

use crate::support::{Home, calm, run, sample, sandbox};

/// Names that scripts must get as they are, and what is to stand in `fileBase64`.
fn names() -> [(OsString, Value); 6] {
    let raw = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    [
        ("a\tb.jpg".into(), Value::Null),
        ("a\nb.jpg".into(), Value::Null),
        ("a\rb.jpg".into(), Value::Null),
        ("a\u{1b}[2J\u{202e}\u{9b}\"\\.jpg".into(), Value::Null),
        ("日本 naïve.jpg".into(), Value::Null),
        (raw(b"a\xffb.jpg"), json!("Yf9iLmpwZw==")),
    ]
}

#[track_caller]
fn check(line: &Value, name: &OsString, base64: &Value) {
    assert_eq!(line["file"], json!(name.to_string_lossy()), "{line}");
    assert_eq!(&line["fileBase64"], base64, "{line}");
    assert_eq!(line.as_object().unwrap().contains_key("fileBase64"), !base64.is_null(), "{line}");
}

#[tokio::test]
async fn every_event_names_its_file_exactly() {
    let server = calm().await;
    let refusing = sandbox(json!([{"on": {"operation": "init_upload", "times": "always"},
        "fault": {"kind": "status", "status": 413}}]))
    .await;
    let denying = sandbox(json!([{"on": {"operation": "init_upload", "times": "always"},
        "fault": {"kind": "status", "status": 403}}]))
    .await;
    let photo = std::fs::read(sample("photo.jpg")).unwrap();
    for (name, base64) in names() {
        let home = Home::new();
        std::fs::write(home.path().join(&name), &photo).unwrap();
        std::fs::write(home.path().join("z.jpg"), &photo).unwrap();
        let upload = async |server: &ofauth_sandbox::Sandbox, flags: &[&str], files: &[&OsString]| {
            let mut command = home.against(server);
            command.args(["upload", "--json", "--files=1"]).args(flags).args(files);
            run(&mut command).await.json()
        };
        let named: &[&str] = if base64.is_null() { &[] } else { &["--filename=a.jpg"] };
        let inspected = upload(&server, &[named, &["--dry-run"]].concat(), &[&name]).await;
        let uploaded = upload(&server, &[named, &["--skip-existing"]].concat(), &[&name]).await;
        let skipped = upload(&server, &[named, &["--skip-existing"]].concat(), &[&name]).await;
        let failed = upload(&refusing, named, &[&name]).await;
        for (lines, event) in [(&inspected, "inspected"), (&uploaded, "uploaded"), (&failed, "failed")] {
            assert_eq!(lines[0]["event"], event, "{lines:?}");
            check(&lines[0], &name, &base64);
        }
        assert_eq!(skipped[0]["event"], "skipped");
        check(&skipped[0], &name, &base64);
        let mut gone = name.clone();
        gone.push(".gone");
        let missing = upload(&server, &[], &[&gone, &"z.jpg".into()]).await;
        assert_eq!(missing[0]["file"], json!(gone.to_string_lossy()));
        if base64.is_null() {
            let not_tried = upload(&denying, &[], &[&"z.jpg".into(), &name]).await;
            assert_eq!(not_tried[1]["error"], "not tried, for the same reason", "{not_tried:?}");
            check(&not_tried[1], &name, &base64);
        }
    }
}

#[tokio::test]
async fn sessions_name_their_files_exactly() {
    let broken = sandbox(json!([{"on": {"operation": "upload_part", "part": 2, "times": "always"},
        "fault": {"kind": "status", "status": 403}}]))
    .await;
    let clip = std::fs::read(sample("clip.mp4")).unwrap();
    for (name, base64) in names() {
        let home = Home::new();
        let path = home.path().canonicalize().unwrap().join(&name);
        std::fs::write(&path, &clip).unwrap();
        let mut upload = home.against(&broken);
        run(upload.args(["upload", "--filename=clip.mp4"]).arg(&path)).await.ends_with(4);
        let listed = run(home.bare().args(["sessions", "list", "--json"])).await.ends_with(0).json();
        let id = listed[0]["id"].as_str().unwrap();
        let shown = run(home.bare().args(["sessions", "show", "--json", id])).await.ends_with(0).json();
        for line in [&listed[0], &shown[0]] {
            assert_eq!(line["file"], json!(path.to_string_lossy()), "{line}");
            let bytes = line["fileBase64"].as_str().map(decoded);
            let expected = (!base64.is_null()).then(|| path.clone().into_os_string().into_vec());
            assert_eq!(bytes, expected, "{line}");
        }
    }
}

fn decoded(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_reference_has_its_file_beside_it_on_a_terminal_and_is_alone_on_a_pipe() {
    use crate::pty::on_terminal;
    let (home, server) = (Home::new(), calm().await);
    let photo = std::fs::read(sample("photo.jpg")).unwrap();
    let files = ["a.jpg", "b\tc.jpg", "d.jpg"].map(|name| home.file(name, &photo));
    let upload = |flags: &[&str], files: &[std::path::PathBuf]| {
        let mut command = home.against(&server);
        command.args(["upload", "-q"]).args(flags).args(files.iter().map(|file| file.file_name().unwrap()));
        command
    };
    let shown = ["a.jpg", "b\\u0009c.jpg", "d.jpg"];
    // Uploaded, then known to be in the vault.
    for flags in [&[][..], &["--skip-existing"]] {
        for count in [1, 3] {
            let (ended, lines) = on_terminal(upload(flags, &files[..count]), 100).await;
            ended.ends_with(0);
            let lines = String::from_utf8(lines).unwrap();
            assert_eq!(lines.lines().count(), count, "{lines:?}");
            for (line, name) in lines.lines().zip(shown) {
                let (reference, file) = line.trim_end().split_once("  ").unwrap();
                assert!(!reference.is_empty() && !reference.contains(' ') && file == name, "{line:?}");
            }
            let piped = run(&mut upload(flags, &files[..count])).await.ends_with(0);
            assert_eq!(piped.out.lines().count(), count);
            assert!(piped.out.lines().all(|line| !line.contains([' ', '\t'])), "{:?}", piped.out);
        }
    }
}

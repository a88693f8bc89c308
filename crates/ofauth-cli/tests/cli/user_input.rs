//! What people type and what their editors save: text files with marks and other line ends, values that begin with a dash,
//! times and sizes in every form, and files of formats that the service does not know.

use ofauth_sandbox::Sandbox;
use serde_json::json;

use crate::support::{CANARY, Home, calm, run, run_with_input};

/// The smallest things that pass for these formats.
const JPEG: &[u8] = b"\xff\xd8\xff\xe0";
const HEIC: &[u8] = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic";
const MATROSKA: &[u8] = b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska";

/// The forms in which an editor or a shell saves a text.
fn saved(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let marked = |text: &str| [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let lines = text.replace('\n', "\r\n");
    vec![
        ("plain", text.into()),
        ("a line end", format!("{text}\n").into()),
        ("CRLF", format!("{lines}\r\n").into()),
        ("blanks around", format!("\n  {text}  \n\n").into()),
        ("a mark", marked(text)),
        ("a mark and CRLF", marked(&format!("{lines}\r\n"))),
    ]
}

fn utf_16(text: &str) -> [Vec<u8>; 3] {
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    [[&b"\xff\xfe"[..], &little].concat(), [&b"\xfe\xff"[..], &big].concat(), little]
}

/// Every text that a user gives in a file: its content, and the command line that reads it as `t`.
const TEXTS: &[(&str, &str, &[&str])] = &[
    ("key file", CANARY, &["--api-key-file", "t", "whoami"]),
    ("settings", "connection_id = \"conn_1\"\nallow_plain_http = false", &["--config", "t", "whoami"]),
    ("body", "{\"text\":\n\"Hello\"}", &["api", "create_post", "--body", "@t"]),
    (
        "faults",
        "[{\"on\": {\"operation\": \"whoami\"},\n \"fault\": {\"kind\": \"delay\", \"ms\": 1}}]",
        &["sandbox", "--address", "192.0.2.1:1", "--faults", "t"],
    ),
];

#[tokio::test]
async fn every_text_file_may_have_a_mark_and_any_line_ends() {
    let (home, server) = (Home::new(), calm().await);
    for (name, text, line) in TEXTS {
        for (form, bytes) in saved(text) {
            let path = home.file("t", &bytes);
            let mut command = home.against(&server);
            if *name == "key file" {
                command.env_remove("OFAUTH_API_KEY");
            }
            let ended = run(command.args(*line)).await;
            if *name == "faults" {
                // The file was read: what is wrong is the address, which is no address of this machine.
                assert!(!ended.err.contains(&path.display().to_string()), "{form}: {}", ended.err);
                assert!(!ended.err.contains("fault"), "{form}: {}", ended.err);
            } else {
                assert_eq!(ended.code, 0, "{name}, {form}: {}", ended.err);
            }
        }
        for bytes in utf_16(text) {
            home.file("t", &bytes);
            run(home.against(&server).args(*line))
                .await
                .ends_with(2)
                .says(&["is in UTF-16: save it as UTF-8", " t "]);
        }
    }
}

#[tokio::test]
async fn certificates_and_lists_may_have_a_mark_too() {
    let home = Home::new();
    let server = ofauth_sandbox::Sandbox::builder().tls(true).start().await.unwrap();
    let pem = server.ca_pem().unwrap();
    // What stands before a line of dashes belongs to it.
    for (form, bytes) in saved(pem.trim_end()).into_iter().filter(|(form, _)| *form != "blanks around") {
        home.file("ca.pem", &bytes);
        let ended = run(home.against(&server).args(["--ca-file", "ca.pem", "whoami"])).await;
        assert_eq!(ended.code, 0, "{form}: {}", ended.err);
    }
    for bytes in utf_16(pem) {
        home.file("ca.pem", &bytes);
        let refused = run(home.against(&server).args(["--ca-file", "ca.pem", "whoami"])).await;
        refused.ends_with(2).says(&["the CA file ca.pem is in UTF-16"]);
    }
    let server = calm().await;
    for (_, bytes) in saved("1\n2") {
        let mut command = home.against(&server);
        let ended = run_with_input(command.args(["vault-plus", "batch", "-"]), &bytes).await.ends_with(0);
        ended.says(&["ofauth: 1: no copy", "ofauth: 2: no copy"]);
        let mut command = home.against(&server);
        let body = [&bytes[..0], b"\xef\xbb\xbf{\"text\":\"Hello\"}\r\n"].concat();
        run_with_input(command.args(["api", "create_post", "--body", "-"]), &body).await.ends_with(0);
    }
    for bytes in utf_16("1 2") {
        let mut command = home.against(&server);
        let ended = run_with_input(command.args(["vault-plus", "batch", "-"]), &bytes).await.ends_with(2);
        ended.says(&["standard input is in UTF-16"]);
    }
}

#[tokio::test]
async fn a_key_file_with_more_than_the_key_is_named() {
    let (home, server) = (Home::new(), calm().await);
    for text in [format!("{CANARY}\nmore\n"), format!("key {CANARY}"), format!("{CANARY}\u{7}x")] {
        home.file("k", text);
        let told = run(home.against(&server).args(["--api-key-file", "k", "whoami"])).await.ends_with(2);
        told.says(&["the key file k must hold the key alone, in one line"]);
    }
    let mut marked = home.against(&server);
    marked.env("OFAUTH_API_KEY", format!("\u{feff}{CANARY}"));
    run(marked.arg("whoami")).await.ends_with(0);
}

#[tokio::test]
async fn every_text_may_begin_with_a_dash() {
    // Its fields have names that nobody documents.
    let server = Sandbox::builder().lenient(true).start().await.unwrap();
    let home = Home::new();
    home.file("a.jpg", JPEG);
    home.file("-x.jpg", JPEG);
    for line in [
        &["post", "- one"][..],
        &["post", "-5 %"],
        &["post", "--- three ---"],
        &["post", "--price", "5", "- x", "--media", "12345"],
        &["post", "--", "--json"],
        &["message", "--to", "123", "-5 %"],
        &["message", "--to", "123", "--field", "x=-1", "- hello"],
        &["post", "x", "--field=-y=1"],
        &["upload", "a.jpg", "--no-resume", "--post", "- one"],
        &["upload", "a.jpg", "--no-resume", "--post=--json"],
        &["upload", "a.jpg", "--no-resume", "--filename", "-x.jpg"],
        &["upload", "--no-resume", "--", "-x.jpg"],
        &["upload", "--no-resume", "./-x.jpg"],
        &["check", "--etag", "-e\"", "--size", "5"],
        &["api", "create_post", "--body", "{\"text\":\"- x\"}"],
    ] {
        let ended = run(home.against(&server).args(line)).await;
        assert_eq!(ended.code, 0, "{line:?}: {}", ended.err);
    }
    // A value that begins with a dash reaches whoever judges it.
    for (line, told) in [
        (&["api", "list_vault_media", "--param", "-limit=1"][..], "-limit"),
        (&["api", "create_post", "--body", "- x"], "--body is not JSON"),
        (&["post", "x", "--price", "-1"], "not a price"),
        (&["check", "--etag", "e", "--size", "-1"], "not a size"),
        (&["upload", "a.jpg", "--timeout", "-1"], "not a time"),
        (&["upload", "a.jpg", "--bandwidth-limit", "-1"], "not a size"),
        // The text was forgotten.
        (&["upload", "a.jpg", "--post", "--dry-run"], "--dry-run is an option"),
        (&["upload", "-x.jpg"], "-- -x"),
    ] {
        let ended = run(home.against(&server).args(line)).await.ends_with(2);
        assert!(ended.err.contains(told), "{line:?}: {}", ended.err);
    }
}

#[tokio::test]
async fn times_are_taken_in_every_form_and_a_rate_without_a_unit_is_not() {
    let (home, server) = (Home::new(), calm().await);
    home.file("a.jpg", JPEG);
    for option in ["--timeout", "--connect-timeout", "--stall-timeout", "--answer-timeout"] {
        for time in ["90", "90s", "1m", "5m 30s", "2h", "1h30m"] {
            let mut command = home.against(&server);
            run(command.args(["upload", "--dry-run", "a.jpg", option, time])).await.ends_with(0);
        }
    }
    let mut slow = home.against(&server);
    run(slow.args(["upload", "a.jpg", "--bandwidth-limit", "5"])).await.ends_with(2).says(&["such as 5MiB"]);
}

#[tokio::test]
async fn files_of_other_formats_are_told_before_anything_is_sent() {
    let (home, server) = (Home::new(), calm().await);
    // The head of a real one is not shorter.
    let matroska = [MATROSKA, &[0; 300]].concat();
    for (name, bytes) in [
        ("d/a.jpg", JPEG),
        ("d/b.heic", HEIC),
        ("d/c.mkv", &matroska),
        ("d/d.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        ("d/e.bmp", b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0"),
        ("d/f.avi", b"RIFF\0\0\0\0AVI LIST"),
        ("d/g.jpg", HEIC),
        ("d/h.bin", JPEG),
        ("d/i.mp3", b"no header that anyone knows"),
        ("d/j.txt", b"text"),
    ] {
        home.file(name, bytes);
    }
    let refused = ["d/b.heic", "d/c.mkv", "d/e.bmp", "d/f.avi", "d/g.jpg"];
    for extra in [&["--dry-run"][..], &[]] {
        let ended = run(home.against(&server).args(["upload", "-r", "d"]).args(extra)).await.ends_with(2);
        for name in refused {
            let lines: Vec<&str> = ended.err.lines().filter(|line| line.contains(name)).collect();
            assert_eq!(lines.len(), 1, "{name}: {}", ended.err);
            assert!(lines[0].contains("--any-format") && lines[0].contains("JPEG, PNG"), "{}", lines[0]);
        }
        let count = if extra.is_empty() {
            "3 uploaded, 5 failed, 2 not media"
        } else {
            "3 would be uploaded, 5 failed"
        };
        let ended = ended.says(&[count]);
        assert_eq!(ended.out.lines().count(), if extra.is_empty() { 3 } else { 0 });
    }
    assert_eq!(server.uploads().len(), 3, "of the others not even a session was opened");
    for (line, would) in [
        (&["upload", "--dry-run", "-r", "d", "--any-format"][..], "8 would be uploaded"),
        (&["upload", "--dry-run", "d/d.svg", "--any-format"], "d/d.svg: application/octet-stream"),
        (&["upload", "--dry-run", "d/b.heic", "--content-type", "image/heic"], "image/heic"),
        (&["upload", "--dry-run", "d/h.bin"], "d/h.bin: image/jpeg"),
    ] {
        run(home.against(&server).args(line)).await.ends_with(0).says(&[would]);
    }
    let mut piped = home.against(&server);
    piped.args(["upload", "-", "--filename", "a.jpg"]);
    run_with_input(&mut piped, HEIC).await.ends_with(2).says(&["image/hei", "--any-format"]);
    let mut post = home.against(&server);
    post.args(["upload", "d/b.heic", "--post", "x"]);
    run(&mut post).await.ends_with(2).says(&["nothing was uploaded"]);
    let lines = run(home.against(&server).args(["upload", "--json", "d/b.heic"])).await.ends_with(2).json();
    assert_eq!((&lines[0]["event"], &lines[0]["kind"]), (&json!("failed"), &json!("invalid_argument")));
}

#[tokio::test]
async fn remarks_are_true_and_made_once() {
    let (home, server) = (Home::new(), calm().await);
    home.file("d/a/b.jpg", JPEG);
    home.file("d/notes.txt", "text");
    std::os::unix::fs::symlink("d", home.path().join("L")).unwrap();
    std::os::unix::fs::symlink("a", home.path().join("d/link")).unwrap();
    for (paths, expected) in [
        (&["L"][..], &["not followed: L/link", "1 would be uploaded, 1 not media"][..]),
        (&["d", "d/a"], &["not followed: d/link", "d/a/b.jpg: named more than once", "1 would be uploaded"]),
        (&["d", "d", "d"], &["not followed: d/link", "d/a/b.jpg: named more than once", "1 not media"]),
        (&["d", "d/link"], &["d/link/b.jpg: named more than once", "1 would be uploaded"]),
    ] {
        let ended =
            run(home.against(&server).args(["upload", "--dry-run", "-r"]).args(paths)).await.ends_with(0);
        let ended = ended.says(expected);
        assert!(ended.err.matches("named more than once").count() <= 1, "{}", ended.err);
        let links = usize::from(expected[0].contains("followed"));
        assert_eq!(ended.err.matches("followed").count(), links, "{paths:?}: {}", ended.err);
        assert!(!ended.err.contains("notes.txt") && !ended.err.contains("followed: L\n"), "{}", ended.err);
    }
    let twice = run(home.against(&server).args(["upload", "missing.jpg", "missing.jpg"])).await.ends_with(2);
    assert!(!twice.err.contains("uploaded once"), "{}", twice.err);
}

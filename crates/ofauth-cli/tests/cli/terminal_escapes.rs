//! Nothing that a terminal obeys reaches one: every command, every channel, and what comes from servers, file names,
//! settings and the command line.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::pty::on_terminal;
use crate::support::{CONNECTION, Home, calm, run, sample, sandbox};

/// Sets the title, clears the screen, goes on in C1, and turns the direction of writing.
const HOSTILE: &str =
    "pwned\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\u{200f}\u{2028}\u{7f}\u{8}\rover\u{85}";

/// What the command may send of that kind: line ends, and how a bar is drawn.
const OURS: [&str; 3] = ["\r\n", "\u{1b}[J", "\r"];

fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Checks that a terminal got nothing foreign that it obeys, and that the text it came with is there all the same.
#[track_caller]
fn check(what: &str, shown: &[u8], wanted: &str) {
    let text = std::str::from_utf8(shown).unwrap_or_else(|error| panic!("{what}: {error}: {shown:?}"));
    let foreign = OURS.iter().fold(text.to_owned(), |text, ours| text.replace(ours, ""));
    assert!(!foreign.contains(is_obeyed), "{what}: {text:?}");
    assert!(!text.contains("\rover"), "{what}: {text:?}");
    assert!(text.contains(wanted), "{what} does not show {wanted:?}: {text:?}");
}

/// A server that gives every request this answer.
fn server(status: &'static str, body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, body) = (stream.unwrap(), body.clone());
            std::thread::spawn(move || {
                let mut request = [0; 65536];
                // One read has the head, and these requests are short.
                let _ = stream.read(&mut request);
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
            });
        }
    });
    format!("http://{address}")
}

fn command(home: &Home, base_url: &str, arguments: &[&str]) -> Command {
    let mut command = home.bare();
    command
        .env("OFAUTH_API_KEY", "sk")
        .env("OFAUTH_CONNECTION_ID", CONNECTION)
        .env("OFAUTH_BASE_URL", base_url);
    command.args(arguments);
    command
}

/// Every command that shows what a server says.
fn asking() -> Vec<Vec<&'static str>> {
    let upload = sample("photo.jpg").to_str().unwrap().to_owned();
    let upload: &'static str = Box::leak(upload.into_boxed_str());
    vec![
        vec!["api", "list_vault_media"],
        vec!["api", "create_post", "--body", "{}"],
        vec!["api", "proxy_request", "--param", "method=GET", "--param", "path=users/me"],
        vec!["whoami"],
        vec!["post", "hello"],
        vec!["message", "--to", "5", "hello"],
        vec!["message", "--to", "5", "--to", "6", "hello"],
        vec!["check", "--etag", "\"e\"", "--size", "5"],
        vec!["vault-plus", "batch", "5"],
        vec!["upload", "--no-resume", upload],
    ]
}

#[tokio::test]
async fn what_a_server_says_never_commands_the_terminal() {
    let object = json!({"id": HOSTILE, "name": HOSTILE, HOSTILE: [HOSTILE], "exists": true, "media": {"id": HOSTILE},
        "items": [{"id": HOSTILE}], "missing": [HOSTILE], "mediaUploadId": HOSTILE, "list": [HOSTILE]});
    let refusal = json!({"error": HOSTILE, "type": HOSTILE, "requestId": HOSTILE, "actionRequired": HOSTILE});
    let answers = [
        ("200 OK", object.to_string().into_bytes()),
        ("200 OK", refusal.to_string().into_bytes()),
        ("400 Bad Request", refusal.to_string().into_bytes()),
        ("403 Forbidden", [HOSTILE.as_bytes(), b"\x9b2J\xff<html>"].concat()),
        ("200 OK", [HOSTILE.as_bytes(), b"\x9b2J\xff"].concat()),
    ];
    let home = Home::new();
    for (status, body) in answers {
        let is_json = body.starts_with(b"{");
        let base_url = server(status, body);
        for arguments in asking() {
            for flags in [&[][..], &["--json"], &["-vv"]] {
                let what = format!("{arguments:?} {flags:?} with {status}, JSON: {is_json}");
                let mut command = command(&home, &base_url, &arguments);
                command.args(flags);
                let (_, shown) = on_terminal(command, 200).await;
                check(&what, &shown, "");
                assert!(!shown.is_empty(), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn an_answer_is_shown_with_escapes_on_a_terminal_and_as_it_is_on_a_pipe() {
    let (home, answer) = (Home::new(), json!({"id": "org_1", "name": HOSTILE}));
    let base_url = server("200 OK", answer.to_string().into_bytes());
    for arguments in [&["whoami"][..], &["api", "whoami"]] {
        let (ended, shown) = on_terminal(command(&home, &base_url, arguments), 200).await;
        ended.ends_with(0);
        check("whoami", &shown, "pwned\\u001b]0;title");
        let shown: serde_json::Value = serde_json::from_slice(&shown).unwrap();
        assert_eq!(shown, answer, "the escapes stand for the same text");
        let piped = run(&mut command(&home, &base_url, arguments)).await.ends_with(0);
        assert!(piped.out.contains('\u{202e}') && piped.out.contains('\u{9b}'), "{:?}", piped.out);
    }
}

/// A plan whose reference, kind or addresses are hostile; the same reference in the journal; and words of the service that
/// the progress bar shows while it waits.
#[tokio::test]
async fn what_a_plan_says_never_commands_the_terminal_nor_does_its_journal() {
    let plan = |patch: Value| json!({"on": {"operation": "init_upload", "times": "always"}, "fault": {"kind": "merge", "patch": patch}});
    let part = |times: Value, fault: Value| json!({"on": {"operation": "upload_part", "part": 2, "times": times}, "fault": fault});
    let url = format!("https://{HOSTILE}/{HOSTILE}");
    let refusal = json!({"kind": "status", "status": 403, "error": HOSTILE});
    let failure = json!({"kind": "status", "status": 500, "error": HOSTILE});
    for faults in [
        vec![plan(json!({"mediaUploadId": HOSTILE}))],
        vec![plan(json!({"mediaUploadId": HOSTILE})), part(json!("always"), refusal)],
        vec![plan(json!({"uploadType": HOSTILE}))],
        vec![plan(json!({"expiresAt": HOSTILE, "partSize": HOSTILE}))],
        vec![plan(json!({"completeUrl": url}))],
        vec![plan(
            json!({"parts": [{"partNumber": 1, "uploadUrl": url, "byteRange": {"start": 0, "end": 9}}]}),
        )],
        vec![part(json!(2), failure)],
    ] {
        let (home, server) = (Home::new(), sandbox(json!(faults)).await);
        for flags in [&[][..], &["--json"], &["-vv"]] {
            let mut upload = home.against(&server);
            upload.arg("upload").arg(sample("clip.mp4")).arg(sample("photo.jpg")).args(flags);
            let (_, shown) = on_terminal(upload, 200).await;
            check(&format!("{faults:?} {flags:?}"), &shown, "");
            for flags in [&[][..], &["--json"]] {
                let listed = run(home.bare().args(["sessions", "list", "--json"])).await.ends_with(0).json();
                let ids = listed.iter().map(|session| session["id"].as_str().unwrap().to_owned());
                let shows = ids.map(|id| vec!["show".to_owned(), id]);
                for what in shows.chain([vec!["list".to_owned()]]) {
                    let mut sessions = home.bare();
                    sessions.arg("sessions").args(&what).args(flags);
                    check(&format!("{what:?} {flags:?}"), &on_terminal(sessions, 200).await.1, "");
                }
            }
        }
    }
}

/// A name that is hostile, and one that is no text either.
fn names(home: &Home, extension: &str) -> [std::path::PathBuf; 2] {
    let dir = home.path();
    let mut raw = HOSTILE.as_bytes().to_vec();
    raw.extend_from_slice(b"\xff\n\x9b");
    raw.extend_from_slice(extension.as_bytes());
    [dir.join(format!("{HOSTILE}\n{extension}")), dir.join(OsString::from_vec(raw))]
}

#[tokio::test]
async fn names_of_files_never_command_the_terminal() {
    let (home, calm) = (Home::new(), calm().await);
    let broken = sandbox(json!([{"on": {"operation": "upload_part", "part": 2, "times": "always"},
        "fault": {"kind": "status", "status": 403}}]))
    .await;
    let clip = std::fs::read(sample("clip.mp4")).unwrap();
    for file in names(&home, ".mp4") {
        let uploads: [&[&str]; 5] = [&[], &["--json"], &["-v"], &["--dry-run"], &["--skip-existing", "-vv"]];
        // Missing, then uploaded, then left half-way.
        for (server, there) in [(&calm, false), (&calm, true), (&broken, true)] {
            if there {
                std::fs::write(&file, &clip).unwrap();
            }
            for flags in uploads {
                let mut upload = home.against(server);
                upload.args(["upload", "--filename", "clip.mp4"]).args(flags).arg(&file);
                let (_, shown) = on_terminal(upload, 100).await;
                check(&format!("upload {flags:?}"), &shown, "pwned");
            }
        }
        for arguments in [&["sessions", "list"][..], &["sessions", "list", "--json"]] {
            let mut sessions = home.bare();
            sessions.args(arguments);
            let (ended, shown) = on_terminal(sessions, 200).await;
            ended.ends_with(0);
            check(&format!("{arguments:?}"), &shown, "pwned");
        }
        let listed = run(home.bare().args(["sessions", "list", "--json"])).await.ends_with(0).json();
        for (what, flags) in [("show", &[][..]), ("show", &["--json"]), ("forget", &[])] {
            let mut sessions = home.bare();
            sessions.args(["sessions", what, listed[0]["id"].as_str().unwrap()]).args(flags);
            let (ended, shown) = on_terminal(sessions, 200).await;
            ended.ends_with(0);
            check(&format!("sessions {what} {flags:?}"), &shown, "pwned");
        }
    }
}

#[tokio::test]
async fn settings_and_the_command_line_never_command_the_terminal() {
    let home = Home::new();
    let settings = home.file("settings.toml", format!("base_url = {:?}\nproxy = \"{HOSTILE}", HOSTILE));
    let named = home.file(HOSTILE, "no TOML = [");
    let missing = Path::new(HOSTILE).join("missing");
    let table: Vec<Vec<OsString>> = [
        vec!["whoami".as_ref(), "--config".as_ref(), settings.as_os_str()],
        vec!["whoami".as_ref(), "--config".as_ref(), named.as_os_str()],
        vec!["whoami".as_ref(), "--config".as_ref(), missing.as_os_str()],
        vec!["whoami".as_ref(), "--api-key-file".as_ref(), missing.as_os_str()],
        vec!["whoami".as_ref(), "--ca-file".as_ref(), missing.as_os_str()],
        vec!["whoami".as_ref(), "--base-url".as_ref(), HOSTILE.as_ref()],
        vec!["whoami".as_ref(), "--proxy".as_ref(), HOSTILE.as_ref()],
        vec!["whoami".as_ref(), "--connection".as_ref(), HOSTILE.as_ref()],
        vec!["whoami".as_ref(), "--allow-origin".as_ref(), HOSTILE.as_ref()],
        vec!["upload".as_ref(), "--state-dir".as_ref(), named.as_os_str(), "x.jpg".as_ref()],
        vec!["upload".as_ref(), "--content-type".as_ref(), HOSTILE.as_ref(), "x.jpg".as_ref()],
        vec!["upload".as_ref(), "--request-limit".as_ref(), HOSTILE.as_ref(), "x.jpg".as_ref()],
        vec!["check".as_ref(), "--etag".as_ref(), HOSTILE.as_ref(), "--size".as_ref(), HOSTILE.as_ref()],
        vec!["post".as_ref(), "x".as_ref(), "--field".as_ref(), HOSTILE.as_ref()],
        vec!["api".as_ref(), HOSTILE.as_ref()],
        vec!["api".as_ref(), "--describe".as_ref(), HOSTILE.as_ref()],
        vec!["api".as_ref(), "create_post".as_ref(), "--body".as_ref(), HOSTILE.as_ref()],
        vec!["api".as_ref(), "get_post".as_ref(), "--param".as_ref(), HOSTILE.as_ref()],
        vec!["sessions".as_ref(), "show".as_ref(), HOSTILE.as_ref()],
        vec!["sessions".as_ref(), "forget".as_ref(), HOSTILE.as_ref()],
        vec!["sandbox".as_ref(), "--faults".as_ref(), named.as_os_str()],
        vec!["sandbox".as_ref(), "--faults".as_ref(), missing.as_os_str()],
        vec!["man".as_ref(), "--dir".as_ref(), missing.as_os_str()],
        vec!["completions".as_ref(), HOSTILE.as_ref()],
        vec![HOSTILE.as_ref()],
        vec!["whoami".as_ref(), format!("--{HOSTILE}").leak().as_ref()],
    ]
    .into_iter()
    .map(|line| line.into_iter().map(|word: &std::ffi::OsStr| word.to_owned()).collect())
    .collect();
    for line in table {
        for flags in [&[][..], &["--json"]] {
            let mut command = home.bare();
            command
                .env("OFAUTH_API_KEY", "sk")
                .env("OFAUTH_CONNECTION_ID", CONNECTION)
                .args(&line)
                .args(flags);
            let (ended, shown) = on_terminal(command, 200).await;
            assert_ne!(ended.code, 0, "{line:?}");
            check(&format!("{line:?} {flags:?}"), &shown, "");
            assert!(!shown.is_empty(), "{line:?}");
        }
    }
}

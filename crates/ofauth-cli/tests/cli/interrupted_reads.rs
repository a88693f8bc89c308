//! Ctrl-C while the command waits for a file that the user named, which may be a FIFO that nobody writes to.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use rustix::process::Signal;
use tokio::process::Child;

use crate::support::{CANARY, CONNECTION, Home, finish, signal};

/// Where the command is when it is stopped.
#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    /// It opens the file, or is about to.
    Opening,
    /// It reads the file, which somebody has opened to write to.
    Reading,
}

fn fifo(home: &Home) -> PathBuf {
    let path = home.path().join("fifo");
    mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
    path
}

/// Waits until this is there.
async fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3000 {
        if let Some(found) = look() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it does not come");
}

/// Whether the command hears of Ctrl-C by now.
fn listens(child: &Child) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id().unwrap())).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(mask.trim(), 16).unwrap() >> (Signal::INT.as_raw() - 1) & 1 == 1
}

/// The other end of a FIFO, once somebody opens it to read.
fn writer(path: &Path) -> Option<File> {
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap();
    File::options().write(true).custom_flags(nonblocking).open(path).ok()
}

#[tokio::test]
async fn the_first_ctrl_c_stops_it() {
    let lines: &[&[&str]] = &[
        &["upload", "a.jpg", "--api-key-file", "fifo"],
        &["upload", "a.jpg", "--config", "fifo"],
        &["upload", "a.jpg", "--config", "key-elsewhere.toml"],
        &["upload", "a.jpg", "--ca-file", "fifo"],
        &["whoami", "--api-key-file", "fifo"],
        &["check", "--etag", "\"a\"", "--size", "1", "--config", "fifo"],
        &["post", "Hello", "--ca-file", "fifo"],
        &["message", "Hello", "--to", "1", "--api-key-file", "fifo"],
        &["vault-plus", "batch", "1", "--api-key-file", "fifo"],
        &["api", "create_post", "--body", "@fifo"],
        &["sandbox", "--faults", "fifo"],
    ];
    for at in [At::Opening, At::Reading] {
        for line in lines {
            let home = Home::new();
            let path = fifo(&home);
            home.file("a.jpg", b"\xff\xd8\xff");
            home.file("key-elsewhere.toml", "api_key_file = 'fifo'");
            let mut command = home.bare();
            command.env("OFAUTH_CONNECTION_ID", CONNECTION).env("OFAUTH_BASE_URL", "http://127.0.0.1:9");
            if !line.contains(&"key-elsewhere.toml") {
                command.env("OFAUTH_API_KEY", CANARY);
            }
            let child = command.args(*line).spawn().unwrap();
            until(|| listens(&child).then_some(())).await;
            let writer = match at {
                At::Opening => None,
                At::Reading => Some(until(|| writer(&path)).await),
            };
            signal(&child, Signal::INT);
            let ended = finish(child).await;
            assert_eq!(ended.code, 3, "{at:?} {line:?}: {}", ended.err);
            ended.says(&["interrupted"]);
            drop(writer);
        }
    }
}

#[tokio::test]
async fn the_first_ctrl_c_stops_the_reading_of_standard_input() {
    let lines: &[&[&str]] = &[
        &["upload", "-"],
        &["upload", "a.jpg", "-"],
        &["api", "create_post", "--body", "-"],
        &["vault-plus", "batch", "-"],
    ];
    for line in lines {
        let home = Home::new();
        home.file("a.jpg", b"\xff\xd8\xff");
        let mut command = home.bare();
        command.env("OFAUTH_CONNECTION_ID", CONNECTION).env("OFAUTH_API_KEY", CANARY);
        let mut child = command.args(*line).stdin(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        until(|| listens(&child).then_some(())).await;
        signal(&child, Signal::INT);
        let ended = finish(child).await;
        assert_eq!(ended.code, 3, "{line:?}: {}", ended.err);
        drop(input);
    }
}

#[tokio::test]
async fn a_file_that_is_written_while_it_is_read_is_waited_for() {
    use std::io::Write;
    let home = Home::new();
    let path = fifo(&home);
    let server = crate::support::calm().await;
    let mut command = home.bare();
    command.args(["whoami", "--api-key-file", "fifo", "--base-url", server.base_url()]);
    let child = command.spawn().unwrap();
    let mut writer = until(|| writer(&path)).await;
    writer.write_all(format!("{CANARY}\n").as_bytes()).unwrap();
    drop(writer);
    finish(child).await.ends_with(0);
}

//! The progress bar on a terminal of its own: how it is drawn, what it says, and what is left of it.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::pty::{Terminal, on_terminal};
use crate::support::{Home, Run, calm, finish, run, sample, sandbox, signal};

/// What a terminal got: every state of the bar, and what it shows in the end.
struct Shown {
    bars: Vec<String>,
    /// Without the empty ones at the end.
    rows: Vec<String>,
    /// Whether a row goes on in the next one, so that copying them makes one line.
    wraps: bool,
}

impl Shown {
    fn new(bytes: &[u8], columns: u16) -> Self {
        let text = std::str::from_utf8(bytes).unwrap();
        let states = text.split(['\r', '\n']).map(|state| state.replace("\u{1b}[J", ""));
        let bars = states.filter(|state| state.contains(['█', '░'])).collect();
        let mut parser = vt100::Parser::new(60, columns, 0);
        parser.process(bytes);
        let screen = parser.screen();
        let rows: Vec<String> = screen.rows(0, columns).collect();
        let used = rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
        let wraps = (0..60).any(|row| screen.row_wrapped(row));
        Self { bars, rows: rows[..used].to_vec(), wraps }
    }

    /// The rows with a bar.
    fn bar_rows(&self) -> Vec<&String> {
        self.rows.iter().filter(|row| row.contains(['█', '░'])).collect()
    }

    #[track_caller]
    fn last(&self) -> &str {
        self.bars.last().unwrap()
    }
}

/// Uploads on a terminal of this width.
async fn upload(
    server: &ofauth_sandbox::Sandbox,
    home: &Home,
    columns: u16,
    flags: &[&str],
    files: &[std::path::PathBuf],
) -> (Run, Shown) {
    let mut command = home.against(server);
    command.arg("upload").args(flags).args(files);
    let (ended, shown) = on_terminal(command, columns).await;
    (ended, Shown::new(&shown, columns))
}

/// Every state of the bar that a successful upload draws on a terminal of this width.
async fn bars(
    server: &ofauth_sandbox::Sandbox,
    home: &Home,
    columns: u16,
    flags: &[&str],
    files: &[std::path::PathBuf],
) -> Vec<String> {
    let (ended, shown) = upload(server, home, columns, flags, files).await;
    ended.ends_with(0);
    shown.bars
}

#[tokio::test]
async fn a_bar_stays_and_fits_the_terminal() {
    // A part that is sent again used to widen the line.
    let again =
        json!([{"on": {"operation": "upload_part", "part": 2}, "fault": {"kind": "status", "status": 500}}]);
    for (columns, name) in [(100, "clip.mp4 ██"), (80, "clip.mp4 ██"), (40, "clip.mp4 ██")] {
        let (home, server) = (Home::new(), sandbox(again.clone()).await);
        let bars = bars(&server, &home, columns, &[], &[sample("clip.mp4")]).await;
        for bar in &bars {
            assert!(bar.chars().count() <= columns.into(), "{columns}: {bar}");
            assert!(bar.chars().filter(|c| "█░".contains(*c)).count() >= 7, "{columns}: {bar}");
        }
        let last = bars.last().unwrap();
        assert!(
            last.contains(name) && last.contains(" 100% ") && last.contains("12/12 parts"),
            "{columns}: {last}"
        );
    }
}

#[tokio::test]
async fn a_long_name_leaves_room_for_the_bar() {
    let (home, server) = (Home::new(), calm().await);
    let clip = std::fs::read(sample("clip.mp4")).unwrap();
    let file = home.file("a-very-long-name-of-a-clip-that-goes-on-and-on-and-on\nand-on.mp4", clip);
    let bars = bars(&server, &home, 40, &[], &[file]).await;
    let last = bars.last().unwrap();
    assert!(last.starts_with("a-very…mp4 █"), "{last}");
    assert!(last.chars().count() <= 40 && last.contains("12/12 parts"), "{last}");
}

#[tokio::test]
async fn several_files_have_one_bar() {
    let (home, server) = (Home::new(), calm().await);
    let copy = home.file("copy.mp4", std::fs::read(sample("clip.mp4")).unwrap());
    let files = [sample("clip.mp4"), sample("photo.jpg"), copy];
    for columns in [100, 40] {
        let bars = bars(&server, &home, columns, &[], &files).await;
        assert!(
            bars.iter().all(|bar| bar.starts_with("all files █") || bar.starts_with("all files ░")),
            "{bars:?}"
        );
        assert!(bars.iter().all(|bar| bar.chars().count() <= columns.into()), "{bars:?}");
        let last = bars.last().unwrap();
        assert!(last.contains(" 100%") && last.contains("3/3 files"), "{last}");
        let before = bars.iter().filter(|bar| !bar.contains("3/3 files"));
        assert!(before.into_iter().all(|bar| !bar.contains(" 100%")), "full before the end: {bars:?}");
    }
}

#[tokio::test]
async fn several_files_that_all_wait_for_the_rate_limit_say_so() {
    let (home, server) = (Home::new(), calm().await);
    let files = [home.file("a.jpg", b"\xff\xd8\xff"), home.file("b.jpg", b"\xff\xd8\xff")];
    let bars = bars(&server, &home, 100, &["--request-limit=2/s", "--burst=1"], &files).await;
    assert!(bars.iter().any(|bar| bar.contains(" rate limit")), "{bars:?}");
    assert!(bars.last().unwrap().contains("2/2 files"), "{bars:?}");
}

#[tokio::test]
async fn what_comes_after_a_bar_is_a_line_of_its_own() {
    let failing = json!([{"on": {"operation": "upload_part", "part": 9, "times": "always"},
        "fault": {"kind": "status", "status": 403}}]);
    for columns in [40, 80, 100] {
        for (faults, count, code) in
            [(json!([]), 1, 0), (json!([]), 3, 0), (failing.clone(), 1, 4), (failing.clone(), 2, 4)]
        {
            let (home, server) = (Home::new(), sandbox(faults).await);
            let clip = std::fs::read(sample("clip.mp4")).unwrap();
            let files: Vec<_> = (0..count).map(|number| home.file(&format!("{number}.mp4"), &clip)).collect();
            // Parts after the one that fails are under way, and the bar has moved.
            let flags: &[&str] = if code == 0 { &[] } else { &["--concurrency=1", "--files=1"] };
            let (ended, shown) = upload(&server, &home, columns, flags, &files).await;
            ended.ends_with(code);
            let what = format!("{columns} columns, {count} files: {:#?}", shown.rows);
            let bars = shown.bar_rows();
            assert_eq!(bars.len(), 1, "{what}");
            let long_lines = shown.rows.iter().any(|row| row.chars().count() == usize::from(columns));
            assert!(!shown.wraps || long_lines, "{what}");
            assert!(bars[0].chars().count() < columns.into(), "{what}");
            let references = shown.rows.iter().filter(|row| row.starts_with("upload:")).count();
            assert_eq!(references, if code == 0 { count } else { 0 }, "{what}");
            if code != 0 {
                let row = shown.rows.iter().find(|row| row.contains("part 9: ")).expect(&what);
                assert!(row.starts_with("ofauth: "), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn ctrl_c_leaves_the_bar_on_a_line_of_its_own() {
    for count in [1, 2] {
        // The first asks to stop, the second ends at once.
        for signals in [1, 2] {
            let (home, server) = (
                Home::new(),
                sandbox(json!([{"on": {"operation": "upload_part", "part": 4, "times": "always"},
                "fault": {"kind": "delay", "ms": 60_000}}]))
                .await,
            );
            let clip = std::fs::read(sample("clip.mp4")).unwrap();
            let mut command = home.against(&server);
            command.arg("upload").args((0..count).map(|number| home.file(&format!("{number}.mp4"), &clip)));
            let (terminal, end) = Terminal::new(100);
            command.env("TERM", "xterm").stdout(end.try_clone().unwrap()).stderr(end);
            let child = command.spawn().unwrap();
            drop(command);
            let (reading, mut seen) = terminal.follow();
            let mut shown = Vec::new();
            let mut wait_for = async |text: &str| {
                while !String::from_utf8_lossy(&shown).contains(text) {
                    shown.extend(
                        tokio::time::timeout(Duration::from_secs(30), seen.recv()).await.unwrap().unwrap(),
                    );
                }
            };
            wait_for("█").await;
            signal(&child, Signal::INT);
            wait_for("stopping").await;
            if signals == 2 {
                signal(&child, Signal::INT);
            }
            let ended = finish(child).await;
            assert!([3, 130].contains(&ended.code), "{ended:?}");
            let shown = Shown::new(&reading.await.unwrap(), 100);
            assert!(!shown.wraps, "{:#?}", shown.rows);
            assert!(shown.bar_rows().len() <= 1, "{:#?}", shown.rows);
            assert!(
                shown.rows.iter().all(|row| !row.contains('█') || !row.contains("ofauth: ")),
                "{:#?}",
                shown.rows
            );
        }
    }
}

#[tokio::test]
async fn the_bar_stands_still_and_a_narrower_terminal_gets_a_narrower_one() {
    let (home, server) = (Home::new(), calm().await);
    let mut command = home.against(&server);
    command.args(["upload", "--bandwidth-limit=250KiB"]).arg(sample("clip.mp4"));
    let (terminal, end) = Terminal::new(100);
    command.env("TERM", "xterm").stderr(end);
    let child = command.spawn().unwrap();
    drop(command);
    let resizing = terminal.clone();
    let (reading, mut seen) = terminal.follow();
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains("B/s") {
        shown.extend(tokio::time::timeout(Duration::from_secs(30), seen.recv()).await.unwrap().unwrap());
    }
    resizing.resize(60);
    drop(resizing);
    finish(child).await.ends_with(0);
    let all = reading.await.unwrap();
    // What makes it right wherever the terminal broke the old line: each drawing starts at the begin of the line by
    // erasing all that follows, and ends there.
    let text = String::from_utf8(all.clone()).unwrap();
    let drawings: Vec<&str> = text.split("\r\u{1b}[J").skip(1).collect();
    assert!(
        drawings.iter().all(|drawing| drawing.is_empty() || drawing.ends_with(['\r', '\n'])),
        "{drawings:?}"
    );
    let bars = Shown::new(&all, 100).bars;
    let width = |bar: &String| bar.chars().filter(|cell| "█░".contains(*cell)).count();
    let (wide, narrow): (Vec<_>, Vec<_>) = bars.iter().partition(|bar| bar.chars().count() > 59);
    assert!(wide.len() > 1 && narrow.len() > 1, "{bars:#?}");
    // The resize may fall into the middle of the first narrow one.
    assert!(wide.windows(2).all(|pair| width(pair[0]) == width(pair[1])), "{bars:#?}");
    assert!(narrow.windows(2).all(|pair| width(pair[0]) == width(pair[1])), "{bars:#?}");
    assert!(bars.iter().all(|bar| !bar.contains(" 0 B/s")), "{bars:#?}");
    assert!(!bars[0].contains("B/s"), "nothing is known yet: {}", bars[0]);
}

#[tokio::test]
async fn a_retry_says_what_failed_why_and_when_it_goes_on() {
    let faults = json!([{"on": {"operation": "upload_part", "part": 5, "times": "always"},
        "fault": {"kind": "status", "status": 500}}]);
    for count in [1, 2] {
        let (home, server) = (Home::new(), sandbox(faults.clone()).await);
        let clip = std::fs::read(sample("clip.mp4")).unwrap();
        let files: Vec<_> = (0..count).map(|number| home.file(&format!("{number}.mp4"), &clip)).collect();
        let (ended, shown) = upload(&server, &home, 110, &["--timeout=4"], &files).await;
        ended.ends_with(3);
        let says = |text: &str| shown.bars.iter().any(|bar| bar.contains(text));
        assert!(says("part 5: HTTP 500, "), "{:#?}", shown.bars);
        assert!(count > 1 || says("11/12 parts, part 5: HTTP 500, "), "{:#?}", shown.bars);
        assert!(!shown.rows.iter().any(|row| row.starts_with("0.mp4: part 5")), "{:#?}", shown.rows);
    }
}

#[tokio::test]
async fn a_rate_limit_says_how_long_and_no_hours_are_foretold() {
    let faults = json!([{"on": {"operation": "upload_part", "times": "always"},
        "fault": {"kind": "status", "status": 429, "retry_after": "3"}}]);
    for count in [1, 2] {
        let (home, server) = (Home::new(), sandbox(faults.clone()).await);
        let clip = std::fs::read(sample("clip.mp4")).unwrap();
        let files: Vec<_> = (0..count).map(|number| home.file(&format!("{number}.mp4"), &clip)).collect();
        let (ended, shown) = upload(&server, &home, 110, &["--timeout=7"], &files).await;
        ended.ends_with(3);
        assert!(
            shown.bars.iter().any(|bar| bar.contains("waiting for the rate limit, 2 s")),
            "{:#?}",
            shown.bars
        );
        // The budget's own forecast is three seconds for each part.
        let absurd = |bar: &String| bar.contains(" min left") || bar.contains(" h left");
        assert!(!shown.bars.iter().any(absurd), "{:#?}", shown.bars);
    }
}

#[tokio::test]
async fn the_slow_end_says_what_it_waits_for() {
    for (operation, part, text) in [
        ("complete_upload", Value::Null, "waiting for the service to complete"),
        ("upload_part", json!(12), "waiting for the answer to the last part"),
        ("init_upload", Value::Null, "opening the upload session"),
    ] {
        let mut on = json!({"operation": operation});
        if !part.is_null() {
            on["part"] = part;
        }
        let (home, server) =
            (Home::new(), sandbox(json!([{"on": on, "fault": {"kind": "delay", "ms": 1000}}])).await);
        let bars = bars(&server, &home, 110, &[], &[sample("clip.mp4")]).await;
        assert!(bars.iter().any(|bar| bar.contains(text)), "{operation}: {bars:#?}");
    }
}

#[tokio::test]
async fn the_last_line_tells_what_this_run_did() {
    let (home, server) = (Home::new(), calm().await);
    let clip = home.file("clip.mp4", std::fs::read(sample("clip.mp4")).unwrap());
    // Half of it is there when it is run again.
    let mut first = home.against(&server);
    first.args(["upload", "--concurrency=1", "--bandwidth-limit=300KiB", "--timeout=1"]).arg(&clip);
    run(&mut first).await.ends_with(3);
    let (ended, shown) = upload(&server, &home, 110, &[], std::slice::from_ref(&clip)).await;
    ended.ends_with(0);
    assert!(shown.rows.iter().any(|row| row.contains("resumed: ")), "{:#?}", shown.rows);
    let last = shown.last();
    assert!(last.contains(" 100% ") && last.contains("B/s in ") && !last.contains(" 0 B/s"), "{last}");

    // Everything is there: one file, and several.
    let photo = home.file("photo.jpg", std::fs::read(sample("photo.jpg")).unwrap());
    run(home.against(&server).arg("upload").arg(&photo)).await.ends_with(0);
    for files in [std::slice::from_ref(&clip), &[clip.clone(), photo]] {
        let (ended, shown) = upload(&server, &home, 110, &["--skip-existing"], files).await;
        ended.ends_with(0);
        assert_eq!(shown.bar_rows(), [""; 0], "{:#?}", shown.rows);
        assert!(shown.rows.iter().any(|row| row.contains("skipped")), "{:#?}", shown.rows);
    }
}

#[tokio::test]
async fn where_no_bar_is_drawn_a_retry_is_a_line_now_and_then() {
    let faults = json!([{"on": {"operation": "upload_part", "part": 5, "times": "always"},
        "fault": {"kind": "status", "status": 500}}]);
    let (home, server) = (Home::new(), sandbox(faults).await);
    let upload = |flags: &[&str]| {
        let mut command = home.against(&server);
        command.args(["upload", "--no-resume", "--timeout=4"]).args(flags).arg(sample("clip.mp4"));
        command
    };
    let lines =
        run(&mut upload(&[])).await.ends_with(3).says(&["clip.mp4: part 5: HTTP 500, try 1 of 8, again "]);
    assert_eq!(lines.err.matches("part 5: HTTP 500, try").count(), 1, "{}", lines.err);
    let quiet = run(&mut upload(&["-q"])).await.ends_with(3);
    assert!(!quiet.err.contains("try 1 of 8"), "{}", quiet.err);
    let json = run(&mut upload(&["--json"])).await.ends_with(3);
    assert_eq!(json.json().len(), 1, "one line for the file: {}", json.out);
    let events: Vec<Value> = json.err.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(events.len() > 1, "{}", json.err);
    for (event, tries) in events.iter().zip(1..) {
        assert_eq!(
            (&event["event"], &event["part"], &event["status"]),
            (&json!("retrying"), &json!(5), &json!(500))
        );
        assert_eq!((&event["tries"], &event["triesAtMost"]), (&json!(tries), &json!(8)), "{event}");
        assert_eq!(event["file"], json!(sample("clip.mp4")), "{event}");
    }
}

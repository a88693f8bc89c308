//! The progress bar on a terminal of its own.

use serde_json::json;

use crate::pty::{Streams, on_terminal};
use crate::support::{Home, calm, sample, sandbox};

/// Every state of the bar that an upload draws on a terminal of this width.
async fn bars(
    server: &ofauth_sandbox::Sandbox,
    home: &Home,
    columns: u16,
    flags: &[&str],
    files: &[std::path::PathBuf],
) -> Vec<String> {
    let mut command = home.against(server);
    command.arg("upload").args(flags).args(files);
    let (ended, shown) = on_terminal(command, columns, Streams::Err).await;
    assert_eq!(ended.ends_with(0).out.lines().count(), files.len());
    let shown = String::from_utf8(shown).unwrap();
    let states = shown.split(['\r', '\n']).map(|state| state.replace("\u{1b}[2K", ""));
    states.filter(|state| state.contains(['█', '░'])).collect()
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
    assert!(last.starts_with("a-very….mp4 █") || last.starts_with("a-ver….mp4 █"), "{last}");
    assert!(last.chars().count() <= 40 && last.contains("12/12 parts"), "{last}");
}

#[tokio::test]
async fn several_files_have_one_bar() {
    let (home, server) = (Home::new(), calm().await);
    let copy = home.file("copy.mp4", std::fs::read(sample("clip.mp4")).unwrap());
    let files = [sample("clip.mp4"), sample("photo.jpg"), copy];
    for columns in [100, 40] {
        let bars = bars(&server, &home, columns, &[], &files).await;
        // A full line needs no line end: what is said next comes below it.
        let bars: Vec<&str> = bars.iter().filter_map(|bar| bar.split("ofauth: ").next()).collect();
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
    let bars = bars(&server, &home, 100, &["--rate=2/s", "--burst=1"], &files).await;
    assert!(bars.iter().any(|bar| bar.contains(" rate limit")), "{bars:?}");
    assert!(bars.last().unwrap().contains("2/2 files"), "{bars:?}");
}

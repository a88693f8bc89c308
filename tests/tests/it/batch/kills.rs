//! Batches of a real process that is killed at random points and run again until it is done.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use ofauth_tests::guide::holds;
use ofauth_tests::{Play, Site};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::Notify;

use crate::support::{KEY, KIB, data, parts, within};

const FILES: usize = 24;

/// Kills in a row at most, before the process is left alone.
const KILLS: usize = 12;

/// What tells when a number of requests has come, of those that still have to.
struct Mark {
    left: AtomicUsize,
    reached: Notify,
}

/// Runs the process, and kills it at the mark. Returns what it printed, and whether it came to its end.
async fn run(site: &Site, home: &Path, mark: Option<&Mark>) -> (Vec<String>, bool) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_batch-child"));
    command.args([site.origin(), KEY]).arg(home.join("journal")).arg(home.join("files"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = Vec::new();
    let mut is_killed = false;
    loop {
        let reached = async {
            match mark {
                Some(mark) => mark.reached.notified().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            line = out.next_line() => match line.unwrap() {
                Some(line) => lines.push(line),
                None => break,
            },
            () = reached, if !is_killed => {
                is_killed = true;
                child.start_kill().unwrap();
            }
        }
    }
    let status = child.wait().await.unwrap();
    assert!(status.success() || is_killed, "{status}: {lines:?}");
    (lines, status.success())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_is_uploaded_once_however_often_the_process_is_killed() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("files")).unwrap();
    let size = |number: usize| 20_000 + number as u64;
    for number in 0..FILES {
        std::fs::write(home.path().join(format!("files/{number:02}.mp4")), data(size(number))).unwrap();
    }
    let mark = Arc::new(Mark { left: AtomicUsize::new(usize::MAX), reached: Notify::new() });
    let counting = Arc::clone(&mark);
    let site = parts(16 * KIB).repeatable_complete().script(move |_| {
        if counting.left.fetch_sub(1, SeqCst) == 1 {
            counting.reached.notify_one();
        }
        Play::Guide
    });
    let site = site.start().await;
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    let mut kills = 0;
    let ended_by_itself = loop {
        // A file takes four requests.
        mark.left.store(if kills < KILLS { rng.usize(1..FILES) } else { usize::MAX }, SeqCst);
        let (lines, is_over) = within(120, run(&site, home.path(), Some(&mark))).await;
        // The last line may be cut.
        for (name, reference) in lines.iter().filter_map(|line| line.strip_suffix('.')?.split_once(' ')) {
            let earlier = told.insert(name.to_owned(), reference.to_owned());
            assert!(earlier.is_none_or(|earlier| earlier == reference), "{name} has another reference");
        }
        // Killed after its last line, it was done.
        if is_over || lines.len() == FILES {
            break is_over;
        }
        kills += 1;
    };
    assert!(kills > 3, "{kills} kills");
    assert_eq!(told.len(), FILES);
    let sessions = site.sessions();
    for (name, reference) in told {
        let number: usize = name.strip_suffix(".mp4").unwrap().parse().unwrap();
        let completed: Vec<_> =
            sessions.iter().filter(|session| session.size == size(number) && session.completed > 0).collect();
        let [session] = &completed[..] else { panic!("{name}: {} uploads", completed.len()) };
        assert!(session.id == reference && holds(session, &data(size(number))), "{name}");
    }
    if !ended_by_itself {
        return;
    }
    // It is over, and the next run begins anew.
    let done = sessions.iter().filter(|session| session.completed > 0).count();
    mark.left.store(usize::MAX, SeqCst);
    let (lines, _) = within(120, run(&site, home.path(), None)).await;
    let again = site.sessions().iter().filter(|session| session.completed > 0).count();
    assert_eq!((lines.len(), again), (FILES, done + FILES));
}

//! Many at once, and much: a hammer over one client, and the memory of a large upload.

use std::fs::File;
use std::process::Stdio;
use std::sync::Arc;

use ofauth_tests::session::{Session, sha256};
use ofauth_tests::{Answer, Play, Step};
use tokio::process::Command;

use crate::support::{KEY, KIB, MIB, client, data, parts, video, within};

#[tokio::test(flavor = "multi_thread")]
async fn twenty_uploads_over_one_client_with_faults_all_arrive() {
    let site = Arc::new(
        parts(100 * KIB)
            .script(|visit| match visit.step {
                // Every third part of every session meets one fault of a kind that its number chooses.
                Step::Part(number) if visit.attempt == 1 && number % 3 == 0 => {
                    match (visit.session + number as usize) % 4 {
                        0 => Play::Answer(Answer::new(500)),
                        1 => Play::Cut(50 * KIB),
                        2 => Play::Early(Answer::new(503)),
                        _ => Play::Answer(Answer::with_body(200, "text/html", "<html>")),
                    }
                }
                _ => Play::Guide,
            })
            .start()
            .await,
    );
    let client = client(&site);
    let mut uploads = tokio::task::JoinSet::new();
    for index in 0..20 {
        let bytes = data(MIB + index);
        let upload = video(&client, &bytes).filename(format!("{index}.mp4"));
        uploads.spawn(async move { (upload.await.unwrap(), bytes) });
    }
    let all = async {
        while let Some(ended) = uploads.join_next().await {
            let (uploaded, bytes) = ended.unwrap();
            let sessions = site.sessions();
            let session = sessions.iter().find(|session| session.id == uploaded.media_upload_id()).unwrap();
            assert_eq!(session.size, bytes.len() as u64);
            assert!(ofauth_tests::guide::holds(session, &bytes) && session.completed == 1);
            // Over a connection that was used before, a break costs a request but no try.
            assert!((1..=3).contains(&uploaded.retries()), "{}", uploaded.retries());
        }
    };
    within(60, all).await;
    assert_eq!((site.sessions().len(), site.visits(Step::Complete)), (20, 20));
}

/// What a part of zeros, or of zeros after one marked byte, looks like.
fn is_whole(session: &Session, marked: &[u64]) -> bool {
    let mut zeros = std::collections::HashMap::new();
    session.parts.iter().all(|part| {
        let inside = marked.iter().filter(|at| (part.start..part.start + part.length).contains(*at));
        let inside: Vec<_> = inside.collect();
        let expected = if inside.is_empty() {
            zeros.entry(part.length).or_insert_with(|| sha256(&vec![0; part.length as usize])).clone()
        } else {
            let mut bytes = vec![0; part.length as usize];
            for at in inside {
                bytes[(at - part.start) as usize] = 1;
            }
            sha256(&bytes)
        };
        part.received.as_ref() == Some(&expected)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gibibyte_goes_through_little_memory() {
    let size = 1024 * MIB;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("big.mp4");
    let file = File::create(&path).unwrap();
    file.set_len(size).unwrap();
    // Marks at the borders of reads and parts, and at the ends.
    let marked = [0, 256 * KIB - 1, 5 * MIB - 1, 5 * MIB, 512 * MIB + 7, size - 1];
    for at in marked {
        std::os::unix::fs::FileExt::write_all_at(&file, &[1], at).unwrap();
    }
    drop(file);
    let site = parts(5 * MIB).start().await;
    let child = Command::new(env!("CARGO_BIN_EXE_upload-child"))
        .args([site.origin(), KEY, "8"])
        .arg(&path)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output();
    let output = within(60, child).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let (id, peak) = text.trim().split_once(' ').unwrap();
    let session = &site.sessions()[0];
    assert_eq!((session.id.as_str(), session.completed), (id, 1));
    assert!(is_whole(session, &marked));
    // Eight for parts; one for init, which may have been idle for too long when complete needs it.
    assert!(site.connections() <= 10, "{} connections", site.connections());
    let peak: u64 = peak.parse().unwrap();
    assert!(peak <= 32 * 1024, "{peak} KiB at its peak");
}

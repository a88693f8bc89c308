//! Random edits, each from a seed: whatever a document is, the tool neither falls over nor takes for ever.
//!
//! What comes of a document does not matter here. `OFAUTH_MUTATIONS=10000` tries as many; one seed is tried again with
//! `OFAUTH_MUTATION=SEED`, which also writes its document to the temporary directory.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;

use crate::pipeline::{Base, Outcome};
use crate::worker::{self, Job};

mod edits;

/// How many seeds are tried, unless the environment says otherwise.
const SEEDS: u64 = 300;

/// Of so many documents one is our own, which is a hundred times as long.
const ONE_OF_OURS_IN: u64 = 100;

/// As many are tried before the next are made.
const AT_ONCE: usize = 500;

/// Longer than any of them takes on a busy machine. What doubles with each level takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn no_random_edit_makes_the_tool_panic_or_hang() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = match number("OFAUTH_MUTATION") {
        Some(seed) => seed..seed + 1,
        None => 0..number("OFAUTH_MUTATIONS").unwrap_or(SEEDS),
    };
    let (small, ours) = (Base::read(), Base::ours());
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    let seeds: Vec<u64> = seeds.collect();
    for seeds in seeds.chunks(AT_ONCE) {
        let jobs: Vec<Job> = seeds.iter().map(|seed| job(&small, &ours, *seed)).collect();
        if let ([seed], [job]) = (seeds, jobs.as_slice()) {
            std::fs::write(std::env::temp_dir().join(format!("ofauth-mutation-{seed}.json")), &job.text)
                .unwrap();
        }
        for (seed, outcome) in seeds.iter().zip(worker::outcomes(&jobs, PATIENCE)) {
            let kind = match outcome {
                Outcome::Unreadable(_) => "unreadable",
                Outcome::Findings(_) => "findings",
                Outcome::Made(made) if made.raw_only.is_empty() => "right",
                Outcome::Made(_) => "raw only",
                Outcome::Panicked(why) => {
                    wrong.push(format!("seed {seed}: {why}"));
                    "panic"
                }
            };
            *outcomes.entry(kind).or_default() += 1;
        }
    }
    eprintln!("{outcomes:?}");
    assert!(wrong.is_empty(), "{} documents were too much: {wrong:#?}", wrong.len());
}

/// The document of a seed.
fn job(small: &Base, ours: &Base, seed: u64) -> Job {
    let mut random = Rng::with_seed(seed);
    let is_ours = seed % ONE_OF_OURS_IN == ONE_OF_OURS_IN - 1;
    let mut document = if is_ours { ours } else { small }.document.clone();
    for _ in 0..random.usize(1..=4) {
        edits::edit(&mut document, &mut random);
    }
    let mut text = document.to_string();
    if random.u8(..) == 0 {
        edits::cut(&mut text, &mut random);
    }
    Job { text, is_ours, with_clients: false, overlay: Vec::new(), ignored: Vec::new() }
}

#[test]
fn a_seed_gives_the_same_document_each_time_and_others_give_others() {
    let (small, ours) = (Base::read(), Base::ours());
    let text = |seed| job(&small, &ours, seed).text;
    assert_eq!(text(5), text(5));
    let different: std::collections::BTreeSet<String> = (0..50).map(text).collect();
    assert!(different.len() > 40, "{}", different.len());
    assert!(different.iter().filter(|text| serde_json::from_str::<Value>(text).is_ok()).count() > 40);
}

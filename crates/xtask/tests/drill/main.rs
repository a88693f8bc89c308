//! The drill: documents as small edits of one base, each with what has to come of it.
//!
//! A case of `cases/*.yaml` says its edit, its outcome (`right`, a finding, raw only, unreadable) and its verdict against
//! the base. What is `right` is compiled, all of it in one program, and called against a server on this machine: see
//! `README.md`. Nothing here knows what a single case is about.

// clippy.toml lets tests panic, but its reach ends at functions marked as tests; their helpers are in the same files.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod cases;
mod edit;
mod expected;
mod mutation;
mod pipeline;
mod scratch;
mod table;
mod worker;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cases::Case;
use crate::expected::Expected;
use crate::pipeline::{Base, Outcome};
use crate::table::Table;
use crate::worker::Job;

/// Longer than any document of the drill takes, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Every case, or those whose file or name contains `OFAUTH_DRILL`.
#[test]
fn every_case_comes_out_as_it_says() {
    let base = Base::read();
    let wanted = std::env::var("OFAUTH_DRILL").unwrap_or_default();
    let cases: Vec<Case> =
        cases::all(&base).into_iter().filter(|case| case.place().contains(&wanted)).collect();
    assert!(!cases.is_empty(), "no case has {wanted:?} in its file or name");
    let mut table = Table::default();
    let mut clients = BTreeMap::new();
    let unedited = Job {
        text: base.document.to_string(),
        is_ours: false,
        with_clients: true,
        overlay: Vec::new(),
        ignored: Vec::new(),
    };
    let jobs: Vec<Job> = cases.iter().map(Case::job).chain([unedited]).collect();
    let mut outcomes = worker::outcomes(&jobs, PATIENCE);
    let Some(Outcome::Made(unedited)) = outcomes.pop() else { panic!("the base itself is not right") };
    for (case, outcome) in cases.iter().zip(outcomes) {
        if let Err(why) = expected::compare(case, &outcome) {
            table.failed(case, &why);
        }
        if let (Expected::Right | Expected::Raw { .. }, Outcome::Made(made)) = (&case.expected, outcome) {
            clients.insert(case.id.clone(), made);
        }
    }
    // Compiling takes most of the time, and most edits of a case are about its outcome.
    let called = match std::env::var_os("OFAUTH_DRILL_QUICK") {
        Some(_) => scratch::Called::new(),
        None => scratch::call(&cases, &clients, &unedited.client),
    };
    for case in &cases {
        if let Some(Err(why)) = called.get(&case.id) {
            table.failed(case, why);
        }
    }
    table.end(&cases);
}

#[test]
fn there_are_enough_cases_and_each_has_a_name_of_its_own() {
    let cases = cases::all(&Base::read());
    let names: std::collections::BTreeSet<_> = cases.iter().map(Case::place).collect();
    assert_eq!(names.len(), cases.len(), "two cases have the same name");
    assert!(cases.len() >= 150, "{} cases", cases.len());
}

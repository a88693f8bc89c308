//! Reads the table of `tests/fault-matrix.md`. Every row has to be understood, and to make sense.

use super::words::{self, Fault, Outcome, Parsed, Phase, Request, Then};

const COLUMNS: [&str; 11] = [
    "request", "phase", "fault", "then", "timeout", "outcome", "init", "PUT", "complete", "finished",
    "retries",
];

/// What has to arrive at the server, each as a least and a most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) init: (usize, usize),
    /// PUTs of the part in question: of the first one where the request is no PUT.
    pub(super) put: (usize, usize),
    pub(super) complete: (usize, usize),
    /// How often the service finished the upload.
    pub(super) finished: (usize, usize),
    /// Tries that the client says it made again.
    pub(super) retries: (usize, usize),
}

/// A fault at a place, and what has to become of it.
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// The line in the file and the words that make up the case.
    pub(super) name: String,
    pub(super) request: Request,
    pub(super) phase: Phase,
    pub(super) fault: Fault,
    pub(super) then: Then,
    /// In seconds.
    pub(super) timeout: Option<u64>,
    pub(super) outcome: Outcome,
    pub(super) counts: Counts,
}

/// The cases of the file, and the number of rows that they come from.
pub(super) fn read(text: &str) -> Parsed<(Vec<Case>, usize)> {
    let (mut cases, mut rows, mut inside) = (Vec::new(), 0, false);
    for (number, line) in (1..).zip(text.lines()) {
        let cells: Option<Vec<&str>> = line
            .strip_prefix("| ")
            .and_then(|rest| rest.trim_end().strip_suffix(" |"))
            .map(|row| row.split(" | ").map(str::trim).collect());
        let Some(cells) = cells else {
            inside = inside && line.starts_with('|');
            continue;
        };
        if cells == COLUMNS {
            inside = true;
            continue;
        }
        if !inside || cells.iter().all(|cell| cell.chars().all(|letter| "-:".contains(letter))) {
            continue;
        }
        let read = row(&cells).map_err(|error| format!("line {number}: {error}"))?;
        cases.extend(
            read.into_iter().map(|case| Case { name: format!("line {number}: {}", case.name), ..case }),
        );
        rows += 1;
    }
    Ok((cases, rows))
}

/// The cases of a row: each request with each phase and each fault that it names.
fn row(cells: &[&str]) -> Parsed<Vec<Case>> {
    let [requests, phases, faults, then, timeout, outcome, counts @ ..] = cells else {
        return Err(format!("{} cells", cells.len()));
    };
    let counts: Vec<_> = counts.iter().map(|cell| words::count(cell)).collect::<Parsed<_>>()?;
    let [init, put, complete, finished, retries] = counts[..] else {
        return Err(format!("{} counts", counts.len()));
    };
    let counts = Counts { init, put, complete, finished, retries };
    let outcome = words::outcome(outcome)?;
    sensible(outcome, counts)?;
    let timeout = match *timeout {
        "" => None,
        text => Some(text.strip_suffix(" s").and_then(|text| text.parse().ok()).ok_or("no timeout")?),
    };
    let mut cases = Vec::new();
    for request in requests.split(" / ") {
        for phase in phases.split(" / ") {
            for fault in faults.split(" / ") {
                for then in then.split(" / ") {
                    cases.push(Case {
                        name: format!("{request}, {phase}, {fault}, {then}"),
                        request: words::request(request)?,
                        phase: words::phase(phase)?,
                        fault: words::fault(fault)?,
                        then: words::then(then)?,
                        timeout,
                        outcome,
                        counts,
                    });
                }
            }
        }
    }
    Ok(cases)
}

/// No row may allow what must never happen: a second upload, a false success, a false failure, or a second session
/// while an outcome is unknown.
fn sensible(outcome: Outcome, counts: Counts) -> Parsed<()> {
    let (least, most) = counts.finished;
    let wrong = match outcome {
        Outcome::Stops(_) => most > 0,
        Outcome::Unknown => most > 1 || counts.init != (1, 1),
        _ => (least, most) != (1, 1),
    };
    if wrong { Err(format!("{outcome:?} does not go with {counts:?}")) } else { Ok(()) }
}

#[test]
fn a_row_that_is_not_understood_is_an_error() {
    let head = format!("| {} |\n| --- |\n", COLUMNS.join(" | "));
    let table = |row: &str| read(&format!("{head}{row}\n"));
    let good = "| part / single | body sent | closes / 503 after 1 s | works |  | sent again, success | 1 | 2-3 | 1 | 1 | 1 |";
    let (cases, rows) = table(good).unwrap();
    assert_eq!((cases.len(), rows), (4, 1));
    assert_eq!((cases[3].request, cases[3].counts.put), (Request::Single, (2, 3)));
    assert!(cases[3].name.starts_with("line 3: single, body sent, 503 after 1 s"), "{}", cases[3].name);
    for (from, to) in [
        ("part /", "piece /"),
        ("body sent", "body gone"),
        ("closes", "shuts"),
        ("503", "603"),
        ("1 s", "1 min"),
        ("works", "worked"),
        ("sent again", "sent"),
        ("2-3", "many"),
        ("works |  |", "works | soon |"),
        ("works |  |", "works |"),
        // What no row may allow.
        ("sent again, success | 1 | 2-3 | 1 | 1", "sent again, success | 1 | 2-3 | 1 | 0"),
        ("sent again, success | 1 | 2-3 | 1 | 1", "sent again, success | 1 | 2-3 | 1 | 1-2"),
        ("sent again, success", "stops: Network"),
        ("sent again, success | 1 | ", "outcome unknown | 2 | "),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(table(&good.replacen(from, to, 1)).is_err(), "{from} -> {to}");
    }
    assert_eq!(read("no table").unwrap().1, 0);
}

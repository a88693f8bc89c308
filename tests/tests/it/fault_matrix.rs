//! The fault matrix: what becomes of an upload when a request meets a fault, at every stage of its way.
//!
//! The table is `tests/fault-matrix.md`, which says what its words mean. Every case of every row runs over plain HTTP and
//! over TLS, on real sockets. [`words`] and [`table`] read it, [`scene`] plays it, and here it is judged.

mod scene;
mod table;
mod words;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ofauth::{Client, ErrorKind, Uploaded};
use ofauth_tests::guide::holds;
use ofauth_tests::{Identity, Step};
use tokio::sync::Semaphore;

use self::scene::Scene;
use self::table::{Case, Counts};
use self::words::{Fault, Outcome, Phase, Request, Saying, Then};
use crate::support::{Together, builder_for, check, data, video};

/// The clocks of a client that has to notice silence.
const SHORT: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn every_row_ends_as_it_says() {
    let table = xtask::source::root().unwrap().join("tests/fault-matrix.md");
    let text = std::fs::read_to_string(table).unwrap();
    let (cases, rows) = table::read(&text).unwrap();
    assert!(rows >= 60 && cases.len() > 2 * rows, "{rows} rows, {} cases", cases.len());
    eprintln!("fault matrix: {rows} rows, {} cases", cases.len());
    let (timed, others): (Vec<_>, Vec<_>) = cases.into_iter().partition(Case::is_timed);
    side_by_side(others, 48).await;
    side_by_side(timed, 16).await;
}

/// Runs cases, so many at a time: enough to fill the pauses between tries, too few to starve each other.
async fn side_by_side(cases: Vec<Case>, slots: usize) {
    let slots = Arc::new(Semaphore::new(slots));
    let identity = Identity::new(&["127.0.0.1"]);
    let mut together = Together::default();
    for case in cases {
        for tls in [false, true] {
            let skipped = if tls { Phase::ConnectingPlain } else { Phase::Handshake };
            if case.phase == skipped {
                continue;
            }
            let (case, slots, identity) = (case.clone(), Arc::clone(&slots), tls.then(|| identity.clone()));
            together.add(format!("{}{}", case.name, if tls { ", TLS" } else { "" }), async move {
                let _slot = slots.acquire().await.unwrap();
                run(&case, identity.as_ref()).await;
            });
        }
    }
    together.run(240).await;
}

async fn run(case: &Case, tls: Option<&Identity>) {
    let scene = Scene::set(case, tls).await;
    let client = client(case, &scene);
    let data = data(scene.size);
    let mut warm = 0;
    if case.warms_up() {
        video(&client, &data).concurrency(1).await.unwrap();
        scene.plot.armed.store(true, Ordering::SeqCst);
        warm = 1;
    }
    let retries = Arc::new(AtomicU32::new(0));
    let (told, gate) = (Arc::clone(&retries), scene.gate.clone());
    let for_ever = matches!(case.then, Then::Same);
    if case.request == Request::Init && !for_ever {
        // Nothing tells that the first try was refused.
        let gate = gate.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            gate.inspect(|gate| gate.open());
        });
    }
    let mut upload = video(&client, &data).concurrency(1).on_progress(move |progress| {
        told.store(progress.retries, Ordering::SeqCst);
        if let Some(gate) = gate.as_ref().filter(|_| progress.retries > 0 && !for_ever) {
            gate.open();
        }
    });
    if let Some(seconds) = case.timeout {
        upload = upload.timeout(Duration::from_secs(seconds));
    }
    let ended = upload.await;

    let site = &scene.site;
    let (sessions, of_part) = (site.sessions(), matches!(case.request, Request::FirstPart | Request::Part));
    let put = if of_part || case.request == Request::Single { case.request.step() } else { Step::Part(1) };
    let before =
        |step: Step| if step == Step::Complete && case.request == Request::Single { 0 } else { warm };
    let exactly = |count: usize| (count, count);
    let finished: usize = sessions.iter().map(|session| session.completed).sum();
    let seen = Counts {
        init: exactly(site.visits(Step::Init) - before(Step::Init)),
        put: exactly(site.visits(put) - before(put)),
        complete: exactly(site.visits(Step::Complete) - before(Step::Complete)),
        finished: exactly(finished - warm),
        retries: exactly(retries.load(Ordering::SeqCst) as usize),
    };
    let outcome = judge(case, &scene, seen, &ended);
    let wanted = case.counts;
    let within = |(seen, _): (usize, usize), (least, most): (usize, usize)| (least..=most).contains(&seen);
    let counted = within(seen.init, wanted.init)
        && within(seen.put, wanted.put)
        && within(seen.complete, wanted.complete)
        && within(seen.finished, wanted.finished)
        && within(seen.retries, wanted.retries);
    assert!(
        outcome == Ok(case.outcome) && counted,
        "{}{}\n  the table: {:?} {wanted:?}\n  the test:  {outcome:?} {seen:?}\n  {:?}",
        case.name,
        if tls.is_some() { ", TLS" } else { "" },
        case.outcome,
        ended.map(|_| ())
    );
    match ended {
        Ok(uploaded) => {
            let done = sessions.iter().rfind(|session| session.completed > 0).unwrap();
            assert!(holds(done, &data), "{}: other bytes arrived", case.name);
            assert_eq!(uploaded.bytes(), scene.size);
            assert!(done.id == uploaded.media_upload_id() || case.phase == Phase::Done, "{}", case.name);
        }
        Err(error) => {
            let shown = check(&error, error.kind());
            let stopped = matches!(case.outcome, Outcome::Stops(kind) if kind != ErrorKind::Timeout);
            if stopped && of_part {
                assert_eq!(error.part(), Some(if case.request == Request::Part { 2 } else { 1 }), "{shown}");
            }
            let reference = sessions.last().map(|session| session.id.as_str());
            let known = if case.request == Request::Init { None } else { reference };
            assert_eq!(error.upload_id(), known, "{}: {shown}", case.name);
            assert!(error.kind() != ErrorKind::OutcomeUnknown || !error.is_retryable(), "{shown}");
            if let Some(status) =
                last_said(case).and_then(|saying| saying.status).filter(|status| *status >= 300)
            {
                assert!(!stopped || error.status() == Some(status), "{}: {shown}", case.name);
            }
        }
    }
}

fn client(case: &Case, scene: &Scene) -> Client {
    let mut builder = builder_for(&scene.base_url());
    if let Some(pem) = scene.site.ca_pem() {
        builder = builder.ca_pem(pem);
    }
    if case.needs_short_clocks() {
        builder = builder.connect_timeout(SHORT).stall_timeout(SHORT).answer_timeout(SHORT);
    }
    builder.build().unwrap()
}

/// How the upload ended in the words of the table, or why not even that can be said.
fn judge(
    case: &Case,
    scene: &Scene,
    seen: Counts,
    ended: &ofauth::Result<Uploaded>,
) -> Result<Outcome, String> {
    match ended {
        Err(error) if error.kind() == ErrorKind::OutcomeUnknown => return Ok(Outcome::Unknown),
        Err(error) => return Ok(Outcome::Stops(error.kind())),
        Ok(_) => {}
    }
    let arrivals = scene.plot.arrivals.lock().unwrap();
    if case.request != Request::Init && seen.init.0 > 1 {
        return Ok(Outcome::Fresh);
    }
    if let (Fault::Says(Saying { floor: Some(floor), .. }), [first, second, ..]) =
        (&case.fault, &arrivals[..])
    {
        let waited = *second - *first;
        return if waited >= *floor {
            Ok(Outcome::Waits)
        } else {
            Err(format!("came back after {waited:?}"))
        };
    }
    // A fault below HTTP leaves no trace at the server, but whoever came past it had to try again.
    let below = scene.gate.as_ref().is_some_and(|gate| gate.connections() > case.request.connection());
    Ok(if arrivals.len() > 1 || below { Outcome::SentAgain } else { Outcome::Success })
}

/// The answer that a case ends with, if it ends with one.
fn last_said(case: &Case) -> Option<&Saying> {
    match (&case.then, &case.fault) {
        (Then::Meets(Fault::Says(saying)), _) => Some(saying),
        (Then::Works | Then::WorksTwice | Then::Same, Fault::Says(saying)) => Some(saying),
        _ => None,
    }
}

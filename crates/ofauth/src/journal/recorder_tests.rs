use std::sync::mpsc;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use proptest::prelude::*;

use crate::journal::log::Log;
use crate::journal::memory::{MemoryFile, MemoryLog};
use crate::journal::record::State;
use crate::journal::recorder::*;
use crate::journal::replay::Found;
use crate::journal::samples;
use crate::journal::samples::{part, session};

fn open(file: &MemoryFile) -> (Recorder, Found) {
    let open = file.open(&samples::about()).unwrap();
    (open.recorder, open.found)
}

fn state(found: Found) -> State {
    match found {
        Found::State(state) => *state,
        other => panic!("{other:?}"),
    }
}

/// Begins what was not begun yet, and says whether it waits for something.
fn waits(future: &mut (impl Future<Output = Result<()>> + Unpin)) -> bool {
    future.now_or_never().is_none()
}

/// A log that blocks: every sync says that it began, and waits until it may go on.
struct Gated {
    log: MemoryLog,
    began: mpsc::Sender<()>,
    may: mpsc::Receiver<()>,
}

struct Gate {
    began: mpsc::Receiver<()>,
    may: mpsc::Sender<()>,
}

impl Log for Gated {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.log.append(bytes)
    }
    fn set_finishing(&mut self, on: bool) -> io::Result<()> {
        self.log.set_finishing(on)
    }
    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.log.truncate(length)
    }
    fn sync(&mut self) -> io::Result<()> {
        self.began.send(()).unwrap();
        self.may.recv().expect("the test ended");
        self.log.sync()
    }
    fn remove(&mut self) -> io::Result<()> {
        self.log.remove()
    }
    fn blocks(&self) -> bool {
        true
    }
}

/// A journal with a session, and a gate in front of whatever is made durable next.
async fn gated(file: &MemoryFile) -> (Recorder, Gate) {
    let (recorder, _) = open(file);
    recorder.write(Record::Session(session(1))).await.unwrap();
    let ((began, has_begun), (go, may)) = (mpsc::channel(), mpsc::channel());
    let log = Gated { log: file.log(), began, may };
    (file.open_over(&samples::about(), log).unwrap().recorder, Gate { began: has_begun, may: go })
}

#[tokio::test]
async fn records_that_come_together_are_made_durable_together() {
    let file = MemoryFile::default();
    let (recorder, gate) = gated(&file).await;
    let before = file.syncs();
    let mut first = Box::pin(recorder.write(Record::Part(part(0))));
    assert!(waits(&mut first));
    gate.began.recv().unwrap();
    let mut others: Vec<_> =
        (0..7).map(|n| Box::pin(recorder.write(Record::Part(part(n % samples::PARTS))))).collect();
    for other in &mut others {
        assert!(waits(other));
    }
    gate.may.send(()).unwrap();
    gate.may.send(()).unwrap();
    first.await.unwrap();
    for result in join_all(others).await {
        result.unwrap();
    }
    assert_eq!(file.syncs() - before, 2, "eight records");
    file.power_cut(|| 0);
    assert_eq!(state(open(&file).1).parts.len(), 4);
}

#[tokio::test]
async fn a_record_that_nobody_waits_for_is_whole_and_harms_no_other() {
    let file = MemoryFile::default();
    let (recorder, gate) = gated(&file).await;
    let mut first = Box::pin(recorder.write(Record::Part(part(0))));
    assert!(waits(&mut first));
    gate.began.recv().unwrap();
    let mut second = Box::pin(recorder.write(Record::Part(part(1))));
    assert!(waits(&mut second));
    drop((first, second));
    gate.may.send(()).unwrap();
    gate.may.send(()).unwrap();
    gate.may.send(()).unwrap();
    recorder.write(Record::Part(part(2))).await.unwrap();
    let found = state(open(&file).1);
    assert_eq!(found.parts.into_keys().collect::<Vec<_>>(), [0, 1, 2]);
    assert!(!found.torn);
}

/// A finished upload whose file changed since: the journal starts over, and the process dies in the middle of that.
#[tokio::test]
async fn starting_over_never_leaves_the_flag_alone() {
    for lasts in 0.. {
        for kept in [0, 1, 20, usize::MAX] {
            let file = MemoryFile::default();
            let (recorder, _) = open(&file);
            recorder.write(Record::Session(session(1))).await.unwrap();
            recorder.write(Record::Finishing).await.unwrap();
            recorder.write(Record::Done(samples::done())).await.unwrap();
            file.fail_after(lasts);
            let ended = recorder.write(Record::Session(session(2))).await;
            file.power_cut(|| kept);
            let found = open(&file).1;
            match &found {
                Found::State(state) => assert!(state.done.is_some() || state.finishing == 0, "{state:?}"),
                Found::Damaged { finishing, .. } => {
                    assert!(!finishing, "killed after {lasts}, {kept} bytes kept")
                }
                Found::Nothing => {}
            }
            if ended.is_ok() {
                assert_eq!(state(found).session, session(2));
                assert!(lasts > 3, "nothing was killed");
                return;
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_durable_before_it_was_synced() {
    let file = MemoryFile::default();
    let (recorder, gate) = gated(&file).await;
    let mut part = Box::pin(recorder.write(Record::Part(part(0))));
    assert!(waits(&mut part));
    gate.began.recv().unwrap();
    assert!(waits(&mut part), "the disk has not answered");
    gate.may.send(()).unwrap();
    part.await.unwrap();
}

#[tokio::test]
async fn after_a_failed_write_nothing_more_is_written() {
    // Where in a record it fails: at the first write, or when it is made durable.
    for succeed in [0, 1] {
        let file = MemoryFile::default();
        let (recorder, _) = open(&file);
        recorder.write(Record::Session(session(1))).await.unwrap();
        recorder.write(Record::Part(part(0))).await.unwrap();
        file.fail_after(succeed);
        let error = recorder.write(Record::Part(part(1))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Journal);
        let text = error.to_string();
        assert!(text.contains("memory.journal") && text.contains("free space"), "{text}");
        assert!(std::error::Error::source(&error).is_some());
        file.fail_after(u64::MAX);
        let length = file.bytes().len();
        for again in [
            recorder.write(Record::Part(part(2))).await,
            recorder.write(Record::Finishing).await,
            recorder.remove().await,
        ] {
            assert_eq!(again.unwrap_err().to_string(), text);
        }
        assert_eq!(file.bytes().len(), length);
        recorder.close().await.unwrap();
        file.power_cut(|| 0);
        assert_eq!(state(open(&file).1).parts.into_keys().collect::<Vec<_>>(), [0]);
    }
}

#[tokio::test]
async fn a_log_that_panics_is_an_error_and_no_hang() {
    let file = MemoryFile::default();
    let (recorder, gate) = gated(&file).await;
    drop(gate);
    for _ in 0..2 {
        let error = recorder.write(Record::Part(part(0))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Journal);
    }
}

#[tokio::test]
async fn a_turn_that_never_comes_is_an_error_and_no_hang() {
    let file = MemoryFile::default();
    let (recorder, _gate) = gated(&file).await;
    let (answer, answered) = oneshot::channel();
    // What a runtime does with work that it has not begun when it ends.
    drop(recorder.shared.enqueue(Action::Close, answer).unwrap());
    assert!(answered.await.unwrap().is_err());
    assert!(recorder.write(Record::Part(part(0))).await.is_err());
}

#[tokio::test]
async fn what_comes_after_the_end_is_refused() {
    let file = MemoryFile::default();
    let (recorder, _) = open(&file);
    recorder.write(Record::Session(session(1))).await.unwrap();
    recorder.close().await.unwrap();
    recorder.close().await.unwrap();
    assert!(recorder.write(Record::Part(part(0))).await.unwrap_err().to_string().contains("was closed"));
    let (recorder, found) = open(&file);
    assert!(state(found).parts.is_empty());
    recorder.remove().await.unwrap();
    assert!(recorder.write(Record::Part(part(0))).await.is_err());
    assert_eq!(open(&file).1, Found::Nothing);
}

#[tokio::test]
async fn a_torn_end_is_cut_off_before_more_is_written() {
    let file = MemoryFile::default();
    let (recorder, _) = open(&file);
    recorder.write(Record::Session(session(1))).await.unwrap();
    recorder.write(Record::Part(part(0))).await.unwrap();
    file.log().append(&[7; 300]).unwrap();
    let (recorder, found) = open(&file);
    assert!(state(found).torn);
    let (_, still) = open(&file);
    assert!(state(still).torn, "opening alone changes nothing");
    recorder.write(Record::Part(part(1))).await.unwrap();
    let found = state(open(&file).1);
    assert_eq!((found.torn, found.parts.len()), (false, 2));
}

#[tokio::test]
async fn a_session_starts_over_and_clears_the_flag() {
    let file = MemoryFile::default();
    let (recorder, _) = open(&file);
    recorder.write(Record::Session(session(1))).await.unwrap();
    let one = file.bytes().len();
    recorder.write(Record::Part(part(0))).await.unwrap();
    recorder.write(Record::Finishing).await.unwrap();
    recorder.write(Record::Finishing).await.unwrap();
    let (_, found) = open(&file);
    assert_eq!(state(found).finishing, 2);
    recorder.write(Record::Session(session(2))).await.unwrap();
    assert_eq!(file.bytes().len(), one, "the earlier session is gone");
    let found = state(open(&file).1);
    assert_eq!((found.session.upload_id.as_str(), found.parts.len(), found.finishing), ("upl-2", 0, 0));
}

/// Whether `found` is what must be found after the first `count` records, but that it may lack being whole.
fn says(found: &State, records: &[Record], count: usize) -> bool {
    let mut state = None;
    assert!(records[..count].iter().all(|record| State::take(&mut state, record.clone())));
    let Some(state) = state else { return false };
    let at_least = found.finishing >= state.finishing;
    at_least && *found == State { torn: found.torn, finishing: found.finishing, ..state }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The power fails in the middle of a record. All records before it must be there, and it or not.
    #[test]
    fn a_power_cut_takes_at_most_what_was_not_promised(
        records in samples::records(12), fail_after in 0_u64..4, at: prop::sample::Index,
        kept in prop::collection::vec(prop_oneof![Just(0), 1_usize..1200, Just(usize::MAX)], 8),
    ) {
        let at = at.index(records.len());
        let file = MemoryFile::default();
        let (recorder, _) = open(&file);
        let written = async {
            for record in &records[..at] {
                recorder.write(record.clone()).await.unwrap();
            }
            file.fail_after(fail_after);
            recorder.write(records[at].clone()).await.is_ok()
        };
        let promised = at + usize::from(written.now_or_never().expect("a log in memory does not wait"));
        let mut kept = kept.into_iter().cycle();
        file.power_cut(|| kept.next().unwrap());
        let (_, found) = open(&file);
        let starts_over = matches!(records[at], Record::Session(_));
        match found {
            Found::State(state) => prop_assert!(
                says(&state, &records, promised)
                    || promised == at && says(&state, &records, at + 1)
                    // The session before was given up: any of it may be left.
                    || promised == at && starts_over && (0..at).any(|count| says(&state, &records, count)),
                "{promised} of {records:?}: {state:?}"
            ),
            Found::Nothing | Found::Damaged { .. } => prop_assert!(promised == at && starts_over),
        }
    }
}

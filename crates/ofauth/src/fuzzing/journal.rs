//! What must hold of a journal whatever its bytes are; see [`crate::fuzzing`].

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use xxhash_rust::xxh3::xxh3_64;

use crate::journal::OpenJournal;
use crate::journal::frame::{FLAG_AT, Frame, HEADER, flag};
use crate::journal::log::Log;
use crate::journal::record::{Record, State};
use crate::journal::replay::{Contents, Found, Replay, replay};
use crate::journal::writer::{Action, Writer};

/// What a journal begins with, as the format has it.
const MAGIC: &[u8] = b"OFAUTHJ2";

/// Reads a file. Returns whether a session is in it.
pub(crate) fn file(bytes: &[u8]) -> bool {
    let Some(whole) = journal(bytes) else { return false };
    assert_is_a_beginning(bytes, &whole);
    // Every beginning says what some beginning of the records says, and never more than the whole.
    for length in [bytes.len() / 2, bytes.len().saturating_sub(1)] {
        let cut = bytes.get(..length).unwrap_or_default();
        if let Some(part) = journal(cut) {
            assert!(part.valid_len <= whole.valid_len);
            assert_is_a_beginning(cut, &part);
        }
    }
    assert_goes_on(bytes, &whole);
    let has_session = matches!(whole.found, Found::State(_));
    crate::fuzzing::upload::go_on(whole.found);
    has_session
}

/// Frames records, reads them whole and cut behind each. Returns whether all of them were taken.
pub(crate) fn records(lines: &[u8]) -> bool {
    let (finishing, lines) = match lines.strip_prefix(b"finishing\n") {
        Some(lines) => (true, lines),
        None => (false, lines),
    };
    let mut framed = Framed::new(finishing);
    let mut state = None;
    let mut taken = 0;
    let mut ends = vec![framed.bytes.len()];
    for (count, payload) in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate() {
        framed.push(payload);
        ends.push(framed.bytes.len());
        let record = serde_json::from_slice::<Record>(payload);
        if taken == count && record.is_ok_and(|record| State::take(&mut state, record)) {
            taken += 1;
        }
    }
    let bytes = framed.bytes;
    let whole = journal(&bytes);
    assert_eq!(whole.map(|whole| whole.valid_len), ends.get(taken).map(|end| *end as u64));
    for end in &ends {
        file(bytes.get(..*end).unwrap_or_default());
        file(bytes.get(..end.saturating_sub(3)).unwrap_or_default());
    }
    taken > 0 && taken + 1 == ends.len()
}

/// The format once more, so that a mistake in `frame` cannot hide in both directions.
struct Framed {
    bytes: Vec<u8>,
    chain: u64,
}

impl Framed {
    fn new(finishing: bool) -> Self {
        Self { bytes: [MAGIC, &flag(finishing)].concat(), chain: xxh3_64(MAGIC) }
    }

    fn push(&mut self, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes();
        self.chain = xxh3_64(&[&self.chain.to_le_bytes(), &length[..], payload].concat());
        self.bytes.extend([&length[..], &self.chain.to_le_bytes(), payload].concat());
    }
}

/// The replay of what is a journal.
fn journal(bytes: &[u8]) -> Option<Replay> {
    match replay(bytes) {
        Contents::Journal(replay) => Some(replay),
        Contents::New => {
            assert!(bytes.len() <= HEADER, "a journal of {} bytes counts as none", bytes.len());
            None
        }
        Contents::OtherVersion(_) | Contents::Foreign => {
            assert!(!bytes.starts_with(MAGIC), "a journal of ours counts as foreign");
            None
        }
    }
}

/// What is believed is a beginning of the file that, alone, is whole and says the same.
fn assert_is_a_beginning(bytes: &[u8], said: &Replay) {
    let valid_len = usize::try_from(said.valid_len).unwrap_or(usize::MAX);
    assert!((HEADER..=bytes.len()).contains(&valid_len));
    assert_eq!(said.torn, valid_len < bytes.len());
    let flagged = bytes.get(FLAG_AT..HEADER).is_some_and(|flag| flag.iter().any(|byte| *byte != 0));
    assert_eq!(said.finishing, flagged);
    let Some(again) = journal(bytes.get(..valid_len).unwrap_or_default()) else {
        unreachable!("the header was there");
    };
    assert_eq!((again.valid_len, again.torn, again.finishing), (said.valid_len, false, said.finishing));
    assert_eq!(again.chain, said.chain);
    match (&said.found, &again.found) {
        (Found::State(said), Found::State(again)) => {
            assert_eq!(State { torn: false, ..(**said).clone() }, **again);
            assert!(!flagged || said.finishing > 0, "the flag is lost");
            assert!(said.session.adds_up() && said.bytes_done() <= said.session.size);
        }
        (Found::Nothing, Found::Nothing) => assert!(!flagged, "the flag is lost"),
        (Found::Damaged { finishing, .. }, Found::Damaged { finishing: again, .. }) => {
            assert_eq!((*finishing, *again), (flagged, flagged));
        }
        (Found::Damaged { finishing: false, .. }, Found::Nothing) => {}
        (said, again) => unreachable!("{said:?}, then {again:?}"),
    }
}

/// A record that is written behind what was found is read again behind the same.
fn assert_goes_on(bytes: &[u8], said: &Replay) {
    let Found::State(state) = &said.found else { return };
    let file = File(Arc::new(Mutex::new(bytes.to_vec())));
    let opened =
        OpenJournal::over(file.clone(), replay(bytes), PathBuf::from("fuzzed.journal"), &state.session.about);
    assert!(opened.is_ok_and(|opened| opened.found == said.found), "a journal of this upload is not opened");
    assert_eq!(*file.bytes(), bytes, "it is changed before there is something to write");

    let write = |record, starts_over, finishing| {
        let Ok(frame) = Frame::new(record) else { unreachable!("it was read") };
        let mut actions = [Action::Write { frame, starts_over, finishing }];
        assert!(Writer::resume(file.clone(), said).carry_out(&mut actions).is_ok());
        let written = file.bytes().clone();
        let Some(Replay { found: Found::State(state), torn: false, .. }) = journal(&written) else {
            unreachable!("what was written cannot be read");
        };
        *file.bytes() = bytes.to_vec();
        *state
    };
    let finishing = write(&Record::Finishing, false, Some(true));
    // The flag of the header, when it was all that spoke of finishing, counts once and not beside the record.
    assert!((state.finishing..=state.finishing.saturating_add(1)).contains(&finishing.finishing));
    assert!(finishing.finishing > 0);
    assert_eq!(State { finishing: state.finishing, torn: state.torn, ..finishing }, **state);
    let not_finished = write(&Record::NotFinished, false, Some(false));
    assert_eq!(not_finished, State { finishing: 0, torn: false, ..(**state).clone() });
    let fresh = write(&Record::Session(state.session.clone()), true, Some(false));
    assert_eq!(fresh.session, state.session);
    assert!(fresh.parts.is_empty() && fresh.done.is_none() && fresh.finishing == 0);
}

/// A file in memory. Clones are one.
#[derive(Clone)]
struct File(Arc<Mutex<Vec<u8>>>);

impl File {
    fn bytes(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes().extend(bytes);
        Ok(())
    }

    fn set_finishing(&mut self, on: bool) -> io::Result<()> {
        for (byte, of) in self.bytes().iter_mut().skip(FLAG_AT).zip(flag(on)) {
            *byte = of;
        }
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.bytes().truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn remove(&mut self) -> io::Result<()> {
        self.bytes().clear();
        Ok(())
    }

    fn blocks(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The records of a file of `corpus/records`, framed.
    fn framed(name: &str) -> Vec<u8> {
        let lines = std::fs::read(Path::new("../../fuzz/corpus/records").join(name)).unwrap();
        let (finishing, lines) = match lines.strip_prefix(b"finishing\n") {
            Some(lines) => (true, lines),
            None => (false, &lines[..]),
        };
        let mut framed = Framed::new(finishing);
        let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.for_each(|payload| framed.push(payload));
        framed.bytes
    }

    /// `OFAUTH_WRITE_CORPUS=1` writes it anew, after a change of the format or of the records.
    #[test]
    fn the_corpus_of_journals_is_that_of_records_framed_and_damaged() {
        let finished = framed("finished");
        let mut flipped = finished.clone();
        let at = flipped.len() - 40;
        flipped[at] ^= 1;
        let journals = [
            ("interrupted", framed("interrupted")),
            ("single", framed("single")),
            ("no_session", framed("no_session")),
            ("torn", finished[..finished.len() - 5].to_vec()),
            ("flipped", flipped),
            ("finished", finished),
            ("damaged_session", framed("interrupted")[..300].to_vec()),
            ("long_frame", [&framed("single")[..], &[0xFF; 4], &[0; 8]].concat()),
            ("empty", Framed::new(false).bytes),
            ("next_version", [&b"OFAUTHJ3"[..], &[0; 8]].concat()),
            ("foreign", b"not a journal at all".to_vec()),
            ("zeros", vec![0; HEADER]),
        ];
        let corpus = Path::new("../../fuzz/corpus/journal");
        let write = std::env::var_os("OFAUTH_WRITE_CORPUS").is_some();
        for (name, journal) in journals {
            let path = corpus.join(name);
            if write {
                std::fs::write(&path, &journal).unwrap();
            }
            assert!(std::fs::read(&path).unwrap() == journal, "{name} is not current: OFAUTH_WRITE_CORPUS=1");
        }
    }
}

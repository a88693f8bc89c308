use proptest::prelude::*;

use crate::journal::frame::{FLAG_AT, Frame, flag, header};
use crate::journal::record::{PartRecord, SessionRecord};
use crate::journal::replay::*;
use crate::journal::samples;
use crate::journal::samples::{part, session};

/// A journal in pieces: the header, then a frame each.
fn frames(finishing: bool, records: &[Record]) -> Vec<Vec<u8>> {
    let mut head = header();
    head[FLAG_AT..].copy_from_slice(&flag(finishing));
    let mut chain = Chain::start();
    let frame = |record| Frame::new(record).unwrap().seal(&mut chain).to_vec();
    std::iter::once(head.to_vec()).chain(records.iter().map(frame)).collect()
}

/// A journal and what each beginning of it must be found to say.
struct Sample {
    finishing: bool,
    frames: Vec<Vec<u8>>,
    /// After so many records.
    states: Vec<Option<State>>,
    /// The bytes of the header and so many records.
    ends: Vec<usize>,
}

impl Sample {
    /// A sample whose `records` from `wrong` on cannot follow, if there are any.
    fn new(finishing: bool, records: &[Record], wrong: usize) -> Self {
        let mut states = vec![None];
        for record in &records[..wrong] {
            let mut state = states.last().unwrap().clone();
            assert!(State::take(&mut state, record.clone()));
            states.push(state);
        }
        let frames = frames(finishing, records);
        let mut end = 0;
        let ends = frames
            .iter()
            .map(|frame| {
                end += frame.len();
                end
            })
            .collect();
        Self { finishing, frames, states, ends }
    }

    fn whole(finishing: bool, records: &[Record]) -> Self {
        Self::new(finishing, records, records.len())
    }

    /// How many records end at or before `at`.
    fn records_within(&self, at: usize) -> usize {
        self.ends.iter().take_while(|end| **end <= at).count() - 1
    }

    /// Checks that `bytes` say what the first `count` records say, and nothing else.
    fn assert_prefix(&self, bytes: &[u8], count: usize, context: impl std::fmt::Display) {
        let replay = journal(bytes);
        let torn = bytes.len() > self.ends[count];
        assert_eq!((replay.valid_len, replay.torn), (self.ends[count] as u64, torn), "{context}");
        match (replay.found, &self.states[count]) {
            (Found::State(found), Some(state)) => {
                let finishing = state.finishing.max(u32::from(self.finishing));
                assert_eq!(*found, State { torn, finishing, ..state.clone() }, "{context}");
            }
            (Found::Nothing, None) => assert!(!self.finishing && !torn, "{context}"),
            (Found::Damaged { finishing, .. }, None) => {
                assert_eq!(finishing, self.finishing, "{context}");
                assert!(finishing || torn, "{context}");
            }
            (found, _) => panic!("{context}: {found:?}"),
        }
    }
}

fn journal(bytes: &[u8]) -> Replay {
    match replay(bytes) {
        Contents::Journal(replay) => replay,
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_cut_leaves_what_came_before(records in samples::records(10), finishing: bool) {
        let sample = Sample::whole(finishing, &records);
        let bytes = sample.frames.concat();
        for length in 0..HEADER {
            prop_assert!(matches!(replay(&bytes[..length]), Contents::New));
        }
        for length in HEADER..=bytes.len() {
            sample.assert_prefix(&bytes[..length], sample.records_within(length), length);
        }
    }

    #[test]
    fn a_frame_that_is_dropped_repeated_or_moved_ends_the_journal(
        records in samples::records(10), finishing: bool, at: prop::sample::Index, other: prop::sample::Index,
    ) {
        let sample = Sample::whole(finishing, &records);
        let frames = &sample.frames;
        let (at, other) = (at.index(records.len()), other.index(records.len()));
        let mut dropped = frames.clone();
        dropped.remove(at + 1);
        sample.assert_prefix(&dropped.concat(), at, "dropped");
        let mut repeated = frames.clone();
        repeated.insert(at + 1, frames[at + 1].clone());
        sample.assert_prefix(&repeated.concat(), at + 1, "repeated");
        let mut swapped = frames.clone();
        swapped.swap(at + 1, other + 1);
        let whole = if at == other { records.len() } else { at.min(other) };
        sample.assert_prefix(&swapped.concat(), whole, "swapped");
    }

    #[test]
    fn what_is_no_journal_says_nothing(
        bytes in prop::collection::vec(1_u8.., 0..200), ours: bool, length in 0_u32..300,
    ) {
        let (mut bytes, ours) = (bytes.clone(), ours && bytes.len() >= 24);
        if ours {
            bytes[..8].copy_from_slice(&header()[..8]);
            // A length that fits, so that the checksum has to tell.
            bytes[16..20].copy_from_slice(&length.to_le_bytes());
        }
        match replay(&bytes) {
            Contents::Journal(replay) => {
                prop_assert!(!matches!(replay.found, Found::State(_)), "{replay:?}");
                prop_assert_eq!(replay.valid_len, HEADER as u64);
            }
            Contents::New => prop_assert!(bytes.len() < HEADER),
            Contents::OtherVersion(_) | Contents::Foreign => prop_assert!(!ours),
        }
    }
}

#[test]
fn a_flipped_bit_ends_the_journal_where_it_is_and_never_hides_a_finishing_step() {
    let records = [
        Record::Session(session(1)),
        Record::Part(part(2)),
        Record::Part(part(0)),
        Record::Finishing,
        Record::Done(samples::done()),
    ];
    for finishing in [false, true] {
        let sample = Sample::whole(finishing, &records);
        let flagged = Sample::whole(true, &records);
        let bytes = sample.frames.concat();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            match bit / 8 {
                ..7 => assert!(matches!(replay(&flipped), Contents::Foreign), "{bit}"),
                7 => assert!(matches!(replay(&flipped), Contents::OtherVersion(_)), "{bit}"),
                8..HEADER => flagged.assert_prefix(&flipped, records.len(), bit),
                byte => sample.assert_prefix(&flipped, sample.records_within(byte), bit),
            }
        }
    }
}

#[test]
fn a_record_that_cannot_follow_is_damage() {
    let plan = |parts: Vec<u64>| {
        let parts = parts.into_iter().map(|length| PartRecord { length, url: String::new() }).collect();
        Record::Session(SessionRecord { parts, ..session(1) })
    };
    let good = Record::Session(session(1));
    for (whole, records) in [
        (0, vec![Record::Part(part(0))]),
        (0, vec![Record::Finishing]),
        (0, vec![Record::NotFinished]),
        (0, vec![Record::Done(samples::done())]),
        (1, vec![good.clone(), Record::Part(part(samples::PARTS))]),
        (1, vec![good.clone(), Record::Part(part(u32::MAX)), Record::Part(part(0))]),
        (1, vec![good.clone(), plan(vec![])]),
        (1, vec![good.clone(), plan(vec![406, 0])]),
        (1, vec![good.clone(), plan(vec![405])]),
        (1, vec![good, plan(vec![u64::MAX, 407])]),
        (0, vec![plan(vec![1]), Record::Part(part(0))]),
    ] {
        let sample = Sample::new(false, &records, whole);
        sample.assert_prefix(&sample.frames.concat(), whole, format!("{records:?}"));
    }
}

#[test]
fn payloads_that_are_no_record_and_lengths_that_cannot_be_are_damage() {
    let whole = frames(false, &[Record::Session(session(1))]).concat();
    let Replay { chain, .. } = journal(&whole);
    let text = r#"{"unheard_of":{}}"#;
    let mut chain = chain;
    let mut unknown = Frame::raw(text.as_bytes());
    let unknown = [whole.clone(), unknown.seal(&mut chain).to_vec()].concat();
    assert!(journal(&unknown).torn);
    for length in [u32::MAX, (64 << 20) + 1, 1000] {
        let long = [&whole[..], &length.to_le_bytes(), &[0; 40]].concat();
        let replay = journal(&long);
        assert!(replay.torn && replay.valid_len == whole.len() as u64);
    }
}

#[test]
fn a_session_starts_over() {
    let records = [
        Record::Session(session(1)),
        Record::Part(part(0)),
        Record::Finishing,
        Record::Session(session(2)),
        Record::Part(part(1)),
    ];
    let Found::State(state) = journal(&frames(false, &records).concat()).found else { panic!() };
    assert_eq!(state.session.upload_id, "upl-2");
    assert_eq!(state.parts.into_keys().collect::<Vec<_>>(), [1]);
    assert_eq!((state.finishing, state.done), (0, None));
}

/// Killed between the two records that a file in one request ends with.
#[test]
fn the_part_of_a_single_upload_is_its_end() {
    let whole = PartRecord { length: 406, url: "https://api.ofauth.com/upload".into() };
    let single = SessionRecord { complete_url: None, parts: vec![whole], ..session(1) };
    let mut records = vec![Record::Session(single), Record::Finishing, Record::Part(part(0))];
    let Found::State(state) = journal(&frames(true, &records).concat()).found else { panic!() };
    let done = state.done.unwrap();
    assert_eq!((done.media_upload_id.as_str(), done.etag), ("upl-1", part(0).etag));
    records.push(Record::Done(samples::done()));
    let Found::State(state) = journal(&frames(true, &records).concat()).found else { panic!() };
    assert_eq!(state.done, Some(samples::done()));
}

#[test]
fn a_damaged_session_still_names_its_upload() {
    let mut bytes = frames(true, &[Record::Session(session(1))]).concat();
    *bytes.last_mut().unwrap() ^= 1;
    let found = journal(&bytes).found;
    assert_eq!(found, Found::Damaged { finishing: true, upload_id: Some("upl-1".into()) });
    bytes.truncate(HEADER + 12);
    assert_eq!(journal(&bytes).found, Found::Damaged { finishing: true, upload_id: None });
}

#[test]
fn a_header_without_bytes_is_a_new_journal_and_others_are_not_ours() {
    assert!(matches!(replay(&[0; HEADER]), Contents::New));
    assert!(matches!(replay(&[0; HEADER + 1]), Contents::Foreign));
    assert!(matches!(replay(b"OFAUTHJ1........"), Contents::OtherVersion(_)));
    assert!(matches!(replay(b"not a journal at all"), Contents::Foreign));
    assert_eq!(journal(&header()).found, Found::Nothing);
}

#[test]
fn json_holds_all_of_a_record_and_debug_no_address() {
    let mut odd = session(1);
    odd.expires_unix_ms = None;
    odd.complete_url = None;
    odd.about.filename = "a \"b\"\n\u{1f3a5}.mp4".into();
    let mut no_etag = part(3);
    no_etag.etag = None;
    let records = [
        Record::Session(session(1)),
        Record::Session(odd),
        Record::Part(no_etag),
        Record::NotFinished,
        Record::Done(samples::done()),
    ];
    for record in records {
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        assert!(!format!("{record:?}").contains("/parts/"), "{record:?}");
    }
}

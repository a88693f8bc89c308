//! Records for the tests of this module.

use proptest::prelude::*;

use super::record::{About, DoneRecord, PartDone, PartRecord, Record, SessionRecord};
use crate::file_identity::FileIdentity;

/// The parts of a sample session.
pub(super) const PARTS: u32 = 4;

pub(super) fn about() -> About {
    About {
        base_url: "https://api.ofauth.com".into(),
        connection: "conn_1".into(),
        source: "/media/clip.mp4".into(),
        filename: "clip.mp4".into(),
        content_type: "video/mp4".into(),
        vault_upload: None,
    }
}

/// A session whose reference holds `number`.
pub(super) fn session(number: u32) -> SessionRecord {
    let part = |index| PartRecord {
        length: 100 + u64::from(index),
        url: format!("https://api.ofauth.com/parts/{number}/{index}"),
    };
    SessionRecord {
        upload_id: format!("upl-{number}"),
        about: about(),
        identity: FileIdentity { size: 406, modified: Some((1_700_000_000, 5)), inode: None },
        opened_unix_ms: 1_700_000_000_000,
        clock_ahead_ms: 2_000,
        expires_unix_ms: Some(1_700_003_602_000),
        complete_url: Some("https://api.ofauth.com/complete".into()),
        size: 406,
        parts: (0..PARTS).map(part).collect(),
    }
}

pub(super) fn part(index: u32) -> PartDone {
    PartDone { index, etag: Some(format!("\"{index}\"")), hash: u128::MAX - u128::from(index), tries: 1 }
}

pub(super) fn done() -> DoneRecord {
    DoneRecord {
        media_upload_id: "upl-1".into(),
        media: Some(serde_json::json!({ "id": 7 })),
        etag: None,
        retries: 2,
    }
}

/// Something that may follow a session.
pub(super) fn following() -> impl Strategy<Value = Record> {
    prop_oneof![
        8 => (0..PARTS).prop_map(|index| Record::Part(part(index))),
        3 => Just(Record::Finishing),
        2 => Just(Record::NotFinished),
        1 => Just(Record::Done(done())),
        1 => (2_u32..9).prop_map(|number| Record::Session(session(number))),
    ]
}

/// The records of a journal: a session, and what follows it.
pub(super) fn records(most: usize) -> impl Strategy<Value = Vec<Record>> {
    prop::collection::vec(following(), 0..most).prop_map(|mut records| {
        records.insert(0, Record::Session(session(1)));
        records
    })
}

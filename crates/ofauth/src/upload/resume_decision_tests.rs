use crate::journal::{About, PartDone, PartRecord, SessionRecord};
use crate::upload::resume_decision::*;
use crate::upload::source::input::Source;

const CONTENT: &[u8] = b"0123456789abcdef";

/// What a journal holds of an upload in four parts, or in one request, of which the first `acknowledged` parts are there.
fn state(single: bool, acknowledged: u32, finishing: u32) -> Box<State> {
    let lengths: &[u64] = if single { &[16] } else { &[4, 4, 4, 4] };
    let about = About {
        base_url: "https://api.ofauth.com".into(),
        connection: "conn_1".into(),
        source: "memory".into(),
        filename: "clip.mp4".into(),
        content_type: "video/mp4".into(),
        vault_upload: None,
    };
    let part = |length: &u64| PartRecord { length: *length, url: "https://api.ofauth.com/p".into() };
    let session = SessionRecord {
        upload_id: "upl-1".into(),
        about,
        identity: opened().content.identity(),
        opened_unix_ms: 0,
        clock_ahead_ms: 0,
        expires_unix_ms: None,
        complete_url: (!single).then(|| "https://api.ofauth.com/complete".into()),
        size: 16,
        parts: lengths.iter().map(part).collect(),
    };
    let length = if single { 16 } else { 4 };
    let done = |index: u32| {
        let start = index as usize * 4;
        let hash = xxhash_rust::xxh3::xxh3_128(&CONTENT[start..start + length]);
        (index, PartDone { index, etag: None, hash, tries: 1 })
    };
    Box::new(State {
        session,
        parts: (0..acknowledged).map(done).collect(),
        finishing,
        done: None,
        torn: false,
    })
}

fn opened() -> Opened {
    Source::bytes(CONTENT).filename("clip.mp4").open().unwrap()
}

fn finished(state: Box<State>) -> Box<State> {
    let done = DoneRecord { media_upload_id: "upl-1".into(), media: None, etag: None, retries: 0 };
    Box::new(State { done: Some(done), ..*state })
}

/// What is decided, in a word, and what goes with it.
fn decided(found: Found, sameness: &Sameness) -> (&'static str, String) {
    match decide(found, sameness) {
        ResumeDecision::Fresh(None) => ("fresh", String::new()),
        ResumeDecision::Fresh(Some(Notice::StartedOver { why, sent_again })) => {
            ("over", format!("{why} {sent_again}"))
        }
        ResumeDecision::Fresh(Some(notice)) => panic!("{notice:?}"),
        ResumeDecision::Resume { commit, .. } => ("resume", format!("{}", commit.unanswered)),
        ResumeDecision::Finished { done, .. } => ("finished", done.media_upload_id),
        ResumeDecision::Unknown(error) => {
            assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
            ("unknown", format!("{} {}", error.message(), error.upload_id().unwrap_or("-")))
        }
    }
}

#[test]
fn what_an_earlier_run_left_is_resumed_unless_it_may_be_finished_or_is_of_no_use() {
    let same = Sameness::Same;
    let other = Sameness::Different("another size".into());
    let damaged =
        |finishing, id: Option<&str>| Found::Damaged { finishing, upload_id: id.map(str::to_owned) };
    for (name, found, sameness, word, holds) in [
        ("nothing", Found::Nothing, &same, "fresh", ""),
        ("damaged before the end", damaged(false, Some("upl-1")), &same, "over", "damaged 0"),
        ("damaged at the end", damaged(true, Some("upl-1")), &same, "unknown", "upl-1"),
        ("damaged at the end, without a name", damaged(true, None), &same, "unknown", "-"),
        ("parts of several", Found::State(state(false, 2, 0)), &same, "resume", "0"),
        ("all parts, complete was sent", Found::State(state(false, 4, 3)), &same, "resume", "3"),
        (
            "complete was sent without all parts",
            Found::State(state(false, 3, 1)),
            &same,
            "unknown",
            "damaged",
        ),
        ("one request", Found::State(state(true, 0, 0)), &same, "resume", "0"),
        ("one request that was sent once", Found::State(state(true, 0, 1)), &same, "resume", "1"),
        (
            "one request that was sent twice",
            Found::State(state(true, 0, 2)),
            &same,
            "unknown",
            "more than once",
        ),
        ("finished", Found::State(finished(state(false, 4, 1))), &same, "finished", "upl-1"),
        ("finished, another file", Found::State(finished(state(false, 4, 1))), &other, "over", "as upl-1 0"),
        ("interrupted, another file", Found::State(state(false, 2, 0)), &other, "over", "another size) 8"),
        ("complete was sent, another file", Found::State(state(false, 4, 1)), &other, "unknown", "upl-1"),
    ] {
        let (is, with) = decided(found, sameness);
        assert_eq!(is, word, "{name}: {with}");
        assert!(with.contains(holds), "{name}: {with}");
    }
}

/// Memory has no identity but its size, so its content decides.
#[test]
fn a_source_is_the_same_if_it_holds_what_was_sent() {
    let compared = |state: &State| compare(&opened(), state, &CancellationToken::new()).unwrap();
    for (single, acknowledged, finishing, is_same) in [
        (false, 0, 0, true),
        (false, 3, 0, true),
        (false, 0, 1, true),
        (true, 0, 0, true),
        (true, 1, 1, true),
        // What may have been taken in one request left no hash.
        (true, 0, 1, false),
    ] {
        let state = state(single, acknowledged, finishing);
        assert_eq!(compared(&state) == Sameness::Same, is_same, "{state:?}");
    }
    let mut another = state(false, 3, 0);
    another.parts.get_mut(&2).unwrap().hash = 7;
    assert_eq!(compared(&another), Sameness::Different("part 3 is not what was sent".into()));
    let mut longer = state(false, 0, 0);
    longer.session.identity.size = 17;
    assert_eq!(compared(&longer), Sameness::Different("from 17 to 16 bytes".into()));
}

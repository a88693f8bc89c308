//! What must hold of plans and answers that came from outside; see [`crate::fuzzing`].

use std::collections::HashSet;
use std::time::SystemTime;

use serde_json::Value;

use crate::error::ErrorKind;
use crate::file_identity::{FileIdentity, Sameness};
use crate::fuzzing::{Told, assert_hides_the_key, assert_presentable, key};
use crate::http::outcome::{Failure, Outcome};
use crate::http::rate_limit_headers::server_time;
use crate::http::response::Response;
use crate::http::success;
use crate::journal::{About, Found, SessionRecord};
use crate::limits::LONGEST_WAIT;
use crate::media_form::MediaForm;
use crate::origin::Origins;
use crate::upload::plan::api_types::{InitAnswer, read_object};
use crate::upload::plan::upload_plan::{Flow, MOST_PARTS, Plan};
use crate::upload::resume_decision::{self, ResumeDecision};
use crate::upload::retry_policy::{self, CommitState, Decision, Expiry, Situation, may_have_committed};
use crate::upload::session::{Opening, Session};
use crate::upload::step_result::{self, StepSuccess, expected_of_put};

const BASE: &str = "https://api.ofauth.com";
const ALLOWED: &str = "https://up.ofauth.com:8443";
/// The present by this machine's clock.
const NOW_MS: i64 = 1_700_000_000_000;

fn origins() -> Origins {
    match Origins::new(BASE, &[ALLOWED.to_owned()], false) {
        Ok(origins) => origins,
        Err(error) => unreachable!("{error}"),
    }
}

/// An answer to init becomes a plan that is safe to follow, or an error.
pub(crate) fn plan(told: &Told<'_>) -> bool {
    let size = told.number().unwrap_or(1).max(1);
    let answer = told.answer(200);
    let Ok(init) = read_object::<InitAnswer>(&answer.body) else { return false };
    match Plan::read(init, &answer.headers, size, &origins()) {
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::InvalidPlan | ErrorKind::UntrustedOrigin), "{error}");
            assert_presentable(&error);
            false
        }
        Ok(plan) => {
            assert_safe(&plan, size);
            assert_survives_a_journal(&plan);
            let there = server_time(&answer.headers).and_then(|date| jiff::Timestamp::try_from(date).ok());
            let there = there.map_or(NOW_MS, jiff::Timestamp::as_millisecond);
            let opened = Opening { unix_ms: NOW_MS, service_ahead_ms: there - NOW_MS };
            let session = Session::new(plan, opened, NOW_MS);
            let now = tokio::time::Instant::now();
            _ = (session.left(now), session.expiry(now));
            true
        }
    }
}

/// The parts cover the file exactly once, and every address may see the key.
fn assert_safe(plan: &Plan, size: u64) {
    assert!(MediaForm::can_be_given(&plan.upload_id));
    assert!((1..=MOST_PARTS).contains(&plan.parts.len()));
    let origins = origins();
    let (mut next, mut seen) = (0_u64, HashSet::new());
    for part in &plan.parts {
        assert_eq!(part.start, next, "{plan:?}");
        assert!(part.length > 0, "{plan:?}");
        next += part.length;
        let url = part.url().map(|url| {
            assert!(origins.check(&url, "part URL").is_ok(), "{url}");
            url
        });
        assert!(url.is_ok_and(|url| seen.insert(url)), "an address is used twice, or is none");
    }
    assert_eq!((next, plan.size()), (size, size), "{plan:?}");
    match &plan.flow {
        Flow::Single => assert_eq!(plan.parts.len(), 1),
        Flow::Multipart { complete_url } => assert!(origins.check(complete_url, "complete URL").is_ok()),
    }
}

/// A plan that is written down is the same when it is read.
fn assert_survives_a_journal(plan: &Plan) {
    let text = |text: &str| text.to_owned();
    let record = SessionRecord {
        upload_id: plan.upload_id.clone(),
        about: About {
            base_url: text(BASE),
            connection: text("conn_1"),
            source: text("/clip.mp4"),
            filename: text("clip.mp4"),
            content_type: text("video/mp4"),
            vault_upload: None,
        },
        identity: FileIdentity { size: plan.size(), modified: None, inode: None },
        opened_unix_ms: 0,
        clock_ahead_ms: 0,
        expires_unix_ms: plan.expires_at.map(|at| at.as_millisecond()),
        complete_url: match &plan.flow {
            Flow::Single => None,
            Flow::Multipart { complete_url } => Some(complete_url.to_string()),
        },
        size: plan.size(),
        parts: plan.part_records(),
    };
    let restored = Plan::restore(&record, &origins());
    let same = restored.as_ref().is_ok_and(|restored| {
        let end = |plan: &Plan| plan.expires_at.map(|at| at.as_millisecond());
        restored.upload_id == plan.upload_id
            && restored.flow == plan.flow
            && restored.parts == plan.parts
            && end(restored) == end(plan)
    });
    assert!(same, "{plan:?} became {restored:?}");
}

/// What a journal says leads to nothing that the service could not have said: the same plan, or none.
pub(crate) fn go_on(found: Found) {
    for sameness in [Sameness::Same, Sameness::Different("by a test".to_owned())] {
        match resume_decision::decide(copy(&found), &sameness) {
            ResumeDecision::Fresh(_) | ResumeDecision::Finished { .. } => {}
            ResumeDecision::Unknown(error) => assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}"),
            ResumeDecision::Resume { state, commit: CommitState { .. } } => {
                assert_eq!(sameness, Sameness::Same, "a file that changed is never gone on with");
                assert!(state.done.is_none());
                if let Ok(plan) = Plan::restore(&state.session, &origins()) {
                    assert_eq!(plan.size(), state.session.size);
                    assert_eq!(plan.parts.len(), state.session.parts.len());
                    plan.parts.iter().for_each(|part| {
                        let url = part.url();
                        assert!(url.is_ok_and(|url| origins().check(&url, "part URL").is_ok()));
                    });
                }
            }
        }
    }
}

fn copy(found: &Found) -> Found {
    match found {
        Found::Nothing => Found::Nothing,
        Found::State(state) => Found::State(state.clone()),
        Found::Damaged { finishing, upload_id } => {
            Found::Damaged { finishing: *finishing, upload_id: upload_id.clone() }
        }
    }
}

/// An answer to a PUT or to complete is a success only if it says so and the service had everything.
pub(crate) fn step(told: &Told<'_>) -> bool {
    let status = told.number().unwrap_or(200);
    let mut words = told.first.split_whitespace().skip(1);
    let (kind, number) = (words.next().unwrap_or("file"), words.next());
    let part = (kind == "part").then(|| number.and_then(|number| number.parse().ok()).unwrap_or(1));
    let early = told.first.ends_with("early") && kind != "complete";
    let answer = Response { before_body: early, ..told.answer(status) };
    let read = success::read(answer, expected_of_put(part), &key(), SystemTime::UNIX_EPOCH);
    match step_result::read(read, part, "try") {
        Ok(done) => {
            assert!((200..300).contains(&status) && !early, "{} is no success", told.first);
            assert_done(&done);
            true
        }
        Err(failure) => {
            assert_failed(&failure, status, early);
            false
        }
    }
}

fn assert_done(done: &StepSuccess) {
    assert!(done.upload_id.as_deref().is_none_or(MediaForm::can_be_given));
    [&done.upload_id, &done.etag].into_iter().flatten().for_each(|text| assert_hides_the_key(text));
    if let Some(media) = &done.media {
        assert!(media.is_object());
        assert_value_hides_the_key(media);
    }
}

fn assert_value_hides_the_key(value: &Value) {
    match value {
        Value::String(text) => assert_hides_the_key(text),
        Value::Array(values) => values.iter().for_each(assert_value_hides_the_key),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            assert_hides_the_key(name);
            assert_value_hides_the_key(value);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn assert_failed(failure: &Failure, status: u16, early: bool) {
    assert_presentable(&failure.error);
    let success = (200..300).contains(&status);
    match failure.outcome {
        Outcome::Refused { status: answered } => assert_eq!(answered, status),
        // A status that answers nothing that was asked is no success either.
        Outcome::Lost => assert!(success || status < 200 || status == 304, "a refusal is no lost answer"),
        Outcome::NotSent => unreachable!("it was answered"),
    }
    // What was answered early had not the whole body, and everything else may have had it.
    assert_eq!(failure.body_sent, !early, "{failure:?}");
    assert!(!failure.permanent, "{failure:?}");
    let unreadable = success && failure.outcome == Outcome::Lost;
    assert_eq!(unreadable && !early, unreadable && may_have_committed(failure), "{failure:?}");
    for expiry in [Expiry::NotYet, Expiry::Passed, Expiry::Untrusted] {
        let situation = Situation { failure, tries: 1, step: 0, chance: 0.5, expiry };
        if let Decision::Again(pause) = retry_policy::part(&situation, true, true) {
            assert!(pause <= LONGEST_WAIT, "{failure:?}");
        }
    }
}

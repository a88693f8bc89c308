use proptest::prelude::*;
use serde_json::{Value, json};

use crate::file_identity::FileIdentity;
use crate::journal::About;
use crate::upload::plan::upload_plan::*;

const BASE: &str = "https://api.ofauth.com";

fn read(answer: Value, size: u64) -> Result<Plan> {
    read_with(answer, &[], size)
}

fn read_with(answer: Value, headers: &[(&'static str, &str)], size: u64) -> Result<Plan> {
    let headers =
        headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    Plan::read(
        serde_json::from_value(answer).unwrap(),
        &headers,
        size,
        &Origins::new(BASE, &[], false).unwrap(),
    )
}

fn part(number: u64, start: Value, end: Value) -> Value {
    json!({"partNumber": number, "uploadUrl": format!("{BASE}/v2/access/uploads/upload%3A1/parts/{number}?t=a%20b"),
        "byteRange": {"start": start, "end": end}})
}

fn multipart(parts: &[(u64, u64)]) -> Value {
    let parts: Vec<_> =
        parts.iter().zip(1..).map(|((start, end), number)| part(number, json!(start), json!(end))).collect();
    json!({"mediaUploadId": "upload:1", "uploadType": "multipart", "totalParts": parts.len(), "partSize": 10,
        "expiresAt": "2026-04-29T10:18:48.831Z", "parts": parts, "completeUrl": format!("{BASE}/v2/access/uploads/complete")})
}

#[test]
fn uneven_parts_and_extra_fields_are_followed_verbatim() {
    let mut answer = multipart(&[(0, 9), (10, 11), (12, 20)]);
    answer["new"] = json!({"field": 1});
    let plan = read(answer, 21).unwrap();
    assert_eq!(plan.size(), 21);
    assert_eq!(plan.parts.iter().map(|part| part.length).collect::<Vec<_>>(), [10, 2, 9]);
    assert_eq!(
        plan.parts[1].url().unwrap().as_str(),
        "https://api.ofauth.com/v2/access/uploads/upload%3A1/parts/2?t=a%20b"
    );
    assert_eq!(plan.expires_at.unwrap().to_string(), "2026-04-29T10:18:48.831Z");
    let shown = format!("{plan:?}");
    assert!(shown.contains("10+2") && !shown.contains("t=a"), "part URLs stay out of logs: {shown}");
}

#[test]
fn the_type_decides_and_not_the_number_of_parts() {
    let one = json!({"mediaUploadId": "u", "uploadType": "single", "totalParts": 9, "partSize": 10,
        "parts": [part(1, json!(0), json!(4))]});
    assert_eq!(read(one.clone(), 5).unwrap().flow, Flow::Single);
    let mut multi = one;
    multi["uploadType"] = json!("multipart");
    assert!(matches!(read(multi, 5).unwrap().flow, Flow::Multipart { .. }));
    let mut several = multipart(&[(0, 9), (10, 19)]);
    several["uploadType"] = json!("single");
    assert_eq!(read(several, 20).unwrap_err().kind(), ErrorKind::InvalidPlan);
}

#[test]
fn plans_that_do_not_cover_the_file_once_are_refused() {
    let two = |first: (Value, Value), second: (Value, Value)| {
        let mut answer = multipart(&[]);
        answer["parts"] = json!([part(1, first.0, first.1), part(2, second.0, second.1)]);
        answer
    };
    let mut unordered = multipart(&[(0, 9), (10, 19)]);
    unordered["parts"].as_array_mut().unwrap().reverse();
    let mut twice = multipart(&[(0, 9), (10, 19)]);
    twice["parts"][1]["uploadUrl"] = twice["parts"][0]["uploadUrl"].clone();
    let mut without_range = multipart(&[(0, 9), (10, 19)]);
    without_range["parts"][1]["byteRange"] = Value::Null;
    let mut without_id = multipart(&[(0, 9), (10, 19)]);
    without_id["mediaUploadId"] = json!("");
    let mut strange = multipart(&[(0, 9), (10, 19)]);
    strange["uploadType"] = json!("torrent");
    let mut two_lines = multipart(&[(0, 9), (10, 19)]);
    two_lines["mediaUploadId"] = json!("upload:1\nupload:2");
    for (name, answer, why) in [
        ("gap", multipart(&[(0, 8), (10, 19)]), "in no part"),
        ("overlap", multipart(&[(0, 9), (9, 19)]), "already"),
        ("reversed", two((json!(0), json!(9)), (json!(10), json!(9))), "before its start"),
        ("end below start", two((json!(0), json!(9)), (json!(10), json!(3))), "before its start"),
        ("largest end", two((json!(0), json!(9)), (json!(10), json!(u64::MAX))), "after the file"),
        ("overflow", two((json!(0), json!(9)), (json!(10), json!(1e30))), "whole numbers"),
        ("negative", two((json!(-5), json!(9)), (json!(10), json!(19))), "whole numbers"),
        ("short", multipart(&[(0, 9), (10, 18)]), "the file has 20"),
        ("long", multipart(&[(0, 9), (10, 20)]), "after the file"),
        ("larger than partSize", multipart(&[(0, 10), (11, 19)]), "more than the partSize"),
        ("wrong order", unordered, "not in order"),
        ("no parts", multipart(&[]), "no parts"),
        ("same URL twice", twice, "earlier part"),
        ("no range", without_range, "no byteRange"),
        ("no id", without_id, "mediaUploadId"),
        ("unknown type", strange, "torrent"),
        ("id of two lines", two_lines, "control characters"),
    ] {
        let error = read(answer, 20).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidPlan, "{name}");
        assert!(error.to_string().contains(why), "{name}: {error}");
    }
}

#[test]
fn other_servers_and_too_many_parts_are_refused() {
    for field in ["uploadUrl", "completeUrl"] {
        let mut answer = multipart(&[(0, 9), (10, 19)]);
        match field {
            "uploadUrl" => answer["parts"][1][field] = json!("https://evil.test/x"),
            _ => answer[field] = json!("https://api.ofauth.com:444/x"),
        }
        assert_eq!(read(answer, 20).unwrap_err().kind(), ErrorKind::UntrustedOrigin, "{field}");
    }
    let many: Vec<_> = (0..100_001).map(|at| (at, at)).collect();
    assert!(read(multipart(&many), 100_001).unwrap_err().to_string().contains("100001 parts"));
    read(multipart(&many[..100_000]), 100_000).unwrap();
}

#[test]
fn the_older_answer_is_turned_into_a_plan() {
    let older = |total: &str, part_size: &str, size| {
        let headers = [("x-ofauth-upload-total-parts", total), ("x-ofauth-upload-part-size", part_size)];
        read_with(json!({"mediaUploadId": "upload:a/b"}), &headers, size)
    };
    let single = older("1", "10", 7).unwrap();
    assert_eq!(single.flow, Flow::Single);
    assert_eq!(
        single.parts[0].url().unwrap().as_str(),
        "https://api.ofauth.com/v2/access/uploads/upload%3Aa%2Fb"
    );
    let multi = older("3", "10", 21).unwrap();
    assert!(
        matches!(&multi.flow, Flow::Multipart { complete_url } if complete_url.path() == "/v2/access/uploads/complete")
    );
    assert_eq!(multi.parts.iter().map(|part| part.length).collect::<Vec<_>>(), [10, 10, 1]);
    assert!(multi.parts[2].url().unwrap().path().ends_with("/parts/3"));
    for (total, part_size) in [("2", "10"), ("3", "0"), ("0", "10"), ("x", "10"), ("1000000", "1")] {
        assert_eq!(
            older(total, part_size, 21).unwrap_err().kind(),
            ErrorKind::InvalidPlan,
            "{total} {part_size}"
        );
    }
    assert!(read(json!({"mediaUploadId": "u"}), 21).unwrap_err().to_string().contains("x-ofauth-upload"));
}

#[test]
fn a_part_may_be_as_long_as_the_part_size_and_part_size_is_a_positive_whole_number() {
    for (part_size, why) in [
        (json!(10), None),
        (Value::Null, None),
        (json!(9), Some("more than the partSize 9")),
        (json!(0), Some("not a positive whole number")),
        (json!("ten"), Some("not a positive whole number")),
        (json!(-1), Some("not a positive whole number")),
    ] {
        let mut answer = multipart(&[(0, 9), (10, 19)]);
        answer["partSize"] = part_size.clone();
        let error = read(answer, 20).err().map(|error| error.to_string());
        assert_eq!(error.is_some(), why.is_some(), "{part_size}: {error:?}");
        assert!(error.unwrap_or_default().contains(why.unwrap_or_default()), "{part_size}");
    }
}

#[test]
fn an_address_that_differs_in_its_fragment_alone_is_the_same() {
    let mut answer = multipart(&[(0, 9), (10, 19)]);
    let first = answer["parts"][0]["uploadUrl"].as_str().unwrap().to_owned();
    answer["parts"][1]["uploadUrl"] = json!(format!("{first}#two"));
    assert!(read(answer, 20).unwrap_err().to_string().contains("earlier part"));
}

#[test]
fn parts_are_counted_from_one() {
    assert_eq!((number_of(0), number_of(99_999)), (1, 100_000));
    let plan = read(multipart(&[(0, 9), (10, 19), (20, 20)]), 21).unwrap();
    assert_eq!(plan.parts_total(), 3);
}

/// What a journal keeps of a plan.
fn record_of(plan: &Plan) -> SessionRecord {
    let Flow::Multipart { complete_url } = &plan.flow else { panic!("not multipart") };
    let about = About {
        base_url: BASE.into(),
        connection: "conn_1".into(),
        source: "/clip.mp4".into(),
        filename: "clip.mp4".into(),
        content_type: "video/mp4".into(),
        vault_upload: None,
    };
    SessionRecord {
        upload_id: plan.upload_id.clone(),
        about,
        identity: FileIdentity { size: plan.size(), modified: None, inode: None },
        opened_unix_ms: 0,
        clock_ahead_ms: 0,
        expires_unix_ms: plan.expires_at.map(jiff::Timestamp::as_millisecond),
        complete_url: Some(complete_url.to_string()),
        size: plan.size(),
        parts: plan.part_records(),
    }
}

#[test]
fn a_plan_comes_out_of_a_journal_as_it_went_in() {
    let origins = Origins::new(BASE, &[], false).unwrap();
    let plan = read(multipart(&[(0, 9), (10, 11), (12, 20)]), 21).unwrap();
    let restored = Plan::restore(&record_of(&plan), &origins).unwrap();
    assert_eq!((&restored.upload_id, &restored.flow), (&plan.upload_id, &plan.flow));
    assert_eq!((restored.parts, restored.expires_at), (plan.parts, plan.expires_at));
    let one = read(multipart(&[(0, 20)]), 21);
    assert!(one.is_err(), "longer than its part size");
    let single = SessionRecord { complete_url: None, ..record_of(&read(multipart(&[(0, 9)]), 10).unwrap()) };
    assert_eq!(Plan::restore(&single, &origins).unwrap().flow, Flow::Single);
}

#[test]
fn a_journal_that_was_changed_gives_no_plan() {
    let good = || record_of(&read(multipart(&[(0, 9), (10, 19)]), 20).unwrap());
    let url = good().parts[0].url.clone();
    let part = |length| PartRecord { length, url: url.clone() };
    let cases = [
        ("no reference", SessionRecord { upload_id: String::new(), ..good() }, "no usable one"),
        ("no parts", SessionRecord { parts: Vec::new(), size: 0, ..good() }, "no usable one"),
        ("shorter", SessionRecord { size: 21, ..good() }, "not as long"),
        ("longer", SessionRecord { size: 19, ..good() }, "not as long"),
        ("endless", SessionRecord { parts: vec![part(u64::MAX), part(1)], ..good() }, "too long"),
        ("several that lead nowhere", SessionRecord { complete_url: None, ..good() }, "have no address"),
        (
            "too many",
            SessionRecord { parts: vec![part(1); 100_001], size: 100_001, ..good() },
            "100001 parts",
        ),
    ];
    let origins = Origins::new(BASE, &[], false).unwrap();
    for (name, record, why) in cases {
        let error = Plan::restore(&record, &origins).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidPlan, "{name}");
        assert!(error.to_string().contains(why), "{name}: {error}");
    }
    let foreign = "https://evil.test/x".to_owned();
    for record in [
        SessionRecord { complete_url: Some(foreign.clone()), ..good() },
        SessionRecord { parts: vec![part(10), PartRecord { length: 10, url: foreign }], ..good() },
    ] {
        assert_eq!(Plan::restore(&record, &origins).unwrap_err().kind(), ErrorKind::UntrustedOrigin);
    }
}

proptest! {
    #[test]
    fn a_plan_that_is_read_covers_every_byte_once(ranges in prop::collection::vec((0_u64..40, 0_u64..40), 0..6), size in 1_u64..60) {
        let mut answer = multipart(&ranges);
        answer["partSize"] = json!(1000);
        if let Ok(plan) = read(answer, size) {
            let mut held = vec![0; size as usize];
            for part in &plan.parts {
                for byte in part.start..part.start + part.length {
                    held[byte as usize] += 1;
                }
            }
            prop_assert!(held.iter().all(|times| *times == 1));
        }
    }

    #[test]
    fn every_honest_plan_is_read(lengths in prop::collection::vec(1_u64..10, 1..50)) {
        let mut at = 0;
        let ranges: Vec<_> = lengths.iter().map(|length| { let start = at; at += length; (start, at - 1) }).collect();
        let plan = read(multipart(&ranges), at).unwrap();
        prop_assert_eq!(plan.size(), at);
        prop_assert_eq!(plan.parts.len(), lengths.len());
    }
}

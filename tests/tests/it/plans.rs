//! Plans that must not be followed, and the servers that they point to.

use std::time::{Duration, Instant};

use ofauth::ErrorKind;
use ofauth_tests::{Answer, Play, Step};
use serde_json::{Value, json};

use crate::support::{KIB, MIB, Together, builder, check, client, data, parts, single, trap, video, within};

type Edit = fn(&mut Value);

/// Plans for a file of 200 KiB in parts of 64 KiB, spoilt in one way each, and a word of the error.
const SPOILT: &[(&str, Edit, &str)] = &[
    ("gap", |plan| plan["parts"][1]["byteRange"]["start"] = json!(65_537), "no part"),
    ("first gap", |plan| plan["parts"][0]["byteRange"]["start"] = json!(1), "no part"),
    ("overlap", |plan| plan["parts"][1]["byteRange"]["start"] = json!(65_535), "already"),
    (
        "reversed range",
        |plan| plan["parts"][1]["byteRange"] = json!({"start": 131_071, "end": 65_536}),
        "part 2",
    ),
    ("end before start", |plan| plan["parts"][1]["byteRange"]["end"] = json!(65_535), "before its start"),
    ("end is u64::MAX", |plan| plan["parts"][3]["byteRange"]["end"] = json!(u64::MAX), "part 4"),
    ("start is u64::MAX", |plan| plan["parts"][3]["byteRange"]["start"] = json!(u64::MAX), "part 4"),
    ("all of u64", |plan| plan["parts"][0]["byteRange"] = json!({"start": 0, "end": u64::MAX}), "part 1"),
    ("end is 1e30", |plan| plan["parts"][3]["byteRange"]["end"] = json!(1e30), "whole number"),
    ("end is 1e999", |plan| plan["parts"][3]["byteRange"]["end"] = json!("1e999"), "whole number"),
    (
        "end is over u64",
        |plan| plan["parts"][3]["byteRange"]["end"] = json!("18446744073709551616"),
        "whole number",
    ),
    ("negative start", |plan| plan["parts"][0]["byteRange"]["start"] = json!(-1), "whole number"),
    ("fraction", |plan| plan["parts"][0]["byteRange"]["end"] = json!(65_535.5), "whole number"),
    ("text", |plan| plan["parts"][0]["byteRange"]["end"] = json!("all"), "whole number"),
    ("range is text", |plan| plan["parts"][0]["byteRange"] = json!("0-65535"), ""),
    (
        "range is missing",
        |plan| _ = plan["parts"][0].as_object_mut().unwrap().remove("byteRange"),
        "byteRange",
    ),
    ("end is missing", |plan| plan["parts"][0]["byteRange"] = json!({"start": 0}), "whole number"),
    ("too short", |plan| plan["parts"][3]["byteRange"]["end"] = json!(204_798), "204799"),
    ("too long", |plan| plan["parts"][3]["byteRange"]["end"] = json!(204_800), "last byte"),
    ("part missing", |plan| _ = plan["parts"].as_array_mut().unwrap().pop(), "196608"),
    ("wrong order", |plan| plan["parts"].as_array_mut().unwrap().reverse(), "order"),
    ("two swapped", |plan| plan["parts"].as_array_mut().unwrap().swap(1, 2), "order"),
    ("numbers from 0", |plan| plan["parts"][0]["partNumber"] = json!(0), "order"),
    (
        "same part twice",
        |plan| {
            let first = plan["parts"][0].clone();
            plan["parts"].as_array_mut().unwrap().insert(1, first);
        },
        "part 2",
    ),
    (
        "same URL twice",
        |plan| plan["parts"][1]["uploadUrl"] = plan["parts"][0]["uploadUrl"].clone(),
        "earlier part",
    ),
    ("no parts", |plan| plan["parts"] = json!([]), "no parts"),
    ("parts is an object", |plan| plan["parts"] = json!({"0": {}}), ""),
    ("a part is null", |plan| plan["parts"][1] = Value::Null, ""),
    ("larger than partSize", |plan| plan["partSize"] = json!(65_535), "partSize"),
    ("partSize is 0", |plan| plan["partSize"] = json!(0), "partSize"),
    ("partSize is negative", |plan| plan["partSize"] = json!(-1), "partSize"),
    ("no URL", |plan| plan["parts"][1]["uploadUrl"] = Value::Null, "uploadUrl"),
    ("URL is no URL", |plan| plan["parts"][1]["uploadUrl"] = json!("http://["), "not a URL"),
    ("no id", |plan| _ = plan.as_object_mut().unwrap().remove("mediaUploadId"), "mediaUploadId"),
    ("empty id", |plan| plan["mediaUploadId"] = json!(" "), "mediaUploadId"),
    ("unknown type", |plan| plan["uploadType"] = json!("torrent"), "uploadType"),
    ("type of a megabyte", |plan| plan["uploadType"] = json!("t\n".repeat(500_000)), "uploadType"),
    ("no type", |plan| _ = plan.as_object_mut().unwrap().remove("uploadType"), "uploadType"),
    ("single with parts", |plan| plan["uploadType"] = json!("single"), "single"),
    ("nothing in it", |plan| *plan = json!({}), ""),
    ("only an id", |plan| *plan = json!({"mediaUploadId": "upload:1"}), ""),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_does_not_cover_the_file_once_is_refused_before_a_byte_is_sent() {
    let mut together = Together::default();
    for (name, edit, word) in SPOILT {
        together.add(*name, async move {
            // Without the headers of the older answer, which would stand in for missing parts.
            let site =
                parts(64 * KIB)
                    .script(move |visit| {
                        if visit.step == Step::Init { Play::Guide } else { Play::Answer(Answer::new(500)) }
                    })
                    .edit_plan(|plan, _| edit(plan))
                    .edit_answer(
                        |step, answer| if step == Step::Init { without_headers(&answer) } else { answer },
                    )
                    .start()
                    .await;
            let began = Instant::now();
            let error = video(&client(&site), &data(200 * KIB)).await.unwrap_err();
            // Without its id it is no answer to begin with.
            let may_be_unreadable = ["", "mediaUploadId"].contains(word);
            let kind = if error.kind() == ErrorKind::InvalidAnswer && may_be_unreadable {
                ErrorKind::InvalidAnswer
            } else {
                ErrorKind::InvalidPlan
            };
            let shown = check(&error, kind);
            assert!(shown.contains(word), "{shown}");
            assert_eq!(site.requests().len(), 1, "something was sent");
            assert!(began.elapsed() < Duration::from_secs(5));
        });
    }
    together.run(30).await;
}

fn without_headers(answer: &Answer) -> Answer {
    let text = String::from_utf8(answer.to_bytes()).unwrap();
    Answer::with_body(200, "application/json", text.split_once("\r\n\r\n").unwrap().1)
}

#[tokio::test]
async fn a_million_parts_are_refused_quickly() {
    for (count, padding, kinds) in [
        (150_000, 0, [ErrorKind::InvalidPlan, ErrorKind::InvalidPlan]),
        (1_000_000, 20, [ErrorKind::InvalidAnswer, ErrorKind::InvalidPlan]),
    ] {
        let mut body =
            String::from(r#"{"mediaUploadId":"upload:1","uploadType":"multipart","partSize":1,"parts":["#);
        for at in 0..count {
            let comma = if at == 0 { "" } else { "," };
            let number = at + 1;
            body.push_str(&format!(
                r#"{comma}{{"partNumber":{number},"uploadUrl":"/v2/access/uploads/u/parts/{number}{:x<padding$}","byteRange":{{"start":{at},"end":{at}}}}}"#, ""
            ));
        }
        body.push_str("]}");
        let answer = Answer::with_body(200, "application/json", body);
        for framed in [answer.clone(), answer.chunked(60_000)] {
            let site = single().script(move |_| Play::Answer(framed.clone())).start().await;
            let error = within(15, video(&client(&site), &data(count))).await.unwrap_err();
            assert!(kinds.contains(&error.kind()), "{error}");
            check(&error, error.kind());
            assert_eq!(site.requests().len(), 1);
        }
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_that_a_plan_names() {
    let trap = trap().await;
    let port = trap.address().port();
    let foreign = [
        trap.origin().to_owned(),
        format!("http://localhost:{port}"),
        format!("//127.0.0.1:{port}"),
        format!("\\\\127.0.0.1:{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("http://BASE@127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}#@BASE"),
        format!("http://127.0.0.1:{port}/http://BASE"),
        format!("\thttp://127.0.0.1:{port}"),
        "http://user@BASE".to_owned(),
        "http://user:password@BASE".to_owned(),
        "https://BASE".to_owned(),
        "ftp://BASE".to_owned(),
        "file:///etc/passwd".to_owned(),
        "data:text/plain,x".to_owned(),
        "javascript:alert(1)".to_owned(),
        "http://BASE.evil.test".to_owned(),
        format!("http://0x7f000001:{port}"),
        format!("http://127.1:{port}"),
        format!("http://[::ffff:127.0.0.1]:{port}"),
    ];
    for origin in foreign {
        for field in ["uploadUrl", "completeUrl", "single"] {
            let origin = origin.clone();
            let guide = if field == "single" { single() } else { parts(64 * KIB) };
            let site = guide
                .edit_plan(move |plan, _| {
                    let base = plan["parts"][0]["uploadUrl"].as_str().unwrap();
                    let base = base.trim_start_matches("http://").split('/').next().unwrap();
                    let url = json!(format!("{}/v2/access/uploads/x", origin.replace("BASE", base)));
                    match field {
                        "completeUrl" => plan["completeUrl"] = url,
                        "uploadUrl" => plan["parts"][2]["uploadUrl"] = url,
                        _ => plan["parts"][0]["uploadUrl"] = url,
                    }
                })
                .start()
                .await;
            let error = within(10, video(&client(&site), &data(200 * KIB))).await.unwrap_err();
            let kind = error.kind();
            assert!(matches!(kind, ErrorKind::UntrustedOrigin | ErrorKind::InvalidPlan), "{error}");
            check(&error, kind);
            assert_eq!(site.requests().len(), 1, "a plan is refused as a whole");
        }
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn an_allowed_origin_receives_the_parts() {
    let other = parts(64 * KIB)
        .script(|visit| {
            let number = visit.head.path().rsplit('/').next().unwrap().parse::<u32>().unwrap();
            Play::Answer(Answer::json(200, &json!({"partNumber": number, "etag": "e"})))
        })
        .start()
        .await;
    let origin = other.origin().to_owned();
    let site = parts(64 * KIB)
        .edit_plan(move |plan, _| {
            for part in plan["parts"].as_array_mut().unwrap() {
                let url = part["uploadUrl"].as_str().unwrap();
                let path = &url[url.find("/v2").unwrap()..];
                part["uploadUrl"] = json!(format!("{origin}{path}"));
            }
        })
        .edit_answer(|step, answer| match step {
            Step::Complete => Answer::json(200, &json!({"mediaUploadId": "upload:1"})),
            _ => answer,
        })
        .start()
        .await;
    let client = builder(&site).allow_origin(other.origin()).build().unwrap();
    within(10, video(&client, &data(200 * KIB))).await.unwrap();
    assert_eq!((other.requests().len(), site.requests().len()), (4, 2));
}

#[tokio::test]
async fn relative_urls_mean_the_same_server() {
    let site = parts(64 * KIB)
        .edit_plan(|plan, _| {
            let relative = |value: &Value| {
                let url = value.as_str().unwrap();
                json!(url[url.find("/v2").unwrap()..])
            };
            plan["completeUrl"] = relative(&plan["completeUrl"]);
            for part in plan["parts"].as_array_mut().unwrap() {
                part["uploadUrl"] = relative(&part["uploadUrl"]);
            }
        })
        .start()
        .await;
    within(10, video(&client(&site), &data(200 * KIB))).await.unwrap();
    assert_eq!(site.sessions()[0].completed, 1);
}

#[tokio::test]
async fn redirects_are_never_followed() {
    let trap = trap().await;
    for status in [300, 301, 302, 303, 305, 307, 308] {
        for step in [Step::Init, Step::Part(1), Step::Single, Step::Complete] {
            let target = format!("{}/v2/steal", trap.origin());
            let guide = if step == Step::Single { single() } else { parts(64 * KIB) };
            let site = guide
                .script(move |visit| {
                    let redirect = Answer::new(status).header("Location", target.clone());
                    if visit.step == step { Play::Answer(redirect) } else { Play::Guide }
                })
                .start()
                .await;
            let error = within(10, video(&client(&site), &data(200 * KIB))).await.unwrap_err();
            check(&error, ErrorKind::Redirect);
            assert_eq!((error.status(), site.visits(step)), (Some(status), 1));
            assert_eq!(site.visits(Step::Other), 0);
        }
    }
    // To the same server neither: where the redirect leads is no longer the plan.
    let site = parts(MIB)
        .script(|visit| match visit.step {
            Step::Init => Play::Answer(Answer::new(307).header("Location", "/v2/access/uploads/init?again")),
            _ => Play::Guide,
        })
        .start()
        .await;
    check(&within(10, video(&client(&site), &data(10))).await.unwrap_err(), ErrorKind::Redirect);
    assert_eq!((site.requests().len(), trap.connections()), (1, 0));
}

/// A redirect tells where it leads on every road, and nobody goes there.
#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_tells_where_it_leads() {
    let mut together = Together::default();
    for step in [Step::Init, Step::Part(2), Step::Single, Step::Complete] {
        for status in [301, 302, 303, 307, 308] {
            together.add(format!("{step:?}, {status}"), async move {
                let guide = if step == Step::Single { single() } else { parts(64 * KIB) };
                let site = guide.script(move |visit| match visit.step == step {
                    true => Play::Answer(
                        Answer::new(status)
                            .header("Location", "https://me:word@www.example.test:8443/v2/x?token=1"),
                    ),
                    false => Play::Guide,
                });
                let site = site.start().await;
                let error = within(10, video(&client(&site), &data(200 * KIB))).await.unwrap_err();
                let shown = check(&error, ErrorKind::Redirect);
                assert!(shown.contains("https://www.example.test:8443/v2/x;"), "{shown}");
                assert!(!shown.contains("word@") && !shown.contains("token"), "{shown}");
            });
        }
    }
    together.run(30).await;
}

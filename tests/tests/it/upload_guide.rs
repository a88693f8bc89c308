//! Uploads to a server that follows the guide, in all the ways that the guide leaves open.

use std::io::{Cursor, Write as _};
use std::time::Duration;

use ofauth::{ReadAt, Source, VaultUpload};
use ofauth_tests::guide::holds;
use ofauth_tests::{Answer, Guide, Next, Play, Step};
use serde_json::{Value, json};

use crate::support::{CONNECTION, KEY, KIB, Together, client, data, parts, query, single, video, within};

#[tokio::test]
async fn a_single_upload_is_one_put_and_never_completed() {
    let site = single().start().await;
    let data = data(100 * KIB);
    let uploaded = within(10, video(&client(&site), &data)).await.unwrap();
    let session = &site.sessions()[0];
    assert!(holds(session, &data) && session.completed == 1);
    assert_eq!(uploaded.media_upload_id(), session.id);
    assert_eq!(uploaded.media().unwrap(), &json!({"id": 12345, "type": "photo", "files": {}}));
    assert_eq!(uploaded.media_id().as_deref(), Some("12345"));
    assert_eq!(uploaded.etags().collect::<Vec<_>>(), [Some("\"etag-single\"")]);
    assert_eq!((uploaded.bytes(), uploaded.is_multipart(), uploaded.retries()), (100 * KIB, false, 0));
    let lines: Vec<_> = site.requests().iter().map(|request| request.line()).collect();
    let put = format!("PUT /v2/access/uploads/{}", session.id.replace(':', "%3A"));
    assert_eq!(lines, ["POST /v2/access/uploads/init".to_owned(), put]);
}

#[tokio::test]
async fn a_multipart_upload_sends_every_part_once_and_completes_once() {
    let site = parts(64 * KIB).start().await;
    let data = data(1000 * KIB + 7);
    let uploaded = within(10, video(&client(&site), &data)).await.unwrap();
    let session = &site.sessions()[0];
    assert!(holds(session, &data) && session.completed == 1);
    assert_eq!(
        session.init,
        json!({"filename": "clip.mp4", "size": 1000 * KIB + 7, "contentType": "video/mp4"})
    );
    assert_eq!((site.visits(Step::Init), site.visits(Step::Complete)), (1, 1));
    assert_eq!((uploaded.parts().len(), site.repeated_parts()), (16, vec![]));
    for (part, number) in uploaded.parts().iter().zip(1..) {
        assert_eq!((part.number, part.attempts), (number, 1));
        assert_eq!(part.etag.as_deref(), Some(format!("\"etag-{number}\"").as_str()));
    }
    assert_eq!(uploaded.parts().iter().map(|part| part.length).sum::<u64>(), uploaded.bytes());
    let last = site.requests().last().unwrap().clone();
    assert_eq!(last.line(), "POST /v2/access/uploads/complete");
    assert_eq!(last.json(), json!({"mediaUploadId": session.id}));
}

#[tokio::test]
async fn every_header_is_as_the_guide_wants_it() {
    for site in [single().start().await, parts(40 * KIB).start().await, parts(40 * KIB).start_tls().await] {
        within(10, video(&client(&site), &data(100 * KIB))).await.unwrap();
        let host = site.address().to_string();
        for request in site.requests() {
            let line = request.line();
            assert_eq!(request.header("apikey"), Some(KEY), "{line}");
            assert_eq!(request.header("x-connection-id"), Some(CONNECTION), "{line}");
            assert_eq!(request.header("host"), Some(host.as_str()), "{line}");
            assert!(request.header("user-agent").unwrap().starts_with("ofauth/"), "{line}");
            for absent in
                ["expect", "transfer-encoding", "content-encoding", "authorization", "cookie", "referer"]
            {
                assert_eq!(request.header(absent), None, "{line}");
            }
            let length = request.received.to_string();
            assert_eq!(request.header("content-length"), Some(length.as_str()), "{line}");
            let content_type = if line.starts_with("PUT") { "video/mp4" } else { "application/json" };
            assert_eq!(request.header("content-type"), Some(content_type), "{line}");
        }
        for put in site.requests_to("PUT") {
            let target = put.head.unwrap().target;
            assert!(
                target.contains("/upload%3A550e8400") && target.ends_with(&format!("?{}", query())),
                "{target}"
            );
        }
    }
}

#[tokio::test]
async fn uneven_parts_are_followed_to_the_byte() {
    let cases: [&[u64]; 5] = [&[1], &[1, 1, 1], &[1, 300_000, 2, 262_144, 262_145], &[262_143, 1], &[7; 400]];
    for lengths in cases {
        let site = Guide::uneven(KEY, |_| lengths.to_vec()).start().await;
        let data = data(lengths.iter().sum());
        let uploaded = within(20, video(&client(&site), &data)).await.unwrap();
        assert!(holds(&site.sessions()[0], &data), "{lengths:?}");
        let sent: Vec<_> = uploaded.parts().iter().map(|part| part.length).collect();
        assert_eq!(sent, lengths);
    }
}

/// Gives out bytes in pieces of an odd size, as a reader may.
struct Pieces(bytes::Bytes);

impl ReadAt for Pieces {
    fn size(&self) -> std::io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
        let offset = usize::try_from(offset).unwrap();
        let length = buf.len().min(self.0.len() - offset).min(1013);
        buf[..length].copy_from_slice(&self.0[offset..offset + length]);
        Ok(length)
    }
}

#[tokio::test]
async fn every_kind_of_source_sends_the_same() {
    let data = data(700 * KIB + 3);
    let mut file = tempfile::Builder::new().prefix("my clip ü ").suffix(".MP4").tempfile().unwrap();
    file.write_all(&data).unwrap();
    let name = file.path().file_name().unwrap().to_str().unwrap();
    for (source, name) in [
        (Source::path(file.path()), name),
        (Source::bytes(data.clone()).filename("a \"quoted\" name.mp4"), "a \"quoted\" name.mp4"),
        (Source::reader(Pieces(data.clone())).filename("reader.mp4"), "reader.mp4"),
        (Source::from(file.reopen().unwrap()).filename("file.mp4"), "file.mp4"),
        (Source::reader(file.reopen().unwrap()).filename("file.mp4"), "file.mp4"),
        (
            Source::spooled(Cursor::new(data.clone()), file.path().parent().unwrap(), 1 << 20)
                .filename("s.mp4"),
            "s.mp4",
        ),
    ] {
        for guide in [single(), parts(256 * KIB), parts(100_000)] {
            let site = guide.start().await;
            let client = client(&site);
            let upload = client.upload(source.clone()).open().await.unwrap();
            assert_eq!((upload.filename(), upload.size()), (name, 700 * KIB + 3));
            assert_eq!(upload.content_type(), "video/mp4");
            assert!(site.requests().is_empty(), "opening sends nothing");
            within(10, upload).await.unwrap();
            let session = &site.sessions()[0];
            assert!(holds(session, &data), "{name}");
            assert_eq!(
                (&session.init["filename"], &session.init["contentType"]),
                (&json!(name), &json!("video/mp4"))
            );
        }
    }
}

#[tokio::test]
async fn every_form_of_media_is_taken() {
    for (media, id) in [
        (Value::Null, None),
        (json!({"id": 7}), Some("7")),
        (json!({"id": "8", "files": {"full": {"url": null}}, "new": [1]}), Some("8")),
        (json!({"id": 4_492_994_399_123_u64, "type": "gif"}), Some("4492994399123")),
        (json!({"files": {}}), None),
        (json!({"id": null}), None),
    ] {
        for guide in [single(), parts(50 * KIB)] {
            let site = guide.media(media.clone()).start().await;
            let uploaded = within(10, video(&client(&site), &data(100 * KIB))).await.unwrap();
            assert_eq!(uploaded.media_id().as_deref(), id, "{media}");
            assert_eq!(uploaded.media(), Some(&media).filter(|media| media.is_object()));
        }
    }
    let null = single().script(|visit| match visit.step {
        Step::Single => Play::Answer(Answer::json(200, &json!({"mediaUploadId": "upload:x", "media": null}))),
        _ => Play::Guide,
    });
    let site = null.start().await;
    let uploaded = within(10, video(&client(&site), &data(100))).await.unwrap();
    assert_eq!((uploaded.media_upload_id(), uploaded.media()), ("upload:x", None));
}

type Wrap = fn(Answer) -> Answer;

/// All the ways to put an answer on the wire that HTTP allows.
const FRAMINGS: &[(&str, Wrap)] = &[
    ("length", |answer| answer),
    ("chunks of 1", |answer| answer.chunked(1)),
    ("chunks of 7", |answer| answer.chunked(7)),
    ("one chunk", |answer| answer.chunked(1 << 20)),
    ("until close", Answer::until_close),
    ("HTTP/1.0", Answer::http10),
    ("connection: close", |answer| answer.header("Connection", "close")),
    ("byte by byte", |answer| answer.drip(1, Duration::ZERO)),
    ("chunks, byte by byte", |answer| answer.chunked(3).drip(1, Duration::ZERO)),
    ("after 100", |answer| answer.after("HTTP/1.1 100 Continue\r\n\r\n")),
    ("after 102 and 103", |answer| {
        answer.after("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    }),
    ("many headers", |answer| {
        (0..60).fold(answer, |answer, n| answer.header(&format!("X-{n}"), "v".repeat(100)))
    }),
    ("trailing bytes", |answer| answer.followed_by("\r\n\r\n")),
];

#[tokio::test(flavor = "multi_thread")]
async fn answers_in_any_framing_are_read() {
    let mut together = Together::default();
    for (name, wrap) in FRAMINGS {
        for several in [false, true] {
            together.add(format!("{name}, several: {several}"), async move {
                let guide = if several { parts(30 * KIB) } else { single() };
                let site = guide.edit_answer(move |_, answer| wrap(answer)).start().await;
                let data = data(200 * KIB);
                let uploaded = video(&client(&site), &data).await.unwrap();
                assert!(holds(&site.sessions()[0], &data));
                assert_eq!((uploaded.retries(), site.visits(Step::Init)), (0, 1));
                assert_eq!(site.repeated_parts(), []);
            });
        }
    }
    together.run(40).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_up_after_every_answer_is_served() {
    let mut together = Together::default();
    for (name, next) in [("in order", Next::Close), ("at once", Next::Drop)] {
        for several in [false, true] {
            together.add(format!("{name}, several: {several}"), async move {
                let guide = if several { parts(16 * KIB) } else { single() };
                let site = guide.script(move |_| Play::Ending(next)).start().await;
                let data = data(300 * KIB);
                video(&client(&site), &data).await.unwrap();
                assert!(holds(&site.sessions()[0], &data));
                assert_eq!(site.sessions().len(), 1);
            });
        }
    }
    together.run(40).await;
}

#[tokio::test]
async fn the_older_answer_to_init_is_followed() {
    let several = parts(64 * KIB).header_only().start().await;
    let data = data(200 * KIB);
    assert!(within(10, video(&client(&several), &data)).await.unwrap().is_multipart());
    let one = Guide::single(KEY).header_only().start().await;
    assert!(!within(10, video(&client(&one), &data)).await.unwrap().is_multipart());
    for site in [several, one] {
        assert!(holds(&site.sessions()[0], &data) && site.sessions()[0].completed == 1);
    }
}

#[tokio::test]
async fn plans_are_read_leniently() {
    let lenient = parts(64 * KIB).edit_plan(|plan, _| {
        plan["new"] = json!({"nested": [null]});
        plan["totalParts"] = json!("4");
        plan["partSize"] = json!(65536.0);
        plan["expiresAt"] = json!("whenever");
        plan["parts"][0]["byteRange"]["start"] = json!("0");
        plan["parts"][1]["byteRange"]["end"] = json!(131_071.0);
        plan["parts"][1]["headers"] = json!({"x": "y"});
        plan["parts"][2]["partNumber"] = Value::Null;
    });
    let site = lenient.start().await;
    let data = data(200 * KIB);
    within(10, video(&client(&site), &data)).await.unwrap();
    assert!(holds(&site.sessions()[0], &data));

    let bare = parts(64 * KIB).edit_plan(|plan, _| {
        for field in ["totalParts", "partSize", "expiresAt", "completeUrl"] {
            plan.as_object_mut().unwrap().remove(field);
        }
    });
    let site = bare.start().await;
    within(10, video(&client(&site), &data)).await.unwrap();
    assert_eq!(site.sessions()[0].completed, 1);
}

#[tokio::test]
async fn a_success_without_a_body_is_a_success() {
    for status in [200, 201, 202, 204] {
        for guide in [single(), parts(64 * KIB)] {
            // Only init has to say something.
            let silent = move |step, answer| if step == Step::Init { answer } else { Answer::new(status) };
            let site = guide.edit_answer(silent).start().await;
            let uploaded = within(10, video(&client(&site), &data(100 * KIB))).await.unwrap();
            assert_eq!(uploaded.media_upload_id(), site.sessions()[0].id, "{status}");
            assert!(uploaded.etags().all(|etag| etag.is_none()) && uploaded.media().is_none());
        }
    }
}

#[tokio::test]
async fn what_the_caller_sets_is_sent() {
    let site = single().start().await;
    let client = client(&site);
    let upload = video(&client, &data(10))
        .filename("other.mov")
        .content_type("video/x-own")
        .connection_id("conn_other");
    let upload = upload.vault_upload(VaultUpload::default().mode("message").user_id("7"));
    within(10, upload).await.unwrap();
    assert_eq!(
        site.sessions()[0].init,
        json!({"filename": "other.mov", "size": 10, "contentType": "video/x-own",
            "vaultUpload": {"mode": "message", "userId": "7"}})
    );
    for request in site.requests() {
        assert_eq!(request.header("x-connection-id"), Some("conn_other"));
    }
    assert_eq!(site.requests()[1].header("content-type"), Some("video/x-own"));
}

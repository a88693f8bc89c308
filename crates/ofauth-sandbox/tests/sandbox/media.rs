//! The addresses of copies: signed, for a time, in parts, and with faults.

use std::time::Duration;

use ofauth_sandbox::{Fault, Sandbox};
use serde_json::Value;

use crate::client::{Answer, Client, End, bytes, get, upload};
use crate::{sandbox, small};

const COPIES: &str = "/v2/vault-plus/media";

async fn variant(sandbox: &Sandbox, id: &str, label: &str) -> Value {
    get(sandbox, &format!("{COPIES}/{id}")).await.ok()["media"][label].clone()
}

async fn look(sandbox: &Sandbox, url: &Value, headers: &[(&str, &str)]) -> Answer {
    let path = url.as_str().unwrap().strip_prefix(sandbox.base_url()).unwrap();
    Client::connect(sandbox).await.request("GET", path, headers, b"").await.unwrap()
}

/// A sandbox with an upload, and the variant that is the file itself.
async fn uploaded(file: &[u8]) -> (Sandbox, Value) {
    let sandbox = sandbox().await;
    upload(&sandbox, file).await;
    let id = sandbox.uploads()[0].media_id.unwrap().to_string();
    let variant = variant(&sandbox, &id, "source").await;
    (sandbox, variant)
}

#[tokio::test]
async fn a_copy_is_exactly_as_long_as_it_is_said_to_be() {
    let file = bytes(2500);
    let (sandbox, source) = uploaded(&file).await;
    let id = sandbox.uploads()[0].media_id.unwrap().to_string();
    let whole = look(&sandbox, &source["url"], &[]).await;
    assert_eq!((whole.status, whole.header("content-length")), (200, Some("2500")));
    assert_eq!(whole.header("content-type"), source["contentType"].as_str());
    assert!(whole.body == file && source["sizeBytes"] == 2500);
    for (id, label) in [(id.as_str(), "preview"), ("12345", "thumb"), ("12345", "full")] {
        let variant = variant(&sandbox, id, label).await;
        let answer = look(&sandbox, &variant["url"], &[]).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, variant["contentType"].as_str()));
        assert_eq!(answer.body.len() as u64, variant["sizeBytes"].as_u64().unwrap(), "{id} {label}");
    }
}

#[tokio::test]
async fn a_download_can_go_on() {
    let file = bytes(2500);
    let (sandbox, source) = uploaded(&file).await;
    let url = &source["url"];
    let etag = look(&sandbox, url, &[]).await.header("etag").unwrap().to_owned();
    for (range, start, end) in [
        ("bytes=0-999", 0, 999),
        ("bytes=999-", 999, 2499),
        ("bytes=-1", 2499, 2499),
        ("bytes=1500-9999", 1500, 2499),
    ] {
        let part = look(&sandbox, url, &[("range", range), ("if-range", &etag)]).await;
        assert_eq!(part.status, 206, "{range}");
        let wanted = format!("bytes {start}-{end}/2500");
        assert_eq!(part.header("content-range"), Some(wanted.as_str()));
        assert!(part.body == file[start..=end], "{range}");
        assert_eq!(part.header("etag"), Some(etag.as_str()));
    }
    let other = look(&sandbox, url, &[("range", "bytes=5-"), ("if-range", "\"other\"")]).await;
    assert_eq!((other.status, other.body.len()), (200, 2500), "it is another file");
    let behind = look(&sandbox, url, &[("range", "bytes=2500-")]).await;
    assert_eq!((behind.status, behind.header("content-range")), (416, Some("bytes */2500")));
    let made_up = variant(&sandbox, "12345", "full").await;
    let whole = look(&sandbox, &made_up["url"], &[]).await;
    let part = look(&sandbox, &made_up["url"], &[("range", "bytes=70000-140000")]).await;
    assert!(part.body == whole.body[70_000..=140_000]);
}

#[tokio::test]
async fn an_address_is_good_for_a_time_and_as_long_as_the_copy_is_there() {
    let sandbox = small().media_url_ttl(Duration::ZERO).start().await.unwrap();
    let expired = variant(&sandbox, "12345", "full").await;
    look(&sandbox, &expired["url"], &[]).await.is_error(403, "FORBIDDEN", "has expired");

    // The settings of the connection say it, too.
    let sandbox = crate::sandbox().await;
    get(&sandbox, "/v2/access/self").await.ok();
    let none = serde_json::json!({ "vaultPlus": { "settings": { "presignedUrlTtlSeconds": 0 } } });
    let settings = "/v2/account/connections/conn_test/settings";
    crate::client::call(&sandbox, "PATCH", settings, &none).await.ok();
    let expired = variant(&sandbox, "12345", "full").await;
    look(&sandbox, &expired["url"], &[]).await.is_error(403, "FORBIDDEN", "has expired");

    let (sandbox, source) = uploaded(&bytes(10)).await;
    let url = source["url"].as_str().unwrap().to_owned();
    assert!(url.contains("?expires=") && url.contains("&signature="), "{url}");
    let changed = Value::from(url.replace("signature=", "signature=0"));
    look(&sandbox, &changed, &[]).await.is_error(403, "FORBIDDEN", "not signed");
    let unsigned = Value::from(url.split('?').next().unwrap());
    look(&sandbox, &unsigned, &[]).await.is_error(403, "FORBIDDEN", "not signed");
    assert!(!format!("{:?}", sandbox.transcript()).contains(url.split("signature=").nth(1).unwrap()));
    crate::client::call(&sandbox, "DELETE", COPIES, &Value::Null).await.ok();
    look(&sandbox, &source["url"], &[]).await.is_error(404, "RESOURCE_NOT_FOUND", "no such copy");

    let discards = small().discard_bytes(true).start().await.unwrap();
    upload(&discards, &bytes(10)).await;
    let id = discards.uploads()[0].media_id.unwrap().to_string();
    let lost = variant(&discards, &id, "source").await;
    look(&discards, &lost["url"], &[]).await.is_error(410, "RESOURCE_NOT_FOUND", "not kept");
}

#[tokio::test]
async fn faults_are_played_on_downloads() {
    let file = bytes(2500);
    let (sandbox, source) = uploaded(&file).await;
    let url = &source["url"];
    let cut: Fault = serde_json::from_str(r#"{ "kind": "cut_answer", "bytes": 1000 }"#).unwrap();
    sandbox.push_fault(cut.on("media"));
    let answer = look(&sandbox, url, &[]).await;
    assert_eq!((answer.end, answer.body.len()), (End::Closed, 1000));
    assert_eq!(answer.header("content-length"), Some("2500"));

    sandbox.push_fault(Fault::Short { bytes: 500 }.on("media"));
    let short = look(&sandbox, url, &[]).await;
    assert_eq!(
        (short.end, short.body.len(), short.header("content-length")),
        (End::Complete, 2000, Some("2000"))
    );

    sandbox.push_fault(Fault::IgnoreRange.on("media"));
    let all = look(&sandbox, url, &[("range", "bytes=5-")]).await;
    assert_eq!((all.status, all.body.len()), (200, 2500));

    for status in [403, 416, 503] {
        sandbox.push_fault(Fault::status(status).on("media"));
        assert_eq!(look(&sandbox, url, &[]).await.status, status);
    }
    assert!(look(&sandbox, url, &[]).await.body == file);
    assert!(sandbox.unplayed_faults().is_empty());
    let seen = sandbox.transcript();
    let media: Vec<_> = seen.iter().filter(|seen| seen.operation.as_deref() == Some("media")).collect();
    assert_eq!(media.len(), 7);
    assert_eq!(
        (media[2].headers["range"].as_str(), media[2].faults.as_slice()),
        ("bytes=5-", ["ignore_range"].as_slice())
    );
}

//! Which references are claimed, when they can be used again, and who else knows of it.

use bytes::Bytes;
use http::Method;
use serde_json::json;

use super::*;
use crate::error::ErrorKind;

const ONE: &str = "upload:550e8400-e29b-41d4-a716-446655440000";
const OTHER: &str = "upload:550e8400-e29b-41d4-a716-446655440001";

fn post(items: &[Value]) -> Request {
    let url = "http://127.0.0.1/v2/access/posts".parse().unwrap();
    let mut request = Request::new("create_post", Method::POST, url);
    request.headers.insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    request.body = Bytes::from(json!({ "text": "x", "mediaItems": items }).to_string());
    request
}

fn in_memory() -> Arc<UsedReferences> {
    Arc::default()
}

fn shared(directory: &Path) -> Arc<UsedReferences> {
    Arc::new(UsedReferences::new(Some(directory), Threads::default()))
}

#[test]
fn references_are_the_texts_that_are_no_id_and_no_url() {
    for (body, expected) in [
        (json!({"mediaItems": [ONE, 5, "5", "https://example.com/a.jpg", OTHER]}), vec![ONE, OTHER]),
        (json!({"mediaItems": ["ofauth_upload_1"]}), vec!["ofauth_upload_1"]),
        (json!({"mediaItems": ["ref_1", "HTTP://h/a", "httpx", {"later": 1}]}), vec!["ref_1", "httpx"]),
        (json!({"mediaItems": []}), vec![]),
        (json!({"mediaItems": ONE}), vec![]),
        (json!({"mediaItems": null}), vec![]),
        (json!({"text": "mediaItems"}), vec![]),
        (json!({"text": ONE}), vec![]),
        (json!([ONE]), vec![]),
    ] {
        assert_eq!(references(body.to_string().as_bytes()).unwrap(), expected, "{body}");
    }
    assert!(references(b"{\"mediaItems\": [").unwrap().is_empty());
    let twice = references(json!({"mediaItems": [ONE, ONE]}).to_string().as_bytes()).unwrap_err();
    assert!(twice.to_string().contains("twice"), "{twice}");
    for none in ["", "0", "clip.mp4", "a b"] {
        let error = references(json!({"mediaItems": [ONE, none]}).to_string().as_bytes()).unwrap_err();
        assert!(error.to_string().contains(&format!("{none:?} is no medium")), "{error}");
    }
}

#[tokio::test]
async fn a_reference_is_used_by_the_first_success() {
    let directory = tempfile::tempdir().unwrap();
    for used in [in_memory(), shared(directory.path())] {
        let request = post(&[json!(ONE), json!(7)]);
        // A request that fails uses nothing up.
        drop(used.claim(&request).await.unwrap());
        let claim = used.claim(&request).await.unwrap();
        let meanwhile = used.claim(&request).await.unwrap_err();
        assert!(meanwhile.to_string().contains("under way"), "{meanwhile}");
        drop(used.claim(&post(&[json!(OTHER)])).await.unwrap());
        claim.used().await;
        let again = used.claim(&post(&[json!(OTHER), json!(ONE)])).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::InvalidArgument);
        assert!(again.to_string().contains(ONE) && again.to_string().contains("used already"), "{again}");
        // What was refused holds nothing back.
        drop(used.claim(&post(&[json!(OTHER)])).await.unwrap());
        // Media ids work any number of times.
        used.claim(&post(&[json!(7)])).await.unwrap().used().await;
        drop(used.claim(&post(&[json!(7)])).await.unwrap());
    }
}

#[tokio::test]
async fn another_process_knows_by_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (shared(directory.path()), shared(directory.path()));
    one.claim(&post(&[json!(ONE)])).await.unwrap().used().await;
    assert!(other.claim(&post(&[json!(ONE)])).await.is_err());
    drop(other.claim(&post(&[json!(OTHER)])).await.unwrap());
    let elsewhere = tempfile::tempdir().unwrap();
    drop(shared(elsewhere.path()).claim(&post(&[json!(ONE)])).await.unwrap());
}

#[tokio::test]
async fn another_process_knows_what_is_being_sent() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (shared(directory.path()), shared(directory.path()));
    let request = post(&[json!(ONE)]);
    let claim = one.claim(&request).await.unwrap();
    let meanwhile = other.claim(&request).await.unwrap_err();
    assert!(
        meanwhile.to_string().contains(ONE) && meanwhile.to_string().contains("under way"),
        "{meanwhile}"
    );
    // One that failed leaves it to whoever comes at once.
    drop(claim);
    let claim = other.claim(&request).await.unwrap();
    claim.used().await;
    let later = one.claim(&request).await.unwrap_err();
    assert!(later.to_string().contains("used already"), "{later}");
}

#[tokio::test]
async fn what_cannot_be_read_or_written_hinders_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let used = shared(directory.path());
    used.claim(&post(&[json!(ONE)])).await.unwrap().used().await;
    let files = std::fs::read_dir(directory.path().join("references")).unwrap();
    let paths: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    let [file] = &paths[..] else { panic!("{paths:?}") };
    // A line that a crash has torn spoils no other one.
    let mut lines = std::fs::read(file).unwrap();
    lines.extend(b"12ab");
    std::fs::write(file, &lines).unwrap();
    used.claim(&post(&[json!(OTHER)])).await.unwrap().used().await;
    assert!(used.claim(&post(&[json!(ONE)])).await.is_err());
    assert!(used.claim(&post(&[json!(OTHER)])).await.is_err());
    // A file of another version is left as it is.
    std::fs::write(file, b"OFAUTHU9\nwho knows\n").unwrap();
    let used = shared(directory.path());
    used.claim(&post(&[json!(ONE)])).await.unwrap().used().await;
    assert_eq!(std::fs::read(file).unwrap(), b"OFAUTHU9\nwho knows\n");
}

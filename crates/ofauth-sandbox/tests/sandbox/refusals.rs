//! What the upload protocol refuses.

use serde_json::json;

use crate::client::{
    Answer, CONNECTION, Client, KEY, MP4, bytes, complete, init, post, put, slice, upload, url,
};
use crate::{sandbox, small};
use ofauth_sandbox::{Sandbox, UploadState};

async fn put_with(sandbox: &Sandbox, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let path = url.strip_prefix(sandbox.base_url()).unwrap();
    let mut all = vec![KEY, CONNECTION];
    all.extend(headers);
    Client::connect(sandbox).await.request("PUT", path, &all, body).await.unwrap()
}

#[tokio::test]
async fn a_part_has_its_exact_length() {
    let sandbox = sandbox().await;
    let plan = init(&sandbox, 2500).await;
    for length in [0, 1, 999, 1001] {
        let answer = put(&sandbox, url(&plan, 0), &vec![0; length]).await;
        answer.is_error(400, "BAD_REQUEST", &format!("1000 bytes; {length} were sent"));
    }
    put(&sandbox, url(&plan, 2), &[0; 1000]).await.is_error(400, "BAD_REQUEST", "500 bytes");
    assert_eq!(sandbox.uploads()[0].received, 0);
}

#[tokio::test]
async fn a_body_without_a_length_is_refused() {
    let sandbox = sandbox().await;
    let plan = init(&sandbox, 10).await;
    let path = url(&plan, 0).strip_prefix(sandbox.base_url()).unwrap();
    let mut client = Client::connect(&sandbox).await;
    client.send_head("PUT", path, &[KEY, CONNECTION, MP4, ("transfer-encoding", "chunked")]).await.unwrap();
    client.send(b"a\r\n0123456789\r\n0\r\n\r\n").await.unwrap();
    client.answer().await.unwrap().is_error(411, "BAD_REQUEST", "not chunked");
}

#[tokio::test]
async fn a_part_has_the_content_type_of_init() {
    let sandbox = sandbox().await;
    let plan = init(&sandbox, 10).await;
    for wrong in ["application/octet-stream", "video/quicktime", ""] {
        let answer = put_with(&sandbox, url(&plan, 0), &[("content-type", wrong)], &[0; 10]).await;
        answer.is_error(400, "BAD_REQUEST", "Content-Type");
    }
    put_with(&sandbox, url(&plan, 0), &[], &[0; 10]).await.is_error(400, "BAD_REQUEST", "Content-Type");
    put_with(&sandbox, url(&plan, 0), &[MP4], &[0; 10]).await.ok();

    // Parameters and case are no part of the type.
    for (of_init, of_put) in [
        ("video/mp4; codecs=\"avc1\"", "video/mp4"),
        ("video/mp4", "Video/MP4;codecs=avc1"),
        ("video/mp4; a=1", "video/mp4; a=2"),
    ] {
        let body = json!({ "filename": "a.mp4", "size": 10, "contentType": of_init });
        let plan = post(&sandbox, crate::client::INIT, body).await.ok();
        put_with(&sandbox, url(&plan, 0), &[("content-type", of_put)], &[0; 10]).await.ok();
    }
}

#[tokio::test]
async fn a_part_has_a_number_of_the_plan() {
    let sandbox = sandbox().await;
    let plan = init(&sandbox, 2000).await;
    let first = url(&plan, 0);
    for wrong in ["0", "3", "x", "-1", "99999999999"] {
        let url = first.replace("/parts/1", &format!("/parts/{wrong}"));
        put(&sandbox, &url, &[0; 1000]).await.is_error(
            400,
            "BAD_REQUEST",
            &format!("part {wrong} is not in the plan: it has parts 1 to 2"),
        );
    }
}

#[tokio::test]
async fn the_kind_of_upload_decides_the_path() {
    let sandbox = sandbox().await;
    let single = init(&sandbox, 10).await;
    let as_part = format!("{}/parts/1", url(&single, 0));
    put(&sandbox, &as_part, &[0; 10]).await.is_error(400, "BAD_REQUEST", "is single");
    let multipart = init(&sandbox, 2000).await;
    let whole = url(&multipart, 0).replace("/parts/1", "");
    put(&sandbox, &whole, &[0; 2000]).await.is_error(400, "BAD_REQUEST", "is multipart");
}

#[tokio::test]
async fn unknown_uploads_are_not_found() {
    let sandbox = sandbox().await;
    let url = format!("{}/v2/access/uploads/upload%3Ano/parts/1", sandbox.base_url());
    put(&sandbox, &url, &[0; 10]).await.is_error(404, "RESOURCE_NOT_FOUND", "upload:no");
    complete(&sandbox, &json!("upload:no")).await.is_error(404, "RESOURCE_NOT_FOUND", "upload:no");
}

#[tokio::test]
async fn complete_needs_every_part() {
    let sandbox = sandbox().await;
    let file = bytes(3500);
    let plan = init(&sandbox, file.len()).await;
    let id = &plan["mediaUploadId"];
    complete(&sandbox, id).await.is_error(400, "BAD_REQUEST", "4 parts are missing: 1, 2, 3, 4");
    for index in [0, 2] {
        put(&sandbox, url(&plan, index), slice(&plan, index, &file)).await.ok();
    }
    complete(&sandbox, id).await.is_error(400, "BAD_REQUEST", "2 parts are missing: 2, 4");
    assert_eq!(sandbox.uploads()[0].state, UploadState::Open);
    post(&sandbox, crate::client::COMPLETE, json!({})).await.is_error(
        400,
        "BAD_REQUEST",
        "mediaUploadId: is required",
    );
}

#[tokio::test]
async fn complete_is_for_multipart_uploads_only() {
    let sandbox = sandbox().await;
    let id = upload(&sandbox, &bytes(10)).await;
    complete(&sandbox, &id).await.is_error(400, "BAD_REQUEST", "single");
}

#[tokio::test]
async fn complete_may_be_repeated() {
    let sandbox = sandbox().await;
    let id = upload(&sandbox, &bytes(2500)).await;
    let before = sandbox.uploads();
    for _ in 0..2 {
        assert_eq!(complete(&sandbox, &id).await.ok(), json!({ "mediaUploadId": id }));
    }
    assert_eq!(sandbox.uploads(), before, "a repetition makes no second media");
}

#[tokio::test]
async fn a_finished_upload_takes_no_more_bytes() {
    let sandbox = sandbox().await;
    let file = bytes(2000);
    let plan = init(&sandbox, file.len()).await;
    for index in 0..2 {
        put(&sandbox, url(&plan, index), slice(&plan, index, &file)).await.ok();
    }
    complete(&sandbox, &plan["mediaUploadId"]).await.ok();
    put(&sandbox, url(&plan, 0), &[0; 1000]).await.is_error(409, "CONFLICT", "finished");

    let single = init(&sandbox, 10).await;
    put(&sandbox, url(&single, 0), &[1; 10]).await.ok();
    put(&sandbox, url(&single, 0), &[1; 10]).await.is_error(409, "CONFLICT", "finished");
}

#[tokio::test]
async fn a_repeated_single_put_can_be_accepted() {
    let sandbox = small().accept_repeated_single(true).start().await.unwrap();
    let plan = init(&sandbox, 10).await;
    let first = put(&sandbox, url(&plan, 0), &[1; 10]).await;
    let second = put(&sandbox, url(&plan, 0), &[1; 10]).await;
    assert_eq!(first.ok(), second.ok());
    assert_eq!(first.header("etag"), second.header("etag"));
    assert_eq!(sandbox.uploads()[0].parts[0].attempts, 2);
}

#[tokio::test]
async fn order_and_parallel_parts_can_be_refused() {
    let sandbox = small().refuse_out_of_order_parts(true).start().await.unwrap();
    let plan = init(&sandbox, 2000).await;
    put(&sandbox, url(&plan, 1), &[0; 1000]).await.is_error(
        409,
        "CONFLICT",
        "part 1 must come before part 2",
    );
    put(&sandbox, url(&plan, 0), &[0; 1000]).await.ok();
    put(&sandbox, url(&plan, 1), &[0; 1000]).await.ok();

    let sandbox = small().refuse_parallel_parts(true).start().await.unwrap();
    crate::faults::second_of_two_parallel_parts(&sandbox).await.is_error(409, "CONFLICT", "one at a time");
}

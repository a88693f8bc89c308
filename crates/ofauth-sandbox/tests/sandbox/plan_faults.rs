//! Plans that are wrong, and valid ones that are unusual.

use ofauth_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::client::{Answer, INIT, bytes, complete, init_body, post, put, sha256, slice, url};
use crate::faults::PushJson;
use crate::sandbox;

async fn plan_with(sandbox: &Sandbox, change: Value, size: usize) -> Answer {
    sandbox.push_fault_json(&json!({
        "on": { "operation": "init_upload" },
        "fault": { "kind": "plan", "change": change },
    }));
    post(sandbox, INIT, init_body(size)).await
}

/// Number, first and last byte of a part.
type Part = (u64, u64, u64);

fn ranges(plan: &Value) -> Vec<Part> {
    let parts = plan["parts"].as_array().unwrap().iter();
    parts
        .map(|part| {
            let range = &part["byteRange"];
            (
                part["partNumber"].as_u64().unwrap(),
                range["start"].as_u64().unwrap(),
                range["end"].as_u64().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn ranges_are_distorted_as_asked() {
    let sandbox = sandbox().await;
    let cases: &[(&str, &[Part])] = &[
        ("gap", &[(1, 0, 999), (2, 1001, 1499)]),
        ("overlap", &[(1, 0, 999), (2, 999, 1499)]),
        ("reversed", &[(1, 0, 999), (2, 1500, 1000)]),
        ("overflow", &[(1, 0, 999), (2, 1000, u64::MAX)]),
        ("past_end", &[(1, 0, 999), (2, 1000, 1500)]),
        ("missing_last", &[(1, 0, 999)]),
        ("wrong_order", &[(2, 1000, 1499), (1, 0, 999)]),
        ("duplicate_number", &[(1, 0, 999), (1, 1000, 1499)]),
        ("zero_parts", &[]),
    ];
    for (change, expected) in cases {
        let plan = plan_with(&sandbox, json!(change), 1500).await.ok();
        assert_eq!(ranges(&plan), *expected, "{change}");
    }
    let single = plan_with(&sandbox, json!("overlap"), 500).await.ok();
    assert_eq!(ranges(&single), [(1, 0, 499), (1, 0, 499)]);
    let plan = plan_with(&sandbox, json!("oversized_part"), 1500).await.ok();
    assert_eq!(plan["partSize"], 500);
}

#[tokio::test]
async fn urls_are_moved_as_asked() {
    let sandbox = sandbox().await;
    let plan = plan_with(&sandbox, json!({ "foreign_upload_url": "http://127.0.0.1:9" }), 1500).await.ok();
    assert!(url(&plan, 1).starts_with("http://127.0.0.1:9/v2/access/uploads/upload%3A"), "{plan}");
    assert!(url(&plan, 1).ends_with("/parts/2"));
    assert!(plan["completeUrl"].as_str().unwrap().starts_with(sandbox.base_url()));
    let plan = plan_with(&sandbox, json!({ "foreign_complete_url": "http://127.0.0.1:9/" }), 1500).await.ok();
    assert_eq!(plan["completeUrl"], "http://127.0.0.1:9/v2/access/uploads/complete");
    assert!(url(&plan, 0).starts_with(sandbox.base_url()));
    let plan = plan_with(&sandbox, json!("without_complete_url"), 1500).await.ok();
    assert!(plan.get("completeUrl").is_none());
}

#[tokio::test]
async fn a_plan_can_have_any_number_of_parts() {
    let sandbox = sandbox().await;
    let answer = plan_with(&sandbox, json!({ "many_parts": 20_000 }), 1500).await;
    assert_eq!(answer.header("x-ofauth-upload-total-parts"), Some("20000"));
    let plan = answer.ok();
    assert_eq!(plan["totalParts"], 20_000);
    let parts = ranges(&plan);
    assert_eq!((parts.len(), parts[19_999]), (20_000, (20_000, 19_999, 19_999)));
    assert!(url(&plan, 19_999).ends_with("/parts/20000"));
}

#[tokio::test]
async fn the_older_answer_has_headers_only() {
    let sandbox = sandbox().await;
    let answer = plan_with(&sandbox, json!("header_only"), 1500).await;
    let body = answer.ok();
    let id = body["mediaUploadId"].as_str().unwrap();
    assert_eq!(body, json!({ "mediaUploadId": id }));
    assert_eq!(answer.header("x-ofauth-upload-total-parts"), Some("2"));
    assert_eq!(answer.header("x-ofauth-upload-part-size"), Some("1000"));
    // The session itself is an ordinary one.
    let file = bytes(1500);
    for (number, part) in [(1, &file[..1000]), (2, &file[1000..])] {
        let url = format!("{}/v2/access/uploads/{id}/parts/{number}", sandbox.base_url());
        put(&sandbox, &url, part).await.ok();
    }
    complete(&sandbox, &json!(id)).await.ok();
    assert_eq!(sandbox.uploads()[0].sha256, Some(sha256(&file)));
}

#[tokio::test]
async fn uneven_parts_and_query_strings_are_valid() {
    let sandbox = sandbox().await;
    let file = bytes(3500);
    for change in [json!("uneven_parts"), json!({ "query": "token=a%2Fb&part=x" })] {
        let plan = plan_with(&sandbox, change.clone(), file.len()).await.ok();
        let count = plan["parts"].as_array().unwrap().len();
        if change == "uneven_parts" {
            let lengths: Vec<u64> = ranges(&plan).iter().map(|(_, start, end)| end - start + 1).collect();
            assert_eq!(lengths, [1000, 500, 333, 1000, 500, 167]);
        } else {
            assert!(url(&plan, 0).ends_with("/parts/1?token=a%2Fb&part=x"));
            for wrong in [url(&plan, 0).split('?').next().unwrap(), &url(&plan, 0).replace("%2F", "/")] {
                put(&sandbox, wrong, slice(&plan, 0, &file)).await.is_error(400, "BAD_REQUEST", "verbatim");
            }
        }
        for index in 0..count {
            put(&sandbox, url(&plan, index), slice(&plan, index, &file)).await.ok();
        }
        complete(&sandbox, &plan["mediaUploadId"]).await.ok();
        assert_eq!(sandbox.uploads().pop().unwrap().sha256, Some(sha256(&file)));
    }
}

#[tokio::test]
async fn extra_fields_come_by_merge() {
    let sandbox = sandbox().await;
    sandbox.push_fault_json(&json!({
        "on": { "operation": "init_upload" },
        "fault": { "kind": "merge", "patch": { "strategy": "fast", "expiresAt": null } },
    }));
    let plan = post(&sandbox, INIT, init_body(10)).await.ok();
    assert_eq!((&plan["strategy"], plan.get("expiresAt")), (&json!("fast"), None));
}

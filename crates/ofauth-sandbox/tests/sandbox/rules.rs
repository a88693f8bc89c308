//! Which requests a rule plays on, and scripts that cannot be read.

use ofauth_sandbox::fault::Times;
use ofauth_sandbox::{Fault, FaultScript, StartError};
use serde_json::{Value, json};

use crate::client::{CONNECTION, Client, JSON, KEY, POSTS, get, init, post, put, url};
use crate::faults::PushJson;
use crate::{sandbox, small};

const SELF: &str = "/v2/access/self";

#[tokio::test]
async fn rules_count_their_requests() {
    let sandbox = sandbox().await;
    sandbox.push_fault(Fault::status(500).on("get_self").nth(2).times(2));
    let mut statuses = Vec::new();
    for _ in 0..5 {
        post(&sandbox, POSTS, json!({})).await.ok();
        statuses.push(get(&sandbox, SELF).await.status);
    }
    assert_eq!(statuses, [200, 500, 500, 200, 200]);

    sandbox.push_fault_json(&json!({
        "on": { "operation": "get_self", "nth": 2, "times": "always" },
        "fault": { "kind": "status", "status": 503 },
    }));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(get(&sandbox, SELF).await.status);
    }
    assert_eq!(statuses, [200, 503, 503, 503]);
    sandbox.clear_faults();
    get(&sandbox, SELF).await.ok();
}

#[tokio::test]
async fn a_fault_alone_is_for_the_next_request() {
    let sandbox = sandbox().await;
    sandbox.push_fault(Fault::status(500));
    assert_eq!(get(&sandbox, SELF).await.status, 500);
    assert_eq!(get(&sandbox, SELF).await.status, 200);
}

#[tokio::test]
async fn rules_can_be_for_one_part_or_for_each() {
    let sandbox = sandbox().await;
    sandbox.push_fault(Fault::status(500).on("upload_part").part(2));
    let plan = init(&sandbox, 3000).await;
    let mut statuses = Vec::new();
    for index in [0, 1, 1, 2] {
        statuses.push(put(&sandbox, url(&plan, index), &[0; 1000]).await.status);
    }
    assert_eq!(statuses, [200, 500, 200, 200]);

    sandbox.clear_faults();
    sandbox.push_fault(Fault::status(500).on("upload_part").each_part());
    for _ in 0..2 {
        let plan = init(&sandbox, 2000).await;
        let mut statuses = Vec::new();
        for index in [0, 0, 1, 1] {
            statuses.push(put(&sandbox, url(&plan, index), &[0; 1000]).await.status);
        }
        assert_eq!(statuses, [500, 200, 500, 200]);
        let record = sandbox.uploads().pop().unwrap();
        assert_eq!(record.parts.iter().map(|part| part.attempts).collect::<Vec<_>>(), [2, 2]);
    }
}

/// Whether a file is sent whole or in parts depends on its size, which who writes a rule may not know.
#[tokio::test]
async fn upload_is_a_whole_file_and_each_part() {
    let sandbox = sandbox().await;
    for part in [json!(null), json!(1)] {
        for size in [10, 2000] {
            sandbox.clear_faults();
            let mut on = json!({ "operation": "upload" });
            if !part.is_null() {
                on["part"] = part.clone();
            }
            sandbox.push_fault_json(&json!({ "on": on, "fault": { "kind": "status", "status": 500 } }));
            assert_eq!(sandbox.unplayed_faults().len(), 1);
            let plan = init(&sandbox, size).await;
            for status in [500, 200] {
                assert_eq!(put(&sandbox, url(&plan, 0), &vec![0; size.min(1000)]).await.status, status);
            }
            assert!(sandbox.unplayed_faults().is_empty());
        }
    }
    sandbox.push_fault_json(&json!({
        "on": { "operation": "upload_part" }, "fault": { "kind": "status", "status": 500 },
    }));
    let plan = init(&sandbox, 10).await;
    put(&sandbox, url(&plan, 0), &[0; 10]).await.ok();
    assert_eq!(sandbox.unplayed_faults()[0].on.operation.as_deref(), Some("upload_part"));
}

#[tokio::test]
async fn rules_can_be_for_one_file() {
    let sandbox = sandbox().await;
    sandbox.push_fault(Fault::status(500).on("upload_single").filename("b.mp4").always());
    for (name, status) in [("a.mp4", 200), ("b.mp4", 500)] {
        let body = json!({ "filename": name, "size": 5, "contentType": "video/mp4" });
        let plan = post(&sandbox, crate::client::INIT, body).await.ok();
        assert_eq!(put(&sandbox, url(&plan, 0), &[0; 5]).await.status, status);
    }
}

#[test]
fn scripts_that_cannot_be_played_are_explained() {
    let cases = [
        ("[", "not JSON"),
        ("3", "rule 1"),
        (
            r#"[{ "fault": { "kind": "html" } }, {}]"#,
            "rule 2 of the fault script cannot be read: missing field `fault`",
        ),
        (r#"{ "fault": { "kind": "explode" } }"#, "unknown variant `explode`"),
        (r#"{ "fault": { "kind": "status", "status": 500, "colour": 1 } }"#, "unknown field `colour`"),
        (r#"{ "fault": { "kind": "delay", "ms": 1, "s": 1 } }"#, "unknown field `s`"),
        (r#"{ "fault": { "kind": "plan", "change": "nice" } }"#, "unknown variant `nice`"),
        (
            r#"{ "on": { "operation": "fly" }, "fault": { "kind": "html" } }"#,
            "\"fly\" is neither an operation id",
        ),
        (r#"{ "on": { "times": 0 }, "fault": { "kind": "html" } }"#, "never plays"),
        (r#"{ "on": { "part": 0 }, "fault": { "kind": "html" } }"#, "\"part\" counts from 1"),
        (
            r#"{ "on": { "operation": "create_post", "part": 3 }, "fault": { "kind": "html" } }"#,
            "\"part\" never",
        ),
        (
            r#"{ "on": { "operation": "init_upload", "each_part": true }, "fault": { "kind": "html" } }"#,
            "\"each_part\" never",
        ),
        (
            r#"{ "on": { "operation": "complete_upload", "filename": "a" }, "fault": { "kind": "html" } }"#,
            "\"filename\" never",
        ),
        (
            r#"{ "on": { "operation": "upload_single", "part": 2 }, "fault": { "kind": "html" } }"#,
            "the file whole",
        ),
        (r#"{ "on": { "operation": "get_self" }, "fault": { "kind": "expire" } }"#, "it is for \"upload\""),
        (
            r#"{ "on": { "operation": "upload" }, "fault": { "kind": "plan", "change": "gap" } }"#,
            "it is for \"init_upload\"",
        ),
        (
            r#"{ "on": { "operation": "get_self" }, "fault": { "kind": "cut_request", "bytes": 1 } }"#,
            "its requests have no body",
        ),
        (r#"{ "on": { "op": "x" }, "fault": { "kind": "html" } }"#, "unknown field `op`"),
        (r#"{ "on": { "nth": 0 }, "fault": { "kind": "html" } }"#, "counts from 1"),
        (r#"{ "on": { "times": "often" }, "fault": { "kind": "html" } }"#, "\"always\""),
        (r#"{ "fault": { "kind": "html", "status": 99 } }"#, "99 is not the status"),
        (r#"{ "fault": { "kind": "empty", "status": 100 } }"#, "100 is not the status"),
        (r#"{ "fault": { "kind": "chunks", "size": 0 } }"#, "at least 1"),
        (
            r#"{ "on": { "header": { "a b": "c" } }, "fault": { "kind": "html" } }"#,
            "not the name of a header",
        ),
        (r#"{ "on": { "header": { "ApiKey": "c" } }, "fault": { "kind": "html" } }"#, "use \"connection\""),
        (
            r#"{ "on": { "operation": "get_self", "body": { "a": 1 } }, "fault": { "kind": "html" } }"#,
            "\"body\" never matches \"get_self\"",
        ),
        (
            r#"{ "on": { "body": { "a": 1 } }, "fault": { "kind": "status", "status": 500, "read": 0 } }"#,
            "\"status\" plays before the body is read",
        ),
        (r#"{ "fault": { "kind": "answer", "status": 99 } }"#, "99 is not the status"),
        (r#"{ "fault": { "kind": "answer", "headers": { "a b": "c" } } }"#, "not an HTTP header"),
        (
            r#"{ "fault": { "kind": "status", "status": 500, "headers": { "a b": "c" } } }"#,
            "not an HTTP header",
        ),
    ];
    for (text, problem) in cases {
        let error = FaultScript::from_json(text).unwrap_err().to_string();
        assert!(error.contains(problem), "{text}: {error}");
    }
}

#[tokio::test]
async fn a_script_made_in_rust_is_checked_at_the_start() {
    let script = FaultScript::from_iter([Fault::status(500).on("fly")]);
    let error = small().faults(script).start().await.unwrap_err();
    assert!(matches!(error, StartError::Faults(_)) && error.to_string().contains("fly"), "{error}");
}

#[test]
fn every_kind_survives_the_way_through_json() {
    let kinds = [
        json!({ "kind": "status", "status": 429, "retry_after": { "date_in": 3 }, "read": 0, "work": false }),
        json!({ "kind": "html" }),
        json!({ "kind": "answer", "status": 201, "json": { "a": 1 }, "headers": { "x-a": "b" } }),
        json!({ "kind": "delay", "ms": 1, "before": "body" }),
        json!({ "kind": "slow_reader", "bytes_per_second": 1 }),
        json!({ "kind": "cut_request", "bytes": 1, "how": "close" }),
        json!({ "kind": "cut_answer", "bytes": 1, "of": "whole", "how": "reset" }),
        json!({ "kind": "answer_lost" }),
        json!({ "kind": "close_after_answer" }),
        json!({ "kind": "chunks" }),
        json!({ "kind": "expire" }),
        json!({ "kind": "refuse_parallel" }),
        json!({ "kind": "refuse_out_of_order" }),
        json!({ "kind": "refuse_repeat" }),
        json!({ "kind": "unreadable" }),
        json!({ "kind": "redirect", "location": "x" }),
        json!({ "kind": "huge_json", "bytes": 1 }),
        json!({ "kind": "empty" }),
        json!({ "kind": "merge", "patch": {} }),
        json!({ "kind": "plan", "change": { "many_parts": 1 } }),
    ];
    let rules: Vec<Value> =
        kinds.iter().map(|fault| json!({ "on": { "times": "always" }, "fault": fault })).collect();
    let script = FaultScript::from_json(&json!(rules).to_string()).unwrap();
    let again = FaultScript::from_json(&serde_json::to_string(&script).unwrap()).unwrap();
    assert_eq!(script, again);
    for (rule, fault) in script.rules.iter().zip(&kinds) {
        assert_eq!((rule.fault.kind(), rule.on.times), (fault["kind"].as_str().unwrap(), Times::Always));
    }
}

/// Whether a rule with these conditions plays on a request with a body, headers and a query of its own.
async fn plays(conditions: &Value) -> bool {
    let sandbox = small().lenient(true).start().await.unwrap();
    sandbox.push_fault_json(&json!({ "on": conditions, "fault": { "kind": "status", "status": 503 } }));
    let body = br#"{ "text": "Hello", "price": 5, "mediaItems": [12345, "12346"], "releaseForms": { "users": [1] } }"#;
    let headers = [KEY, CONNECTION, JSON, ("X-Test", "one"), ("x-test", "two")];
    let path = format!("{POSTS}?a=1%202&b=3");
    let answer = Client::connect(&sandbox).await.request("POST", &path, &headers, body).await.unwrap();
    assert_eq!(sandbox.posts().len(), usize::from(answer.status == 200));
    answer.status == 503
}

#[tokio::test]
async fn rules_can_be_for_a_connection_a_header_a_query_or_a_body() {
    for (conditions, matches) in [
        (json!({ "connection": "conn_test" }), true),
        (json!({ "connection": "conn_other" }), false),
        (json!({ "header": { "X-TEST": "one" } }), true),
        (json!({ "header": { "x-test": "two" } }), true),
        (json!({ "header": { "x-test": "three" } }), false),
        (json!({ "header": { "x-none": "" } }), false),
        (json!({ "query": { "a": "1 2", "b": "3" } }), true),
        (json!({ "query": { "a": "1 2", "b": "4" } }), false),
        (json!({ "body": { "text": "Hello" } }), true),
        (json!({ "body": { "text": "Hello", "price": 5.0 } }), true),
        (json!({ "body": { "text": "Bye" } }), false),
        (json!({ "body": { "/mediaItems/1": "12346", "/releaseForms/users": [1] } }), true),
        (json!({ "body": { "/mediaItems/2": "12346" } }), false),
        (json!({ "operation": "create_post", "connection": "conn_test", "body": { "price": 5 } }), true),
        (json!({ "operation": "create_mass_message", "body": { "price": 5 } }), false),
    ] {
        assert_eq!(plays(&conditions).await, matches, "{conditions}");
    }
}

#[tokio::test]
async fn tests_with_a_connection_each_share_a_sandbox() {
    let sandbox = sandbox().await;
    for (connection, status) in [("conn_a", 500), ("conn_b", 503)] {
        sandbox.push_fault(Fault::status(status).on("get_self").connection(connection).nth(2));
    }
    sandbox.push_fault(
        Fault::status(409).on("create_post").body("text", "twice").header("x-a", "1").query("x", "y"),
    );
    for statuses in [[200, 200], [500, 503], [200, 200]] {
        for (connection, status) in ["conn_a", "conn_b"].into_iter().zip(statuses) {
            let headers = [KEY, ("x-connection-id", connection)];
            let answer = Client::connect(&sandbox).await.request("GET", SELF, &headers, b"").await.unwrap();
            assert_eq!(answer.status, status, "{connection}");
        }
    }
    assert_eq!(sandbox.unplayed_faults().len(), 1);
}

#[tokio::test]
async fn a_rule_for_a_body_leaves_other_requests_as_they_are() {
    let sandbox = sandbox().await;
    sandbox.push_fault(Fault::AnswerLost { how: Default::default() }.on("create_post").body("text", "lost"));
    post(&sandbox, POSTS, json!({ "text": "found" })).await.ok();
    let headers = [KEY, CONNECTION, JSON];
    let refused = Client::connect(&sandbox).await.request("POST", POSTS, &headers, b"").await.unwrap();
    refused.is_error(400, "BAD_REQUEST", "body is required");
    let half = Client::connect(&sandbox).await.request("POST", POSTS, &headers, b"{").await.unwrap();
    half.is_error(400, "BAD_REQUEST", "not JSON");
    let long = format!("{{\"text\": \"{}\"}}", "x".repeat(2 << 20));
    let long =
        Client::connect(&sandbox).await.request("POST", POSTS, &headers, long.as_bytes()).await.unwrap();
    long.is_error(413, "PAYLOAD_TOO_LARGE", "over 1048576 bytes");
    crate::client::try_call(&sandbox, "POST", POSTS, &json!({ "text": "lost" })).await.unwrap_err();
    assert_eq!(sandbox.posts().len(), 2, "the work was done");
    assert_eq!(sandbox.transcript().pop().unwrap().faults, ["answer_lost"]);
}

#[tokio::test]
async fn an_answer_of_ones_own_takes_the_place_of_the_work() {
    let sandbox = sandbox().await;
    let list = json!({ "list": [], "hasMore": false });
    sandbox.push_fault_json(&json!({
        "on": { "operation": "list_vault_media", "times": 2 },
        "fault": { "kind": "answer", "json": list, "headers": { "x-own": "yes" } },
    }));
    sandbox.push_fault(Fault::answer(json!({ "id": 1 })).on("create_post"));
    let answer = get(&sandbox, "/v2/access/vault/media").await;
    assert_eq!((answer.header("x-own"), answer.ok()), (Some("yes"), list.clone()));
    assert_eq!(get(&sandbox, "/v2/access/vault/media").await.ok(), list);
    assert_ne!(get(&sandbox, "/v2/access/vault/media").await.ok(), list);
    assert_eq!(post(&sandbox, POSTS, json!({ "text": "a" })).await.ok(), json!({ "id": 1 }));
    assert!(sandbox.posts().is_empty());
    sandbox.push_fault_json(&json!({ "fault": { "kind": "answer", "status": 204 } }));
    let empty = get(&sandbox, SELF).await;
    assert_eq!((empty.status, empty.body.len()), (204, 0));
}

//! The commands beside `upload`.

use std::collections::BTreeMap;

use ofauth::operation::Body;
use ofauth_sandbox::Sandbox;
use ofauth_tests::every_operation::{BYTES, MEDIA_TYPE, assert_all_called, samples};
use serde_json::json;

use crate::support::{Home, calm, run, run_with_input, sample, sandbox};

#[tokio::test]
async fn any_operation_can_be_called() {
    let (home, server) = (Home::new(), calm().await);
    let mut read = home.against(&server);
    read.args(["api", "list_vault_media", "--param", "limit=2", "--param", "type=video"]);
    let answer = &run(&mut read).await.ends_with(0).json()[0];
    assert!(answer["list"].is_array(), "{answer}");

    let mut write = home.against(&server);
    write.args(["api", "create_post", "--body", r#"{"text":"Hello"}"#]);
    assert!(run(&mut write).await.ends_with(0).json()[0]["id"].is_number());

    home.file("post.json", r#"{"text":"From a file","price":null,"expireAfter":null}"#);
    run(home.against(&server).args(["api", "create_post", "--body", "@post.json"])).await.ends_with(0);
    let mut piped = home.against(&server);
    run_with_input(piped.args(["api", "create_post", "--body", "-"]), br#"{"text":"Piped"}"#)
        .await
        .ends_with(0);
}

#[tokio::test]
async fn an_upload_can_be_made_by_hand() {
    let (home, server) = (Home::new(), calm().await);
    let photo = sample("photo.jpg");
    let size = std::fs::metadata(&photo).unwrap().len();
    let body = json!({"filename": "photo.jpg", "size": size, "contentType": "image/jpeg"}).to_string();
    let plan =
        &run(home.against(&server).args(["api", "init_upload", "--body", &body])).await.ends_with(0).json()
            [0];
    let id = plan["mediaUploadId"].as_str().unwrap();
    let mut put = home.against(&server);
    put.args([
        "api",
        "upload_single",
        "--param",
        &format!("mediaUploadId={id}"),
        "--content-type",
        "image/jpeg",
    ]);
    put.arg("--body").arg(format!("@{}", photo.display()));
    let answer = &run(&mut put).await.ends_with(0).json()[0];
    assert_eq!(answer["mediaUploadId"], id);
    assert!(server.upload(id).unwrap().sha256.is_some());

    let mut untyped = home.against(&server);
    untyped.args(["api", "upload_single", "--param", &format!("mediaUploadId={id}"), "--body", "x"]);
    run(&mut untyped).await.ends_with(2).says(&["--content-type"]);
}

#[tokio::test]
async fn all_operations_are_listed_and_described() {
    let home = Home::new();
    let list = run(home.bare().args(["api", "--list"])).await.ends_with(0);
    let all = ofauth::operations().len() + 1;
    assert_eq!(list.out.lines().count(), all);
    let lines = run(home.bare().args(["api", "--list", "--json"])).await.ends_with(0).json();
    assert_eq!(lines.len(), all);
    for line in &lines {
        let id = line["id"].as_str().unwrap();
        assert!(list.out.contains(id), "{id}");
    }
    let one = run(home.bare().args(["api", "--describe", "upload_part"])).await.ends_with(0);
    for part in
        ["PUT /v2/access/uploads/{mediaUploadId}/parts/{partNumber}", "partNumber (path, ", "body: bytes"]
    {
        assert!(one.out.contains(part), "{part:?} is not in:\n{}", one.out);
    }
    let post = run(home.bare().args(["api", "--describe", "create_post"])).await.ends_with(0);
    for part in [
        "permission: posts:write",
        "repeatable: no",
        "body: JSON\n",
        "  text (string, at most 10000 characters",
        "  price (number or null, 0 to 200",
        "  expireAfter (number or null, 1 to 30): Days until",
        "    users (array of integer",
        "answer: 200, JSON\n",
        "  id (",
    ] {
        assert!(post.out.contains(part), "{part:?} is not in:\n{}", post.out);
    }
    let list = run(home.bare().args(["api", "--describe", "list_vault_media"])).await.ends_with(0);
    for part in [
        "  limit (query, integer, 1 to 40, default 24): Most items to return.",
        "  sort (query, recent | oldest | most_liked | highest_tips): What comes first.",
        "  sortDirection (query, asc | desc, deprecated): ",
        "  query (query, string, at most 100 characters)",
    ] {
        assert!(list.out.contains(part), "{part:?} is not in:\n{}", list.out);
    }
    let fans = run(home.bare().args(["api", "--describe", "list_subscribers"])).await.ends_with(0);
    assert!(fans.out.contains("  filter (query, object): "), "{}", fans.out);
    assert!(fans.out.contains("    online (0 | 1 | true | false): Only users"), "{}", fans.out);
    let old = "get_purchased_mass_messages";
    let gone = run(home.bare().args(["api", "--describe", old])).await.ends_with(0);
    assert!(gone.out.contains("\ndeprecated: "), "{}", gone.out);
    let line = lines.iter().find(|line| line["id"] == old).unwrap();
    assert_eq!((&line["deprecated"], &line["unconfirmed"]), (&json!(true), &json!(true)));

    // Every operation, in both forms: what has a body says what is in it.
    for line in &lines {
        let id = line["id"].as_str().unwrap();
        let text = run(home.bare().args(["api", "--describe", id])).await.ends_with(0).out;
        let json = run(home.bare().args(["api", "--describe", id, "--json"])).await.ends_with(0).json();
        let json = &json[0];
        assert_eq!(
            json["parameters"].as_array().unwrap().len(),
            line["parameters"].as_array().unwrap().len()
        );
        let fields = json["bodySchema"]["properties"].as_object();
        assert_eq!(
            fields.is_some(),
            line["body"] == "JSON" || line["body"] == "optional JSON" && id != "proxy_request",
            "{id}"
        );
        for name in fields.into_iter().flat_map(|fields| fields.keys()) {
            assert!(text.contains(&format!("  {name} (")), "{id} does not show {name}:\n{text}");
        }
    }
    let proxy = run(home.bare().args(["api", "--describe", "proxy_request"])).await.ends_with(0);
    assert!(proxy.out.contains("ANY /v2/access/proxy/{path}"), "{}", proxy.out);
}

#[tokio::test]
async fn every_operation_is_called() {
    let (home, server) = (Home::new(), calm().await);
    let mut ended = BTreeMap::new();
    for sample in samples() {
        let mut command = home.against(&server);
        command.args(["api", sample.operation.id]);
        for (name, value) in &sample.params {
            let value = value.get(0).unwrap_or(value);
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            command.arg("--param").arg(format!("{name}={text}"));
        }
        match &sample.body {
            Some(body) => command.arg("--body").arg(body.to_string()),
            None if sample.operation.body == Body::Bytes => {
                command.args(["--body", BYTES, "--content-type", MEDIA_TYPE])
            }
            None => &mut command,
        };
        let run = run(&mut command).await;
        let exchange = server.transcript().pop().unwrap();
        assert_eq!(exchange.operation.as_deref(), Some(sample.operation.id));
        let status = exchange.status.unwrap();
        assert_eq!(run.code, if status < 300 { 0 } else { 5 }, "{}: {}", sample.operation.id, run.err);
        ended.insert(sample.operation.id.to_owned(), status);
    }
    assert_all_called("the command", &ended);
}

#[tokio::test]
async fn a_request_can_go_through_the_proxy_operation() {
    let (home, server) = (Home::new(), calm().await);
    let mut command = home.against(&server);
    command.args(["api", "proxy_request", "--param", "path=users/me?a=1", "--param", "method=GET"]);
    run(&mut command).await.ends_with(0);
    run(home.against(&server).args(["api", "proxy_request"])).await.ends_with(2).says(&["method"]);
}

#[tokio::test]
async fn wrong_calls_end_with_2_and_say_what_is_right() {
    let (home, server) = (Home::new(), calm().await);
    for (line, said) in [
        (&["api", "create-post"][..], "did you mean create_post"),
        (&["api", "--describe", "list_posts_of_user"], "ofauth api --list"),
        (&["api", "list_vault_media", "--param", "limit=ten"], "whole number"),
        (&["api", "list_vault_media", "--param", "limit=1000"], "is \"1000\": use 1 to 40"),
        (&["api", "list_vault_media", "--param", "limit=-5"], "use 1 to 40"),
        (&["api", "list_vault_media", "--param", "limit=0"], "use 1 to 40"),
        (&["api", "list_vault_media", "--param", "sortDirection=up"], "use asc or desc"),
        (&["api", "list_subscribers", "--param", "filter={\"nope\":1}"], "has no field \"nope\""),
        (&["api", "list_subscribers", "--param", "filter={\"online\":2}"], "use 0, 1, true or false"),
        (&["api", "list_chargebacks", "--param", "startDate=today"], "use the form 2026-01-31T12:00:00Z"),
        (&["api", "list_vault_media", "--raw-param", "limit"], "--raw-param limit: write it as name=value"),
        (&["api", "list_vault_media", "--param", "no_such=1"], "no_such"),
        (&["api", "get_post"], "postId"),
        (&["api", "create_post", "--body", "{"], "--body is not JSON"),
        (&["api", "create_post", "--body", "@missing"], "missing cannot be read"),
        (&["api"], "OPERATION"),
    ] {
        run(home.against(&server).args(line)).await.ends_with(2).says(&[said]);
    }
    assert!(server.transcript().is_empty(), "something was sent");
    let raw = ["--raw-param", "limit=1000", "--raw-param", "later=a b"];
    _ = run(home.against(&server).args(["api", "list_vault_media"]).args(raw)).await;
    let path = &server.transcript()[0].path;
    assert!(path.ends_with("?limit=1000&later=a+b"), "{path}");
    let filter = ["list_subscribers", "--param", r#"filter={"online":true,"promoId":7}"#];
    _ = run(home.against(&server).arg("api").args(filter)).await;
    let path = &server.transcript()[1].path;
    assert!(path.ends_with("?filter%5Bonline%5D=true&filter%5BpromoId%5D=7"), "{path}");
}

#[tokio::test]
async fn refusals_of_a_call_have_their_code() {
    let home = Home::new();
    let server = sandbox(json!([{
        "on": {"operation": "whoami"},
        "fault": {"kind": "status", "status": 403, "error": "no scope", "type": "FORBIDDEN"},
    }]))
    .await;
    run(home.against(&server).arg("whoami")).await.ends_with(4).says(&["no scope", "FORBIDDEN"]);
    run(home.against(&server).arg("whoami")).await.ends_with(0);
}

#[tokio::test]
async fn check_tells_whether_the_vault_has_a_file() {
    let (home, server) = (Home::new(), calm().await);
    let photo = sample("photo.jpg");
    let uploaded =
        &run(home.against(&server).args(["upload", "--json"]).arg(&photo)).await.ends_with(0).json()[0];
    let etag = uploaded["etags"][0].as_str().expect("the sandbox gives an etag for a single upload too");
    let size = uploaded["bytes"].to_string();
    let known =
        run(home.against(&server).args(["check", "--etag", etag, "--size", &size])).await.ends_with(0);
    assert_eq!(known.out, format!("exists {}\n", uploaded["media"]["id"]));
    let unknown =
        run(home.against(&server).args(["check", "--etag", "\"x\"", "--size", "5"])).await.ends_with(0);
    assert_eq!((unknown.out.as_str(), unknown.err.as_str()), ("absent\n", ""));
    let bare = run(home.against(&server).args(["check", "--etag", "x", "--size", "5"])).await.ends_with(0);
    assert_eq!(bare.says(&["the etag has no quotes"]).out, "absent\n");
    let mut json_form = home.against(&server);
    json_form.args(["check", "--json", "--etag", "\"x\"", "--size", "5"]);
    assert_eq!(run(&mut json_form).await.ends_with(0).json(), [json!({"exists": false, "media": null})]);
}

#[tokio::test]
async fn vault_plus_batch_names_what_is_missing() {
    let home = Home::new();
    let server = Sandbox::builder().vault_plus_media(["4492994399"]).start().await.unwrap();
    let mut lines = home.against(&server);
    let run_ = run(lines.args(["vault-plus", "batch", "4492994399", "1"])).await.ends_with(0);
    let items = run_.json();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["id"], "4492994399");
    assert!(run_.err.contains("1: no copy in Vault+"), "{}", run_.err);

    let mut one = home.against(&server);
    one.args(["vault-plus", "batch", "--json", "-"]);
    let answer = &run_with_input(&mut one, b"4492994399\n1\n").await.ends_with(0).json()[0];
    assert_eq!((answer["items"].as_array().unwrap().len(), &answer["missing"]), (1, &json!(["1"])));
}

/// A reference that one command has used, no other sends, whichever way it came to be used.
#[tokio::test]
async fn an_upload_reference_is_sent_by_one_command() {
    let (home, server) = (Home::new(), calm().await);
    let upload = |name: &str| home.against(&server).arg("upload").arg(sample(name)).output();
    let reference =
        |output: std::process::Output| String::from_utf8(output.stdout).unwrap().trim().to_owned();
    let first = reference(upload("photo.jpg").await.unwrap());
    let body = |reference: &str| format!(r#"{{"text": "x", "mediaItems": ["{reference}"]}}"#);
    let commands = |reference: &str| {
        [
            vec!["post".to_owned(), "x".into(), "--media".into(), reference.into()],
            vec![
                "message".into(),
                "--to".into(),
                "42".into(),
                "x".into(),
                "--media".into(),
                reference.into(),
            ],
            vec!["api".into(), "create_mass_message".into(), "--body".into(), body(reference)],
        ]
    };
    for (number, used_by) in commands("").iter().enumerate() {
        let reference = match number {
            0 => first.clone(),
            _ => {
                run(home.against(&server).args(["sessions", "list"])).await.ends_with(0);
                reference(upload("photo.jpg").await.unwrap())
            }
        };
        run(home.against(&server).args(&commands(&reference)[number])).await.ends_with(0);
        let before = server.transcript().len();
        for command in commands(&reference) {
            let refused = run(home.against(&server).args(&command)).await.ends_with(2);
            refused.says(&[&reference, "was used already"]);
        }
        assert_eq!(server.transcript().len(), before, "{used_by:?}");
    }
}

#[tokio::test]
async fn a_call_without_retries_is_sent_once() {
    let faults =
        json!([{"on": {"operation": "whoami", "times": 2}, "fault": {"kind": "status", "status": 503}}]);
    let (home, server) = (Home::new(), sandbox(faults).await);
    run(home.against(&server).args(["api", "whoami", "--no-retry"])).await.ends_with(3);
    assert_eq!(server.transcript().len(), 1);
    run(home.against(&server).args(["api", "whoami"])).await.ends_with(0);
    assert_eq!(server.transcript().len(), 3);
    let whole = run(home.against(&server).args(["api", "whoami", "-i"])).await.ends_with(0);
    let (head, body) = whole.out.split_once("\n\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200\n") && head.contains("\nx-request-id: req_"), "{head}");
    assert!(serde_json::from_str::<serde_json::Value>(body).unwrap()["id"].is_string(), "{body}");
}

#[tokio::test]
async fn posts_and_messages_print_their_id() {
    let (home, server) = (Home::new(), calm().await);
    let post = run(home.against(&server).args(["post", "Hello", "--price", "5"])).await.ends_with(0);
    assert!(post.out.trim_end().parse::<u64>().is_ok(), "{}", post.out);
    let one =
        run(home.against(&server).args(["message", "--to", "42", "Hello", "--json"])).await.ends_with(0);
    assert_eq!(one.json()[0]["event"], "sent");
    let many = run(home.against(&server).args(["message", "--to-list", "7", "--to", "42", "Hello"]))
        .await
        .ends_with(0);
    assert!(!many.out.trim_end().is_empty());
    run(home.against(&server).args(["post"])).await.ends_with(2).says(&["there is no content"]);
    run(home.against(&server).args(["post", "x", "--media", "clip.mp4"]))
        .await
        .ends_with(2)
        .says(&["\"clip.mp4\"", "uploaded first"]);
    run(home.against(&server).args(["message", "Hello"])).await.ends_with(2).says(&["--to"]);
}

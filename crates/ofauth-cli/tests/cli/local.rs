//! The commands that need no server: `sandbox`, which is one, and the texts made from the command line.

use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use crate::support::{Home, finish, run, sample, signal};

#[tokio::test]
async fn a_sandbox_runs_until_ctrl_c_and_takes_uploads() {
    let home = Home::new();
    let mut child = home.bare().args(["sandbox", "--json", "--tls", "--part-size", "64KiB"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).await.unwrap();
    let event: serde_json::Value = serde_json::from_str(&line).unwrap();
    let text = |name: &str| event[name].as_str().unwrap().to_owned();
    let mut upload = home.bare();
    upload.env("OFAUTH_BASE_URL", text("baseUrl")).env("OFAUTH_API_KEY", text("apiKey"));
    upload.env("OFAUTH_CONNECTION_ID", text("connectionId"));
    upload.args(["upload", "--json", "--ca-file", &text("caFile")]).arg(sample("clip.mp4"));
    assert_eq!(run(&mut upload).await.ends_with(0).json()[0]["parts"], 12);
    signal(&child, Signal::INT);
    finish(child).await.ends_with(0).says(&[&format!("export OFAUTH_BASE_URL={}", text("baseUrl"))]);
    assert!(!std::path::Path::new(&text("caFile")).exists(), "the certificate is removed");
}

#[tokio::test]
async fn a_sandbox_for_other_machines_is_warned_of() {
    let home = Home::new();
    let mut child = home.bare().args(["sandbox", "--address", "0.0.0.0:0"]).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut warned = false;
    while let Some(line) = log.next_line().await.unwrap() {
        warned = line.contains("other machines can reach this sandbox");
        if warned {
            break;
        }
    }
    assert!(warned);
    signal(&child, Signal::INT);
    finish(child).await.ends_with(0);
}

#[tokio::test]
async fn a_sandbox_tells_of_each_request_and_of_faults_that_were_not_played() {
    let home = Home::new();
    home.file("faults.json", r#"[{"on": {"operation": "upload_part"}, "fault": {"kind": "html"}}]"#);
    for (flags, shows) in
        [(&[][..], true), (&["--quiet"], false), (&["--json"], false), (&["--json", "-v"], true)]
    {
        let mut child = home.bare().args(["sandbox", "--faults", "faults.json"]).args(flags).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).await.unwrap();
        let base_url = match first.trim().strip_prefix('{') {
            None => first.trim().to_owned(),
            Some(_) => serde_json::from_str::<serde_json::Value>(&first).unwrap()["baseUrl"]
                .as_str()
                .unwrap()
                .to_owned(),
        };
        let here = |arguments: &[&str]| {
            let mut command = home.bare();
            command.env("OFAUTH_BASE_URL", &base_url).env("OFAUTH_API_KEY", "sk_x");
            command.env("OFAUTH_CONNECTION_ID", "conn_x").args(arguments);
            command
        };
        run(&mut here(&["upload", sample("photo.jpg").to_str().unwrap()])).await.ends_with(0);
        run(&mut here(&["api", "create_post", "--body", r#"{"price": -1}"#])).await.ends_with(5);
        signal(&child, Signal::INT);
        let ended = finish(child).await.ends_with(0);
        assert_eq!(ended.out, "", "{flags:?}: standard output has the address alone");
        let lines = [
            "200  POST /v2/access/uploads/init\n",
            "400  POST /v2/access/posts  price: must be from 0 to 200, not -1\n",
        ];
        for line in lines {
            assert_eq!(ended.err.contains(line), shows, "{flags:?}: {}", ended.err);
        }
        if !flags.contains(&"--quiet") {
            assert!(ended.err.contains(
                "the fault \"html\" on upload_part was never played; a file of one part is sent by upload_single"
            ));
        }
    }
}

#[tokio::test]
async fn a_sandbox_lets_in_whom_it_is_told_to() {
    let home = Home::new();
    home.file("key.txt", "sk_good\n");
    let flags = ["--api-key-file", "key.txt", "--connection", "conn_a", "--known-connection", "conn_b"];
    let limits = ["--permission", "conn_a=posts:read", "--scope", "none", "--rate", "60/min", "--burst", "4"];
    let mut child = home.bare().arg("sandbox").args(flags).args(limits).spawn().unwrap();
    let mut base_url = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut base_url).await.unwrap();
    for (key, connection, operation, code, says) in [
        ("sk_good", "conn_a", "list_posts", 0, ""),
        ("sk_bad", "conn_a", "list_posts", 4, "the API key is not valid"),
        ("sk_good", "conn_c", "list_posts", 4, "the connection is unknown"),
        ("sk_good", "conn_b", "list_vault_lists", 0, ""),
        ("sk_good", "conn_a", "list_vault_lists", 4, "needs the permission vault:read"),
        ("sk_good", "conn_a", "get_vault_plus_stats", 4, "needs the scope ACCOUNT"),
    ] {
        let mut command = home.bare();
        command.env("OFAUTH_BASE_URL", base_url.trim()).env("OFAUTH_API_KEY", key);
        command.env("OFAUTH_CONNECTION_ID", connection).args(["api", operation]);
        run(&mut command).await.ends_with(code).says(&[says]);
    }
    signal(&child, Signal::INT);
    let ended = finish(child).await.ends_with(0).says(&["OFAUTH_API_KEY=\"$(cat key.txt)\"", "=conn_a\n"]);
    assert!(!ended.err.contains("sk_good") && !ended.err.contains("sk_bad"), "{}", ended.err);

    for (flags, says) in [
        (["--permission", "conn_a=post:read"], "\"post:read\" is no permission; did you mean posts:read?"),
        (["--permission", "conn_a"], "write them as conn_1=posts:read,messages:write"),
        (["--rate", "60"], "not a rate"),
        (["--burst", "60"], "--rate"),
        (["--scope", "ACOUNT"], "did you mean ACCOUNT?"),
    ] {
        run(home.bare().arg("sandbox").args(flags)).await.ends_with(2).says(&[says]);
    }
}

#[tokio::test]
async fn a_sandbox_is_as_fast_as_it_is_told_to() {
    let home = Home::new();
    let flags = ["--ready-after", "0", "--stored-after", "0", "--media-url-ttl", "1h", "--link-ttl", "10ms"];
    let mut child = home.bare().arg("sandbox").args(flags).spawn().unwrap();
    let mut base_url = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut base_url).await.unwrap();
    let here = |arguments: &[&str]| {
        let mut command = home.bare();
        command.env("OFAUTH_BASE_URL", base_url.trim()).env("OFAUTH_API_KEY", "sk_x");
        command.env("OFAUTH_CONNECTION_ID", "conn_x").args(arguments);
        command
    };
    run(&mut here(&["upload", sample("photo.jpg").to_str().unwrap()])).await.ends_with(0);
    for (operation, place, wanted) in [
        ("list_vault_media", "/list/0/isReady", serde_json::json!(true)),
        ("query_vault_plus_media", "/items/0/media/full/status", serde_json::json!("stored")),
    ] {
        let ended = run(&mut here(&["api", operation])).await.ends_with(0);
        let answer: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(answer.pointer(place), Some(&wanted), "{operation}");
    }
    signal(&child, Signal::INT);
    finish(child).await.ends_with(0);
}

/// The body of the next request to a receiver, which answers 204, with its head.
async fn told(receiver: &tokio::net::TcpListener) -> (String, serde_json::Value) {
    let (mut stream, _) = receiver.accept().await.unwrap();
    let mut bytes = Vec::new();
    loop {
        stream.read_buf(&mut bytes).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
        if length.parse::<usize>().unwrap() == body.len() {
            stream.write_all(b"HTTP/1.1 204 X\r\n\r\n").await.unwrap();
            return (head.to_owned(), serde_json::from_str(body).unwrap());
        }
    }
}

#[tokio::test]
async fn a_sandbox_links_accounts_and_tells_of_it() {
    let home = Home::new();
    home.file("secret.txt", "whsec_c2VjcmV0\n");
    let receiver = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", receiver.local_addr().unwrap());
    let shown = "whsec_";
    for (flags, header, shows) in [
        (
            &["--webhook-scheme", "svix", "--webhook-secret-file", "secret.txt"][..],
            "svix-signature: v1,",
            false,
        ),
        (&["--webhook-retry-base", "50ms"], "ofauth-signature: t=", true),
    ] {
        let mut child = home
            .bare()
            .args(["sandbox", "--json", "--link-after", "2", "--webhook", &url])
            .args(flags)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).await.unwrap();
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(event["webhookSecret"].as_str().is_some_and(|text| text.starts_with(shown)), shows);
        let api = |arguments: &[&str]| {
            let mut command = home.bare();
            command.env("OFAUTH_BASE_URL", event["baseUrl"].as_str().unwrap()).env("OFAUTH_API_KEY", "sk_x");
            command.arg("api").args(arguments);
            command
        };
        let opened = run(&mut api(&["init_link", "--body", r#"{"mode": "whitelabel"}"#])).await.ends_with(0);
        let opened: serde_json::Value = serde_json::from_str(&opened.out).unwrap();
        let secret = opened["clientSecret"].as_str().unwrap();
        let parameter = format!("clientSecret={secret}");
        for wanted in ["initialized", "completed"] {
            let status = run(&mut api(&["get_link_status", "--param", &parameter])).await.ends_with(0);
            let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
            assert_eq!(status["status"], wanted);
        }
        let (head, body) = told(&receiver).await;
        assert!(head.contains(header), "{head}");
        let name = body["type"].as_str().or(body["eventtype"].as_str());
        assert_eq!(name, Some("connection.created"));
        signal(&child, Signal::INT);
        let ended = finish(child).await.ends_with(0);
        assert_eq!(ended.err.contains(shown), shows, "{}", ended.err);
    }
    for (flags, says) in [
        (&["--webhook", "localhost"][..], "no address for webhooks"),
        (&["--webhook-scheme", "svix"], "--webhook"),
        (&["--webhook", &url, "--webhook-secret-file", "missing"], "missing cannot be read"),
        (&["--link-after", "0"], "--link-after"),
    ] {
        run(home.bare().arg("sandbox").args(flags)).await.ends_with(2).says(&[says]);
    }
}

#[tokio::test]
async fn a_sandbox_that_cannot_start_says_why() {
    let home = Home::new();
    home.file("faults.json", r#"[{"on": {"operation": "no_such"}, "fault": {"kind": "html"}}]"#);
    run(home.bare().args(["sandbox", "--faults", "faults.json"]))
        .await
        .ends_with(2)
        .says(&["faults.json", "no_such"]);
    run(home.bare().args(["sandbox", "--faults", "missing"]))
        .await
        .ends_with(2)
        .says(&["missing cannot be read"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    run(home.bare().args(["sandbox", "--address", &address])).await.ends_with(2).says(&[&address]);
}

#[tokio::test]
async fn completions_and_manual_pages_name_the_commands() {
    let home = Home::new();
    for shell in ["elvish", "powershell"] {
        let script = run(home.bare().args(["completions", shell])).await.ends_with(0).out;
        assert!(script.contains("vault-plus") && script.contains("sandbox-part-size"), "{shell}");
    }
    let page = run(home.bare().arg("man")).await.ends_with(0).out;
    assert!(page.contains(".TH ofauth 1") && page.contains("OFAUTH_API_KEY"), "{page}");
    assert!(page.contains(".SH EXAMPLES\n.nf") && page.contains(".SH \"EXIT STATUS\"\n.nf"), "{page}");
    std::fs::create_dir(home.path().join("man")).unwrap();
    run(home.bare().args(["man", "--dir", "man"])).await.ends_with(0);
    assert!(home.path().join("man/ofauth-upload.1").exists());
    run(home.bare().args(["man", "--dir", "missing"])).await.ends_with(2).says(&["missing"]);
}

#[tokio::test]
async fn help_and_version_go_to_standard_output() {
    let home = Home::new();
    let help = run(home.bare().arg("--help")).await.ends_with(0);
    assert!(help.out.contains("Exit codes:") && help.out.contains("OFAUTH_API_KEY"), "{}", help.out);
    let version = run(home.bare().arg("--version")).await.ends_with(0);
    assert_eq!(version.out, concat!("ofauth ", env!("CARGO_PKG_VERSION"), "\n"));
}

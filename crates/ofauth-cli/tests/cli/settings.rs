//! Where key, connection and address come from, and what is said when they are missing or wrong.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;

use ofauth_sandbox::Sandbox;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::support::{CANARY, CONNECTION, Home, calm, run, sample};

#[tokio::test]
async fn without_key_or_connection_the_remedy_is_named() {
    let home = Home::new();
    let photo = sample("photo.jpg");
    run(home.bare().arg("upload").arg(&photo)).await.ends_with(2).says(&["no API key", "OFAUTH_API_KEY"]);
    let mut command = home.bare();
    command.env("OFAUTH_API_KEY", CANARY).arg("upload").arg(&photo);
    run(&mut command).await.ends_with(2).says(&[
        "no connection",
        "--connection",
        "ofauth connections list",
        "--sandbox",
    ]);
}

#[tokio::test]
async fn bad_addresses_end_with_2() {
    let home = Home::new();
    for url in ["not a url", "ftp://127.0.0.1", "http://", "http://api.example"] {
        let mut command = home.bare();
        command.env("OFAUTH_API_KEY", CANARY).args(["whoami", "--base-url", url]);
        run(&mut command).await.ends_with(2);
    }
}

#[tokio::test]
async fn wrong_flags_name_the_right_ones() {
    let home = Home::new();
    for (line, said) in [
        (&["message", "Hello"][..], "--to-list <LIST>"),
        (&["message", "Hello"], "--to <USER>"),
        (&["post", "Hello", "--price", "abc"], "such as 5 or 4.99"),
    ] {
        run(home.bare().args(line)).await.ends_with(2).says(&[said]);
    }
}

#[tokio::test]
async fn wrong_flags_end_with_2() {
    let home = Home::new();
    for line in [
        &["upload"][..],
        &["upload", "--no-such-flag", "x"],
        &["upload", "--concurrency", "0", "x"],
        &["upload", "--api-key", CANARY, "x"],
        &["nonsense"],
        &["whoami", "--sandbox-part-size", "1KiB"],
        &["whoami", "--sandbox", "--base-url", "http://127.0.0.1:1"],
        &["whoami", "--api-key-file", "-"],
        &["whoami", "--api-key-file", "missing"],
        &["whoami", "--config", "missing"],
    ] {
        let run = run(home.bare().args(line)).await;
        assert_eq!(run.code, 2, "{line:?}: {}", run.err);
    }
}

#[tokio::test]
async fn the_file_holds_everything_and_must_be_private() {
    let (home, server) = (Home::new(), calm().await);
    let text = format!(
        "api_key = \"{CANARY}\"\nconnection_id = \"{CONNECTION}\"\nbase_url = \"{}\"\n",
        server.base_url()
    );
    let path = home.file(".config/ofauth/config.toml", text);
    set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    run(home.bare().arg("whoami")).await.ends_with(2).says(&["others may read it", "chmod 600"]);
    set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    run(home.bare().arg("upload").arg(sample("photo.jpg"))).await.ends_with(0);
    let elsewhere = home.path().join("elsewhere.toml");
    std::fs::rename(&path, &elsewhere).unwrap();
    run(home.bare().arg("whoami")).await.ends_with(2).says(&["no API key"]);
    run(home.bare().arg("whoami").arg("--config").arg(&elsewhere)).await.ends_with(0);
}

#[tokio::test]
async fn a_wrong_file_is_named_but_not_quoted() {
    let home = Home::new();
    let path = home.file(".config/ofauth/config.toml", format!("api_key = {CANARY}\n"));
    set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    run(home.bare().arg("whoami")).await.ends_with(2).says(&["config.toml", "line 1"]);
}

#[tokio::test]
async fn the_key_comes_from_a_file_too() {
    let (home, server) = (Home::new(), calm().await);
    home.file("key", format!("{CANARY}\n"));
    let mut command = home.bare();
    command.args(["whoami", "--api-key-file", "key", "--base-url", server.base_url()]);
    run(&mut command).await.ends_with(0);
}

/// What was meant as the key is not shown, wherever it stands by mistake.
#[tokio::test]
async fn a_key_in_the_wrong_place_is_not_shown() {
    let configurations = [
        format!("api_key_file = '{CANARY}'"),
        format!("{CANARY} = true"),
        format!("[{CANARY}]"),
        format!("proxy = 'http://u:{CANARY}@127.0.0.1:99999'"),
        format!("allow_origins = ['http://u:{CANARY}@example.com']"),
        format!("base_url = 'http://u:{CANARY}@example.com'"),
    ];
    for configuration in configurations {
        let home = Home::new();
        let key = if configuration.contains("api_key") { "" } else { "api_key = 'other'" };
        let file = home.file("config.toml", format!("{key}\n{configuration}"));
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let ended = run(home.bare().args(["whoami", "--config"]).arg(&file)).await.ends_with(2);
        assert!(!ended.err.contains(CANARY), "{configuration}: {}", ended.err);
    }
    for flags in [
        ["--api-key-file".to_owned(), CANARY.to_owned()],
        ["--allow-origin".to_owned(), format!("http://u:{CANARY}@example.com")],
        ["--base-url".to_owned(), format!("http://u:{CANARY}@example.com")],
        ["--proxy".to_owned(), format!("socks9://u:{CANARY}@example.com")],
    ] {
        let home = Home::new();
        let ended =
            run(home.bare().env("OFAUTH_API_KEY", "other").arg("whoami").args(&flags)).await.ends_with(2);
        assert!(!ended.err.contains(CANARY), "{flags:?}: {}", ended.err);
    }
}

#[tokio::test]
async fn a_flag_wins_over_the_environment() {
    let (home, server) = (Home::new(), calm().await);
    let mut command = home.bare();
    command.env("OFAUTH_API_KEY", CANARY).env("OFAUTH_BASE_URL", "http://127.0.0.1:9");
    run(command.args(["whoami", "--base-url", server.base_url()])).await.ends_with(0);
}

#[tokio::test]
async fn a_proxy_in_the_environment_is_not_used_for_this_machine() {
    let (home, server) = (Home::new(), calm().await);
    let mut command = home.against(&server);
    command.env("HTTP_PROXY", "http://127.0.0.1:9").env("ALL_PROXY", "http://127.0.0.1:9");
    run(command.arg("upload").arg(sample("photo.jpg"))).await.ends_with(0);
}

#[tokio::test]
async fn a_proxy_in_the_environment_is_used_for_others() {
    let home = Home::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let proxy = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = String::new();
        let mut reader = BufReader::new(&mut stream);
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut head).await.unwrap(), 0, "the request ends early: {head}");
        }
        let answer = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        head
    });
    let mut command = home.bare();
    command.env("OFAUTH_API_KEY", CANARY).env("http_proxy", format!("user:pass@{address}"));
    command.args(["whoami", "--allow-plain-http", "--base-url", "http://api.ofauth.test"]);
    run(&mut command).await.ends_with(4);
    let head = proxy.await.unwrap();
    assert!(head.starts_with("GET http://api.ofauth.test/v2/account/whoami HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("Basic dXNlcjpwYXNz"), "{head}");
}

#[tokio::test]
async fn a_certificate_authority_can_be_named() {
    let home = Home::new();
    let server = Sandbox::builder().tls(true).start().await.unwrap();
    home.file("ca.pem", server.ca_pem().unwrap());
    let mut command = home.against(&server);
    run(command.args(["upload", "--ca-file", "ca.pem"]).arg(sample("clip.mp4"))).await.ends_with(0);
    let mut command = home.against(&server);
    run(command.args(["whoami", "--ca-file", "missing.pem"])).await.ends_with(2).says(&["missing.pem"]);
}

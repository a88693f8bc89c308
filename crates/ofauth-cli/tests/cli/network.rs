//! What the command says when it does not get through: which machine, why, and what helps.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{CANARY, CONNECTION, Home, Run, calm, run};

/// A proxy that answers everything with `answer`, and counts.
async fn proxy(answer: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let mut head = [0; 4096];
            if client.read(&mut head).await.is_ok() {
                // The command may be gone.
                _ = client.write_all(answer.as_bytes()).await;
            }
        }
    });
    (address, asked)
}

async fn whoami(home: &Home, variables: &[(&str, &str)]) -> Run {
    let mut command = home.bare();
    command.env("OFAUTH_API_KEY", CANARY).env("OFAUTH_CONNECTION_ID", CONNECTION);
    command.env("OFAUTH_BASE_URL", "https://api.test").envs(variables.iter().copied());
    run(command.arg("whoami")).await
}

#[tokio::test]
async fn a_proxy_that_refuses_is_asked_once_and_named_with_its_variable() {
    const LOGIN: &str = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n";
    const BLOCKED: &str = "HTTP/1.1 403 No\r\nContent-Length: 17\r\n\r\nblocked by policy";
    let home = Home::new();
    for (answer, times, words) in
        [(LOGIN, 1, "asks for a user name and password, or refused these"), (BLOCKED, 2, "blocked by policy")]
    {
        for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
            let (address, asked) = proxy(answer).await;
            let refused = whoami(&home, &[(variable, &format!("http://u:wrong-word@{address}"))]).await;
            let refused = refused.ends_with(4).says(&[&format!("the proxy {address}"), words, variable]);
            assert!(!refused.err.contains("wrong-word"), "{}", refused.err);
            assert_eq!(asked.load(Ordering::SeqCst), times, "{}", refused.err);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_reached_is_named_with_host_port_and_cause() {
    let home = Home::new();
    let dead = "http://u:wrong-word@127.0.0.1:1";
    let down = [("OFAUTH_BASE_URL", "http://127.0.0.1:1")];
    for (variables, code, words) in [
        (
            &[("HTTPS_PROXY", dead)][..],
            3,
            &["the proxy 127.0.0.1:1 cannot be reached (connection refused)", "HTTPS_PROXY"][..],
        ),
        (&[("HTTPS_PROXY", "socks5://127.0.0.1:1")], 2, &["begins with socks5://", "HTTPS_PROXY"]),
        (&[("ALL_PROXY", "http://")], 2, &["give something like http://", "ALL_PROXY"]),
        (
            &down,
            3,
            &["the server 127.0.0.1:1 cannot be reached (connection refused)", "run the command again"],
        ),
    ] {
        let run = whoami(&home, variables).await.ends_with(code).says(words);
        assert!(!run.err.contains("wrong-word"), "{}", run.err);
        // Between tries it is said as well, if they take long.
        let last = run
            .err
            .lines()
            .filter(|line| !line.contains(", again in ") && !line.ends_with(", again at once"));
        assert_eq!(
            last.filter(|line| line.contains("onnection refused")).count(),
            usize::from(code == 3),
            "said twice: {}",
            run.err
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_variable_that_is_no_text_is_not_passed_over() {
    use std::os::unix::ffi::OsStrExt as _;
    let home = Home::new();
    let mut command = home.bare();
    command.env("OFAUTH_API_KEY", CANARY).env("OFAUTH_BASE_URL", "https://api.test");
    command.env("HTTPS_PROXY", std::ffi::OsStr::from_bytes(b"http://127.0.0.1:1/\xff"));
    run(command.arg("whoami")).await.ends_with(2).says(&["HTTPS_PROXY is not UTF-8"]);
}

#[cfg(unix)]
#[tokio::test]
async fn too_few_open_files_is_told_as_that_wherever_it_shows() {
    let home = Home::new();
    let server = calm().await;
    let file = home.file("clip.mp4", vec![7; 300 * 1024]);
    let mut scarce = 0;
    // From what a program needs to begin at all to what is enough.
    for limit in 5..40 {
        let mut command = tokio::process::Command::new("sh");
        command
            .arg("-c")
            .arg(format!("ulimit -n {limit}; exec \"$0\" \"$@\""))
            .arg(env!("CARGO_BIN_EXE_ofauth"));
        command.env_clear().env("HOME", home.path()).env("OFAUTH_BASE_URL", server.base_url());
        command.env("OFAUTH_API_KEY", CANARY).env("OFAUTH_CONNECTION_ID", CONNECTION);
        command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped());
        command.stderr(std::process::Stdio::piped()).kill_on_drop(true);
        let ended = run(command.arg("upload").arg(&file)).await;
        if ended.code == 127 {
            // The system could not load the program.
            continue;
        }
        if ended.code != 0 {
            scarce += 1;
            let ended = ended.ends_with(7).says(&["ulimit -n"]);
            assert!(
                !ended.err.contains("another directory") && !ended.err.contains("panicked"),
                "{}",
                ended.err
            );
        }
    }
    assert!((3..30).contains(&scarce), "{scarce} of the limits were too low");
}

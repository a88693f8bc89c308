//! Ctrl-C while a call waits that must not be made twice: the command says whether it may have been carried out.

use std::process::Stdio;

use rustix::process::Signal;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use crate::support::{Home, finish, sandbox, signal};

/// A command, its operation, and what is said of it if nothing was done.
const CALLS: &[(&[&str], &str, &str)] = &[
    (&["post", "Hello"], "create_post", "interrupted: nothing was posted"),
    (&["message", "Hello", "--to", "7"], "send_chat_message", "interrupted: nothing was sent"),
    (&["message", "Hello", "--to-list", "fans"], "create_mass_message", "interrupted: nothing was sent"),
    (
        &["api", "create_post", "--body", r#"{"text": "Hello"}"#],
        "create_post",
        "interrupted: the call was not carried out",
    ),
];

#[tokio::test]
async fn ctrl_c_while_it_waits_for_the_rate_limit_does_nothing() {
    for (line, operation, said) in CALLS {
        let home = Home::new();
        let server = sandbox(json!([{
            "on": {"operation": operation, "times": "always"},
            "fault": {"kind": "status", "status": 429, "retry_after": 600},
        }]))
        .await;
        let mut child = home.against(&server).args(*line).stderr(Stdio::piped()).spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut told = String::new();
        while !told.contains(": HTTP 429, again in") {
            assert_ne!(err.read_line(&mut told).await.unwrap(), 0, "{line:?} does not wait: {told}");
        }
        signal(&child, Signal::INT);
        finish(child).await.ends_with(3);
        err.read_to_string(&mut told).await.unwrap();
        assert!(told.contains(said) && told.contains("next: run the command again"), "{line:?}: {told}");
        assert_eq!(server.transcript().len(), 1, "{line:?}");
    }
}

#[tokio::test]
async fn ctrl_c_while_it_waits_for_the_answer_leaves_it_in_doubt() {
    for (line, operation, _) in CALLS {
        let home = Home::new();
        let server = sandbox(json!([{
            "on": {"operation": operation, "times": "always"},
            "fault": {"kind": "delay", "ms": 600_000},
        }]))
        .await;
        let child = home.against(&server).args(*line).spawn().unwrap();
        while server.transcript().is_empty() {
            tokio::task::yield_now().await;
        }
        signal(&child, Signal::INT);
        finish(child).await.ends_with(6).says(&["the call was cancelled", "look before you repeat it"]);
    }
}

//! The whole story as a shell script, `tests/story.sh`: killed after each step and run again, with nothing made twice.

use std::path::Path;
use std::process::Stdio;
use std::time::SystemTime;

use ofauth::webhooks::{Scheme, examples, sign};
use ofauth_sandbox::Sandbox;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::{CANARY, Home, finish, sample};

const STEPS: [&str; 9] =
    ["link", "upload", "ready", "post", "edit", "message", "stored", "download", "webhook"];

fn start(home: &Home, server: &Sandbox) -> Child {
    let script = std::env::current_dir().unwrap().join("tests/story.sh");
    let program = Path::new(env!("CARGO_BIN_EXE_ofauth")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("bash");
    shell.arg(script).arg("state").arg(sample("clip.mp4")).current_dir(home.path()).env_clear();
    shell.env("HOME", home.path()).env("PATH", path);
    shell.env("OFAUTH_BASE_URL", server.base_url()).env("OFAUTH_API_KEY", CANARY);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    shell.spawn().unwrap()
}

#[tokio::test]
async fn killed_after_each_step_it_makes_nothing_twice() {
    let home = Home::new();
    let server = Sandbox::builder().link_after(2).start().await.unwrap();
    let (now, secret) = (SystemTime::now(), "whsec_c2VjcmV0");
    let body = examples::body("realtime.post.published", Scheme::OFAuth, now).unwrap();
    let headers = sign(Scheme::OFAuth, secret, body.as_bytes(), now, "").unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    home.file("state/webhook.secret", secret);
    home.file("state/webhook.headers", headers);
    home.file("state/webhook.body", body);

    for step in STEPS {
        let mut child = start(&home, &server);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        loop {
            let line = lines.next_line().await.unwrap();
            let Some(line) = line else {
                let run = finish(child).await;
                panic!("it ended before {step}: {run:?}");
            };
            if line.split(' ').next() == Some(step) {
                break;
            }
        }
        child.kill().await.unwrap();
    }
    let end = finish(start(&home, &server)).await.ends_with(0);
    let told: Vec<&str> = end.out.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(told, [&STEPS[..], &["done"]].concat());
    assert!(end.out.contains("\nwebhook realtime.post.published\n"), "{}", end.out);

    let made = |method: &str, end: &str| {
        let all = server.transcript();
        all.iter().filter(|it| it.method == method && it.path.ends_with(end)).count()
    };
    assert_eq!((server.uploads().len(), server.posts().len()), (1, 1));
    assert_eq!(
        (made("POST", "/posts"), made("POST", "/chats/12345/messages"), made("POST", "/link/init")),
        (1, 1, 1)
    );
    let same = std::fs::read(home.path().join("state/downloaded.mp4")).unwrap()
        == std::fs::read(sample("clip.mp4")).unwrap();
    assert!(same, "the download is another file");
}

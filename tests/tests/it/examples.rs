//! The examples of the library, run as their first lines say: against the sandbox, and as an endpoint for webhooks.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::SystemTime;

use ofauth::webhooks::{Scheme, examples, sign};
use ofauth_sandbox::{Sandbox, UploadState};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::support::{CONNECTION, KEY, within};

/// Where the built examples are. They are built once, by whichever test comes first.
async fn built() -> &'static Path {
    static BUILT: OnceCell<PathBuf> = OnceCell::const_new();
    BUILT
        .get_or_init(|| async {
            let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            cargo.args(["build", "--locked", "--workspace", "--examples"]);
            let built = cargo.current_dir(root()).output().await.unwrap();
            assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
            // A test's own program is in `deps`, beside `examples`.
            let program = std::env::current_exe().unwrap();
            program.parent().and_then(Path::parent).unwrap().join("examples")
        })
        .await
}

fn root() -> PathBuf {
    xtask::source::root().unwrap()
}

async fn sandbox() -> Sandbox {
    Sandbox::builder().part_size(100_000).start().await.unwrap()
}

async fn run(name: &str, arguments: &[&str], sandbox: &Sandbox) -> Output {
    let mut command = Command::new(built().await.join(name));
    command.args(arguments).kill_on_drop(true);
    command.env("OFAUTH_API_KEY", KEY).env("OFAUTH_CONNECTION_ID", CONNECTION);
    command.env("OFAUTH_BASE_URL", sandbox.base_url());
    within(60, command.output()).await.unwrap()
}

/// What an example that succeeds prints.
async fn printed(name: &str, arguments: &[&str], sandbox: &Sandbox) -> String {
    let output = run(name, arguments, sandbox).await;
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn clip() -> String {
    root().join("samples/clip.mp4").to_str().unwrap().to_owned()
}

/// The reference of the one upload that a sandbox has finished.
fn reference(sandbox: &Sandbox) -> String {
    let uploads = sandbox.uploads();
    let is_finished = |state| matches!(state, UploadState::Complete | UploadState::Consumed);
    let finished: Vec<_> = uploads.iter().filter(|upload| is_finished(upload.state)).collect();
    assert_eq!(finished.len(), 1, "{uploads:?}");
    finished[0].media_upload_id.clone()
}

#[tokio::test]
async fn uploads() {
    for (name, arguments) in
        [("upload", vec![clip()]), ("reader", vec![]), ("cancel", vec![clip(), "60000".into()])]
    {
        let sandbox = sandbox().await;
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        assert_eq!(printed(name, &arguments, &sandbox).await.trim_end(), reference(&sandbox), "{name}");
    }
    let sandbox = sandbox().await;
    assert_eq!(printed("cancel", &[&clip(), "0"], &sandbox).await, "cancelled, and nothing was finished\n");
}

#[tokio::test]
async fn resume() {
    let (sandbox, home) = (sandbox().await, tempfile::tempdir().unwrap());
    let journal = home.path().join("journal");
    for _ in 0..2 {
        let output = printed("resume", &[&clip(), journal.to_str().unwrap()], &sandbox).await;
        assert!(sandbox.uploads().iter().any(|upload| upload.media_upload_id == output.trim_end()));
    }
    assert_eq!(std::fs::read_dir(&journal).unwrap().count(), 0, "both results were settled");
}

#[tokio::test]
async fn batch() {
    let (sandbox, home) = (sandbox().await, tempfile::tempdir().unwrap());
    let journal = home.path().join("journal");
    let photo = root().join("samples/photo.jpg");
    let missing = home.path().join("missing.mp4");
    let (clip, photo, missing) = (clip(), photo.to_str().unwrap(), missing.to_str().unwrap());
    let arguments = [journal.to_str().unwrap(), &clip, photo, missing];
    let mut told = Vec::new();
    for _ in 0..2 {
        let output = run("batch", &arguments, &sandbox).await;
        assert!(String::from_utf8_lossy(&output.stderr).contains("failed: 1"));
        let mut lines: Vec<_> = str::from_utf8(&output.stdout).unwrap().lines().map(str::to_owned).collect();
        lines.sort();
        told.push(lines);
    }
    assert_eq!((told[0].len(), sandbox.uploads().len()), (2, 2), "the second run uploads nothing");
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn calls() {
    let sandbox = sandbox().await;
    let typed = printed("typed", &[], &sandbox).await;
    // The sandbox has a post for every id.
    assert!(typed.lines().count() >= 2 && typed.ends_with("Some(12345)\n"), "{typed}");
    assert!(printed("raw", &[], &sandbox).await.contains("list_vault_media"));
    let page = printed("raw", &["list_vault_media", "limit=3"], &sandbox).await;
    assert!(page.contains("\"hasMore\""), "{page}");
    let refused = run("raw", &["list_vault_medai"], &sandbox).await;
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("did you mean list_vault_media"));
}

#[tokio::test]
async fn link() {
    let sandbox = Sandbox::builder().link_after(2).start().await.unwrap();
    assert!(printed("link", &["app_1"], &sandbox).await.starts_with("conn_linked_"));
}

#[tokio::test]
async fn download() {
    let (sandbox, home) = (sandbox().await, tempfile::tempdir().unwrap());
    printed("upload", &[&clip()], &sandbox).await;
    let id = sandbox.uploads()[0].media_id.unwrap().to_string();
    let target = home.path().join("copy.mp4");
    let said = printed("download", &[&id, "source", target.to_str().unwrap()], &sandbox).await;
    assert_eq!(std::fs::read(&target).unwrap(), std::fs::read(clip()).unwrap(), "{said}");
}

#[tokio::test]
async fn blocking() {
    let sandbox = sandbox().await;
    let said = printed("blocking", &[&clip()], &sandbox).await;
    assert!(said.starts_with(&format!("{} is in post ", reference(&sandbox))), "{said}");
    assert_eq!(sandbox.posts().len(), 1);
}

/// Sends a body with these headers, and returns the status of the answer.
async fn sent(address: &str, headers: &[(&str, String)], body: &str) -> u16 {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let request = format!(
        "POST /webhooks HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test]
async fn webhooks() {
    let secret = "whsec_c2VjcmV0LXNlY3JldA==";
    let mut command = Command::new(built().await.join("webhooks"));
    command.arg("127.0.0.1:0").env("OFAUTH_WEBHOOK_SECRET", "another");
    command.env("OFAUTH_WEBHOOK_SECRET_BEFORE", secret).stdout(Stdio::piped()).kill_on_drop(true);
    let mut program = command.spawn().unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let first = within(60, lines.next_line()).await.unwrap().unwrap();
    let address = first.strip_prefix("listening on http://").and_then(|rest| rest.strip_suffix("/webhooks"));
    let address = address.unwrap_or_else(|| panic!("{first}"));
    for name in ["connection.expired", "realtime.chat_message.received"] {
        for scheme in Scheme::ALL {
            let body = examples::body(name, *scheme, SystemTime::now()).unwrap();
            let id = format!("msg_{}", name.replace('.', "_"));
            let headers = sign(*scheme, secret, body.as_bytes(), SystemTime::now(), &id).unwrap();
            assert_eq!(within(60, sent(address, &headers, &body)).await, 204);
            // Again, as after an answer that was lost.
            assert_eq!(within(60, sent(address, &headers, &body)).await, 204);
            assert_eq!(within(60, sent(address, &headers, &format!("{body} "))).await, 400);
            let line = within(60, lines.next_line()).await.unwrap().unwrap();
            let wanted =
                if name == "connection.expired" { "link again: " } else { "chat_message.received in " };
            assert!(line.starts_with(wanted) && line.ends_with("Some(\"conn_example\")"), "{line}");
        }
    }
}

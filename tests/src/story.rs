//! A story that a program of every language tells: an account is linked, a clip is uploaded, posted, edited and sent, its copy is
//! downloaded, and the webhook of the link is verified. It is told as a whole, and told by a program that is killed with
//! SIGKILL at one of its requests and run again: then everything is there, and nothing twice.
//!
//! The program is started as `story STATE_DIR CLIP` with the server and the key in the environment. It keeps what it has done in
//! the state directory, looks before it makes something again, prints a line for each step, and `done` at last. The session
//! in which the account is linked is in `session`, as JSON: a creator signs in at the address in it.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ofauth::webhooks::{Event, Kind};
use ofauth_sandbox::fault::Before;
use ofauth_sandbox::{Exchange as Seen, Fault, Sandbox};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::exchange::Exchange;
use crate::response::Answer;
use crate::server::{Handler, Handling, Server};

/// The key of the story. No account has to be named: the story links one.
pub const KEY: &str = "sk_live_canary_story_5b81e6f0";

/// What the program prints, a line that begins so for each.
const STEPS: [&str; 10] =
    ["link ", "upload ", "ready ", "post ", "edit ", "message ", "stored ", "download ", "webhook ", "done"];

/// The requests at which programs are killed, each once when it has come and, if that makes something, once when it was
/// carried out and the program does not know.
const KILLS: [(&str, bool); 11] = [
    ("init_link", true),
    ("list_connections", false),
    ("init_upload", true),
    ("upload_part", false),
    ("complete_upload", true),
    ("list_vault_media", false),
    ("create_post", true),
    ("update_post", true),
    ("send_chat_message", true),
    ("batch_vault_plus_media", false),
    ("get_vault_plus_media", false),
];

/// So many programs run side by side: they mostly wait.
const SIDE_BY_SIDE: usize = 6;

/// How long one telling may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// When a program is killed.
#[derive(Debug, Clone, Copy)]
struct Kill {
    operation: &'static str,
    carried_out: bool,
}

impl Kill {
    /// Whether the story cannot go on by itself: the API documents no list of scheduled posts, so that nobody can find the one
    /// that was made. That it was made shows by its upload reference, which is used up.
    fn leaves_in_doubt(self) -> bool {
        self.operation == "create_post" && self.carried_out
    }
}

/// Has a program tell the story of a video of several parts of 64 KiB, as a whole and killed at each of its requests. `program`
/// makes a command to which the arguments are added.
pub async fn told(clip: &Path, program: impl Fn() -> Command + Send + Sync + 'static) {
    let (clip, program) = (Arc::<Path>::from(clip), Arc::new(program));
    let turns = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    let mut tellings = JoinSet::new();
    let kills = KILLS.iter().flat_map(|&(operation, makes)| {
        let kinds: &[bool] = if makes { &[false, true] } else { &[false] };
        kinds.iter().map(move |&carried_out| Some(Kill { operation, carried_out }))
    });
    for kill in kills.chain([None]) {
        let (clip, program, turns) = (Arc::clone(&clip), Arc::clone(&program), Arc::clone(&turns));
        tellings.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            let telling = Telling::begin(clip).await;
            timeout(PATIENCE, telling.tell(&*program, kill))
                .await
                .unwrap_or_else(|_| panic!("{kill:?}: not in time"));
        });
    }
    let mut failed = Vec::new();
    while let Some(ended) = tellings.join_next().await {
        failed.extend(ended.err().map(|error| error.to_string()));
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// One telling: a server, a receiver of webhooks, and a state directory.
struct Telling {
    sandbox: Sandbox,
    state: TempDir,
    clip: Arc<Path>,
    _receiver: Server,
}

/// Leaves the webhook of the link where the program looks for it, and a file for each connection that it was told of.
struct Receiver(PathBuf);

impl Handler for Receiver {
    fn handle<'a>(&'a self, exchange: &'a mut Exchange) -> Handling<'a> {
        Box::pin(async move {
            let body = exchange.read_body().await?.body;
            let event = Event::parse_unverified(&body).ok();
            if let Some(Kind::ConnectionCreated(connection)) = event.map(|event| event.kind) {
                std::fs::write(self.0.join(format!("created.{}", connection.id.unwrap_or_default())), "")?;
                let headers = exchange.head.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
                std::fs::write(self.0.join("webhook.headers"), headers.collect::<String>())?;
                let whole = self.0.join("webhook.body.new");
                std::fs::write(&whole, &body)?;
                std::fs::rename(whole, self.0.join("webhook.body"))?;
            }
            exchange.answer(&Answer::new(204)).await
        })
    }
}

impl Telling {
    async fn begin(clip: Arc<Path>) -> Self {
        let state = tempfile::tempdir().unwrap();
        let receiver = Server::start(Receiver(state.path().to_owned())).await;
        let sandbox = Sandbox::builder()
            .api_key(KEY)
            .part_size(64 * 1024)
            .webhook(receiver.origin())
            .start()
            .await
            .unwrap();
        std::fs::write(state.path().join("webhook.secret"), sandbox.webhook_secret().unwrap()).unwrap();
        Self { sandbox, state, clip, _receiver: receiver }
    }

    async fn tell(&self, program: &(impl Fn() -> Command + ?Sized), kill: Option<Kill>) {
        let telling = async {
            if let Some(kill) = kill {
                self.kill_at(self.start(program()), kill).await;
            }
            self.start(program()).wait_with_output().await.unwrap()
        };
        let output = tokio::select! {
            output = telling => output,
            never = self.creator() => match never {},
        };
        self.check(kill, &output);
    }

    /// The creator, who signs in wherever the program sends them. A session that the program has forgotten is at an address that
    /// nobody knows; but one that it opened beside another that it had kept makes a second connection.
    async fn creator(&self) -> Infallible {
        let mut known = Vec::new();
        loop {
            let session = std::fs::read(self.state.path().join("session")).unwrap_or_default();
            let session: Value = serde_json::from_slice(&session).unwrap_or_default();
            if let Some(url) = session["url"].as_str()
                && !known.iter().any(|known| known == url)
            {
                self.sign_in(url).await;
                known.push(url.to_owned());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Fills in the form on the page of a session.
    async fn sign_in(&self, url: &str) {
        let form = "action=sign-in&email=story%40creator.sandbox.com&password=good-password";
        let (host, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).unwrap();
        let request = format!(
            "POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{form}",
            form.len()
        );
        let mut line = TcpStream::connect(host).await.unwrap();
        line.write_all(request.as_bytes()).await.unwrap();
        let mut page = String::new();
        line.read_to_string(&mut page).await.unwrap();
        assert!(page.starts_with("HTTP/1.1 200 ") && page.contains("completed"), "{page}");
    }

    fn start(&self, mut command: Command) -> Child {
        command
            .arg(self.state.path())
            .arg(&*self.clip)
            .env("OFAUTH_BASE_URL", self.sandbox.base_url())
            .env("OFAUTH_API_KEY", KEY)
            .env("OFAUTH_STATE_DIR", self.state.path().join("state"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A script is killed with what it has started.
        command.process_group(0).spawn().unwrap()
    }

    /// Lets the program run until it has sent that request, and kills it.
    async fn kill_at(&self, mut child: Child, kill: Kill) {
        let fault = match kill.carried_out {
            true => Fault::Chunks { size: 1, delay_ms: 5_000, length: true },
            false => Fault::Delay { ms: 60_000, before: Before::Body },
        };
        self.sandbox.push_fault(fault.on(kill.operation));
        let is_there = |seen: &Seen| {
            seen.operation.as_deref() == Some(kill.operation) && (!kill.carried_out || seen.status.is_some())
        };
        while !self.sandbox.transcript().iter().any(is_there) {
            assert!(child.try_wait().unwrap().is_none(), "{kill:?}: the program ended before");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let group = i32::try_from(child.id().unwrap()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(group, Signal::KILL).unwrap();
        _ = rustix::process::kill_process_group(group, Signal::KILL);
        child.wait().await.unwrap();
        self.sandbox.clear_faults();
    }

    /// What was told, and what the service has of it.
    fn check(&self, kill: Option<Kill>, output: &Output) {
        let told = String::from_utf8_lossy(&output.stdout);
        let said = format!("{kill:?}\n{told}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(!said.contains(KEY), "the key was shown");
        if kill.is_some_and(Kill::leaves_in_doubt) {
            assert!(!output.status.success() && said.contains("used already"), "{said}");
            assert_eq!(self.sandbox.posts().len(), 1, "{said}");
            return;
        }
        assert!(output.status.success(), "{said}");
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines.len(), STEPS.len(), "{said}");
        assert!(lines.iter().zip(STEPS).all(|(line, step)| line.starts_with(step)), "{said}");
        assert!(lines[8].contains("connection.created"), "{said}");

        let clip = std::fs::read(&self.clip).unwrap();
        let sum: String = crate::session::sha256(&clip).iter().map(|byte| format!("{byte:02x}")).collect();
        let uploads = self.sandbox.uploads();
        let whole: Vec<_> = uploads.iter().filter_map(|upload| upload.sha256.as_deref()).collect();
        assert_eq!(whole, [sum.as_str()], "{said}");
        let made = |all: &[Value], text: &str| {
            all.iter().filter(|one| one["text"].as_str().is_some_and(|it| it.contains(text))).count()
        };
        let (posts, messages) = (self.sandbox.posts(), self.sandbox.messages());
        assert_eq!((posts.len(), made(&posts, "story post edited")), (1, 1), "{said}\n{posts:#?}");
        assert_eq!((messages.len(), made(&messages, "story message")), (1, 1), "{said}\n{messages:#?}");
        assert_eq!(std::fs::read(self.state.path().join("downloaded.mp4")).unwrap(), clip, "{said}");
        let connection = lines[0].trim_start_matches("link ");
        let names = std::fs::read_dir(self.state.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let created: Vec<_> = names.filter(|name| name.starts_with("created.")).collect();
        assert_eq!(created, [format!("created.{connection}")], "{said}");
        let acts: Vec<_> = self
            .sandbox
            .transcript()
            .into_iter()
            .filter_map(|seen| seen.headers.get("x-connection-id").cloned())
            .collect();
        assert!(!acts.is_empty() && acts.iter().all(|id| id == connection), "{said}");
    }
}

/// A program that was built, by its path.
pub fn at(path: impl AsRef<OsStr>) -> impl Fn() -> Command + Send + Sync + 'static {
    let path = path.as_ref().to_owned();
    move || Command::new(&path)
}

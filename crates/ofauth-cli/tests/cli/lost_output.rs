//! Results that could not be told: streams that are gone, full or closed, before, during or after an upload. None is lost,
//! nothing is done twice, and the run that could not tell does not end with 0.

use std::fs::File;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use ofauth_sandbox::Sandbox;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::task::JoinHandle;

use crate::support::{Home, run, sandbox};

/// So many scenes are played at once.
const AT_ONCE: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Which {
    Both,
    Out,
    Err,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    /// The reader is gone, `| true`.
    Gone,
    /// `>/dev/full`.
    Full,
    /// `>&-`.
    Closed,
    /// `<file` in the place of `>file`.
    ReadOnly,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum When {
    Before,
    /// While the files are on their way.
    During,
    /// While the last file, or the post, is on its way, and the references before it have been read.
    After,
}

#[derive(Debug, Clone, Copy)]
struct Scene {
    which: Which,
    how: How,
    when: When,
    files: &'static [&'static str],
    flags: &'static [&'static str],
}

/// What somebody reads of a stream, until they are gone.
struct Reader {
    text: Arc<Mutex<String>>,
    task: JoinHandle<()>,
}

impl Reader {
    fn of(mut stream: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let text = Arc::<Mutex<String>>::default();
        let sink = Arc::clone(&text);
        let task = tokio::spawn(async move {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut piece).await {
                sink.lock().unwrap().push_str(std::str::from_utf8(&piece[..count]).unwrap());
            }
        });
        Self { text, task }
    }

    fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn leave(self) -> String {
        self.task.abort();
        let _ = self.task.await;
        self.text.lock().unwrap().clone()
    }

    async fn until_the_end(self) -> String {
        self.task.await.unwrap();
        self.text.lock().unwrap().clone()
    }
}

impl Scene {
    fn is_json(&self) -> bool {
        self.flags.contains(&"--json")
    }

    fn posts(&self) -> usize {
        usize::from(self.flags.contains(&"--post"))
    }

    fn line(&self) -> Vec<&'static str> {
        ["upload"].iter().chain(self.files).chain(self.flags).copied().collect()
    }

    /// A server that takes its time for what is under way when the streams end.
    async fn server(&self) -> Sandbox {
        let delay = json!({"kind": "delay", "ms": 1500});
        let rule = match self.when {
            When::Before => return sandbox(json!([])).await,
            When::During => json!({"on": {"operation": "upload_single", "times": "always"}, "fault": delay}),
            When::After if self.posts() > 0 => json!({"on": {"operation": "create_post"}, "fault": delay}),
            When::After => {
                let last = self.files.last().unwrap();
                json!({"on": {"operation": "upload_single", "filename": last}, "fault": delay})
            }
        };
        sandbox(json!([rule])).await
    }

    /// Whether the moment has come.
    fn has_come(&self, server: &Sandbox, out: &Reader) -> bool {
        let is_asked = |operation: &str| {
            server.transcript().iter().any(|exchange| exchange.operation.as_deref() == Some(operation))
        };
        match self.when {
            When::Before => true,
            When::During => is_asked("upload_single"),
            When::After if self.posts() > 0 => is_asked("create_post"),
            // Those of all files but the last: what is on its way when the reader leaves would be lost.
            When::After => {
                let read = out.text().lines().filter(|line| line.contains("upload:")).count();
                read >= self.files.len().saturating_sub(1).max(1)
            }
        }
    }

    /// The command with streams that are of no use from the beginning.
    fn spoiled(&self, home: &Home, server: &Sandbox) -> Command {
        let mut command = home.against(server);
        let of = |this: Which| self.which == Which::Both || self.which == this;
        let redirect = match self.how {
            How::Gone => [" >&3", " 2>&3"],
            How::Full => [" >/dev/full", " 2>/dev/full"],
            How::Closed => [" >&-", " 2>&-"],
            How::ReadOnly => [" 1</dev/null", " 2</dev/null"],
        };
        if self.how == How::Gone {
            let gone = || Stdio::from(std::io::pipe().unwrap().1);
            if of(Which::Out) {
                command.stdout(gone());
            }
            if of(Which::Err) {
                command.stderr(gone());
            }
            command.args(self.line());
            return command;
        }
        let mut script = "\"$0\" \"$@\"".to_owned();
        for (stream, text) in [Which::Out, Which::Err].iter().zip(redirect) {
            if of(*stream) {
                script.push_str(text);
            }
        }
        let command = command.as_std();
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &script]).arg(command.get_program()).args(self.line()).env_clear();
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.current_dir(home.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        shell.kill_on_drop(true);
        shell
    }

    /// Plays the first run. Returns how it ended and everything that somebody read.
    async fn first(&self, home: &Home, server: &Sandbox) -> (i32, String) {
        if self.when == When::Before {
            let ended = run(&mut self.spoiled(home, server)).await;
            return (ended.code, ended.out + &ended.err);
        }
        let mut child = home.against(server).args(self.line()).spawn().unwrap();
        let out = Reader::of(child.stdout.take().unwrap());
        let err = Reader::of(child.stderr.take().unwrap());
        while !self.has_come(server, &out) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let read = match self.which {
            Which::Both => {
                out.leave().await;
                err.leave().await;
                child.wait().await.unwrap();
                String::new()
            }
            Which::Out => out.leave().await + &err.until_the_end().await,
            Which::Err => {
                err.leave().await;
                out.until_the_end().await
            }
        };
        (child.wait().await.unwrap().code().unwrap(), read)
    }

    /// What the first run ends with.
    fn code(&self) -> i32 {
        match (self.which, self.how) {
            (Which::Err, _) => 0,
            // Standard error took the references.
            (Which::Out, How::Gone | How::Closed) => 0,
            _ => 1,
        }
    }

    async fn play(self) {
        let (home, server) = (Home::new(), self.server().await);
        for (number, file) in self.files.iter().enumerate() {
            home.file(file, [&b"\xff\xd8\xff"[..], &vec![b'x'; number]].concat());
        }
        let (code, read) = self.first(&home, &server).await;
        assert_eq!(code, self.code(), "{self:?}: {read}");
        server.clear_faults();
        let references: Vec<String> =
            server.uploads().iter().map(|upload| upload.media_upload_id.clone()).collect();
        assert_eq!(references.len(), self.files.len(), "{self:?}");
        let told = |text: &str| references.iter().all(|reference| text.contains(reference));
        if code == 0 {
            assert!(told(&read), "{self:?}: {read}");
            assert_eq!(server.posts().len(), self.posts(), "{self:?}");
            return;
        }
        let again = run(home.against(&server).args(self.line())).await;
        assert_eq!(again.code, 0, "{self:?}: {}", again.err);
        assert!(told(&again.out), "{self:?}: {}", again.out);
        assert_eq!(server.uploads().len(), self.files.len(), "{self:?}: uploaded once");
        assert_eq!(server.posts().len(), self.posts(), "{self:?}: posted once");
        if self.posts() > 0 && self.is_json() {
            assert!(again.out.contains("\"event\":\"posted\""), "{self:?}: {}", again.out);
        } else if self.posts() > 0 && !self.flags.contains(&"-q") {
            assert!(again.err.contains("posted "), "{self:?}: {}", again.err);
        }
        let of = |name| home.path().join(".local/state/ofauth").join(name).read_dir().into_iter().flatten();
        let entries = of("journal/batch").chain(of("post"));
        let left: u64 = entries.map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        assert_eq!(left, 0, "{self:?}: the record is over");
    }
}

async fn play_all(scenes: impl IntoIterator<Item = Scene>) {
    let playing = futures_util::stream::iter(scenes).map(|scene| tokio::spawn(scene.play()));
    playing.buffer_unordered(AT_ONCE).for_each(|played| async { played.unwrap() }).await;
}

const ONE: &[&str] = &["a.jpg"];
const THREE: &[&str] = &["a.jpg", "b.jpg", "c.jpg"];

const FLAGS: [&[&str]; 6] = [
    &[],
    &["--json"],
    &["-q"],
    &["--post", "Hello"],
    &["--post", "Hello", "--json"],
    &["--post", "Hello", "-q"],
];

fn scenes(how: How, when: When) -> Vec<Scene> {
    let mut all = Vec::new();
    for which in [Which::Both, Which::Out, Which::Err] {
        for files in [ONE, THREE] {
            for flags in FLAGS {
                let is_over = when == When::After && files.len() == 1 && !flags.contains(&"--post");
                // What is said is no result there, and the command ends before anything is.
                if !is_over {
                    all.push(Scene { which, how, when, files, flags });
                }
            }
        }
    }
    all
}

#[tokio::test]
async fn streams_that_are_gone_before() {
    play_all(scenes(How::Gone, When::Before)).await;
}

#[tokio::test]
async fn streams_that_go_while_the_files_are_on_their_way() {
    play_all(scenes(How::Gone, When::During)).await;
}

#[tokio::test]
async fn streams_that_go_after_the_first_result() {
    play_all(scenes(How::Gone, When::After)).await;
}

#[tokio::test]
async fn streams_that_are_closed() {
    play_all(scenes(How::Closed, When::Before)).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn streams_that_are_full_or_cannot_be_written_to() {
    play_all(scenes(How::Full, When::Before)).await;
    play_all(scenes(How::ReadOnly, When::Before)).await;
}

/// A pipe whose reader is gone.
fn gone() -> Stdio {
    Stdio::from(std::io::pipe().unwrap().1)
}

fn full() -> Stdio {
    Stdio::from(File::options().write(true).open("/dev/full").unwrap())
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_was_made_once_is_told_by_a_stream_or_by_the_exit_code() {
    let lines: &[&[&str]] = &[
        &["post", "Hello"],
        &["post", "Hello", "--json"],
        &["post", "Hello", "-q"],
        &["message", "Hello", "--to", "5"],
        &["message", "Hello", "--to-list", "5", "--json"],
        &["api", "create_post", "--body", r#"{"text":"Hello"}"#],
        &["api", "create_post", "--body", r#"{"text":"Hello"}"#, "--json"],
    ];
    for line in lines {
        let (home, server) = (Home::new(), sandbox(json!([])).await);
        let command = || {
            let mut command = home.against(&server);
            command.args(*line);
            command
        };
        for stream in [gone, full] {
            run(command().stdout(stream()).stderr(stream())).await.ends_with(1);
        }
        let told = run(command().stdout(gone()))
            .await
            .ends_with(0)
            .says(&["the reader of standard output is gone", "id"]);
        assert!(told.err.contains("1700"), "{line:?}: the id: {}", told.err);
        let told = run(command().stdout(full())).await.ends_with(1).says(&["not written"]);
        assert!(told.err.contains("1700"), "{line:?}: the id: {}", told.err);
        run(command().stderr(gone())).await.ends_with(0);
    }
}

#[tokio::test]
async fn an_answer_that_nobody_could_be_told_is_no_success() {
    let lines: &[&[&str]] = &[
        &["whoami"],
        &["check", "--etag", "\"a\"", "--size", "5"],
        &["vault-plus", "batch", "1", "2"],
        &["vault-plus", "batch", "1", "2", "--json"],
        &["api", "list_vault_media"],
    ];
    for line in lines {
        let (home, server) = (Home::new(), sandbox(json!([])).await);
        let mut command = home.against(&server);
        run(command.args(*line).stdout(gone()).stderr(gone())).await.ends_with(1);
        let mut command = home.against(&server);
        run(command.args(*line).stdout(gone())).await.ends_with(0);
    }
}

#[tokio::test]
async fn what_was_forgotten_or_skipped_is_told_or_no_success() {
    let stuck = json!([{
        "on": {"operation": "upload_part", "part": 8, "times": "always"},
        "fault": {"kind": "delay", "ms": 600_000},
    }]);
    let (home, server) = (Home::new(), sandbox(stuck).await);
    let clip = crate::support::sample("clip.mp4");
    let mut command = home.against(&server);
    run(command.args(["upload", "-c", "1", "--timeout", "3"]).arg(&clip)).await.ends_with(3);
    let mut forget = home.bare();
    run(forget.args(["sessions", "forget", "--all"]).stdout(gone()).stderr(gone())).await.ends_with(1);
    assert_eq!(run(home.bare().args(["sessions", "list", "--json"])).await.ends_with(0).out, "");

    server.clear_faults();
    run(home.against(&server).arg("upload").arg(&clip)).await.ends_with(0);
    for flags in [&[][..], &["--json"], &["-q"]] {
        let skip = || {
            let mut command = home.against(&server);
            command.args(["upload", "--skip-existing"]).args(flags).arg(&clip);
            command
        };
        run(skip().stdout(gone()).stderr(gone())).await.ends_with(1);
        let told = run(&mut skip()).await.ends_with(0);
        assert_eq!(told.out.lines().count(), 1, "{}", told.err);
        let told = run(skip().stdout(gone())).await.ends_with(0);
        assert!(told.err.contains("the media id is"), "{}", told.err);
    }
    let finished = server.uploads().iter().filter(|upload| upload.media_id.is_some()).count();
    assert_eq!(finished, 1);
}

#[tokio::test]
async fn a_reference_that_was_left_unread_is_held() {
    let (home, server) = (Home::new(), sandbox(json!([])).await);
    home.file("a.jpg", b"\xff\xd8\xff");
    // Held up by what is remembered, between the reference and the end.
    run(home.against(&server).args(["upload", "a.jpg"])).await.ends_with(0);
    let lock = home.path().join(".local/state/ofauth/uploaded").read_dir().unwrap();
    let lock = lock.map(|entry| entry.unwrap().path()).find(|path| path.extension().unwrap() == "lock");
    let holder = File::open(lock.unwrap()).unwrap();
    holder.lock().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = home.against(&server);
    command.args(["upload", "a.jpg"]).stdout(writer);
    let child = command.spawn().unwrap();
    // The test's own copy of the other end.
    drop(command);
    while rustix::io::ioctl_fionread(&reader).unwrap() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(reader);
    drop(holder);
    crate::support::finish(child).await.ends_with(1).says(&["before it was read to its end"]);
    let again = run(home.against(&server).args(["upload", "a.jpg"])).await.ends_with(0);
    assert_eq!(again.out.trim_end(), server.uploads()[1].media_upload_id);
    assert_eq!(server.uploads().len(), 2);
}

/// Programs that were started by Node.js, sshd or inetd write to a socket.
#[tokio::test]
async fn a_socket_that_is_left_unread_is_no_reader() {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    for flags in [&[][..], &["--json"], &["--post", "Hi"], &["--json", "--post", "Hi"]] {
        let home = Home::new();
        let delay = json!({"kind": "delay", "ms": 1500});
        let server = sandbox(json!([
            {"on": {"operation": "upload", "filename": "b.jpg"}, "fault": delay},
            {"on": {"operation": "create_post"}, "fault": delay},
        ]))
        .await;
        for name in ["a.jpg", "b.jpg"] {
            home.file(name, format!("\u{ff}{name}"));
        }
        let line = || {
            let mut command = home.against(&server);
            command.args(["upload", "a.jpg", "b.jpg", "--files", "1"]).args(flags);
            command
        };
        let (reader, writer) = UnixStream::pair().unwrap();
        reader.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let child = line().stdout(OwnedFd::from(writer)).spawn().unwrap();
        // There is something to read, and the rest is under way.
        let left = tokio::task::spawn_blocking(move || {
            let come = rustix::net::recv(&reader, &mut [0; 1], rustix::net::RecvFlags::PEEK);
            drop(reader);
            come
        });
        assert_eq!(left.await.unwrap().unwrap().0, 1, "{flags:?}");
        let first = crate::support::finish(child).await;
        assert_eq!(first.code, 1, "{flags:?}: {first:?}");
        let second = run(&mut line()).await.ends_with(0);
        let finished = server.uploads().iter().filter(|upload| upload.sha256.is_some()).count();
        let posts = usize::from(flags.contains(&"--post"));
        assert_eq!((finished, server.posts().len()), (2, posts), "{flags:?}: {first:?} {second:?}");
        assert!(second.out.matches("upload:").count() > 1, "{second:?}");
    }
}

//! The C examples as users build them: `cc` and `pkg-config`, from another directory, dynamically and statically
//! linked. They run against the sandbox, and its bytes are compared.

use std::path::Path;
use std::time::Duration;

use ofauth_sandbox::{Fault, Sandbox, UploadState};
use rustix::process::Signal;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use crate::program::STRICT;
use crate::run::{Ended, command, finish, root, run, scratch, start};
use crate::server::{Environment, builder, clip, hex_sha256, holds};
use crate::tree::{Tree, tree};

/// The flags for the shared library.
pub(crate) const DYNAMIC: &str = "$(pkg-config --cflags --libs ofauth)";
/// The flags for the archive. With both in one directory the linker takes the shared library, unless the archive is named.
pub(crate) const STATIC: &str =
    "$(pkg-config --static --cflags --libs ofauth | sed 's/-lofauth/-l:libofauth.a/')";

/// How an example is linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Linking {
    Dynamic,
    Static,
}

/// Builds an example in `into` by the command that its first lines name.
pub(crate) async fn build(tree: &Tree, name: &str, linking: Linking, into: &Path) {
    let source = root().join(format!("examples/c/{name}.c"));
    let flags = match linking {
        Linking::Dynamic => DYNAMIC,
        Linking::Static => STATIC,
    };
    let line = format!("cc {} '{}' -o {name} {flags}", STRICT.join(" "), source.display());
    let mut shell = command("sh");
    shell.env("PKG_CONFIG_PATH", tree.pkg_config()).current_dir(into).args(["-c", &line]);
    run(&mut shell, 60).await.succeeds();
    if linking == Linking::Static {
        let executable = std::fs::read(into.join(name)).unwrap();
        let needs = crate::exports::needed_libraries(&executable);
        assert!(needs.iter().all(|library| !library.contains("ofauth")), "{needs:?}");
    }
}

/// A built example, to be given arguments and run.
pub(crate) fn example(tree: &Tree, name: &str, linking: Linking, at: &Path, sandbox: &Sandbox) -> Command {
    let mut command = command(at.join(name));
    command.current_dir(at).env_remove("PATH");
    if linking == Linking::Dynamic {
        command.env("LD_LIBRARY_PATH", tree.library());
    }
    Environment::of(sandbox).tell(&mut command).env_remove("OFAUTH_CLIP");
    command
}

/// Builds and runs all three examples against a tree.
pub(crate) async fn all_work(tree: &Tree, linking: Linking) {
    let sandbox = builder().start().await.unwrap();
    let at = scratch();
    for name in ["upload", "memory", "call"] {
        build(tree, name, linking, at.path()).await;
    }

    let mut upload = example(tree, "upload", linking, at.path(), &sandbox);
    let ended = run(upload.arg(clip()), 60).await.succeeds();
    let reference = ended.out.trim();
    let bytes = std::fs::read(clip()).unwrap();
    let record = sandbox.upload(reference).unwrap_or_else(|| panic!("{}", ended.all()));
    assert_eq!((record.sha256, record.state), (Some(hex_sha256(&bytes)), UploadState::Complete));
    assert!(ended.err.contains("100 %") && ended.err.contains("part 12 of 12"), "{}", ended.all());

    let mut memory = example(tree, "memory", linking, at.path(), &sandbox);
    let ended = run(&mut memory, 60).await.succeeds();
    holds(&sandbox, "pixel.gif", 1, &picture());
    assert!(ended.out.starts_with("upload:") && ended.out.contains("the vault has it"), "{}", ended.all());

    let mut call = example(tree, "call", linking, at.path(), &sandbox);
    let ended = run(call.args(["create_post", "{}", r#"{"text": "Hello from C"}"#]), 60).await.succeeds();
    let post: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((post["id"].is_number(), sandbox.posts().len()), (true, 1), "{}", ended.all());
    assert_eq!(sandbox.posts()[0]["text"], "Hello from C");
}

/// The bytes that `memory.c` has in it.
fn picture() -> Vec<u8> {
    let source = std::fs::read_to_string(root().join("examples/c/memory.c")).unwrap();
    let array = source.split("PICTURE[] = {").nth(1).unwrap().split('}').next().unwrap();
    let bytes = array.split(',').filter_map(|byte| byte.trim().strip_prefix("0x"));
    bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_build_by_pkg_config_alone_and_run() {
    all_work(tree(), Linking::Dynamic).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_link_statically_and_run() {
    all_work(tree(), Linking::Static).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_cancels_an_upload_that_moves_and_one_that_does_not() {
    let at = scratch();
    build(tree(), "upload", Linking::Dynamic, at.path()).await;
    for bytes_per_second in [100_000, 0] {
        let sandbox = builder().receive_buffer(16 * 1024).start().await.unwrap();
        sandbox.push_fault(Fault::SlowReader { bytes_per_second }.on("upload_part").always());
        let mut command = example(tree(), "upload", Linking::Dynamic, at.path(), &sandbox);
        let mut running = start(command.arg(clip()));
        // The first report of progress says that the handler is there and the upload under way.
        let mut stderr = running.take_stderr();
        let mut said = [0; 4096];
        assert_ne!(stderr.read(&mut said).await.unwrap(), 0, "nothing was said");
        if bytes_per_second == 0 {
            // Once all buffers are full, nothing moves; the program may go on to say so.
            let stalled = |sandbox: &Sandbox| sandbox.uploads().iter().all(|upload| upload.received == 0);
            let quiet = Duration::from_millis(700);
            let mut last = Vec::new();
            while let Ok(read) = timeout(quiet, stderr.read(&mut said)).await {
                let now = said[..read.unwrap()].to_vec();
                assert!(!now.is_empty() && stalled(&sandbox), "the program ended");
                if now == last {
                    break;
                }
                last = now;
            }
        }
        running.signal(Signal::INT);
        let mut rest = String::new();
        let (ended, read) = tokio::join!(finish(running, 20), stderr.read_to_string(&mut rest));
        read.unwrap();
        assert!(ended.code() == Some(1) && rest.contains("OFAUTH_ERR_CANCELLED"), "{}\n{rest}", ended.all());
        assert!(sandbox.uploads().iter().all(|upload| upload.state == UploadState::Open));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_say_what_went_wrong() {
    let sandbox = builder().start().await.unwrap();
    let at = scratch();
    for name in ["upload", "memory", "call"] {
        build(tree(), name, Linking::Dynamic, at.path()).await;
    }
    let fails = async |name: &str, arguments: &[&str], change: &dyn Fn(&mut Command), said: &str| {
        let mut command = example(tree(), name, Linking::Dynamic, at.path(), &sandbox);
        change(&mut command);
        let ended: Ended = run(command.args(arguments), 60).await;
        assert!(ended.code() == Some(1) && ended.err.contains(said), "{said}: {}", ended.all());
    };
    let nothing = |_: &mut Command| {};
    let without_key = |command: &mut Command| {
        command.env_remove("OFAUTH_API_KEY");
    };
    let wrong_key = |command: &mut Command| {
        command.env("OFAUTH_API_KEY", "sk_live_another");
    };
    fails("upload", &[], &nothing, "usage").await;
    fails("upload", &["/no/such/file.mp4"], &nothing, "OFAUTH_ERR_SOURCE").await;
    fails("upload", &["clip.mp4"], &without_key, "OFAUTH_API_KEY").await;
    fails("memory", &[], &without_key, "OFAUTH_ERR_").await;
    fails("memory", &[], &wrong_key, "OFAUTH_ERR_UNAUTHORIZED").await;
    fails("call", &["create-post"], &nothing, "create_post").await;
    fails("call", &["whoami"], &wrong_key, "the API calls it UNAUTHORIZED").await;
}

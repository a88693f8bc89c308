//! The library in hosts that are not kind to it, and what it leaves in them: the environment, hanging systems, shortages,
//! closed descriptors, and a second library of Rust in the same program.

use std::path::Path;

use ofauth_sandbox::Sandbox;

use crate::examples::STATIC;
use crate::program::{Program, STRICT, Way};
use crate::run::{Ended, command, root, run, scratch, tool};
use crate::server::{Environment, builder, clip, holds};
use crate::tree::tree;

/// Plays a program that takes a directory, with variables that are meant for others.
async fn play(name: &str, sandbox: &Sandbox, variables: &[(&str, &str)], seconds: u64) -> Ended {
    let at = scratch();
    let program = Program::compile(name, Way::Plain).await.unwrap();
    let directory = at.path().to_str().unwrap();
    // Until the program has ended, for it reads the file of the certificate.
    let environment = Environment::of(sandbox);
    let mut command = program.command(Some(&environment), &[directory]);
    let ended = run(command.envs(variables.iter().copied()), seconds).await.succeeds();
    ended.show(name);
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn two_variables_are_read_once_and_no_other() {
    for tls in [false, true] {
        let sandbox = builder().tls(tls).start().await.unwrap();
        // Of the first, std makes the size of stacks that are not given: this one ends a program.
        let variables = [("RUST_MIN_STACK", "1"), ("RUST_BACKTRACE", "full"), ("TOKIO_WORKER_THREADS", "0")];
        let ended = play("environment", &sandbox, &variables, 60).await;
        assert_eq!(ended.err, "");
        holds(&sandbox, "clip.mp4", 3, &std::fs::read(clip()).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_come_and_go_while_the_environment_changes() {
    let sandbox = builder().start().await.unwrap();
    play("storm", &sandbox, &[], 180).await;
    assert!(sandbox.transcript().len() >= 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_hangs_a_cancelled_upload_and_freeing_a_client_take_100_ms_at_most() {
    let sandbox = builder().start().await.unwrap();
    play("stuck", &sandbox, &[], 120).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shortages_and_impossible_sizes_are_statuses() {
    let sandbox = builder().start().await.unwrap();
    let ended = play("scarce", &sandbox, &[], 60).await;
    assert_eq!(ended.err, "", "standard error is the program's");
    holds(&sandbox, "clip.mp4", 1, &std::fs::read(clip()).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_may_be_strange() {
    let sandbox = builder().start().await.unwrap();
    let ended = play("strangers", &sandbox, &[], 60).await;
    assert_eq!(ended.err, "", "standard error is the program's");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shipped_names_no_path_of_the_builder() {
    let target = tree().root().ancestors().nth(2).unwrap();
    let paths = xtask::dist::replaced(&root(), target).unwrap();
    assert!(paths.len() >= 4, "{paths:?}");
    for library in ["libofauth.so", "libofauth.a"] {
        let bytes = std::fs::read(tree().library().join(library)).unwrap();
        for (path, _) in &paths {
            let path = format!("{}/", path.to_str().unwrap());
            let found = memchr(&bytes, path.as_bytes());
            assert_eq!(found, None, "{library} holds {path}");
        }
        assert!(memchr(&bytes, b"ofauth").is_some(), "nothing is found in {library}");
    }
}

/// Where a text stands.
fn memchr(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text)
}

/// A library of Rust that catches a panic of its own.
const OTHER: &str = "#[unsafe(no_mangle)]
pub extern \"C\" fn other(number: i32) -> i32 {
    std::panic::catch_unwind(|| assert!(number > 1)).map_or(-1, |()| number)
}
";

/// Uses both, and has threads of the first one panic by closing what they wait on.
const BOTH: &str = "#include \"check.h\"
int other(int number);
int main(void) {
  CHECK(other(2) == 2 && other(1) == -1);
  ofauth_client *client = new_client();
  ofauth_response *response = NULL;
  ofauth_result *result = NULL;
  OK(ofauth_upload_file(client, needed(\"OFAUTH_CLIP\"), &result, &error));
  ofauth_result_free(result);
  for (int number = 3; number < 256; number++) {
    close(number);
  }
  CHECK(ofauth_call(client, \"whoami\", NULL, NULL, &response, NULL) != OFAUTH_OK);
  ofauth_client_free(client);
  CHECK(other(1) == -1);
  return 0;
}
";

async fn linked_beside_another(order: &str, at: &Path) -> Ended {
    let flags = STATIC.replace("-l:libofauth.a", order);
    let include = root().join("tests/c");
    let line =
        format!("cc {} -pthread -I'{}' both.c -o both -L. {flags}", STRICT.join(" "), include.display());
    let mut shell = command("sh");
    shell.env("PKG_CONFIG_PATH", tree().pkg_config()).current_dir(at).args(["-c", &line]);
    run(&mut shell, 60).await.succeeds();
    let sandbox = builder().start().await.unwrap();
    let mut both = command(at.join("both"));
    let ended = run(Environment::of(&sandbox).tell(&mut both), 60).await;
    holds(&sandbox, "clip.mp4", 1, &std::fs::read(clip()).unwrap());
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn the_archive_links_beside_another_library_of_rust() {
    for tool_of_it in ["objcopy", "ld", "ar"] {
        if tool(tool_of_it).is_none() {
            return;
        }
    }
    let at = scratch();
    std::fs::write(at.path().join("other.rs"), OTHER).unwrap();
    std::fs::write(at.path().join("both.c"), BOTH).unwrap();
    let mut rustc = command(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.envs(
        ["HOME", "RUSTUP_HOME", "CARGO_HOME"].iter().filter_map(|name| Some((name, std::env::var_os(name)?))),
    );
    rustc.current_dir(at.path()).args(["--edition", "2024", "--crate-type", "staticlib", "-O", "other.rs"]);
    run(&mut rustc, 120).await.succeeds();
    for order in ["-l:libofauth.a -l:libother.a", "-l:libother.a -l:libofauth.a"] {
        let ended = linked_beside_another(order, at.path()).await.succeeds();
        // Its panics are told where they were told before, and none of ours are.
        assert_eq!(ended.err.matches("panicked at other.rs").count(), 2, "{}", ended.all());
        assert_eq!(ended.err.matches("panicked at").count(), 2, "{}", ended.all());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_archive_shows_the_functions_of_the_header_alone() {
    let Some(nm) = tool("nm") else { return };
    let mut nm = command(nm);
    nm.args(["--extern-only", "--defined-only", "--format=posix"]).arg(tree().library().join("libofauth.a"));
    let shown = run(&mut nm, 60).await.succeeds().out;
    let symbols = shown.lines().filter(|line| line.split_whitespace().count() > 1);
    let strange: Vec<_> = symbols.filter(|line| !line.starts_with("ofauth_")).collect();
    assert_eq!(strange, [] as [&str; 0]);
}

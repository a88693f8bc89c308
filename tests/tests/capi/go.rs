//! The Go wrapper: `go vet`, its tests with the race detector, and its example from the module of somebody else.
//! Nothing is fetched: modules come from this machine or not at all.

use std::path::Path;

use tokio::process::Command;

use crate::run::{command, copy, root, run, scratch, tool};
use crate::server::{Environment, builder, clip, holds};
use crate::tree::tree;

/// A command of Go in a directory. Caches lie in the target directory, so that a second run is quick.
pub(crate) fn go(at: &Path, arguments: &[&str]) -> Command {
    let caches = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut command = command("go");
    command
        .current_dir(at)
        .env("PKG_CONFIG_PATH", tree().pkg_config())
        .env("LD_LIBRARY_PATH", tree().library())
        .env("GOCACHE", caches.join("go-build"))
        .env("GOPATH", caches.join("go"))
        .env("GOPROXY", "off")
        .env("GOFLAGS", "-mod=mod")
        .env("GOTOOLCHAIN", "local")
        .env("CGO_ENABLED", "1")
        // Pointers that cross the border are checked as strictly as this version can.
        .env("GODEBUG", "cgocheck=1")
        .args(arguments);
    command
}

/// The path under which programs import the wrapper.
pub(crate) const MODULE: &str = "github.com/example/ofauth/bindings/go";

fn wrapper() -> std::path::PathBuf {
    root().join("bindings/go")
}

/// Makes a module of a program that uses the wrapper.
pub(crate) fn module(at: &Path, name: &str) {
    let wrapper = wrapper();
    let module = format!(
        "module {name}\n\ngo 1.19\n\nrequire {MODULE} v0.0.0\n\nreplace {MODULE} => {}\n",
        wrapper.display()
    );
    std::fs::write(at.join("go.mod"), module).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrapper_is_vetted_and_formatted() {
    if tool("go").is_none() {
        return;
    }
    run(&mut go(&wrapper(), &["vet", "./..."]), 400).await.succeeds();
    if tool("gofmt").is_some() {
        let ended = run(command("gofmt").arg("-l").arg(wrapper()), 60).await.succeeds();
        assert_eq!(ended.out, "", "not formatted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tests_of_the_wrapper_pass_with_the_race_detector() {
    if tool("go").is_none() {
        return;
    }
    let sandbox = builder().start().await.unwrap();
    let mut test = go(&wrapper(), &["test", "-race", "-count=1", "-v", "./..."]);
    let ended = run(Environment::of(&sandbox).tell(&mut test), 580).await.succeeds();
    let passed = ended.out.lines().filter(|line| line.starts_with("--- PASS: ")).count();
    let skipped = ended.out.lines().filter(|line| line.trim_start().starts_with("--- SKIP: ")).count();
    println!("Go: {passed} tests passed, {skipped} skipped");
    assert!(passed >= 10 && skipped == 0, "{}", ended.all());
    assert!(sandbox.uploads().iter().any(|upload| upload.sha256.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_builds_in_a_module_of_its_own_and_runs() {
    if tool("go").is_none() {
        return;
    }
    let (sandbox, directory) = (builder().start().await.unwrap(), scratch());
    copy(&wrapper().join("example"), directory.path());
    module(directory.path(), "example");
    run(&mut go(directory.path(), &["build", "-o", "upload", "."]), 400).await.succeeds();
    let mut upload = command(directory.path().join("upload"));
    upload.env_remove("PATH").env("LD_LIBRARY_PATH", tree().library()).arg(clip());
    run(Environment::of(&sandbox).tell(&mut upload), 60).await.succeeds();
    holds(&sandbox, "clip.mp4", 1, &std::fs::read(clip()).unwrap());
}

//! The C++ wrapper: its own project of examples and tests, configured against the tree from another directory, built
//! and run as it is and with the compiler's sanitizers.

use std::path::Path;

use tokio::process::Command;

use crate::run::{command, copy, root, run, scratch, tool};
use crate::server::{Environment, builder, clip, holds};
use crate::tree::{Tree, tree};

fn cmake(tree: &Tree, arguments: &[&str]) -> Command {
    let mut command = command("cmake");
    // Where the sanitized tests find the library, whatever becomes of run paths.
    command.env("LD_LIBRARY_PATH", tree.library()).args(arguments);
    command
}

/// Configures and builds a project in `into`.
pub(crate) async fn build(tree: &Tree, project: &Path, into: &Path, more: &[&str]) {
    let mut configure = cmake(tree, &["-S"]);
    configure.arg(project).arg("-B").arg(into).arg(format!("-DCMAKE_PREFIX_PATH={}", tree.root().display()));
    run(configure.args(["-DCMAKE_BUILD_TYPE=Debug"]).args(more), 60).await.succeeds();
    run(cmake(tree, &["--build"]).arg(into).args(["--parallel", "2"]), 400).await.succeeds();
}

/// Builds and runs the tests of the wrapper.
async fn test(more: &[&str]) {
    if tool("cmake").is_none() || tool("ctest").is_none() {
        return;
    }
    let (sandbox, directory) = (builder().start().await.unwrap(), scratch());
    build(tree(), &root().join("bindings/cpp"), directory.path(), more).await;
    let mut ctest = command("ctest");
    ctest
        .current_dir(directory.path())
        .args(["--output-on-failure", "--no-tests=error"])
        .env("LD_LIBRARY_PATH", tree().library())
        .env("ASAN_OPTIONS", "detect_leaks=1:detect_stack_use_after_return=1")
        .env("UBSAN_OPTIONS", "print_stacktrace=1");
    let ended = run(Environment::of(&sandbox).tell(&mut ctest), 300).await.succeeds();
    let summary = ended.out.lines().find(|line| line.contains("tests passed")).unwrap_or_default();
    assert!(summary.starts_with("100% tests passed"), "{}", ended.all());
    println!("C++ {more:?}: {summary}");
    // A test that talked to nobody would have passed, too.
    assert!(sandbox.uploads().iter().any(|upload| upload.sha256.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tests_of_the_wrapper_pass() {
    test(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tests_of_the_wrapper_pass_with_sanitizers() {
    test(&["-DOFAUTH_SANITIZE=ON"]).await;
}

/// Builds the examples as a project of its own, which has nothing but the installed package, and uploads with them.
pub(crate) async fn example_works(tree: &Tree) {
    if tool("cmake").is_none() {
        return;
    }
    let (sandbox, directory) = (builder().start().await.unwrap(), scratch());
    let project = directory.path().join("elsewhere");
    copy(&root().join("bindings/cpp/examples"), &project);
    build(tree, &project, &directory.path().join("build"), &[]).await;
    let mut upload = command(directory.path().join("build/upload"));
    upload.env_remove("PATH").arg(clip());
    run(Environment::of(&sandbox).tell(&mut upload), 60).await.succeeds();
    let bytes = std::fs::read(clip()).unwrap();
    holds(&sandbox, "clip.mp4", 1, &bytes);

    let mut batch = command(directory.path().join("build/batch"));
    batch.env_remove("PATH").args([clip(), Path::new("missing.mp4").to_owned(), clip()]);
    let ended = run(Environment::of(&sandbox).tell(&mut batch), 60).await;
    assert!(ended.code() == Some(1) && ended.err.contains("missing.mp4: "), "{}", ended.all());
    assert_eq!(
        ended.out.lines().filter(|line| line.contains("clip.mp4: upload:")).count(),
        2,
        "{}",
        ended.all()
    );
    holds(&sandbox, "clip.mp4", 3, &bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_builds_by_find_package_alone_and_runs() {
    example_works(tree()).await;
}

/// Before C++17 one line says what is missing, and not a page of what follows from it; and no usual warning is left.
#[tokio::test(flavor = "multi_thread")]
async fn the_header_says_what_it_needs_and_has_no_warnings() {
    let at = crate::run::scratch();
    let program = [("main.cc", "#include <ofauth.hpp>\nint main() { return 0; }\n")];
    let old = crate::program::build("c++", &["-std=c++14"], &program, at.path()).await;
    assert!(!old.status.success(), "C++14 is enough");
    assert_eq!(old.err.matches("error:").count(), 1, "{}", old.all());
    assert!(old.err.contains("needs C++17"), "{}", old.all());
    for standard in ["-std=c++17", "-std=c++20"] {
        let strict = [standard, "-Wall", "-Wextra", "-Wpedantic", "-Wuseless-cast", "-Wshadow", "-Werror"];
        crate::program::build("g++", &strict, &program, at.path()).await.succeeds();
    }
}

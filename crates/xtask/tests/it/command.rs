//! The command itself.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use xtask::{header, source};

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().unwrap()
}

/// The command as a program that cargo did not start, in a directory.
fn by_hand(here: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.env_remove("CARGO_MANIFEST_DIR").current_dir(here).args(arguments).output().unwrap()
}

#[test]
fn check_agrees_with_the_checked_in_files() {
    let output = xtask(&["codegen", "--check"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn merge_writes_the_document_with_our_ids() {
    let output = xtask(&["merge", "-"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let merged: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(merged, *crate::MERGED);
    assert_eq!(merged["paths"]["/v2/access/uploads/init"]["post"]["operationId"], "init_upload");

    let path = std::env::temp_dir().join(format!("xtask-merge-{}.json", std::process::id()));
    assert!(xtask(&["merge", path.to_str().unwrap()]).status.success());
    assert_eq!(std::fs::read(&path).unwrap(), output.stdout);
    std::fs::remove_file(path).unwrap();
}

/// Clones and worktrees may share a target directory, and then this very program.
#[test]
fn it_works_on_the_checkout_that_it_is_run_in() {
    let folder = std::env::temp_dir().join(format!("xtask-elsewhere-{}", std::process::id()));
    let other = folder.join("other");
    for path in
        ["crates/xtask/Cargo.toml", "openapi/upstream.yaml", "openapi/overlay.yaml", "openapi/names.yaml"]
    {
        std::fs::create_dir_all(other.join(path).parent().unwrap()).unwrap();
        std::fs::copy(source::root().unwrap().join(path), other.join(path)).unwrap();
    }
    let upstream = other.join("openapi/upstream.yaml");
    let text = std::fs::read_to_string(&upstream).unwrap();
    std::fs::write(&upstream, text.replacen("title: ", "title: Another ", 1)).unwrap();
    let title = |output: Output| {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let merged: Value = serde_json::from_slice(&output.stdout).unwrap();
        merged["info"]["title"].as_str().unwrap().to_owned()
    };
    let ours = crate::MERGED["info"]["title"].as_str().unwrap();
    let theirs = format!("Another {ours}");

    assert_eq!(title(xtask(&["merge", "-"])), ours);
    assert_eq!(title(by_hand(&other.join("crates/xtask"), &["merge", "-"])), theirs);
    let mut of_cargo = Command::new(env!("CARGO_BIN_EXE_xtask"));
    of_cargo.env("CARGO_MANIFEST_DIR", other.join("crates/xtask")).args(["merge", "-"]);
    assert_eq!(title(of_cargo.output().unwrap()), theirs);

    // Whatever reads or writes the repository says so where there is none.
    for arguments in [
        &["merge"][..],
        &["codegen"],
        &["codegen", "--check"],
        &["codegen", "header"],
        &["dist"],
        &["simulate"],
    ] {
        let output = by_hand(&folder, arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("is not in a checkout of ofauth"), "{said}");
    }
    assert!(!folder.join(header::PATH).exists());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_unknown_task_is_refused_with_the_usage() {
    for arguments in
        [&["codegen", "--chekc"][..], &["nothing"], &[], &["merge", "--check"], &["dist", "--out"], &["abi"]]
    {
        let output = xtask(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("cargo xtask codegen [--check]"),
            "{arguments:?}"
        );
    }
}

#[test]
fn the_header_alone_is_checked_in_a_moment() {
    let output = xtask(&["codegen", "header", "--check"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "include/ofauth.h is current\n");
}

#[test]
fn abi_wants_a_library() {
    let output = xtask(&["abi", "no/such.so"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("no/such.so is not a file"));
}

//! The command itself.

use std::process::{Command, Output};

use serde_json::Value;

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().unwrap()
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

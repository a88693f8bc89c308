//! Completion as the shells do it: bash, zsh and fish load the script and are asked, without a terminal.
//!
//! A shell that this machine lacks is said in so many words, and is a failure where nothing may be skipped.

use std::path::Path;
use std::process::Stdio;

use crate::support::{Home, Run, finish, run, sample, sandbox};
use serde_json::json;

/// Where the command lies.
fn bin() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_ofauth")).parent().unwrap()
}

fn is_here(shell: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(shell).is_file());
    let notice = format!("SKIPPED: completion in {shell}, which is missing");
    assert!(found || std::env::var("CI").as_deref() != Ok("true"), "{notice}");
    if !found {
        eprintln!("{notice}");
    }
    found
}

/// Runs a program of a shell in a home.
async fn shell(home: &Home, shell: &str, program: &str) -> Run {
    let path = format!("{}:{}", bin().display(), std::env::var("PATH").unwrap());
    let mut command = tokio::process::Command::new(shell);
    command
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", path)
        .env("TERM", "dumb")
        .current_dir(home.path());
    let arguments: &[&str] = match shell {
        "bash" => &["--norc", "--noprofile", "-c"],
        "zsh" => &["-f", "-c"],
        _ => &["--no-config", "-c"],
    };
    command.args(arguments).arg(program).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    finish(command.spawn().unwrap()).await
}

/// What bash offers for the words, the last of which is being typed. `files` is what it does when files are asked for.
fn bash(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    format!(
        "source <(ofauth completions bash) || exit 9\n\
         compopt() {{ printf 'compopt %s\\n' \"$*\"; }}\n\
         COMP_WORDS=({}) COMP_CWORD={}\n\
         _ofauth ofauth \"${{COMP_WORDS[COMP_CWORD]}}\" ''\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        quoted.join(" "),
        words.len() - 1
    )
}

/// What zsh offers: the builtins that would show it print it instead.
fn zsh(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    format!(
        "compdef() {{ }}\nsource <(ofauth completions zsh) || exit 9\n\
         _files() {{ print -r -- \"files $*\" }}\n\
         compadd() {{ print -rl -- ${{(P)@[-1]}} }}\n\
         _describe() {{ print -rl -- ${{${{(P)@[-1]}}%%:*}} }}\n\
         words=({}) CURRENT={}\n_ofauth",
        quoted.join(" "),
        words.len()
    )
}

fn fish(words: &[&str]) -> String {
    format!(
        "ofauth completions fish | source\ncomplete --do-complete '{}' | string replace -r '\\t.*' ''; true",
        words.join(" ")
    )
}

/// Where files are completed: what was typed before, and how each shell is told.
const FILES: &[&[&str]] = &[
    &["ofauth", "upload", ""],
    &["ofauth", "upload", "clip.mp4", ""],
    &["ofauth", "upload", "--recursive", ""],
    &["ofauth", "upload", "--api-key-file", ""],
    &["ofauth", "sandbox", "--faults", ""],
];

/// The operations whose ids begin so.
fn operations(start: &str) -> Vec<&'static str> {
    let ids: Vec<&str> = ofauth::operations()
        .iter()
        .map(|operation| operation.id)
        .filter(|id| id.starts_with(start))
        .collect();
    assert!(!ids.is_empty(), "{start}");
    ids
}

/// What is offered where, whatever else is.
async fn words(home: &Home) -> Vec<(Vec<String>, Vec<String>)> {
    // An upload that a 403 stopped is a session.
    let server = sandbox(json!([{
        "on": {"operation": "upload_part", "part": 8, "times": "always"}, "fault": {"kind": "status", "status": 500},
    }]))
    .await;
    let mut upload = home.against(&server);
    upload.args(["upload", "--stall-timeout", "1", "--timeout", "2"]).arg(sample("clip.mp4"));
    run(&mut upload).await;
    let list = run(home.bare().args(["sessions", "list", "--json"])).await.ends_with(0).json();
    let id = list[0]["id"].as_str().unwrap().to_owned();
    let row = |typed: &str, expected: &[&str]| {
        let words = typed.split(' ').map(str::to_owned).collect();
        (words, expected.iter().map(|word| (*word).to_owned()).collect())
    };
    vec![
        row("ofauth upl", &["upload"]),
        row("ofauth api list_vault_m", &operations("list_vault_m")),
        row("ofauth api --describe create_p", &operations("create_p")),
        row("ofauth api list_vault_media --param sort", &["sort="]),
        row("ofauth sessions show ", &[&id]),
        row("ofauth sessions forget ", &[&id]),
        row(&format!("ofauth sessions show {}", &id[..4]), &[&id]),
        row("ofauth upload --skip", &["--skip-existing"]),
        row("ofauth upload --js", &["--json"]),
        row("ofauth completions fi", &["fish"]),
    ]
}

async fn offers(name: &str, program: fn(&[&str]) -> String, files: &str) {
    if !is_here(name) {
        return;
    }
    let home = Home::new();
    for (typed, expected) in words(&home).await {
        let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
        let offered = shell(&home, name, &program(&typed)).await.ends_with(0);
        let lines: Vec<&str> = offered.out.lines().filter(|line| !line.starts_with("compopt ")).collect();
        assert_eq!(lines, expected, "{name}: {typed:?}\n{}", offered.err);
    }
    home.file("clip one.mp4", "x");
    home.file("other/b.jpg", "x");
    for typed in FILES {
        let offered = shell(&home, name, &program(typed)).await.ends_with(0);
        assert!(offered.out.contains(files), "{name}: {typed:?}\n{}\n{}", offered.out, offered.err);
        assert!(!offered.out.lines().any(|line| line.starts_with('-')), "{name}: {typed:?}\n{}", offered.out);
    }
}

#[tokio::test]
async fn bash_completes_words_and_leaves_files_to_readline() {
    offers("bash", bash, "compopt -o default").await;
}

#[tokio::test]
async fn zsh_completes_words_and_files() {
    offers("zsh", zsh, "files").await;
}

#[tokio::test]
async fn fish_completes_words_and_files() {
    offers("fish", fish, "clip").await;
}

/// Bash cuts `--flag=value` into three words.
#[tokio::test]
async fn bash_completes_what_stands_behind_an_equals_sign() {
    if !is_here("bash") {
        return;
    }
    let home = Home::new();
    let typed = ["ofauth", "api", "--describe", "=", "list_vault_m"];
    let offered = shell(&home, "bash", &bash(&typed)).await.ends_with(0);
    assert_eq!(offered.out.lines().collect::<Vec<_>>(), operations("list_vault_m"), "{}", offered.err);
    let typed = ["ofauth", "upload", "--api-key-file", "=", "x"];
    let offered = shell(&home, "bash", &bash(&typed)).await.ends_with(0);
    assert!(offered.out.contains("compopt -o default"), "{}", offered.out);
}

/// A script that lies in a file works when the command is not found by its name.
#[tokio::test]
async fn a_script_knows_where_its_command_is() {
    let home = Home::new();
    for name in ["bash", "zsh", "fish"] {
        let script = run(home.bare().args(["completions", name])).await.ends_with(0).out;
        assert!(script.contains(env!("CARGO_BIN_EXE_ofauth")) && !script.contains("@OFAUTH@"), "{script}");
    }
    let help = run(home.bare().args(["completions", "--help"])).await.ends_with(0).out;
    for place in
        ["bash-completion/completions/ofauth", "~/.zfunc/_ofauth", "~/.config/fish/completions/ofauth.fish"]
    {
        assert!(help.contains(place), "{help}");
    }
}

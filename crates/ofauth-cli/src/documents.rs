//! The command lines that documents show: each is one that the command takes.
//!
//! Reads every Markdown file of the repository and the help texts, finds what begins with `ofauth`, and has the real
//! command line read it. Nothing is run.

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;

use crate::help;

/// The Markdown files below a folder.
fn documents(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
            documents(&path, into);
        } else if name.ends_with(".md") {
            into.push(path);
        }
    }
}

/// The lines of the shell that a document has in blocks, with lines that end in a backslash put together.
fn blocks(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut inside = false;
    let mut joined = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside && ["sh", "bash", "shell", "console"].iter().any(|name| line.ends_with(name));
            continue;
        }
        if inside {
            joined.push_str(line.trim_end_matches('\\'));
            if !line.ends_with('\\') {
                lines.push(std::mem::take(&mut joined));
            }
        }
    }
    lines
}

/// What stands between backticks in running text.
fn spans(text: &str) -> Vec<String> {
    let fenced = text.split("```").step_by(2);
    fenced.flat_map(|prose| prose.split('`').skip(1).step_by(2)).map(|span| span.replace('\n', " ")).collect()
}

/// The words after `ofauth` of each command in a line of the shell: behind pipes, `&&`, variables and substitutions.
fn commands(line: &str) -> Vec<Vec<String>> {
    let Some(words) = shlex::split(&line.replace("$(", "$( ").replace(';', " ; ")) else { return Vec::new() };
    let redirects = |word: &str| [">", ">>", "<", "2>"].contains(&word);
    let kept = words.iter().enumerate().filter(|(at, word)| {
        let is_target =
            at.checked_sub(1).and_then(|before| words.get(before)).is_some_and(|it| redirects(it));
        !is_target && !redirects(word)
    });
    let words: Vec<String> = kept.map(|(_, word)| word.clone()).collect();
    let ends = |word: &String| ["|", "&&", "||", ";", "#", "&"].contains(&word.as_str());
    let mut found = Vec::new();
    for part in words.split(ends) {
        let is_command = |word: &String| word == "ofauth" || word.ends_with("/ofauth");
        let before =
            |word: &String| word.contains('=') || ["$(", "<(ofauth", "sudo"].contains(&word.as_str());
        let start = part.iter().position(|word| !before(word));
        if start.is_some_and(|start| is_command(&part[start])) {
            found.push(
                part[start.unwrap()..].iter().map(|word| word.trim_end_matches(')').to_owned()).collect(),
            );
        }
        // `cargo run --package ofauth-cli -- upload …`
        let runs = part.iter().any(|word| word == "cargo") && part.iter().any(|word| word == "ofauth-cli");
        if let Some(separator) = part.iter().position(|word| word == "--").filter(|_| runs) {
            let rest = part[separator + 1..].iter().cloned();
            found.push(std::iter::once("ofauth".to_owned()).chain(rest).collect());
        }
    }
    found
}

/// Why the command line refuses the words, if it does. A form in running text may leave out what a whole command needs.
fn refusal(words: &[String], whole: bool) -> Option<String> {
    let error = help::parse(words).err()?;
    let incomplete = [
        ErrorKind::MissingRequiredArgument,
        ErrorKind::MissingSubcommand,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
    ];
    let fine = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => true,
        kind => !whole && incomplete.contains(&kind),
    };
    (!fine).then(|| error.to_string())
}

#[test]
fn every_command_line_of_the_documents_is_one() {
    let mut paths = Vec::new();
    // Tests run in the directory of their package.
    documents(Path::new("../.."), &mut paths);
    let mut seen = 0;
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let whole = blocks(&text).into_iter().map(|line| (line, true));
        let forms =
            spans(&text).into_iter().filter(|span| span.starts_with("ofauth ")).map(|span| (span, false));
        for (line, whole) in whole.chain(forms) {
            for words in commands(&line) {
                seen += 1;
                let refused = refusal(&words, whole);
                assert_eq!(refused, None, "{}: {line}", path.display());
            }
        }
    }
    assert!(seen >= 30, "{seen} command lines");
}

#[test]
fn every_example_of_the_help_is_a_command_line() {
    fn check(command: &clap::Command, seen: &mut usize) {
        let texts = [command.get_after_help(), command.get_after_long_help()].into_iter().flatten();
        for text in texts.map(ToString::to_string) {
            for line in text.lines().filter(|line| line.starts_with("  ")) {
                for words in commands(line.split("   ").next().unwrap_or(line).trim()) {
                    *seen += 1;
                    assert_eq!(refusal(&words, true), None, "{line}");
                }
            }
        }
        command.get_subcommands().for_each(|inner| check(inner, seen));
    }
    let mut seen = 0;
    check(&help::command(), &mut seen);
    assert!(seen >= 20, "{seen} examples");
}

#[test]
fn a_wrong_line_would_be_noticed() {
    for line in [
        "ofauth upload --recusive a",
        "A=b ofauth uplod x | jq .",
        "x=$(ofauth api --describ x)",
        "cargo run --package ofauth-cli -- upload a --sandbx",
        "ffmpeg -i a - | ofauth upload - --filname x",
    ] {
        let found = commands(line);
        assert_eq!(found.len(), 1, "{line}");
        assert!(refusal(&found[0], true).is_some(), "{line}");
    }
    assert!(refusal(&["ofauth".into(), "upload".into()], true).is_some());
    assert!(refusal(&["ofauth".into(), "upload".into()], false).is_none());
}

//! Completion in the shell: what may stand at the cursor.
//!
//! A small script for each shell asks the command itself, by `ofauth __complete`, so that operations, sessions and flags
//! are always those of the command that runs. Files are left to the shell, which knows its own quotes. This module
//! sends nothing and needs no key.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{Arg, Command, CommandFactory, ValueHint};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate, complete};
use clap_complete::{Shell, generate};
use ofauth::unversioned::PROXY_REQUEST;
use ofauth::unversioned::display_safe::one_line;
use ofauth::{Journal, JournaledUpload};

use crate::args::{Cli, Global};
use crate::state::{self, State};

/// What the scripts take for "any file" and "any directory".
const FILES: &str = ":files";
const DIRECTORIES: &str = ":directories";

/// Where a script has the path of this command, for when it is not found by its name.
const PLACE: &str = "@OFAUTH@";

/// The script for a shell.
pub(crate) fn script(shell: Shell) -> Vec<u8> {
    let text = match shell {
        Shell::Bash => include_str!("ofauth.bash"),
        Shell::Zsh => include_str!("ofauth.zsh"),
        Shell::Fish => include_str!("ofauth.fish"),
        other => {
            let mut text = Vec::new();
            generate(other, &mut Cli::command(), "ofauth", &mut text);
            return text;
        }
    };
    let here = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("ofauth"));
    text.replace(PLACE, &quoted(&here.to_string_lossy())).into_bytes()
}

/// A text in the quotes that bash, zsh and fish share.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "'\\''"))
}

thread_local! {
    /// The words of the line that is completed: what is offered for one may depend on the others.
    static LINE: RefCell<Vec<OsString>> = const { RefCell::new(Vec::new()) };
}

/// What may stand at `index` of a line, one a line, with a tab and what it is for.
pub(crate) fn candidates(words: Vec<OsString>, index: usize) -> String {
    let typed = words.get(index).cloned().unwrap_or_default();
    LINE.replace(words.clone());
    let mut command = Cli::command();
    command.build();
    let mut command = teach(command);
    let found = complete(&mut command, words, index, None).unwrap_or_default();
    let is_flag = |text: &OsStr| text.to_string_lossy().starts_with('-');
    let mut lines = Vec::new();
    for candidate in found {
        let value = candidate.get_value();
        // Flags are offered when one is begun, not among files and words.
        if is_flag(value) && !is_flag(&typed) {
            continue;
        }
        let value = value.to_string_lossy();
        if let Some(files) = [FILES, DIRECTORIES].into_iter().find(|files| value.ends_with(files)) {
            // Behind `--flag=` the value is a file; a flag that is begun itself is none.
            if value == files && is_flag(&typed) {
                continue;
            }
            return files.to_owned();
        }
        let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
        let first = help.lines().next().unwrap_or_default();
        lines.push(if first.is_empty() { value.into_owned() } else { format!("{value}\t{first}") });
    }
    lines.join("\n")
}

/// The command line with what is known of values: which are files, operations, sessions.
fn teach(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let command = command.mut_args(move |arg| teach_value(&name, arg));
    command.mut_subcommands(teach)
}

fn teach_value(command: &str, arg: Arg) -> Arg {
    let candidates = match (command, arg.get_id().as_str(), arg.get_value_hint()) {
        ("api", "operation" | "describe", _) => ArgValueCandidates::new(operations),
        ("api", "param", _) => ArgValueCandidates::new(parameters),
        ("show", "id", _) | ("forget", "ids", _) => ArgValueCandidates::new(sessions),
        (_, _, ValueHint::AnyPath | ValueHint::FilePath) => return arg.add(mark(FILES)),
        (_, _, ValueHint::DirPath) => return arg.add(mark(DIRECTORIES)),
        _ => return arg,
    };
    arg.add(candidates)
}

/// Stands for files in the place of a value, whatever of it was typed.
fn mark(kind: &'static str) -> ArgValueCompleter {
    ArgValueCompleter::new(move |_: &OsStr| vec![CompletionCandidate::new(kind)])
}

fn operations() -> Vec<CompletionCandidate> {
    let table = ofauth::operations().iter();
    let mut all: Vec<_> = table
        .map(|operation| CompletionCandidate::new(operation.id).help(Some(operation.summary.into())))
        .collect();
    all.push(CompletionCandidate::new(PROXY_REQUEST));
    all
}

/// The parameters of the operation that is on the line, but those that are to go.
fn parameters() -> Vec<CompletionCandidate> {
    let find = |word: &OsString| ofauth::operations::find(word.to_str()?);
    let parameters = LINE
        .with_borrow(|words| words.iter().find_map(find))
        .map_or(&[][..], |operation| operation.parameters);
    let kept = parameters.iter().filter(|parameter| !parameter.deprecated);
    kept.map(|parameter| CompletionCandidate::new(format!("{}=", parameter.name))).collect()
}

/// The uploads that were interrupted, in the state directory that the line or the environment names.
fn sessions() -> Vec<CompletionCandidate> {
    let state_dir = LINE.with_borrow(|words| value_of(words, "--state-dir"));
    let Some(root) = state::find(&Global { state_dir, ..Global::default() }) else { return Vec::new() };
    // Whoever completes a line is told of no error.
    let sessions = Journal::new(State::at(root).journal()).sessions().unwrap_or_default();
    let candidate = |session: &JournaledUpload| {
        let file = session.file.as_deref().map(|file| one_line(file).into_owned());
        CompletionCandidate::new(&session.id).help(file.map(Into::into))
    };
    sessions.iter().map(candidate).collect()
}

/// The value of a flag on a line, written as `--flag value` or `--flag=value`.
fn value_of(words: &[OsString], flag: &str) -> Option<PathBuf> {
    let position = words.iter().position(|word| word == flag);
    let next = position.and_then(|at| words.get(at + 1));
    let same = words.iter().find_map(|word| word.to_str()?.strip_prefix(flag)?.strip_prefix('='));
    next.map(PathBuf::from).or_else(|| same.map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is offered at the end of a line.
    fn offered(line: &str) -> Vec<String> {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let index = words.len() - 1;
        candidates(words, index).lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_value_of_a_flag_is_found_in_both_forms() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(value_of(&words("ofauth --state-dir a show"), "--state-dir"), Some("a".into()));
        assert_eq!(value_of(&words("ofauth --state-dir=b show"), "--state-dir"), Some("b".into()));
        assert_eq!(value_of(&words("ofauth show"), "--state-dir"), None);
    }

    #[test]
    fn every_place_of_a_line_offers_what_may_stand_there() {
        for (line, expected) in [
            ("ofauth upload ", &[":files"][..]),
            ("ofauth upload cl", &[":files"]),
            ("ofauth upload a.jpg ", &[":files"]),
            ("ofauth upload --skip", &["--skip-existing"]),
            ("ofauth upload --api-key-file ", &[":files"]),
            ("ofauth upload --api-key-file=", &[":files"]),
            ("ofauth upload --state-dir ", &[":directories"]),
            ("ofauth --config ", &[":files"]),
            ("ofauth man --dir ", &[":directories"]),
            ("ofauth upload --post ", &[]),
            ("ofauth post ", &["get", "update", "delete", "list", "help"]),
            ("ofauth sess", &["sessions"]),
            ("ofauth sessions fo", &["forget"]),
            ("ofauth completions ba", &["bash"]),
            ("ofauth vault-plus b", &["batch"]),
            ("ofauth sandbox --faults ", &[":files"]),
        ] {
            assert_eq!(offered(line), expected, "{line:?}");
        }
        let ids = ofauth::operations().iter().map(|operation| operation.id);
        let ids: Vec<&str> = ids.filter(|id| id.starts_with("list_vault_m")).collect();
        assert!(ids.contains(&"list_vault_media"));
        for line in ["ofauth api list_vault_m", "ofauth api --describe list_vault_m"] {
            assert_eq!(offered(line), ids, "{line:?}");
        }
        let all = offered("ofauth ");
        assert!(all.contains(&"upload".to_owned()) && all.iter().all(|one| !one.starts_with('-')), "{all:?}");
        assert!(!all.iter().any(|one| one.starts_with('_')), "{all:?}");
        assert!(offered("ofauth api ").len() > ofauth::operations().len());
    }
}

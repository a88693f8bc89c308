//! How the command line is presented: what help shows where.
//!
//! Flags that every command takes are shown once, by `ofauth --help`, and not again by each command, where they would
//! bury its own. What may be typed is the business of [`crate::args`].

use std::ffi::OsString;

use clap::{Arg, Command, CommandFactory, FromArgMatches};

use crate::args::Cli;

/// What stands below the help of each command.
const GLOBAL: &str = "Global options, such as --connection, --json and --sandbox: ofauth --help";

/// The command line, as help and manual pages show it.
pub(crate) fn command() -> Command {
    let command =
        Cli::command().mut_args(|arg| if arg.is_global_set() { arg.hide_short_help(true) } else { arg });
    let global: Vec<Arg> = command.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    let hidden: Vec<Arg> = global.into_iter().map(|arg| arg.hide(true)).collect();
    command.mut_subcommands(|inner| without_global(inner, &hidden))
}

/// A command that takes the global flags and does not show them.
fn without_global(command: Command, hidden: &[Arg]) -> Command {
    let after = command.get_after_long_help().or(command.get_after_help());
    let after = after.map_or_else(|| GLOBAL.to_owned(), |text| format!("{text}\n\n{GLOBAL}"));
    let long = command.get_after_long_help().is_some();
    let command = command.args(hidden).mut_subcommands(|inner| without_global(inner, hidden));
    if long { command.after_long_help(after).after_help(GLOBAL) } else { command.after_help(after) }
}

/// The command line, ready to read: its list of commands is short enough for a screen. `-h` and `--help` are known, and a list
/// is longer with a command and flags that say the same.
fn built(mut command: Command) -> Command {
    command.build();
    let command = command.mut_subcommand("help", |help| help.hide(true));
    let quiet = |arg: Arg| arg.hide_short_help(true);
    command.mut_arg("help", quiet).mut_arg("version", quiet)
}

/// Reads a command line, the name of the program included.
pub(crate) fn parse<T: Into<OsString> + Clone>(
    words: impl IntoIterator<Item = T>,
) -> Result<Cli, clap::Error> {
    let mut command = built(command());
    let matches = command.try_get_matches_from_mut(words)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new terminal, and what a prompt takes of it.
    const LINES: usize = 24 - 1;
    const COLUMNS: usize = 80;

    /// Runs `check` with every command and its name.
    fn each(command: &Command, name: &str, check: &mut dyn FnMut(&Command, &str)) {
        let name = format!("{name} {}", command.get_name());
        check(command, name.trim());
        for inner in command.get_subcommands() {
            each(inner, &name, check);
        }
    }

    /// What help says in a terminal of so many columns.
    fn help(words: &[&str], columns: usize) -> String {
        let mut command = built(command().term_width(columns).max_term_width(110));
        command.try_get_matches_from_mut(words).unwrap_err().to_string()
    }

    #[test]
    fn the_command_alone_fits_on_a_screen_with_all_commands() {
        for words in [&["ofauth"][..], &["ofauth", "-h"]] {
            let text = help(words, COLUMNS);
            assert!(text.lines().count() <= LINES, "{}\n{text}", text.lines().count());
            for name in ["upload", "sessions", "whoami", "api", "sandbox", "completions", "man"] {
                assert!(text.lines().any(|line| line.trim_start().starts_with(name)), "{name}:\n{text}");
            }
        }
    }

    #[test]
    fn global_options_are_shown_once() {
        let global: Vec<String> = Cli::command()
            .get_arguments()
            .filter(|arg| arg.is_global_set())
            .filter_map(|arg| Some(format!("--{}", arg.get_long()?)))
            .collect();
        assert!(global.len() >= 17);
        let shown = help(&["ofauth", "--help"], COLUMNS);
        assert!(global.iter().all(|flag| shown.contains(flag.as_str())), "{shown}");
        each(&command(), "", &mut |command, name| {
            if !name.contains(' ') || name.ends_with("__complete") {
                return;
            }
            for flag in ["-h", "--help"] {
                let words: Vec<&str> = name.split(' ').chain([flag]).collect();
                let text = help(&words, COLUMNS);
                let options = text.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
                let repeated =
                    options.filter(|line| global.iter().any(|flag| line.contains(flag.as_str()))).count();
                assert_eq!(repeated, 0, "{name} {flag}:\n{text}");
                assert!(text.contains(GLOBAL) || command.has_subcommands(), "{name} {flag}:\n{text}");
            }
        });
    }

    /// Lines that begin with a space are to be copied; all others are paragraphs, which the terminal breaks.
    #[test]
    fn nothing_is_broken_twice() {
        each(&command(), "", &mut |command, name| {
            let texts = [command.get_after_help(), command.get_after_long_help(), command.get_long_about()];
            for text in texts.into_iter().flatten().map(ToString::to_string) {
                let lines: Vec<&str> = text.lines().collect();
                for pair in lines.windows(2) {
                    let both = pair.iter().all(|line| !line.is_empty() && !line.starts_with(' '));
                    assert!(!both, "{name} breaks a paragraph by hand: {pair:?}");
                }
                let long = lines.iter().find(|line| line.starts_with(' ') && line.len() > COLUMNS);
                assert_eq!(long, None, "{name} has a line that is broken at {COLUMNS} columns");
            }
        });
        let text = help(&["ofauth", "sandbox", "--help"], COLUMNS);
        assert!(text.contains("  [{\"on\": {\"operation\": \"upload\", \"each_part\": true},\n"), "{text}");
    }
}

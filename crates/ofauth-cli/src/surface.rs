//! What scripts rely on in the command line and in exit codes, made anew and compared with the listings in `tests/surface`.
//!
//! Reads the real command line and the real table of exit codes. Nothing is run.

use std::path::Path;

use clap::{Arg, ArgAction, Command};
use ofauth::ErrorKind;

use crate::exit::{Exit, TABLE};
use crate::help;

#[test]
fn the_command_line_is_what_was_accepted() {
    let mut command = help::command();
    command.build();
    let mut lines = Vec::new();
    add(&command, "", &mut lines);
    lines.extend(settings());
    assert!(lines.len() > 100, "{lines:#?}");
    ofauth_surface::check("command", lines);
}

#[test]
fn the_exit_codes_are_what_was_accepted() {
    let mut lines = rows(TABLE);
    assert!(lines.len() > 8, "{lines:?}");
    let kinds = ErrorKind::ALL.iter();
    lines.extend(kinds.map(|kind| format!("for an error of kind {kind} = {}", Exit::of(*kind).code())));
    ofauth_surface::check("exit-codes", lines);
}

/// The rows of a table, `  CODE  MEANING`, each on a line. A row may go on in lines that are indented further.
fn rows(table: &str) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for line in table.lines().filter_map(|line| line.strip_prefix("  ")) {
        match (line.split_once("  "), rows.last_mut()) {
            (Some((code, meaning)), _) if !code.is_empty() => rows.push(format!("{code} = {meaning}")),
            (_, Some(row)) => *row += &format!(" {}", line.trim()),
            _ => {}
        }
    }
    rows
}

#[test]
fn a_row_may_go_on_in_the_next_line() {
    let table = "Exit codes:\n  0  done\n  1  this, that\n     or something\n  130  end\nMore.";
    assert_eq!(rows(table), ["0 = done", "1 = this, that or something", "130 = end"]);
}

/// The lines of a command, and of those below it.
fn add(command: &Command, above: &str, lines: &mut Vec<String>) {
    let name = format!("{above}{}", command.get_name());
    let hidden = if command.is_hide_set() { ", not shown" } else { "" };
    lines.push(format!("{name} = command{hidden}"));
    lines.extend(command.get_all_aliases().map(|alias| format!("{above}{alias} = {name}")));
    let is_top = above.is_empty();
    for arg in command.get_arguments().filter(|arg| is_top || !arg.is_global_set()) {
        // Every command has these.
        if is_top || !["help", "version"].contains(&arg.get_id().as_str()) {
            lines.push(format!("{name} {} = {}", called(arg), described(command, arg)));
        }
    }
    // `help` has all commands below it once more.
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        add(inner, &format!("{name} "), lines);
    }
}

/// How an argument is typed, its value left out.
fn called(arg: &Arg) -> String {
    match (arg.get_long(), arg.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => values(arg).join(" "),
    }
}

fn values(arg: &Arg) -> Vec<String> {
    let names = arg.get_value_names().unwrap_or_default();
    names.iter().map(|name| format!("<{name}>")).collect()
}

/// All that matters of an argument to those who type it.
fn described(command: &Command, arg: &Arg) -> String {
    let mut parts = Vec::new();
    if arg.is_positional() {
        parts.push("argument".to_owned());
    } else if arg.get_action().takes_values() {
        parts.push(values(arg).join(" "));
    } else {
        parts.push("flag".to_owned());
    }
    let shorts = arg.get_short().filter(|_| arg.get_long().is_some()).into_iter();
    parts.extend(
        shorts.chain(arg.get_all_short_aliases().unwrap_or_default()).map(|short| format!("-{short}")),
    );
    parts.extend(arg.get_all_aliases().unwrap_or_default().iter().map(|long| format!("--{long}")));
    if arg.is_required_set() {
        parts.push("required".to_owned());
    }
    let is_list = arg.get_num_args().is_some_and(|count| count.max_values() > 1);
    if is_list || matches!(arg.get_action(), ArgAction::Append | ArgAction::Count) {
        parts.push("may be repeated".to_owned());
    }
    if arg.is_global_set() {
        parts.push("for every command".to_owned());
    }
    let words: Vec<_> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if arg.get_action().takes_values() && !words.is_empty() {
        parts.push(format!("one of {}", words.join(" ")));
    }
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if arg.get_action().takes_values() && !defaults.is_empty() {
        let text = defaults.join(" ");
        parts.push(if text.is_empty() { "default empty".to_owned() } else { format!("default {text}") });
    }
    // What only the help text knows: the value is another one if somebody asks for it.
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let said = help.split_once("[default: ").and_then(|(_, rest)| rest.split_once(']'));
    parts.extend(
        said.map(|(text, _)| format!("default {}", text.split_whitespace().collect::<Vec<_>>().join(" "))),
    );
    let conflicts = command.get_arg_conflicts_with(arg).into_iter().map(called).collect::<Vec<_>>();
    if !conflicts.is_empty() {
        parts.push(format!("not with {}", conflicts.join(" ")));
    }
    parts.join(", ")
}

/// The variables that the command reads and the keys of its configuration file, by the words in its sources.
fn settings() -> Vec<String> {
    let mut shipped = Vec::new();
    sources(Path::new("src"), &mut shipped);
    let words =
        shipped.iter().flat_map(|text| text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')));
    let is_variable = |word: &&str| {
        let is_ours = ["OFAUTH_", "XDG_"].iter().any(|start| word.starts_with(start));
        let proxy = word.strip_suffix("_proxy").or(word.strip_suffix("_PROXY"));
        is_ours
            || proxy.is_some_and(|of| ["http", "https", "all", "no"].contains(&of.to_lowercase().as_str()))
    };
    let mut lines: Vec<_> =
        words.filter(is_variable).map(|name| format!("environment {name} = variable")).collect();
    let keys =
        shipped.iter().find_map(|text| text.split_once("match name.as_str() {")?.1.split_once("_ if "));
    let keys: Vec<_> = keys.map(|(arms, _)| arms.lines().filter_map(key)).unwrap().collect();
    assert!(lines.len() > 8 && keys.len() > 7, "{lines:?} {keys:?}");
    lines.extend(keys);
    lines.sort();
    lines.dedup();
    lines
}

/// The key of the configuration file that an arm of the reader is for.
fn key(line: &str) -> Option<String> {
    let (name, _) = line.trim().strip_prefix('"')?.split_once("\" =>")?;
    Some(format!("configuration {name} = key"))
}

/// The texts of the sources in a folder, without their tests.
fn sources(folder: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("surface.rs")
        {
            let text = std::fs::read_to_string(&path).unwrap();
            let shipped = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            into.push(
                shipped
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"))
                    .collect::<Vec<_>>()
                    .join("\n"),
            );
        }
    }
}

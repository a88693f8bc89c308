//! `ofauth man`: manual pages made from the command line's own description.
//!
//! The generator knows names, flags and subcommands. What follows them in `--help` is one block of text to it, so
//! this module makes the sections that manual pages have of that text.

use std::io;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use ofauth::ErrorKind;
use roff::{Roff, roman};

use crate::app::App;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::help;

/// The section for text that stands under no heading.
const NOTES: &str = "NOTES";

/// The headings of the help texts, and the sections that manual pages have for them.
const SECTIONS: [(&str, &str); 4] = [
    ("Example:", "EXAMPLES"),
    ("Examples:", "EXAMPLES"),
    ("Environment:", "ENVIRONMENT"),
    ("Exit codes:", "EXIT STATUS"),
];

/// Prints the manual page, or writes all of them into `dir`.
pub(crate) fn man(app: &App, dir: Option<&Path>) -> Result<Exit> {
    let mut command = help::command().disable_help_subcommand(true);
    command.build();
    let Some(dir) = dir else {
        let page = page(&command)
            .map_err(|error| Failure::io(ErrorKind::Internal, "the manual page cannot be made", &error))?;
        app.out.raw(&page);
        return Ok(Exit::Done);
    };
    write_pages(&command, dir).map_err(|error| {
        let what = format!("the manual pages cannot be written into {}", dir.display());
        Failure::io(ErrorKind::InvalidArgument, what, &error)
    })?;
    Ok(Exit::Done)
}

/// Writes the page of a command and those of its subcommands.
fn write_pages(command: &Command, dir: &Path) -> io::Result<()> {
    for inner in command.get_subcommands() {
        write_pages(inner, dir)?;
    }
    std::fs::write(dir.join(Man::new(command.clone()).get_filename()), page(command)?)
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(help) = command.get_after_long_help().or(command.get_after_help()) {
        sections(&help.to_string()).to_writer(&mut page)?;
    }
    if command.get_version().is_some() {
        man.render_version_section(&mut page)?;
    }
    Ok(page)
}

/// The text after the options: headings become sections, and indented lines stay as they are.
fn sections(help: &str) -> Roff {
    let mut roff = Roff::new();
    let mut section = None;
    let mut as_it_is = false;
    for line in help.lines() {
        let heading = SECTIONS.iter().find(|(heading, _)| *heading == line).map(|(_, section)| *section);
        if let Some(next) = heading.or(section.is_none().then_some(NOTES)) {
            if std::mem::take(&mut as_it_is) {
                roff.control("fi", []);
            }
            section = Some(next);
            roff.control("SH", [next]);
        }
        if heading.is_some() {
            continue;
        }
        if line.starts_with(' ') != as_it_is && !line.is_empty() {
            as_it_is = !as_it_is;
            roff.control(if as_it_is { "nf" } else { "fi" }, []);
        }
        match line {
            "" => roff.control("PP", []),
            line => roff.text([roman(line)]),
        };
    }
    if as_it_is {
        roff.control("fi", []);
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_become_sections_and_indented_lines_keep_their_ends() {
        let text = "Says\nsomething.\n\nExamples:\n  one\n  two\n\nExit codes:\n  0  done\nThe worst.";
        let roff = sections(text).to_roff();
        let lines: Vec<&str> = roff.lines().map(str::trim_end).collect();
        assert_eq!(
            lines,
            [
                ".SH NOTES",
                "Says",
                "something.",
                ".PP",
                ".SH EXAMPLES",
                ".nf",
                "  one",
                "  two",
                ".PP",
                ".fi",
                ".SH \"EXIT STATUS\"",
                ".nf",
                "  0  done",
                ".fi",
                "The worst."
            ]
        );
    }

    #[test]
    fn every_page_is_plain_ascii() {
        fn check(command: &Command) {
            let page = page(command).unwrap();
            let text = String::from_utf8(page).unwrap();
            assert!(text.is_ascii(), "{text}");
            assert!(!text.contains("EXTRA"));
            command.get_subcommands().for_each(check);
        }
        let mut command = help::command();
        command.build();
        check(&command);
    }
}

//! `cargo xtask`: the tasks of the repository. The work is in the library of the same package.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use xtask::artefact::{self, Artefact};
use xtask::codegen;
use xtask::simulate::{self, Seeds};
use xtask::update::{self, Input, Outcome};
use xtask::{USAGE, abi, dist, header, source};

/// What goes through a document calls itself for each level of it, and so does what it calls.
const STACK: usize = 256 << 20;

/// Exit code of a document that cannot be read.
const UNREADABLE: u8 = 2;

fn main() -> ExitCode {
    let task = std::thread::Builder::new().stack_size(STACK).spawn(run);
    let done = task.map(|task| task.join().unwrap_or(Ok(ExitCode::FAILURE)));
    match done.map_err(anyhow::Error::new).and_then(|done| done) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["update", file] if !file.starts_with("--") => return update(file),
        ["diff", old, new] if !old.starts_with("--") => return diff(old, new),
        ["codegen"] => generate(&codegen::artefacts(&source::merged()?)?),
        ["codegen", "--check"] => check(&codegen::artefacts(&source::merged()?)?),
        ["codegen", "header"] => generate(&[header::artefact(&source::root()?)?]),
        ["codegen", "header", "--check"] => check(&[header::artefact(&source::root()?)?]),
        ["merge"] => merge("-"),
        ["merge", file] if !file.starts_with("--") => merge(file),
        ["dist"] => pack(None),
        ["dist", out] if !out.starts_with("--") => pack(Some(Path::new(out))),
        ["abi", old] if !old.starts_with("--") => abi::compare(Path::new(old), None),
        ["abi", old, new] => abi::compare(Path::new(old), Some(Path::new(new))),
        ["simulate", rest @ ..] => simulate::simulate(Seeds::read(rest)?),
        ["help" | "--help" | "-h"] => show(&USAGE),
        other => bail!("unknown task {:?}\n\n{USAGE}", other.join(" ")),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// Standard output is the text of the change that an update becomes; how it goes is told on standard error.
fn update(file: &str) -> Result<ExitCode> {
    source::root()?;
    let input = match Input::read(file) {
        Ok(input) => input,
        Err(error) => return Ok(unreadable(&error)),
    };
    match update::update(input)? {
        Outcome::Updated { verdict, notes } => {
            for note in &notes {
                eprintln!("note: {note}");
            }
            show(&format!("{verdict}\n"))?;
            Ok(ExitCode::SUCCESS)
        }
        Outcome::Undecided(findings) => {
            for finding in &findings {
                show(&format!("{finding}\n"))?;
            }
            eprintln!("{} to decide; nothing is written", findings.len());
            Ok(ExitCode::FAILURE)
        }
    }
}

fn diff(old: &str, new: &str) -> Result<ExitCode> {
    let (old, new) = match (Input::read(old), Input::read(new)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(error), _) | (_, Err(error)) => return Ok(unreadable(&error)),
    };
    show(&format!("{}\n", update::diff(old, new)?))?;
    Ok(ExitCode::SUCCESS)
}

fn unreadable(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::from(UNREADABLE)
}

fn show(text: &dyn Display) -> Result<()> {
    write!(std::io::stdout(), "{text}").context("cannot write to standard output")
}

fn generate(artefacts: &[Artefact]) -> Result<()> {
    let written = artefact::write(&source::root()?, artefacts)?;
    for path in &written {
        eprintln!("wrote {}", path.display());
    }
    eprintln!("{} of {} generated files changed", written.len(), artefacts.len());
    Ok(())
}

fn check(artefacts: &[Artefact]) -> Result<()> {
    let stale = artefact::stale(&source::root()?, artefacts);
    for file in &stale {
        eprintln!("{} is not current, from line {}", file.path.display(), file.line);
    }
    if !stale.is_empty() {
        bail!("run `cargo xtask codegen`");
    }
    match artefacts {
        [one] => eprintln!("{} is current", one.path.display()),
        all => eprintln!("{} generated files are current", all.len()),
    }
    Ok(())
}

fn pack(out: Option<&Path>) -> Result<()> {
    let made = dist::dist(out)?;
    println!("{}\n{}", made.tree.display(), made.tarball.display());
    Ok(())
}

fn merge(file: &str) -> Result<()> {
    let mut text = serde_json::to_string_pretty(&source::merged()?)?;
    text.push('\n');
    match file {
        "-" => show(&text),
        file => std::fs::write(file, text).with_context(|| format!("cannot write {file}")),
    }
}

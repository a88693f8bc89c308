//! `cargo xtask`: the tasks of the repository. The work is in the library of the same package.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use xtask::artefact::{self, Artefact};
use xtask::codegen;
use xtask::simulate::{self, Seeds};
use xtask::{USAGE, abi, diff, dist, header, source};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["codegen"] => generate(&codegen::artefacts(&source::merged()?)?),
        ["codegen", "--check"] => check(&codegen::artefacts(&source::merged()?)?),
        ["codegen", "header"] => generate(&[header::artefact(&source::root()?)?]),
        ["codegen", "header", "--check"] => check(&[header::artefact(&source::root()?)?]),
        ["merge"] => merge("-"),
        ["merge", file] if !file.starts_with("--") => merge(file),
        ["diff", old, new] => compare(old, new),
        ["dist"] => pack(None),
        ["dist", out] if !out.starts_with("--") => pack(Some(Path::new(out))),
        ["abi", old] if !old.starts_with("--") => abi::compare(Path::new(old), None),
        ["abi", old, new] => abi::compare(Path::new(old), Some(Path::new(new))),
        ["simulate", rest @ ..] => simulate::simulate(Seeds::read(rest)?),
        ["help" | "--help" | "-h"] => {
            std::io::stdout().write_all(USAGE.as_bytes())?;
            Ok(())
        }
        other => bail!("unknown task {:?}\n\n{USAGE}", other.join(" ")),
    }
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

/// What cannot be read has an exit code of its own.
fn compare(old: &str, new: &str) -> Result<()> {
    match diff::diff(old, new) {
        Ok(verdict) => writeln!(std::io::stdout(), "{verdict}").context("cannot write to standard output"),
        Err(error) => {
            eprintln!("Error: {error:#}");
            std::process::exit(2);
        }
    }
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
        "-" => std::io::stdout().write_all(text.as_bytes()).context("cannot write to standard output"),
        file => std::fs::write(file, text).with_context(|| format!("cannot write {file}")),
    }
}

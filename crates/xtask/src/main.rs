//! `cargo xtask`: the tasks of the repository. The work is in the library of the same package.

use std::io::Write;

use anyhow::{Context, Result, bail};
use xtask::{codegen, source};

const USAGE: &str = "\
cargo xtask codegen [--check]   write the generated files, or fail if one is not current
cargo xtask merge [FILE|-]      write the merged OpenAPI document as JSON
";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["codegen"] => generate(),
        ["codegen", "--check"] => check(),
        ["merge"] => merge("-"),
        ["merge", file] if !file.starts_with("--") => merge(file),
        ["help" | "--help" | "-h"] => {
            std::io::stdout().write_all(USAGE.as_bytes())?;
            Ok(())
        }
        other => bail!("unknown task {:?}\n\n{USAGE}", other.join(" ")),
    }
}

fn generate() -> Result<()> {
    let artefacts = codegen::artefacts(&source::merged()?)?;
    let written = codegen::write(&source::root(), &artefacts)?;
    for path in &written {
        eprintln!("wrote {}", path.display());
    }
    eprintln!("{} of {} generated files changed", written.len(), artefacts.len());
    Ok(())
}

fn check() -> Result<()> {
    let artefacts = codegen::artefacts(&source::merged()?)?;
    let stale = codegen::stale(&source::root(), &artefacts);
    for file in &stale {
        eprintln!("{} is not current, from line {}", file.path.display(), file.line);
    }
    if !stale.is_empty() {
        bail!("run `cargo xtask codegen`");
    }
    eprintln!("{} generated files are current", artefacts.len());
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

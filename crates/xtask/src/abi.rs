//! `cargo xtask abi`: whether programs built against an older libofauth run with this one, as abidiff sees it.
//!
//! By hand only. The tests compare prototypes; abidiff compares what the compilers made of them, sizes and layouts
//! included. Both libraries need debug information and must come from the same kind of build.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::dist::{Profile, build};
use crate::header::{self, Declaration, declarations};
use crate::source;

/// What is compared; the rest of the library is nobody's business.
const OURS: &str = "^ofauth_";

/// The bits of abidiff's exit code that mean a difference; all others mean that it could not compare.
const DIFFERENT: i32 = 4 | 8;

/// Compares `old` with `new`, or with a build of this checkout with debug information.
///
/// abidiff's report goes to standard output.
///
/// # Errors
///
/// If anything was removed or changed, abidiff is missing, or a library cannot be read.
pub fn compare(old: &Path, new: Option<&Path>) -> Result<()> {
    ensure!(old.is_file(), "{} is not a file", old.display());
    match Command::new("abidiff").arg("--version").stdout(Stdio::null()).status() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("abidiff is missing; on Debian: apt-get install abigail-tools");
        }
        other => other.context("cannot run abidiff")?,
    };
    let new = match new {
        Some(new) => new.to_owned(),
        None => build(Profile::Abi)?.shared,
    };
    ensure!(new.is_file(), "{} is not a file", new.display());
    eprintln!("comparing {} with {}", old.display(), new.display());

    let suppressions = std::env::temp_dir().join(format!("ofauth-{}.abignore", std::process::id()));
    fs::write(&suppressions, opaque_types()?).context("cannot write for abidiff")?;
    let abidiff = |more: &[&str], report: Stdio| {
        let mut command = Command::new("abidiff");
        command.args(["--fail-no-debug-info", "--keep", OURS, "--suppr"]).arg(&suppressions).args(more);
        command.args([old, &new]).stdout(report).status().context("cannot run abidiff")
    };
    // The report shows what was added, too; the verdict is about the rest.
    let all = abidiff(&[], Stdio::inherit());
    let without_additions = abidiff(&["--no-added-syms"], Stdio::null());
    fs::remove_file(&suppressions).context("cannot clean up after abidiff")?;
    eprintln!("{}", verdict(all?.code(), without_additions?.code())?);
    Ok(())
}

/// Tells abidiff which types programs only hold pointers to: what is in them may change.
fn opaque_types() -> Result<String> {
    let header = header::artefact(&source::root()?)?.text;
    let opaque = declarations(&header)?.into_iter().filter_map(|declaration| match declaration {
        Declaration::Opaque { name } => Some(name),
        _ => None,
    });
    let names = opaque.collect::<Vec<_>>().join("|");
    Ok(format!("[suppress_type]\n  name_regexp = ^ofauth_ffi::[a-z_]*::({names})$\n"))
}

/// What the exit codes of abidiff mean, with and without what was added.
fn verdict(all: Option<i32>, without_additions: Option<i32>) -> Result<&'static str> {
    match (all, without_additions) {
        (Some(0), _) => Ok("the binary interface is the same"),
        (Some(all), Some(0)) if all & !DIFFERENT == 0 => {
            Ok("the binary interface grew; programs built against the old library run with the new one")
        }
        (Some(all), Some(_)) if all & !DIFFERENT == 0 => {
            bail!("the binary interface changed: programs built against the old library may break")
        }
        (Some(all), _) => bail!("abidiff could not compare (code {all})"),
        (None, _) => bail!("abidiff was stopped by a signal"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_abidiff_has_a_verdict() {
        assert!(verdict(Some(0), Some(0)).unwrap().contains("the same"));
        assert!(verdict(Some(4), Some(0)).unwrap().contains("grew"));
        let wrong =
            [(Some(4), Some(4)), (Some(12), Some(12)), (Some(1), Some(1)), (Some(3), Some(3)), (None, None)];
        for (all, without_additions) in wrong {
            assert!(verdict(all, without_additions).is_err(), "{all:?}");
        }
    }

    #[test]
    fn types_that_programs_cannot_look_into_are_left_out() {
        let text = opaque_types().unwrap();
        assert!(text.contains("ofauth_client") && !text.contains("ofauth_progress"), "{text}");
    }

    #[test]
    fn a_library_that_is_not_there_is_named() {
        let error = compare(Path::new("no/such.so"), None).unwrap_err();
        assert_eq!(error.to_string(), "no/such.so is not a file");
    }
}

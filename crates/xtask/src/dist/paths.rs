//! Keeps the paths of this machine out of what is built: they name whoever builds, and differ from machine to machine.
//!
//! The compiler writes the paths of sources into the texts of panics. It is told what to write instead.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The variable by which cargo takes flags of the compiler that may hold spaces, and what stands between them.
pub(super) const VARIABLE: &str = "CARGO_ENCODED_RUSTFLAGS";
const BETWEEN: char = '\x1f';

/// What that variable is to be: the flags that the caller's environment has, and what is written instead of each path.
pub(super) fn flags(root: &Path, target_directory: &Path) -> Result<OsString> {
    let given = std::env::var(VARIABLE).or_else(|_| {
        std::env::var("RUSTFLAGS").map(|flags| flags.split_whitespace().collect::<Vec<_>>().join("\x1f"))
    });
    let mut flags: Vec<OsString> =
        given.ok().filter(|given| !given.is_empty()).map(OsString::from).into_iter().collect();
    for (path, instead) in replaced(root, target_directory)? {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(path);
        flag.push("=");
        flag.push(instead);
        flags.push(flag);
    }
    Ok(flags.join(OsString::from(BETWEEN.to_string()).as_os_str()))
}

/// The paths, and what is written instead. Of several that fit, the compiler takes the last.
pub fn replaced(root: &Path, target_directory: &Path) -> Result<Vec<(PathBuf, &'static str)>> {
    let home = std::env::home_dir().unwrap_or_default();
    let cargo = std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    let all = [
        (home, "home"),
        (cargo, "cargo"),
        (sysroot()?, "rust"),
        (target_directory.to_owned(), "target"),
        (root.to_owned(), "ofauth"),
    ];
    // Without a home, or with the root of the file system for one, there is nothing to replace.
    Ok(all.into_iter().filter(|(path, _)| path.parent().is_some()).collect())
}

fn sysroot() -> Result<PathBuf> {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(compiler).args(["--print", "sysroot"]).output().context("cannot run rustc")?;
    Ok(String::from_utf8(output.stdout)?.trim().into())
}

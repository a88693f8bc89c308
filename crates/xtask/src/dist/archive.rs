//! Makes the static library one that links beside any other.
//!
//! The compiler's archive shows the symbols of Rust's own runtime to everybody: a second Rust library in the same program
//! defines them again, and a plugin that holds it exports them. Here its members become one object that shows the functions
//! of the header and nothing else, without debug information. It needs `ld`, `objcopy` and `ar` of the GNU binutils:
//! those that the C compiler of the platform runs.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::build::Built;
use super::compiler::Compiler;

/// What the library shows.
const SHOWN: &str = "ofauth_*";

/// What the joined object leaves out. Groups would have the linker throw away functions that another library has a copy
/// of, and keep what refers to them. Bitcode, which some members of std carry, makes archivers call for a plugin of LLVM.
const LEFT_OUT: [&str; 3] = [".group", ".llvmbc", ".llvmcmd"];

/// The archive to install. Where the platform's tools cannot make it, that is said, and it is the compiler's.
pub(super) fn joined(built: &Built, scratch: &Path) -> Result<PathBuf> {
    let why = if built.target.contains("-linux-") {
        let compiler = Compiler::of(&built.target, &built.host)?;
        let tools = Tools {
            ld: compiler.program("ld")?,
            objcopy: compiler.program("objcopy")?,
            ar: compiler.program("ar")?,
        };
        match tools.missing() {
            None => return tools.join(&built.archive, scratch),
            Some(tool) => format!("{tool} of the GNU binutils is missing"),
        }
    } else {
        format!("how is not known on {}", built.target)
    };
    eprintln!(
        "libofauth.a is as the compiler made it, for {why}: it cannot be linked together with another static library of Rust"
    );
    Ok(built.archive.clone())
}

/// The programs of the binutils that are for the platform.
struct Tools {
    ld: String,
    objcopy: String,
    ar: String,
}

impl Tools {
    /// One that cannot be run.
    fn missing(&self) -> Option<&str> {
        let runs = |tool: &&str| {
            Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success())
        };
        [self.ld.as_str(), &self.objcopy, &self.ar].into_iter().find(|tool| !runs(tool))
    }

    fn join(&self, archive: &Path, scratch: &Path) -> Result<PathBuf> {
        // Empty, or what an interrupted run has left would be added to.
        if scratch.exists() {
            fs::remove_dir_all(scratch)?;
        }
        fs::create_dir_all(scratch)?;
        let [whole, object, joined] = ["whole.o", "ofauth.o", "libofauth.a"].map(|name| scratch.join(name));
        tool(
            &self.ld,
            &[
                OsStr::new("-r"),
                OsStr::new("-o"),
                whole.as_os_str(),
                OsStr::new("--whole-archive"),
                archive.as_os_str(),
            ],
        )?;
        let shown = format!("--keep-global-symbol={SHOWN}");
        let left_out = LEFT_OUT.map(|section| format!("--remove-section={section}"));
        let mut arguments = vec![OsStr::new("--wildcard"), OsStr::new("--strip-debug"), OsStr::new(&shown)];
        arguments.extend(left_out.iter().map(OsStr::new));
        arguments.extend([whole.as_os_str(), object.as_os_str()]);
        tool(&self.objcopy, &arguments)?;
        // D: without times and owners.
        tool(&self.ar, &[OsStr::new("rcsD"), joined.as_os_str(), object.as_os_str()])?;
        Ok(joined)
    }
}

fn tool(name: &str, arguments: &[&OsStr]) -> Result<()> {
    let output = Command::new(name).args(arguments).output().with_context(|| format!("cannot run {name}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} cannot join the members of libofauth.a: {}", said.trim());
    Ok(())
}

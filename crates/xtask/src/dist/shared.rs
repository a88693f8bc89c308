//! Links the shared library from the static one, so that its symbols have a version.
//!
//! A program then names the version that it was built with, and a later function that behaves otherwise can live beside the
//! old one. The compiler cannot do this: it gives the linker a version script of its own, which has no version, and one that
//! is added is refused or lost. It needs the C compiler of the platform.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::build::Built;
use super::compiler::Compiler;

/// The version of every symbol. Functions that are added join it; one that changes gets a second version.
pub const SYMBOL_VERSION: &str = "OFAUTH_1";

/// How it is linked. Relocations are made read-only and functions are looked up at the start (RELRO, BIND_NOW), so that a
/// missing one is noticed there. The library registers destructors of threads, which would crash if dlclose removed their
/// code (nodelete). What nobody can reach is left out (gc-sections), and a symbol that is nowhere is an error (defs).
const FLAGS: [&str; 8] = [
    "-Wl,-z,relro",
    "-Wl,-z,now",
    "-Wl,-z,nodelete",
    "-Wl,-z,defs",
    "-Wl,-z,noexecstack",
    "-Wl,--gc-sections",
    "-Wl,--strip-debug",
    "-Wl,--build-id=sha1",
];

/// The library to install. Where it cannot be linked so, that is said, and it is the compiler's, without versions.
pub(super) fn versioned(built: &Built, abi: u32, scratch: &Path) -> Result<PathBuf> {
    if !built.target.contains("-linux-") {
        eprintln!("libofauth has no symbol versions: how is not known on {}", built.target);
        return Ok(built.shared.clone());
    }
    fs::create_dir_all(scratch)?;
    let [script, library] = ["symbols.map", "libofauth.so"].map(|name| scratch.join(name));
    fs::write(&script, format!("{SYMBOL_VERSION} {{\n  global: ofauth_*;\n  local: *;\n}};\n"))?;
    let compiler = Compiler::of(&built.target, &built.host)?;
    let mut linker = compiler.command();
    linker.args(["-shared", "-o"]).arg(&library).arg(format!("-Wl,-soname,libofauth.so.{abi}"));
    let mut version = OsString::from("-Wl,--version-script=");
    version.push(&script);
    linker.arg(version).args(FLAGS);
    linker.arg("-Wl,--whole-archive").arg(&built.archive).arg("-Wl,--no-whole-archive");
    linker.arg("-Wl,--as-needed").args(built.native_libraries.split_whitespace());
    let output = linker.output().with_context(|| {
        let target = &built.target;
        format!(
            "cannot run {compiler}, which links libofauth.so: install a C compiler for {target}, or name one in CC_{target}"
        )
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "libofauth.so cannot be linked from libofauth.a: {}", said.trim());
    Ok(library)
}

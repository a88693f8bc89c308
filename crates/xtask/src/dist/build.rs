//! Builds package `ofauth-capi` with cargo, and says what came out.
//!
//! What it needs to know it takes from cargo's own messages: paths are not guessed.

use std::io::BufReader;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use cargo_metadata::{Message, MetadataCommand};

use super::paths;
use crate::source;

const PACKAGE: &str = "ofauth-capi";

/// What a build is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// For users: the release profile.
    Release,
    /// For abidiff: with types, and without the optimisation that takes long. In a directory of its own, because
    /// everything is built once more.
    Abi,
}

/// What a build made.
#[derive(Debug, Clone)]
pub struct Built {
    /// The shared library.
    pub shared: PathBuf,
    /// The static library.
    pub archive: PathBuf,
    /// What a program that takes the static library is linked with besides, as flags of the linker.
    pub native_libraries: String,
    /// The platform that it is for.
    pub target: String,
    /// The platform that it was built on.
    pub host: String,
    /// Where cargo builds this workspace.
    pub target_directory: PathBuf,
}

/// Builds both libraries.
///
/// # Errors
///
/// If cargo cannot be run or the build fails; the compiler's own words go to standard error.
pub fn build(profile: Profile) -> Result<Built> {
    let root = source::root()?;
    let metadata = MetadataCommand::new().current_dir(&root).no_deps().exec()?;
    let target_directory = metadata.target_directory.into_std_path_buf();
    let mut command = cargo();
    command.env(paths::VARIABLE, paths::flags(&root, &target_directory)?);
    command.args(["rustc", "--package", PACKAGE, "--lib", "--release", "--message-format", "json"]);
    if profile == Profile::Abi {
        command
            .arg("--target-dir")
            .arg(target_directory.join("abi"))
            .env("CARGO_PROFILE_RELEASE_DEBUG", "full")
            .env("CARGO_PROFILE_RELEASE_STRIP", "none")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
    }
    command.args(["--", "--print", "native-static-libs"]).current_dir(&root).stdout(Stdio::piped());

    let mut child = command.spawn().context("cannot run cargo")?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut files = Vec::new();
    let mut native_libraries = None;
    for message in Message::parse_stream(BufReader::new(output)) {
        match message.context("cannot read cargo's messages")? {
            Message::CompilerArtifact(artifact) if artifact.target.name == "ofauth" => {
                files.extend(artifact.filenames.into_iter().map(PathBuf::from));
            }
            Message::CompilerMessage(message) => {
                let text = &message.message.message;
                match text.strip_prefix("native-static-libs:") {
                    Some(libraries) => native_libraries = Some(libraries.trim().to_owned()),
                    None if text.starts_with("link against the following native artifacts") => {}
                    None => eprint!("{}", message.message.rendered.unwrap_or_default()),
                }
            }
            _ => {}
        }
    }
    ensure!(child.wait()?.success(), "{PACKAGE} does not build");

    let with = |extensions: &[&str]| {
        let has =
            |file: &&PathBuf| file.extension().is_some_and(|it| extensions.iter().any(|one| it == *one));
        files
            .iter()
            .find(has)
            .cloned()
            .with_context(|| format!("cargo made no file {extensions:?}: {files:?}"))
    };
    let host = host()?;
    Ok(Built {
        shared: with(&["so", "dylib", "dll"])?,
        archive: with(&["a", "lib"])?,
        native_libraries: native_libraries.context("the compiler did not name the native libraries")?,
        target: std::env::var("CARGO_BUILD_TARGET").unwrap_or_else(|_| host.clone()),
        host,
        target_directory,
    })
}

/// Cargo, without what an outer cargo told the program that it runs: build scripts that listen to those variables
/// would run again, and with them half of the build, whenever another package asks.
fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let of_a_package =
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|it| text.starts_with(it));
        if of_a_package || ["CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"].contains(&text.as_ref()) {
            command.env_remove(&name);
        }
    }
    command
}

/// The platform that cargo runs on.
fn host() -> Result<String> {
    let output = cargo().arg("-vV").output().context("cannot run cargo")?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("cargo does not say what it runs on")?.to_owned())
}

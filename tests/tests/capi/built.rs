//! Small programs in C++ and Go that stand in `tests/cpp` and `tests/go`, built against the library that is shipped.

use std::path::PathBuf;

use tempfile::TempDir;
use tokio::process::Command;

use crate::go::{go, module};
use crate::program::{STRICT, pkg_config};
use crate::run::{command, copy, root, run, scratch, tool};
use crate::tree::tree;

/// A program, which is gone with this.
pub(crate) struct Built {
    _directory: TempDir,
    program: PathBuf,
}

impl Built {
    /// `tests/cpp/NAME.cpp`.
    pub(crate) async fn from_cpp(name: &str) -> Self {
        let directory = scratch();
        let program = directory.path().join(name);
        let mut compiler = command("c++");
        let strict = STRICT.iter().filter(|flag| !flag.starts_with("-std"));
        compiler.args(["-std=c++17", "-pthread"]).args(strict);
        compiler.arg(root().join(format!("tests/cpp/{name}.cpp"))).arg("-o").arg(&program);
        run(compiler.args(pkg_config(&["--cflags", "--libs"]).await), 120).await.succeeds();
        Self { _directory: directory, program }
    }

    /// `tests/go/NAME`; none on a machine without Go.
    pub(crate) async fn from_go(name: &str) -> Option<Self> {
        tool("go")?;
        let directory = scratch();
        copy(&root().join("tests/go").join(name), directory.path());
        module(directory.path(), name);
        run(&mut go(directory.path(), &["build", "-o", name, "."]), 400).await.succeeds();
        let program = directory.path().join(name);
        Some(Self { _directory: directory, program })
    }

    /// Runs it.
    pub(crate) fn command(&self) -> Command {
        let mut command = command(&self.program);
        command.env_remove("PATH").env("LD_LIBRARY_PATH", tree().library());
        command
    }
}

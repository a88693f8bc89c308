//! Compiles the C programs of `tests/c` against the tree, with nothing but what `pkg-config` says, and runs them: as
//! they are, under valgrind, and with the compiler's sanitizers.

use std::path::{Path, PathBuf};

use crate::cases;
use crate::run::{Ended, command, root, run, scratch, tool};
use crate::server::Environment;
use crate::tree::tree;

/// What every C program has to pass.
pub(crate) const STRICT: &[&str] = &["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// How a program is built and run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// As it is.
    Plain,
    /// Under valgrind, with rounds of loops cut to so many.
    Valgrind(u32),
    /// With AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer, with rounds of loops cut to so many.
    Sanitized(u32),
}

/// What a checker ends a program with when it found something.
const FOUND: &str = "99";

/// A compiled program.
pub(crate) struct Program {
    name: String,
    way: Way,
    // Removed with the program.
    directory: tempfile::TempDir,
    path: PathBuf,
}

/// The flags that `pkg-config` answers for the tree.
pub(crate) async fn pkg_config(arguments: &[&str]) -> Vec<String> {
    let mut command = command("pkg-config");
    command.env("PKG_CONFIG_PATH", tree().pkg_config()).args(arguments).arg("ofauth");
    let flags = run(&mut command, 20).await.succeeds().out;
    flags.split_whitespace().map(str::to_owned).collect()
}

impl Program {
    /// Compiles `tests/c/<name>.c`; nothing if this machine lacks what `way` needs.
    pub(crate) async fn compile(name: &str, way: Way) -> Option<Self> {
        if matches!(way, Way::Valgrind(_)) {
            tool("valgrind")?;
        }
        let directory = scratch();
        for (file, text) in cases::included(tree()) {
            std::fs::write(directory.path().join(file), text).unwrap();
        }
        let authority = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(directory.path().join("authority.pem"), authority.cert.pem()).unwrap();
        let path = directory.path().join(name);
        let mut compiler = command("cc");
        compiler.current_dir(directory.path()).args(STRICT).args([
            "-g",
            "-O1",
            "-pthread",
            "-rdynamic",
            "-I.",
        ]);
        if matches!(way, Way::Sanitized(_)) {
            compiler.args([
                "-fsanitize=address,undefined",
                "-fno-sanitize-recover=all",
                "-fno-omit-frame-pointer",
            ]);
        }
        compiler.arg(root().join(format!("tests/c/{name}.c"))).arg("-o").arg(&path);
        compiler.args(pkg_config(&["--cflags", "--libs"]).await);
        run(&mut compiler, 60).await.succeeds();
        Some(Self { name: name.to_owned(), way, directory, path })
    }

    /// Runs it, against a server if there is one, for at most `seconds`.
    pub(crate) async fn run(&self, server: Option<&Environment>, arguments: &[&str], seconds: u64) -> Ended {
        let ended = run(&mut self.command(server, arguments), seconds).await;
        ended.show(&format!("{} {:?}", self.name, self.way));
        ended
    }

    /// What runs it.
    pub(crate) fn command(
        &self,
        server: Option<&Environment>,
        arguments: &[&str],
    ) -> tokio::process::Command {
        let mut command = match self.way {
            Way::Valgrind(_) => self.under_valgrind(server.is_some_and(Environment::is_tls)),
            Way::Plain | Way::Sanitized(_) => command(&self.path),
        };
        command.env_remove("PATH").env("LD_LIBRARY_PATH", tree().library());
        command.env("AUTHORITY", self.directory.path().join("authority.pem"));
        match self.way {
            Way::Plain => {}
            Way::Valgrind(rounds) => {
                command.env("ROUNDS", rounds.to_string()).env("CHECKER", "valgrind");
            }
            Way::Sanitized(rounds) => {
                let options = |more: &str| format!("exitcode={FOUND}:{more}");
                command
                    .env("ROUNDS", rounds.to_string())
                    .env("CHECKER", "sanitizers")
                    .env("ASAN_OPTIONS", options("detect_leaks=1:detect_stack_use_after_return=1"))
                    .env("UBSAN_OPTIONS", options("print_stacktrace=1"));
            }
        }
        if let Some(server) = server {
            server.tell(&mut command);
        }
        command.args(arguments);
        command
    }

    /// Over TLS without the question which values are initialised: valgrind takes the authentication tags of records,
    /// which come out of assembly, for uninitialised. Reads, writes and leaks are looked at as ever.
    fn under_valgrind(&self, tls: bool) -> tokio::process::Command {
        let mut command = command(tool("valgrind").unwrap());
        command
            .args(["--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite", "--fair-sched=yes"])
            .arg(format!("--error-exitcode={FOUND}"))
            .arg("--show-leak-kinds=definite")
            .args(tls.then_some("--undef-value-errors=no"))
            .arg(&self.path);
        command
    }
}

/// Compiles and runs a program in one go; fails if it does. Nothing if this machine lacks what `way` needs.
pub(crate) async fn play(name: &str, way: Way, server: Option<&Environment>, seconds: u64) -> Option<Ended> {
    let program = Program::compile(name, way).await?;
    Some(program.run(server, &[], seconds).await.succeeds())
}

/// Compiles texts as C or C++ and links them into a program; the result is what the compiler said.
pub(crate) async fn build(compiler: &str, flags: &[&str], sources: &[(&str, &str)], into: &Path) -> Ended {
    let mut command = command(compiler);
    command.current_dir(into).args(flags);
    for (file, text) in sources {
        std::fs::write(into.join(file), text).unwrap();
        command.arg(file);
    }
    command.args(["-o", "built"]).args(pkg_config(&["--cflags", "--libs"]).await);
    run(&mut command, 60).await
}

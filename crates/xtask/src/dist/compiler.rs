//! The C compiler of a platform, which links, and the programs that belong to it.
//!
//! It is named as cargo's build scripts have it named, so that what links fits what was compiled: by the variables that the
//! crate `cc` reads, and without one by what that crate takes for the platform. The compiler of this machine is never taken
//! for another platform unless a variable says so.

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// A C compiler: a program and its first arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Compiler {
    program: String,
    arguments: Vec<String>,
}

impl Compiler {
    /// The compiler for `target` on a machine that is a `host`.
    pub(super) fn of(target: &str, host: &str) -> Result<Self> {
        match named(target, host, |name| std::env::var(name).ok()) {
            Some(compiler) => Ok(compiler),
            None => default(target, host),
        }
    }

    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }

    /// The program of this name that the compiler itself would run, such as `ld`: the platform's, not this machine's.
    pub(super) fn program(&self, name: &str) -> Result<String> {
        let mut command = self.command();
        command.arg(format!("-print-prog-name={name}"));
        let output = command.output().with_context(|| format!("cannot run {self}"))?;
        let said = String::from_utf8(output.stdout)?.trim().to_owned();
        // Compilers that do not know the question run the program by its name.
        Ok(if output.status.success() && !said.is_empty() { said } else { name.to_owned() })
    }
}

impl fmt::Display for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.program)?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
    }
}

/// The compiler that a variable names, which may hold arguments or a wrapper, such as `ccache gcc`: words between blanks, as
/// for make.
fn named(target: &str, host: &str, variable: impl Fn(&str) -> Option<String>) -> Option<Compiler> {
    let names = [
        format!("CC_{target}"),
        format!("CC_{}", target.replace(['-', '.'], "_")),
        if target == host { "HOST_CC" } else { "TARGET_CC" }.to_owned(),
        "CC".to_owned(),
    ];
    names.iter().filter_map(|name| variable(name)).find_map(|value| {
        // The path of a program may have blanks.
        if Path::new(&value).is_file() {
            return Some(Compiler { program: value, arguments: Vec::new() });
        }
        let mut words = value.split_whitespace().map(str::to_owned);
        Some(Compiler { program: words.next()?, arguments: words.collect() })
    })
}

/// The compiler that a platform's build scripts run where no variable names one.
fn default(target: &str, host: &str) -> Result<Compiler> {
    let mut build = cc::Build::new();
    build.target(target).host(host).opt_level(0).cargo_output(false).cargo_metadata(false);
    let tool = build.try_get_compiler().with_context(|| format!("no C compiler is known for {target}"))?;
    Ok(Compiler { program: tool.path().display().to_string(), arguments: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "x86_64-unknown-linux-gnu";
    const OTHER: &str = "aarch64-unknown-linux-gnu";

    /// A target, the variables with their values, and the compiler.
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], Option<&'a str>);

    #[test]
    fn the_most_specific_variable_names_the_compiler_in_words() {
        let table: &[Case<'_>] = &[
            (HOST, &[], None),
            (HOST, &[("CC", "ccache gcc")], Some("ccache gcc")),
            (HOST, &[("CC", "  gcc-14\t-m64 ")], Some("gcc-14 -m64")),
            (HOST, &[("CC", " "), ("HOST_CC", "")], None),
            (HOST, &[("CC", "one"), ("HOST_CC", "two")], Some("two")),
            (HOST, &[("CC", "one"), ("TARGET_CC", "two")], Some("one")),
            (HOST, &[("CC", "one"), ("CC_aarch64_unknown_linux_gnu", "two")], Some("one")),
            (OTHER, &[("HOST_CC", "one")], None),
            (OTHER, &[("CC", "one")], Some("one")),
            (OTHER, &[("CC", "one"), ("TARGET_CC", "sccache two")], Some("sccache two")),
            (OTHER, &[("TARGET_CC", "two"), ("CC_aarch64_unknown_linux_gnu", "three")], Some("three")),
            (
                OTHER,
                &[("CC_aarch64_unknown_linux_gnu", "three"), ("CC_aarch64-unknown-linux-gnu", "four")],
                Some("four"),
            ),
            ("thumbv8m.main-none-eabi", &[("CC_thumbv8m_main_none_eabi", "one")], Some("one")),
        ];
        for (target, variables, expected) in table {
            let variable = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let found = named(target, HOST, variable).map(|compiler| compiler.to_string());
            assert_eq!(found.as_deref(), *expected, "{target} {variables:?}");
        }
    }

    #[test]
    fn a_wrapper_is_the_program_and_the_compiler_its_argument() {
        let compiler =
            named(HOST, HOST, |name| (name == "CC").then(|| "ccache gcc -m64".to_owned())).unwrap();
        let command = compiler.command();
        assert_eq!(command.get_program(), "ccache");
        assert!(command.get_args().eq(["gcc", "-m64"]));
    }

    #[test]
    fn another_platform_does_not_get_the_compiler_of_this_machine() {
        // What a variable of whoever runs this names is taken for all.
        for (target, expected) in [(HOST, "cc"), (OTHER, "aarch64-linux-gnu-gcc")] {
            let given = named(target, HOST, |name| std::env::var(name).ok());
            let compiler = default(target, HOST).unwrap().program;
            assert!(given.is_some() || compiler.ends_with(expected), "{target}: {compiler}");
        }
    }
}

//! `cargo xtask simulate`: many seeds of the upload engine's simulation, or one with all that happens in it.
//!
//! The simulation is a test of the package `ofauth`; this runs that test, optimised, and says with which seeds.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::source;

/// The test that runs seeds.
const TEST: &str = "simulation::seeds::seeds";

/// Which seeds are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seeds {
    /// So many, from a first one on.
    Range {
        /// The first one.
        from: u64,
        /// How many.
        count: u64,
    },
    /// This one, with everything that happens in it.
    One(u64),
}

impl Seeds {
    /// Reads `[--seeds N] [--from M]` or `--seed S`. Without any of them: 10 000 seeds from 0.
    ///
    /// # Errors
    ///
    /// If the arguments are others, a number is none, or a seed is given together with a range.
    pub fn read(arguments: &[&str]) -> Result<Self> {
        let (mut one, mut from, mut count) = (None, None, None);
        for pair in arguments.chunks(2) {
            let &[name, value] = pair else { bail!("{} wants a number", pair.join(" ")) };
            let number =
                || value.parse::<u64>().with_context(|| format!("{name} wants a number, not {value:?}"));
            let place = match name {
                "--seed" => &mut one,
                "--from" => &mut from,
                "--seeds" => &mut count,
                other => bail!("simulate does not know {other:?}"),
            };
            *place = Some(number()?);
        }
        match (one, from, count) {
            (Some(seed), None, None) => Ok(Self::One(seed)),
            (Some(_), _, _) => bail!("--seed is one seed: leave --seeds and --from out"),
            (None, from, count) => {
                Ok(Self::Range { from: from.unwrap_or(0), count: count.unwrap_or(10_000) })
            }
        }
    }

    fn variables(self) -> Vec<(&'static str, String)> {
        match self {
            Self::One(seed) => vec![("OFAUTH_SIMULATE_SEED", seed.to_string())],
            Self::Range { from, count } => {
                vec![("OFAUTH_SIMULATE_FROM", from.to_string()), ("OFAUTH_SIMULATE_SEEDS", count.to_string())]
            }
        }
    }
}

/// Runs them. What the test says goes to standard error: the speed, the seeds that failed, and why.
///
/// # Errors
///
/// If cargo cannot be run, the test does not compile, or a seed failed.
pub fn simulate(seeds: Seeds) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(source::root()?);
    command.args(["test", "--quiet", "--package", "ofauth", "--lib", "--"]);
    command.args(["--exact", TEST, "--nocapture"]);
    // Optimised, beside the tests that are not.
    command.env("CARGO_PROFILE_TEST_OPT_LEVEL", "2");
    for name in ["OFAUTH_SIMULATE_SEED", "OFAUTH_SIMULATE_FROM", "OFAUTH_SIMULATE_SEEDS"] {
        command.env_remove(name);
    }
    let status = command.envs(seeds.variables()).status().context("cannot run cargo")?;
    if !status.success() {
        bail!("the simulation failed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments() {
        let read = |text: &str| Seeds::read(&text.split_whitespace().collect::<Vec<_>>()).ok();
        assert_eq!(read(""), Some(Seeds::Range { from: 0, count: 10_000 }));
        assert_eq!(read("--seeds 7"), Some(Seeds::Range { from: 0, count: 7 }));
        assert_eq!(read("--from 5 --seeds 7"), Some(Seeds::Range { from: 5, count: 7 }));
        assert_eq!(read("--seed 9"), Some(Seeds::One(9)));
        for wrong in ["--seed", "--seed x", "--seed 1 --from 2", "--sed 1", "7", "--seeds -1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}

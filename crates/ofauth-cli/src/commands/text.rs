//! `ofauth completions`: a shell's script, made from the command line's own description.

use clap::CommandFactory;

use super::App;
use crate::args::Cli;
use crate::exit::Exit;
use crate::failure::Result;

/// Prints the completion script of a shell.
pub(crate) fn completions(app: &App, shell: clap_complete::Shell) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ofauth", &mut script);
    app.out.raw(&script);
    Ok(Exit::Done)
}

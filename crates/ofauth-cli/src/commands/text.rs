//! `ofauth completions` and `ofauth man`: texts made from the command line's own description.

use std::path::Path;

use clap::CommandFactory;
use ofauth::ErrorKind;

use super::App;
use crate::args::Cli;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Prints the completion script of a shell.
pub(crate) fn completions(app: &App, shell: clap_complete::Shell) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ofauth", &mut script);
    app.out.raw(&script);
    Ok(Exit::Done)
}

/// Prints the manual page, or writes all of them into `dir`.
pub(crate) fn man(app: &App, dir: Option<&Path>) -> Result<Exit> {
    let command = Cli::command();
    let Some(dir) = dir else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map_err(|error| Failure::io(ErrorKind::Internal, "the manual page cannot be made", &error))?;
        app.out.raw(&page);
        return Ok(Exit::Done);
    };
    clap_mangen::generate_to(command, dir).map_err(|error| {
        let what = format!("the manual pages cannot be written into {}", dir.display());
        Failure::io(ErrorKind::InvalidArgument, what, &error)
    })?;
    Ok(Exit::Done)
}

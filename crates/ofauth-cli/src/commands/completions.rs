//! `ofauth completions` and what its scripts ask: the texts of [`crate::completion`], printed.

use std::ffi::OsString;

use crate::app::App;
use crate::completion;
use crate::exit::Exit;
use crate::failure::Result;

/// Prints the completion script of a shell.
pub(crate) fn completions(app: &App, shell: clap_complete::Shell) -> Result<Exit> {
    app.out.raw(&completion::script(shell));
    Ok(Exit::Done)
}

/// Prints what may stand at a place of a line.
pub(crate) fn candidates(app: &App, words: Vec<OsString>, index: usize) -> Result<Exit> {
    app.out.raw((completion::candidates(words, index) + "\n").as_bytes());
    Ok(Exit::Done)
}

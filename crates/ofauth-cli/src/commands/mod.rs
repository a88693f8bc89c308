//! The subcommands, one module each, and what they share.

mod api;
mod api_schema;
mod api_table;
mod api_values;
mod content;
mod man;
mod post;
mod read;
mod sandbox;
mod sessions;
mod sessions_table;
mod text;
mod upload;

use crate::args::{Command, Global, VaultPlusCommand};
use crate::exit::Exit;
use crate::failure::Result;
use crate::interrupt::Interrupt;
use crate::output::Output;

/// What every command needs: the global flags, the streams, and Ctrl-C.
pub(crate) struct App {
    pub(crate) flags: Global,
    pub(crate) out: Output,
    pub(crate) interrupt: Interrupt,
}

/// Runs the command that was asked for.
pub(crate) async fn run(app: &App, command: &Command) -> Result<Exit> {
    match command {
        Command::Upload(args) => upload::run(app, args).await,
        Command::Sessions(command) => sessions::run(app, command),
        Command::Check(args) => read::check(app, args).await,
        Command::VaultPlus(VaultPlusCommand::Batch { ids }) => read::vault_plus_batch(app, ids).await,
        Command::Post(args) => post::run_post(app, args).await,
        Command::Message(args) => post::run_message(app, args).await,
        Command::Whoami => read::whoami(app).await,
        Command::Api(args) => api::run(app, args).await,
        Command::Sandbox(args) => sandbox::run(app, args).await,
        Command::Completions { shell } => text::completions(app, *shell),
        Command::Complete { index, words } => text::candidates(app, words.clone(), *index),
        Command::Man { dir } => man::man(app, dir.as_deref()),
    }
}

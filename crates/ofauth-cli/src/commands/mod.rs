//! The subcommands, one module each, and what they share.

mod api;
mod content;
mod man;
mod post;
mod read;
mod sandbox;
mod sessions;
mod upload;
mod webhook;

use crate::app::App;
use crate::args::{Command, VaultPlusCommand};
use crate::completion;
use crate::exit::Exit;
use crate::failure::Result;

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
        Command::Webhook(command) => webhook::run(app, command).await,
        Command::Sandbox(args) => sandbox::run(app, args).await,
        Command::Completions { shell } => print(app, &completion::script(*shell)),
        Command::Complete { index, words } => {
            print(app, (completion::candidates(words.clone(), *index) + "\n").as_bytes())
        }
        Command::Man { dir } => man::man(app, dir.as_deref()),
    }
}

fn print(app: &App, text: &[u8]) -> Result<Exit> {
    app.out.raw(text);
    Ok(Exit::Done)
}

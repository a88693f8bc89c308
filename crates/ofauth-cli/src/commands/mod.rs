//! The subcommands, one module each, and what they share.

mod account;
mod api;
mod content;
mod each_connection;
mod link;
mod losses;
mod man;
mod mistyped;
mod post;
mod read;
mod reply;
mod sandbox;
mod sessions;
mod upload;
mod vault;
mod vault_plus;
mod webhook;

use crate::app::App;
use crate::args::Command;
use crate::completion;
use crate::exit::Exit;
use crate::failure::Result;

/// Runs the command that was asked for.
pub(crate) async fn run(app: &App, command: &Command) -> Result<Exit> {
    match app.flags.each_connection {
        true => each_connection::run(app, command).await,
        false => run_once(app, command).await,
    }
}

async fn run_once(app: &App, command: &Command) -> Result<Exit> {
    match command {
        Command::Upload(args) => upload::run(app, args).await,
        Command::Sessions(command) => sessions::run(app, command),
        Command::Check(args) => read::check(app, args).await,
        Command::Vault(command) => vault::run(app, command).await,
        Command::VaultPlus(command) => vault_plus::run(app, command).await,
        Command::Link(args) => link::run(app, args).await,
        Command::Connections(command) => account::connections(app, command).await,
        Command::Settings(command) => account::settings(app, command).await,
        Command::Budget => account::budget(app).await,
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

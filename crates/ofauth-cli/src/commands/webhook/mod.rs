//! `ofauth webhook`: verifies webhooks, receives and forwards them, and sends examples. None of it needs a key.
//!
//! What is genuine is decided by `ofauth::webhooks`; here it is files, streams and connections.

mod forward;
mod intake;
mod listen;
mod secrets;
mod send;
mod target;
mod trigger;
mod verify;

use crate::app::App;
use crate::args::webhook::WebhookCommand;
use crate::exit::Exit;
use crate::failure::Result;

/// Runs the command.
pub(crate) async fn run(app: &App, command: &WebhookCommand) -> Result<Exit> {
    match command {
        WebhookCommand::Verify(args) => verify::run(app, args).await,
        WebhookCommand::Listen(args) => listen::run(app, args).await,
        WebhookCommand::Trigger(args) => trigger::run(app, args).await,
    }
}

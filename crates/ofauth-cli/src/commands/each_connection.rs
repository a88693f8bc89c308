//! `--each-connection`: runs a command for each active connection, one after another with one client, and ends with the worst
//! exit code.

use ofauth::unversioned::display_safe::one_line;

use super::{account, run_once, upload};
use crate::app::App;
use crate::args::Command;
use crate::args::account::SettingsCommand;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::interrupt::Interrupt;
use crate::output::events::Event;

/// Runs the command for all.
pub(super) async fn run(app: &App, command: &Command) -> Result<Exit> {
    if let Some(name) = without_connection(command) {
        return Err(Failure::argument(format!(
            "--each-connection is not for `ofauth {name}`: it acts for none"
        )));
    }
    let context = match command {
        Command::Upload(args) => upload::open(app, args).await?,
        _ => Context::open(app).await?,
    };
    let connections = app.interrupt.or_stop(account::active(&context)).await?;
    if connections.is_empty() {
        app.out.note("ofauth: there is no active connection");
    }
    let mut worst = Exit::Done;
    for connection in connections {
        let username = connection.username.as_deref();
        if app.out.is_json() {
            app.out.event(&Event::Connection { connection_id: &connection.id, username });
        }
        app.out.note(&format!(
            "== {} ({})",
            one_line(&connection.id),
            one_line(username.unwrap_or("no user name"))
        ));
        let mut one = app.clone();
        one.flags.each_connection = false;
        one.flags.connection = Some(connection.id.clone());
        one.shared = Some(context.share());
        let end = match run_once(&one, command).await {
            Ok(end) => end,
            Err(failure) => {
                app.out.failure(&failure);
                failure.exit()
            }
        };
        worst = worst.worse(end);
        if asked(&app.interrupt) {
            app.out.note("ofauth: interrupted; the connections behind this one were not tried");
            break;
        }
    }
    Ok(worst)
}

fn asked(interrupt: &Interrupt) -> bool {
    interrupt.cancel().is_cancelled()
}

/// The name of a command that acts for no connection.
fn without_connection(command: &Command) -> Option<&'static str> {
    match command {
        Command::Sessions(_) => Some("sessions"),
        Command::Webhook(_) => Some("webhook"),
        Command::Link(_) => Some("link"),
        Command::Connections(_) => Some("connections"),
        Command::Sandbox(_) => Some("sandbox"),
        Command::Whoami => Some("whoami"),
        Command::Completions { .. } | Command::Complete { .. } => Some("completions"),
        Command::Man { .. } => Some("man"),
        // The account's are the same for all.
        Command::Settings(
            SettingsCommand::Show { account: true } | SettingsCommand::Update { account: true, .. },
        ) => Some("settings --account"),
        _ => None,
    }
}

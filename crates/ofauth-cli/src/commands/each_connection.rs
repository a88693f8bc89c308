//! `--each-connection`: one command for all active connections, one after the other.
//!
//! A connection for which it fails does not keep it from the others, and the worst end counts.

use ofauth::unversioned::display_safe::one_line;
use ofauth::{Connection, ConnectionStatus, ErrorKind};

use crate::app::App;
use crate::args::Command;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::events::Event;

/// Runs the command for each active connection.
pub(super) async fn run(app: &App, command: &Command) -> Result<Exit> {
    if !acts_on_a_connection(command) {
        return Err(Failure::argument("--each-connection is for commands that act on a connection"));
    }
    let mut end = Exit::Done;
    let mut seen: u64 = 0;
    for connection in active(app).await? {
        let name = connection.username.as_deref().map(|name| format!(" ({})", one_line(name)));
        app.out.note(&format!("== {}{}", one_line(&connection.id), name.unwrap_or_default()));
        if app.out.is_json() {
            app.out
                .event(&Event::Connection { id: &connection.id, username: connection.username.as_deref() });
        }
        let mut flags = app.flags.clone();
        flags.connection = Some(connection.id.clone());
        let one = App { flags, out: app.out.clone(), interrupt: app.interrupt.clone() };
        let ended = super::run_once(&one, command).await.or_else(|failure| match failure.kind() {
            ErrorKind::Cancelled => Err(failure),
            _ => {
                app.out.failure(&failure);
                Ok(failure.exit())
            }
        })?;
        end = end.worse(ended);
        seen = seen.saturating_add(1);
    }
    if seen == 0 {
        app.out.note("ofauth: no connection is active: `ofauth connections list` shows all");
    }
    Ok(end)
}

/// The active connections. The others are named.
async fn active(app: &App) -> Result<Vec<Connection>> {
    let context = Context::open(app).await?;
    let mut all = context.client.connections();
    let mut active = Vec::new();
    while let Some(next) = app.interrupt.or_stop(async { all.next().await.transpose() }).await? {
        if next.status == ConnectionStatus::Active {
            active.push(next);
        } else {
            app.out.note(&format!("ofauth: {} is {} and is left out", one_line(&next.id), next.status));
        }
    }
    Ok(active)
}

/// Whether a command does something for one connection.
fn acts_on_a_connection(command: &Command) -> bool {
    match command {
        Command::Upload(_)
        | Command::Check(_)
        | Command::VaultPlus(_)
        | Command::Post(_)
        | Command::Message(_)
        | Command::Settings(_)
        | Command::Budget
        | Command::Api(_) => true,
        Command::Sessions(_)
        | Command::Whoami
        | Command::Connections(_)
        | Command::Sandbox(_)
        | Command::Completions { .. }
        | Command::Complete { .. }
        | Command::Man { .. } => false,
    }
}

//! `ofauth connections` and `ofauth budget`: the linked accounts, and what their request limits are known to be.

use ofauth::Connection;
use ofauth::unversioned::display_safe::one_line;

use super::confirm::confirm;
use crate::app::App;
use crate::args::account::{ConnectionsCommand, EndArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Result;
use crate::interrupt;
use crate::output::records::BudgetRecord;

/// Runs `ofauth connections`.
pub(super) async fn run(app: &App, command: &ConnectionsCommand) -> Result<Exit> {
    match command {
        ConnectionsCommand::List => list(app).await,
        ConnectionsCommand::Disconnect(args) => disconnect(app, args).await,
        ConnectionsCommand::Invalidate(args) => invalidate(app, args).await,
    }
}

async fn list(app: &App) -> Result<Exit> {
    let context = Context::open(app).await?;
    let mut connections = context.client.connections();
    while let Some(next) = app.interrupt.or_stop(async { connections.next().await.transpose() }).await? {
        let arrived = match app.out.is_json() {
            true => app.out.item("", &next.raw().to_string()),
            false => app.out.answer_line(&line(&next)),
        };
        if !arrived {
            break;
        }
    }
    Ok(Exit::Done)
}

/// What is known of a connection, for people and for `cut`: fields that are not known are empty.
fn line(connection: &Connection) -> String {
    let field =
        |text: &Option<String>| text.as_deref().map(|text| one_line(text).into_owned()).unwrap_or_default();
    let (name, reference) = (field(&connection.username), field(&connection.client_reference_id));
    format!("{}\t{}\t{name}\t{reference}", one_line(&connection.id), connection.status)
}

async fn disconnect(app: &App, args: &EndArgs) -> Result<Exit> {
    let id = one_line(&args.id);
    confirm(app, args.yes, &format!("Disconnect {id} for good? Its owner has to link the account again."))
        .await?;
    let context = Context::open(app).await?;
    let call = context.client.disconnect_connection(&args.id).cancel(app.interrupt.cancel());
    interrupt::ended("the connection was not ended", call.await)?;
    app.out.confirm(&format!("ofauth: {id} is disconnected"));
    Ok(Exit::Done)
}

async fn invalidate(app: &App, args: &EndArgs) -> Result<Exit> {
    let id = one_line(&args.id);
    confirm(app, args.yes, &format!("End the session of {id}? The account has to be linked again.")).await?;
    let context = Context::open(app).await?;
    let call = context.client.invalidate_connection(&args.id).cancel(app.interrupt.cancel());
    interrupt::ended("the session was not ended", call.await)?;
    app.out.confirm(&format!("ofauth: the session of {id} is ended"));
    Ok(Exit::Done)
}

/// Runs `ofauth budget`.
pub(super) async fn budget(app: &App) -> Result<Exit> {
    let context = Context::open(app).await?;
    context.need_connection()?;
    let client = context.client.clone();
    let known = app.interrupt.reading(move || Ok(client.budget(None)?)).await?;
    if app.out.is_json() {
        app.out.answer(&BudgetRecord::of(known));
        return Ok(Exit::Done);
    }
    app.out.answer_line(&match known {
        Some(known) => {
            format!("{} of {} left, next in {:.1} s", known.left, known.limit, known.next.as_secs_f64())
        }
        None => "no limit is known".to_owned(),
    });
    Ok(Exit::Done)
}

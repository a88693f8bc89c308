//! `ofauth connections`, `ofauth settings` and `ofauth budget`: the account, its connections, and what is left of their limits.

use ofauth::unversioned::display_safe::one_line;
use ofauth::{Connection, SettingsPatch};
use serde_json::{Map, Value, json};

use super::content::{json_or_text, split};
use super::reply::{agree, change, changed_to, read, walk, walk_with};
use crate::app::App;
use crate::args::account::{ConnectionsCommand, SettingsCommand};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Runs `ofauth connections`.
pub(crate) async fn connections(app: &App, command: &ConnectionsCommand) -> Result<Exit> {
    let context = Context::open(app).await?;
    let client = &context.client;
    match command {
        ConnectionsCommand::List(how) if app.out.is_json() => walk(app, how, client.connections()).await,
        ConnectionsCommand::List(how) => {
            walk_with(app, how, client.connections(), |one| app.out.answer_line(&line(one))).await
        }
        ConnectionsCommand::Disconnect { id, yes } => {
            agree(app, *yes, &format!("remove the connection {}", one_line(id))).await?;
            change(app, client.disconnect_connection(id), "the connection was removed").await
        }
        ConnectionsCommand::Invalidate { id, yes } => {
            agree(
                app,
                *yes,
                &format!("end the session of {}, whose creator has to sign in again", one_line(id)),
            )
            .await?;
            change(app, client.invalidate_connection(id), "the session was ended").await
        }
    }
}

/// A connection as a line: id, status, user name, reference; a dash for what is not known.
fn line(connection: &Connection) -> String {
    let known = |text: &Option<String>| one_line(text.as_deref().unwrap_or("-")).into_owned();
    let (name, reference) = (known(&connection.username), known(&connection.client_reference_id));
    format!("{}\t{}\t{name}\t{reference}", one_line(&connection.id), one_line(connection.status.as_str()))
}

/// Runs `ofauth settings`.
pub(crate) async fn settings(app: &App, command: &SettingsCommand) -> Result<Exit> {
    match command {
        SettingsCommand::Show { account } => {
            let context = Context::open(app).await?;
            match whose(&context, *account)? {
                None => read(app, context.client.account_settings(), |all| all.raw().clone()).await,
                Some(id) => read(app, context.client.connection_settings(id), |all| all.raw().clone()).await,
            }
        }
        SettingsCommand::Update { account, set, body, reset, yes } => {
            let patch = patch(app, set, body.as_deref(), *reset).await?;
            let context = Context::open(app).await?;
            let id = whose(&context, *account)?;
            update(app, &context, id, patch, *yes).await
        }
    }
}

async fn update(
    app: &App,
    context: &Context,
    id: Option<&str>,
    patch: SettingsPatch,
    yes: bool,
) -> Result<Exit> {
    let client = &context.client;
    let purges = match id {
        None => client.account_settings_purges(&patch),
        Some(id) => client.connection_settings_purges(id, &patch),
    };
    let purges = app.interrupt.or_stop(purges.send()).await?;
    for what in &purges {
        app.out.say(&format!("ofauth: what would delete copies: {what}"));
    }
    if !purges.is_empty() {
        agree(app, yes, "delete copies in Vault+").await?;
    }
    let patch = patch.allow_purge(!purges.is_empty());
    let call = match id {
        None => client.update_account_settings(&patch),
        Some(id) => client.update_connection_settings(id, &patch),
    };
    changed_to(app, call, |update| update.raw().clone()).await
}

/// The connection whose settings are meant; nothing for the account.
fn whose(context: &Context, account: bool) -> Result<Option<&str>> {
    if account {
        return Ok(None);
    }
    context.need_connection()?;
    Ok(context.connection.as_deref())
}

async fn patch(app: &App, set: &[String], body: Option<&str>, reset: bool) -> Result<SettingsPatch> {
    let mut patch = SettingsPatch::new();
    if reset {
        return Ok(patch.reset_to_account());
    }
    if let Some((bytes, origin)) = super::api::read_body(app, body).await? {
        let json: Value = serde_json::from_slice(&bytes)
            .map_err(|error| Failure::argument(format!("{origin} is not JSON: {error}")))?;
        patch = patch.merge(&json);
    }
    for pair in set {
        let (name, value) = split(pair, "--set")?;
        let name = name.rsplit('.').next().unwrap_or(name);
        patch = match name {
            "enabled" | "autoEnableForNewConnections" | "applyToExistingConnections" => {
                let field = Map::from_iter([(name.to_owned(), json_or_text(value))]);
                patch.merge(&json!({"vaultPlus": field}))
            }
            name => patch.setting(name, json_or_text(value)),
        };
    }
    Ok(patch)
}

/// Runs `ofauth budget`: of the connection, or of all.
pub(crate) async fn budget(app: &App) -> Result<Exit> {
    let context = Context::open(app).await?;
    let ids = match &context.connection {
        Some(id) => vec![id.clone()],
        None => {
            let connections = app.interrupt.or_stop(active(&context)).await?;
            connections.into_iter().map(|connection| connection.id).collect()
        }
    };
    for id in ids {
        let known = context.client.budget(id.as_str())?;
        let fields = known.map(|budget| (budget.limit, budget.left, budget.next.as_secs_f64()));
        let arrived = if app.out.is_json() {
            let (limit, left, next) = (fields.map(|it| it.0), fields.map(|it| it.1), fields.map(|it| it.2));
            app.out.record(&json!({"connectionId": id, "limit": limit, "left": left, "next": next}))
        } else {
            let text = fields.map_or_else(
                || "not known yet".to_owned(),
                |(limit, left, next)| format!("{left} of {limit} left, the next in {next:.1} s"),
            );
            app.out.line(&format!("{id}  {text}"))
        };
        if !arrived {
            break;
        }
    }
    Ok(Exit::Done)
}

/// The connections that can be acted for.
pub(super) async fn active(context: &Context) -> ofauth::Result<Vec<Connection>> {
    let mut items = context.client.connections();
    let mut active = Vec::new();
    while let Some(connection) = items.next().await {
        let connection = connection?;
        if connection.status == ofauth::ConnectionStatus::Active {
            active.push(connection);
        }
    }
    Ok(active)
}

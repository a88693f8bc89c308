//! `ofauth settings`: the Vault+ settings of a connection or of the account. A change that deletes copies says so first.

use ofauth::{Client, SettingsPatch, SettingsUpdate, TypedCall};
use serde_json::Value;

use super::confirm::confirm;
use super::content::{json_or_text, split};
use crate::app::App;
use crate::args::account::{SettingsCommand, SettingsUpdateArgs};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::interrupt;

/// Whose settings a command is about.
enum Whose<'a> {
    Account,
    Connection(&'a str),
}

impl Whose<'_> {
    async fn show(&self, client: &Client) -> ofauth::Result<Value> {
        match self {
            Self::Account => client.account_settings().await.map(|settings| settings.raw().clone()),
            Self::Connection(id) => {
                client.connection_settings(id).await.map(|settings| settings.raw().clone())
            }
        }
    }

    fn purges(&self, client: &Client, patch: &SettingsPatch) -> TypedCall<Vec<String>> {
        match self {
            Self::Account => client.account_settings_purges(patch),
            Self::Connection(id) => client.connection_settings_purges(id, patch),
        }
    }

    fn update(&self, client: &Client, patch: &SettingsPatch) -> TypedCall<SettingsUpdate> {
        match self {
            Self::Account => client.update_account_settings(patch),
            Self::Connection(id) => client.update_connection_settings(id, patch),
        }
    }
}

/// Runs `ofauth settings`.
pub(super) async fn run(app: &App, command: &SettingsCommand) -> Result<Exit> {
    let is_of_account = match command {
        SettingsCommand::Show { account } => *account,
        SettingsCommand::Update(args) => args.account,
    };
    let patch = match command {
        SettingsCommand::Show { .. } => None,
        SettingsCommand::Update(args) => Some((patch(args)?, args.yes)),
    };
    let context = Context::open(app).await?;
    let whose = match (&context.connection, is_of_account) {
        (_, true) => Whose::Account,
        (Some(id), false) => Whose::Connection(id),
        (None, false) => return context.need_connection().map(|()| Exit::Done),
    };
    match patch {
        None => app.out.answer(&app.interrupt.or_stop(whose.show(&context.client)).await?),
        Some((patch, is_said)) => update(app, &context.client, &whose, patch, is_said).await?,
    }
    Ok(Exit::Done)
}

async fn update(
    app: &App,
    client: &Client,
    whose: &Whose<'_>,
    patch: SettingsPatch,
    is_said: bool,
) -> Result<()> {
    let reasons = app.interrupt.or_stop(whose.purges(client, &patch).send()).await?;
    if !reasons.is_empty() {
        let question = format!("This deletes copies: {}. Go on?", reasons.join("; "));
        confirm(app, is_said, &question).await?;
    }
    let call = whose.update(client, &patch.allow_purge(!reasons.is_empty())).cancel(app.interrupt.cancel());
    let update = interrupt::ended("the settings were not changed", call.await)?;
    app.out.answer(update.raw());
    if update.purged > 0 {
        app.out
            .confirm(&format!("ofauth: {} copies were deleted, {} bytes", update.purged, update.freed_bytes));
    }
    Ok(())
}

/// The change that the flags describe.
fn patch(args: &SettingsUpdateArgs) -> Result<SettingsPatch> {
    let mut patch = SettingsPatch::new();
    if let Some(body) = &args.body {
        let json: Value = serde_json::from_str(body)
            .map_err(|error| Failure::argument(format!("--body is not JSON: {error}")))?;
        patch = patch.merge(&json);
    }
    if args.reset {
        patch = patch.reset_to_account();
    }
    for set in &args.set {
        let (name, value) = split(set, "--set")?;
        let value = json_or_text(value);
        let flag =
            || value.as_bool().ok_or_else(|| Failure::argument(format!("--set {name} takes true or false")));
        patch = match name {
            "enabled" => patch.enabled(flag()?),
            "autoEnableForNewConnections" => patch.auto_enable_for_new_connections(flag()?),
            "applyToExistingConnections" => patch.apply_to_existing_connections(flag()?),
            _ => patch.setting(name, value),
        };
    }
    Ok(patch)
}

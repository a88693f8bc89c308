//! The settings of Vault+: those of a connection and those of the account, read, and changed with care for what a change
//! deletes.
//!
//! [`patch`] puts changes together, [`purges`] says what they delete; here are the calls.

mod patch;
mod purges;

use serde_json::{Map, Value};

use self::patch::Of;
pub use self::patch::SettingsPatch;
use self::purges::{Present, purges, purges_of_all, purges_of_inheriting};
use crate::call::{Call, TypedCall};
use crate::cancel::Limits;
use crate::client::Client;
use crate::error::{Result, invalid};
use crate::http::response::Response;
use crate::object::{Raw, count_of, object, text_of};

/// The settings of one connection.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ConnectionSettings {
    /// The connection.
    pub connection_id: Option<String>,
    /// Whether it has Vault+, if the service says it.
    pub enabled: Option<bool>,
    /// The settings of the cache that it has of its own; the account's hold for the rest.
    pub overrides: Map<String, Value>,
    /// Bytes that Vault+ has of it.
    pub stored_bytes: Option<u64>,
    raw: Raw,
}

/// The settings of the account.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AccountSettings {
    /// Whether connections that are linked from now on have Vault+, if the service says it.
    pub auto_enable_for_new_connections: Option<bool>,
    /// The settings of the cache that hold where a connection has none of its own.
    pub defaults: Map<String, Value>,
    raw: Raw,
}

/// Settings that were changed, and what that deleted.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SettingsUpdate {
    /// The settings as they are now.
    pub settings: Value,
    /// Variants that were deleted.
    pub purged: u64,
    /// Bytes that are free now.
    pub freed_bytes: u64,
    /// Connections that the change was for, of a change of the account.
    pub affected_connections: Option<u64>,
    raw: Raw,
}

impl ConnectionSettings {
    fn read(answer: &Response) -> Result<Self> {
        let raw = object(answer, "read the settings of a connection")?;
        let of = raw.0.get("vaultPlus").cloned().unwrap_or_default();
        Ok(Self {
            connection_id: text_of(&raw.0, "connectionId"),
            enabled: of.get("enabled").and_then(Value::as_bool),
            overrides: map(&of, "settingsOverrides"),
            stored_bytes: of.get("stats").and_then(|stats| count_of(stats, "totalStorageBytes")),
            raw,
        })
    }

    /// All that the service said.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

impl AccountSettings {
    fn read(answer: &Response) -> Result<Self> {
        let raw = object(answer, "read the settings of the account")?;
        let of = raw.0.get("vaultPlus").cloned().unwrap_or_default();
        Ok(Self {
            auto_enable_for_new_connections: of.get("autoEnableForNewConnections").and_then(Value::as_bool),
            defaults: map(&of, "defaultSettings"),
            raw,
        })
    }

    /// All that the service said.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

impl SettingsUpdate {
    fn read(answer: &Response) -> Result<Self> {
        let raw = object(answer, "change settings")?;
        let one = raw.0.get("purgeResult");
        let all = raw.0.pointer("/broadcastResult/purgeResults").and_then(Value::as_array);
        let results = || one.into_iter().chain(all.into_iter().flatten());
        let sum = |field| results().filter_map(|of| count_of(of, field)).fold(0_u64, u64::saturating_add);
        Ok(Self {
            settings: raw.0.get("settings").cloned().unwrap_or_default(),
            purged: sum("purgedCount"),
            freed_bytes: sum("freedBytes"),
            affected_connections: raw
                .0
                .get("broadcastResult")
                .and_then(|of| count_of(of, "affectedConnections")),
            raw,
        })
    }

    /// All that the service said.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

impl Client {
    /// The settings of a connection.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// println!("{:?}", client.connection_settings("conn_abc123").await?.enabled);
    /// # Ok(()) }
    /// ```
    pub fn connection_settings(&self, connection_id: &str) -> TypedCall<ConnectionSettings> {
        let call = self.about_connection("get_connection_settings", connection_id);
        TypedCall::new("get_connection_settings", |limits| async move {
            ConnectionSettings::read(&call?.send_within(limits).await?)
        })
    }

    /// Changes the settings of a connection. The present ones are read first: changes that delete copies are refused unless
    /// the patch [allows](SettingsPatch::allow_purge) that, and nothing is sent then.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let patch = ofauth::SettingsPatch::new().cache_videos(false).allow_purge(true);
    /// let update = client.update_connection_settings("conn_abc123", &patch).await?;
    /// println!("{} variants are gone", update.purged);
    /// # Ok(()) }
    /// ```
    pub fn update_connection_settings(
        &self,
        connection_id: &str,
        patch: &SettingsPatch,
    ) -> TypedCall<SettingsUpdate> {
        let look = self.look_at_connection(connection_id);
        let (call, patch) =
            (self.about_connection("update_connection_settings", connection_id), patch.clone());
        TypedCall::new("update_connection_settings", |limits| async move {
            let body = patch.body(Of::Connection)?;
            if !patch.may_purge {
                refuse(&look.purges(&patch, &limits).await?)?;
            }
            SettingsUpdate::read(&call?.json(&body).send_within(limits).await?)
        })
    }

    /// Why changes to the settings of a connection would delete copies; empty if they would not. Nothing is changed.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let patch = ofauth::SettingsPatch::new().retention_days(7);
    /// for reason in client.connection_settings_purges("conn_abc123", &patch).await? {
    ///     println!("{reason}");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn connection_settings_purges(
        &self,
        connection_id: &str,
        patch: &SettingsPatch,
    ) -> TypedCall<Vec<String>> {
        let (look, patch) = (self.look_at_connection(connection_id), patch.clone());
        TypedCall::new("get_connection_settings", |limits| async move {
            patch.body(Of::Connection)?;
            look.purges(&patch, &limits).await
        })
    }

    /// The settings of the account.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// println!("{:?}", client.account_settings().await?.defaults.get("retentionDays"));
    /// # Ok(()) }
    /// ```
    pub fn account_settings(&self) -> TypedCall<AccountSettings> {
        let call = self.call("get_account_settings");
        TypedCall::new("get_account_settings", |limits| async move {
            AccountSettings::read(&call.send_within(limits).await?)
        })
    }

    /// Changes the settings of the account. Changes that may delete copies are refused unless the patch
    /// [allows](SettingsPatch::allow_purge) that, and nothing is sent then: those that connections without settings of their own
    /// inherit, and all that are applied to connections that exist.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let patch = ofauth::SettingsPatch::new().auto_enable_for_new_connections(true);
    /// client.update_account_settings(&patch).await?;
    /// # Ok(()) }
    /// ```
    pub fn update_account_settings(&self, patch: &SettingsPatch) -> TypedCall<SettingsUpdate> {
        let (look, call, patch) =
            (self.call("get_account_settings"), self.call("update_account_settings"), patch.clone());
        TypedCall::new("update_account_settings", |limits| async move {
            let body = patch.body(Of::Account)?;
            if !patch.may_purge {
                refuse(&of_account(look, &patch, &limits).await?)?;
            }
            SettingsUpdate::read(&call.json(&body).send_within(limits).await?)
        })
    }

    /// Why changes to the settings of the account would delete copies; empty if they would not. Nothing is changed.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let patch = ofauth::SettingsPatch::new().retention_days(7).apply_to_existing_connections(true);
    /// println!("{}", client.account_settings_purges(&patch).await?.join("; "));
    /// # Ok(()) }
    /// ```
    pub fn account_settings_purges(&self, patch: &SettingsPatch) -> TypedCall<Vec<String>> {
        let (look, patch) = (self.call("get_account_settings"), patch.clone());
        TypedCall::new("get_account_settings", |limits| async move {
            patch.body(Of::Account)?;
            of_account(look, &patch, &limits).await
        })
    }

    fn look_at_connection(&self, connection_id: &str) -> Look {
        Look {
            connection: self.about_connection("get_connection_settings", connection_id),
            account: self.call("get_account_settings"),
        }
    }
}

/// The calls that tell what holds for a connection.
struct Look {
    connection: Result<Call>,
    account: Call,
}

impl Look {
    /// Why a patch of a connection deletes copies.
    async fn purges(self, patch: &SettingsPatch, limits: &Limits) -> Result<Vec<String>> {
        let settings = ConnectionSettings::read(&self.connection?.send_within(limits.clone()).await?)?;
        let mut cache = settings.overrides;
        let changed = patch.cache.as_ref().and_then(Value::as_object).into_iter().flat_map(Map::keys);
        // The account's settings are asked for only if one of them holds here.
        if changed.into_iter().any(|name| cache.get(name).is_none_or(Value::is_null)) {
            let defaults = AccountSettings::read(&self.account.send_within(limits.clone()).await?)?.defaults;
            for (name, value) in defaults {
                if cache.get(&name).is_none_or(Value::is_null) {
                    cache.insert(name, value);
                }
            }
        }
        let present = Present { enabled: settings.enabled, cache, used: settings.stored_bytes };
        Ok(purges(&present, patch.get("enabled"), patch.cache.as_ref()))
    }
}

/// Why a patch of the account deletes copies: of every connection if it is applied to them, else of those that have no
/// settings of their own.
async fn of_account(look: Call, patch: &SettingsPatch, limits: &Limits) -> Result<Vec<String>> {
    let is_applied =
        patch.get("applyToExistingConnections").is_some_and(|apply| apply != &Value::Bool(false));
    if !is_applied && patch.cache.is_none() {
        return Ok(Vec::new());
    }
    let cache = AccountSettings::read(&look.send_within(limits.clone()).await?)?.defaults;
    let present = Present { enabled: None, cache, used: None };
    let cache = patch.cache.as_ref().and_then(Value::as_object);
    Ok(if is_applied { purges_of_all(&present, cache) } else { purges_of_inheriting(&present, cache) })
}

fn refuse(reasons: &[String]) -> Result<()> {
    match reasons {
        [] => Ok(()),
        reasons => Err(invalid(format!(
            "this change deletes copies of Vault+ and was not sent: {}. Allow the purge if that is meant",
            reasons.join("; ")
        ))),
    }
}

fn map(of: &Value, field: &str) -> Map<String, Value> {
    of.get(field).and_then(Value::as_object).cloned().unwrap_or_default()
}

//! The calls about lists of the vault, Vault+, Link, connections and settings, which block.

use std::path::PathBuf;

use super::Client;
use super::pages::Items;
use super::typed_call::TypedCall;
use super::waits::{Download, LinkWait, WaitMedia};
use crate::cache_settings::{AccountSettings, ConnectionSettings, SettingsPatch, SettingsUpdate};
use crate::call;
use crate::connections::Connection;
use crate::link::{LinkOptions, LinkSession};
use crate::vault_lists::{VaultList, VaultListChange};
use crate::vault_plus::{
    VaultPlusDeleted, VaultPlusList, VaultPlusMedia, VaultPlusQuery, VaultPlusStats, VaultPlusStatus,
    VaultPlusSync,
};

impl Client {
    /// See [`Client::create_vault_list`](crate::Client::create_vault_list).
    pub fn create_vault_list(&self, name: &str) -> TypedCall<VaultList> {
        self.typed(self.inner.create_vault_list(name))
    }

    /// See [`Client::rename_vault_list`](crate::Client::rename_vault_list).
    pub fn rename_vault_list(&self, list_id: &str, name: &str) -> TypedCall<VaultList> {
        self.typed(self.inner.rename_vault_list(list_id, name))
    }

    /// See [`Client::delete_vault_list`](crate::Client::delete_vault_list).
    pub fn delete_vault_list(&self, list_id: &str) -> TypedCall<()> {
        self.typed(self.inner.delete_vault_list(list_id))
    }

    /// See [`Client::add_to_vault_list`](crate::Client::add_to_vault_list).
    pub fn add_to_vault_list<I>(&self, list_id: &str, media_ids: I) -> TypedCall<()>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.typed(self.inner.add_to_vault_list(list_id, media_ids))
    }

    /// See [`Client::remove_from_vault_list`](crate::Client::remove_from_vault_list).
    pub fn remove_from_vault_list<I>(&self, list_id: &str, media_ids: I) -> TypedCall<VaultListChange>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.typed(self.inner.remove_from_vault_list(list_id, media_ids))
    }

    /// See [`Client::copy_vault_list`](crate::Client::copy_vault_list).
    pub fn copy_vault_list(&self, from: &str, to: &str) -> TypedCall<VaultListChange> {
        self.typed(self.inner.copy_vault_list(from, to))
    }

    /// See [`Client::vault_plus_get`](crate::Client::vault_plus_get).
    pub fn vault_plus_get(&self, id: &str) -> TypedCall<VaultPlusMedia> {
        self.typed(self.inner.vault_plus_get(id))
    }

    /// See [`Client::vault_plus_delete`](crate::Client::vault_plus_delete).
    pub fn vault_plus_delete(&self, id: &str) -> TypedCall<VaultPlusDeleted> {
        self.typed(self.inner.vault_plus_delete(id))
    }

    /// See [`Client::vault_plus_purge`](crate::Client::vault_plus_purge).
    pub fn vault_plus_purge(&self) -> TypedCall<VaultPlusDeleted> {
        self.typed(self.inner.vault_plus_purge())
    }

    /// See [`Client::vault_plus_list_media`](crate::Client::vault_plus_list_media).
    pub fn vault_plus_list_media(&self, list_id: &str) -> TypedCall<Vec<VaultPlusMedia>> {
        self.typed(self.inner.vault_plus_list_media(list_id))
    }

    /// See [`Client::vault_plus_sync`](crate::Client::vault_plus_sync).
    pub fn vault_plus_sync(&self, list_id: &str) -> TypedCall<VaultPlusSync> {
        self.typed(self.inner.vault_plus_sync(list_id))
    }

    /// See [`Client::vault_plus_lists`](crate::Client::vault_plus_lists).
    pub fn vault_plus_lists(&self) -> TypedCall<Vec<VaultPlusList>> {
        self.typed(self.inner.vault_plus_lists())
    }

    /// See [`Client::vault_plus_add_list`](crate::Client::vault_plus_add_list).
    pub fn vault_plus_add_list(&self, list_id: &str) -> TypedCall<VaultPlusSync> {
        self.typed(self.inner.vault_plus_add_list(list_id))
    }

    /// See [`Client::vault_plus_status`](crate::Client::vault_plus_status).
    pub fn vault_plus_status(&self) -> TypedCall<VaultPlusStatus> {
        self.typed(self.inner.vault_plus_status())
    }

    /// See [`Client::vault_plus_stats`](crate::Client::vault_plus_stats).
    pub fn vault_plus_stats(&self) -> TypedCall<VaultPlusStats> {
        self.typed(self.inner.vault_plus_stats())
    }

    /// See [`Client::link_start`](crate::Client::link_start).
    pub fn link_start(&self, options: &LinkOptions) -> TypedCall<LinkSession> {
        self.typed(self.inner.link_start(options))
    }

    /// See [`Client::disconnect_connection`](crate::Client::disconnect_connection).
    pub fn disconnect_connection(&self, connection_id: &str) -> TypedCall<()> {
        self.typed(self.inner.disconnect_connection(connection_id))
    }

    /// See [`Client::invalidate_connection`](crate::Client::invalidate_connection).
    pub fn invalidate_connection(&self, connection_id: &str) -> TypedCall<()> {
        self.typed(self.inner.invalidate_connection(connection_id))
    }

    /// See [`Client::connection_settings`](crate::Client::connection_settings).
    pub fn connection_settings(&self, connection_id: &str) -> TypedCall<ConnectionSettings> {
        self.typed(self.inner.connection_settings(connection_id))
    }

    /// See [`Client::update_connection_settings`](crate::Client::update_connection_settings).
    pub fn update_connection_settings(
        &self,
        connection_id: &str,
        patch: &SettingsPatch,
    ) -> TypedCall<SettingsUpdate> {
        self.typed(self.inner.update_connection_settings(connection_id, patch))
    }

    /// See [`Client::connection_settings_purges`](crate::Client::connection_settings_purges).
    pub fn connection_settings_purges(
        &self,
        connection_id: &str,
        patch: &SettingsPatch,
    ) -> TypedCall<Vec<String>> {
        self.typed(self.inner.connection_settings_purges(connection_id, patch))
    }

    /// See [`Client::account_settings`](crate::Client::account_settings).
    pub fn account_settings(&self) -> TypedCall<AccountSettings> {
        self.typed(self.inner.account_settings())
    }

    /// See [`Client::update_account_settings`](crate::Client::update_account_settings).
    pub fn update_account_settings(&self, patch: &SettingsPatch) -> TypedCall<SettingsUpdate> {
        self.typed(self.inner.update_account_settings(patch))
    }

    /// See [`Client::account_settings_purges`](crate::Client::account_settings_purges).
    pub fn account_settings_purges(&self, patch: &SettingsPatch) -> TypedCall<Vec<String>> {
        self.typed(self.inner.account_settings_purges(patch))
    }

    /// See [`Client::wait_ready`](crate::Client::wait_ready).
    pub fn wait_ready<I>(&self, media_ids: I) -> WaitMedia
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        WaitMedia::new(self.inner.wait_ready(media_ids), &self.runtime)
    }

    /// See [`Client::wait_stored`](crate::Client::wait_stored).
    pub fn wait_stored<I>(&self, media_ids: I) -> WaitMedia<VaultPlusMedia>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        WaitMedia::new(self.inner.wait_stored(media_ids), &self.runtime)
    }

    /// All media of Vault+ that a query asks for. See [`Client::vault_plus_query`](crate::Client::vault_plus_query).
    ///
    /// ```no_run
    /// # fn run(client: ofauth::blocking::Client) -> ofauth::Result<()> {
    /// for media in client.vault_plus_query(&ofauth::VaultPlusQuery::new()) {
    ///     println!("{}", media?.id);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn vault_plus_query(&self, query: &VaultPlusQuery) -> Items<VaultPlusMedia> {
        Items::new(self.inner.vault_plus_query(query), &self.runtime)
    }

    /// See [`Client::download`](crate::Client::download).
    pub fn download(
        &self,
        media_id: impl Into<String>,
        label: impl Into<String>,
        path: impl Into<PathBuf>,
    ) -> Download {
        Download::new(self.inner.download(media_id, label, path), &self.runtime)
    }

    /// See [`Client::link_wait`](crate::Client::link_wait).
    pub fn link_wait(&self, session: &LinkSession) -> LinkWait {
        LinkWait::new(self.inner.link_wait(session), &self.runtime)
    }

    /// All connections of the organization. See [`Client::connections`](crate::Client::connections).
    ///
    /// ```no_run
    /// # fn run(client: ofauth::blocking::Client) -> ofauth::Result<()> {
    /// for connection in client.connections() {
    ///     println!("{}", connection?.id);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn connections(&self) -> Items<Connection> {
        Items::new(self.inner.connections(), &self.runtime)
    }

    fn typed<T>(&self, call: call::TypedCall<T>) -> TypedCall<T> {
        TypedCall::new(call, &self.runtime)
    }
}

//! Vault+: the persistent copies of media that OFAuth keeps for a connection.
//!
//! [`media`] is what a copy looks like, [`query`] what can be asked for, [`lists`] which lists there are; here are the calls. Waiting for copies is
//! [`crate::media_wait`]'s, fetching their bytes [`crate::download`]'s.

mod lists;
mod media;
mod query;

use std::sync::Arc;

use serde_json::Value;

pub use self::lists::VaultPlusList;
pub use self::media::{Variant, VariantStatus, VaultPlusMedia, VaultPlusType};
pub use self::query::{VaultPlusQuery, VaultPlusSort};
use crate::call::{Call, Items, Pages, TypedCall};
use crate::client::Client;
use crate::error::{Result, invalid};
use crate::http::response::Response;
use crate::object::{Raw, count_of, object, text_of};

/// What became of a deletion in Vault+.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VaultPlusDeleted {
    /// Whether anything was there to delete.
    pub success: bool,
    /// How many variants went, if the service says it.
    pub purged: Option<u64>,
    /// How many bytes are free now.
    pub freed_bytes: Option<u64>,
    raw: Raw,
}

/// What Vault+ has of one connection. It counts variants, not media.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VaultPlusStatus {
    /// The connection.
    pub connection_id: Option<String>,
    /// Variants that are stored.
    pub stored: Option<u64>,
    /// Variants that are not stored yet.
    pub pending: Option<u64>,
    /// Bytes of all that is stored.
    pub total_bytes: Option<u64>,
    raw: Raw,
}

/// What Vault+ has of all connections together.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VaultPlusStats {
    /// Connections of the organization.
    pub connections: Option<u64>,
    /// Those of them with Vault+.
    pub connections_with_vault_plus: Option<u64>,
    /// Bytes of all that is stored.
    pub total_bytes: Option<u64>,
    /// Media of which there is a copy.
    pub media: Option<u64>,
    raw: Raw,
}

/// What a sync of a list did, or what adding one did. The first sync of a list only notes what is in it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VaultPlusSync {
    /// Whether the list was synced, or added.
    pub synced: bool,
    /// Media that the list has.
    pub seen: Option<u64>,
    /// Media that are new.
    pub added: Option<u64>,
    /// Media that changed.
    pub updated: Option<u64>,
    /// Media that left the list.
    pub removed: Option<u64>,
    /// Media that stayed as they were.
    pub unchanged: Option<u64>,
    /// Media that were there already by another way.
    pub adopted: Option<u64>,
    raw: Raw,
}

impl VaultPlusDeleted {
    /// All that the service said.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

impl VaultPlusStatus {
    /// All that the service said.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

impl VaultPlusStats {
    /// All that the service said.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

impl VaultPlusSync {
    /// All that the service said.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

impl Client {
    /// All media of Vault+ that a query asks for: a stream, each once.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// use ofauth::{VariantStatus, VaultPlusQuery};
    ///
    /// let mut pending = client.vault_plus_query(&VaultPlusQuery::new().status(VariantStatus::Pending));
    /// while let Some(media) = pending.next().await {
    ///     println!("{}", media?.id);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn vault_plus_query(&self, query: &VaultPlusQuery) -> Items<VaultPlusMedia> {
        let items = match query.params() {
            Ok(params) => self.call("query_vault_plus_media").params(params).items(),
            Err(error) => Pages::new(Arc::clone(&self.0.transport), Err(error)).items(),
        };
        items.typed()
    }

    /// One medium of Vault+ with its variants.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let media = client.vault_plus_get("4492994399").await?;
    /// for variant in &media.variants {
    ///     println!("{}: {}", variant.label, variant.status);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn vault_plus_get(&self, id: &str) -> TypedCall<VaultPlusMedia> {
        let call = self.about_medium("get_vault_plus_media", id);
        TypedCall::new(
            "get_vault_plus_media",
            |limits| async move { medium(&call?.send_within(limits).await?) },
        )
    }

    /// Deletes all variants of one medium from Vault+. The vault of OnlyFans keeps it.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// println!("{:?} bytes are free", client.vault_plus_delete("4492994399").await?.freed_bytes);
    /// # Ok(()) }
    /// ```
    pub fn vault_plus_delete(&self, id: &str) -> TypedCall<VaultPlusDeleted> {
        let call = self.about_medium("delete_vault_plus_media", id);
        TypedCall::new("delete_vault_plus_media", |limits| async move {
            deleted(&call?.send_within(limits).await?)
        })
    }

    /// Deletes **everything** that Vault+ has of the connection. The vault of OnlyFans keeps it.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// println!("{:?} variants are gone", client.vault_plus_purge().await?.purged);
    /// # Ok(()) }
    /// ```
    pub fn vault_plus_purge(&self) -> TypedCall<VaultPlusDeleted> {
        let call = self.call("purge_vault_plus_media");
        TypedCall::new(
            "purge_vault_plus_media",
            |limits| async move { deleted(&call.send_within(limits).await?) },
        )
    }

    /// The media of a list of the vault, as far as Vault+ has them.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// println!("{} media", client.vault_plus_list_media("1234567").await?.len());
    /// # Ok(()) }
    /// ```
    pub fn vault_plus_list_media(&self, list_id: &str) -> TypedCall<Vec<VaultPlusMedia>> {
        let call = self.about_list("list_vault_plus_list_media", list_id);
        TypedCall::new("list_vault_plus_list_media", |limits| async move {
            let answer = call?.send_within(limits).await?;
            let mut json: Value = answer.json()?;
            let items = json.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take);
            let items = items.ok_or_else(|| answer.invalid("list Vault+ media: the answer has no items"))?;
            Ok(items.into_iter().filter_map(of_list).collect())
        })
    }

    /// Brings the copies of a list of the vault up to date. The first sync of a list only notes what is in it; later ones
    /// remove from Vault+ what left the list, unless another synced list has it.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let sync = client.vault_plus_sync("1234567").await?;
    /// println!("{:?} added, {:?} removed", sync.added, sync.removed);
    /// # Ok(()) }
    /// ```
    pub fn vault_plus_sync(&self, list_id: &str) -> TypedCall<VaultPlusSync> {
        let call = self.about_list("sync_vault_plus_list", list_id);
        TypedCall::new("sync_vault_plus_list", |limits| async move {
            sync_of(&call?.send_within(limits).await?, "sync a Vault+ list", "synced")
        })
    }

    /// What Vault+ has of the connection.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let status = client.vault_plus_status().await?;
    /// println!("{:?} stored, {:?} pending", status.stored, status.pending);
    /// # Ok(()) }
    /// ```
    pub fn vault_plus_status(&self) -> TypedCall<VaultPlusStatus> {
        let call = self.call("get_vault_plus_status");
        TypedCall::new("get_vault_plus_status", |limits| async move {
            let raw = object(&call.send_within(limits).await?, "Vault+ status")?;
            Ok(VaultPlusStatus {
                connection_id: text_of(&raw.0, "connectionId"),
                stored: count_of(&raw.0, "storedCount"),
                pending: count_of(&raw.0, "pendingCount"),
                total_bytes: count_of(&raw.0, "totalSizeBytes"),
                raw,
            })
        })
    }

    /// What Vault+ has of all connections of the organization.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// println!("{:?} bytes in all", client.vault_plus_stats().await?.total_bytes);
    /// # Ok(()) }
    /// ```
    pub fn vault_plus_stats(&self) -> TypedCall<VaultPlusStats> {
        let call = self.call("get_vault_plus_stats");
        TypedCall::new("get_vault_plus_stats", |limits| async move {
            let raw = object(&call.send_within(limits).await?, "Vault+ statistics")?;
            Ok(VaultPlusStats {
                connections: count_of(&raw.0, "totalConnections"),
                connections_with_vault_plus: count_of(&raw.0, "connectionsWithVaultPlus"),
                total_bytes: count_of(&raw.0, "totalStorageBytes"),
                media: count_of(&raw.0, "totalMediaCount"),
                raw,
            })
        })
    }

    fn about_medium(&self, operation: &str, id: &str) -> Result<Call> {
        named(id, "media id")?;
        Ok(self.call(operation).param("mediaId", id))
    }

    fn about_list(&self, operation: &str, id: &str) -> Result<Call> {
        named(id, "list id")?;
        Ok(self.call(operation).param("listId", id))
    }
}

/// Refuses an id that names nothing.
fn named(id: &str, what: &str) -> Result<()> {
    if id.trim().is_empty() { Err(invalid(format!("the {what} is empty"))) } else { Ok(()) }
}

fn medium(answer: &Response) -> Result<VaultPlusMedia> {
    let read = VaultPlusMedia::read(answer.json()?);
    read.ok_or_else(|| answer.invalid("fetch Vault+ media: the answer has no id"))
}

/// A medium among those of a list, which has its id under another name.
fn of_list(mut item: Value) -> Option<VaultPlusMedia> {
    let fields = item.as_object_mut()?;
    if !fields.contains_key("id") {
        let id = fields.get("mediaId").or_else(|| fields.get("ofMediaId"))?.clone();
        fields.insert("id".to_owned(), id);
    }
    VaultPlusMedia::read(item)
}

fn deleted(answer: &Response) -> Result<VaultPlusDeleted> {
    let raw = object(answer, "delete Vault+ media")?;
    Ok(VaultPlusDeleted {
        success: is_true(&raw, "success"),
        purged: count_of(&raw.0, "purgedCount"),
        freed_bytes: count_of(&raw.0, "freedBytes"),
        raw,
    })
}

/// What came of a sync, or of what is like one; `done` is the field that says so.
fn sync_of(answer: &Response, doing: &str, done: &str) -> Result<VaultPlusSync> {
    let raw = object(answer, doing)?;
    let count = |field| count_of(&raw.0, field);
    Ok(VaultPlusSync {
        synced: is_true(&raw, done),
        seen: count("seen"),
        added: count("addedItems"),
        updated: count("updatedItems"),
        removed: count("removedItems"),
        unchanged: count("unchangedItems"),
        adopted: count("adoptedItems"),
        raw,
    })
}

fn is_true(raw: &Raw, field: &str) -> bool {
    raw.0.get(field).and_then(Value::as_bool).unwrap_or(false)
}

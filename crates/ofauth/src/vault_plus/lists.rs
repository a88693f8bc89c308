//! The lists of the vault that Vault+ keeps copies of: which they are, and one that is added to them.
//!
//! The documents name both actions and show no answer of them, so that every field may be missing. What is in such a list, and
//! its sync, are documented, and are in the module above.

use std::time::SystemTime;

use serde_json::Value;

use super::{VaultPlusSync, sync_of};
use crate::call::TypedCall;
use crate::client::Client;
use crate::object::{Raw, count_of, id_of, text_of, time_of};

/// A list of the vault that Vault+ keeps copies of.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VaultPlusList {
    /// The list, as the vault names it.
    pub id: String,
    /// What the user calls it.
    pub name: Option<String>,
    /// Media of it that Vault+ knows.
    pub media: Option<u64>,
    /// When it was synced last.
    pub synced_at: Option<SystemTime>,
    raw: Raw,
}

impl VaultPlusList {
    /// All that the service said.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }

    /// Nothing for what has no id.
    fn read(raw: Value) -> Option<Self> {
        let number = || count_of(&raw, "listId").map(|id| id.to_string());
        Some(Self {
            id: text_of(&raw, "listId").or_else(number).or_else(|| id_of(&raw))?,
            name: text_of(&raw, "name"),
            media: count_of(&raw, "mediaCount"),
            synced_at: time_of(&raw, "lastSyncedAt"),
            raw: Raw(raw),
        })
    }
}

impl Client {
    /// The lists of the vault that Vault+ keeps copies of. The documents do not show what the service answers: a field that it
    /// calls otherwise is in [`raw`](VaultPlusList::raw) alone.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// for list in client.vault_plus_lists().await? {
    ///     println!("{}: {:?} media", list.id, list.media);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn vault_plus_lists(&self) -> TypedCall<Vec<VaultPlusList>> {
        let call = self.call("list_vault_plus_lists");
        TypedCall::new("list_vault_plus_lists", |limits| async move {
            let answer = call.send_within(limits).await?;
            let items = items(answer.json()?);
            let items = items.ok_or_else(|| answer.invalid("list Vault+ lists: the answer has no items"))?;
            Ok(items.into_iter().filter_map(VaultPlusList::read).collect())
        })
    }

    /// Has Vault+ copy what is new in a list of the vault; unlike [`vault_plus_sync`](Self::vault_plus_sync), it removes nothing. The
    /// documents do not show what the service answers: what it does not say is not known here.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// println!("{:?} media are new", client.vault_plus_add_list("1234567").await?.added);
    /// # Ok(()) }
    /// ```
    pub fn vault_plus_add_list(&self, list_id: &str) -> TypedCall<VaultPlusSync> {
        let call = self.about_list("add_vault_plus_list", list_id);
        TypedCall::new("add_vault_plus_list", |limits| async move {
            sync_of(&call?.send_within(limits).await?, "add a Vault+ list", "added")
        })
    }
}

/// The items of a list, in an object as all lists of Vault+ have them, or bare.
fn items(mut answer: Value) -> Option<Vec<Value>> {
    let items = if answer.is_array() { Some(&mut answer) } else { answer.get_mut("items") };
    items.and_then(Value::as_array_mut).map(std::mem::take)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_read_leniently() {
        let read = |list: Value| VaultPlusList::read(list).map(|list| (list.id, list.name, list.media));
        let row = |id: &str, name: Option<&str>, media| Some((id.to_owned(), name.map(str::to_owned), media));
        for (list, wanted) in [
            (json!({"listId": "7", "name": "Best", "mediaCount": 3}), row("7", Some("Best"), Some(3))),
            (json!({"listId": 7}), row("7", None, None)),
            (json!({"id": 8, "name": 5}), row("8", None, None)),
            (json!({"name": "Best"}), None),
            (json!("7"), None),
        ] {
            assert_eq!(read(list.clone()), wanted, "{list}");
        }
        assert_eq!(items(json!({"items": [1]})), Some(vec![json!(1)]));
        assert_eq!(items(json!([1])), Some(vec![json!(1)]));
        assert_eq!((items(json!({"lists": []})), items(json!("x"))), (None, None));
    }
}

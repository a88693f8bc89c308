//! Lists of the vault (folders): create, rename, delete, fill, copy, and take media out.
//!
//! [`members`] reads and fills lists of any length; [`removal`] takes media out, which the API has no call for.

mod members;
mod removal;

use serde_json::{Value, json};

use self::members::{Members, add};
use crate::call::TypedCall;
use crate::client::Client;
use crate::error::{Result, invalid};
use crate::http::response::Response;
use crate::media_wait::ids::vault_ids;
use crate::object::{Raw, text_of, with_id};

/// The longest name of a list, in characters.
const LONGEST_NAME: usize = 100;

/// A list of the vault, as the service describes it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VaultList {
    /// The id of the list.
    pub id: String,
    /// Its name, if the service says it.
    pub name: Option<String>,
    raw: Raw,
}

impl VaultList {
    fn read(answer: &Response, what: &str) -> Result<Self> {
        let (id, raw) = with_id(answer, what)?;
        Ok(Self { id, name: text_of(&raw.0, "name"), raw })
    }

    /// All that the service said. Its URLs are signed: whoever has one can fetch the medium.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

/// What a change of what is in a list did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct VaultListChange {
    /// The media that were added or removed.
    pub changed: Vec<String>,
    /// The media that were as wanted before.
    pub unchanged: Vec<String>,
}

impl Client {
    /// Creates a list in the vault.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let list = client.create_vault_list("Summer").await?;
    /// client.add_to_vault_list(&list.id, ["4492994399"]).await?;
    /// # Ok(()) }
    /// ```
    pub fn create_vault_list(&self, name: &str) -> TypedCall<VaultList> {
        let (call, body) =
            (self.call("create_vault_list"), checked_name(name).map(|name| json!({"name": name})));
        TypedCall::new("create_vault_list", |limits| async move {
            VaultList::read(&call.json(&body?).send_within(limits).await?, "create a vault list")
        })
    }

    /// Gives a list of the vault another name, of 1 to 100 characters.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// client.rename_vault_list("1234567", "Summer 2026").await?;
    /// # Ok(()) }
    /// ```
    pub fn rename_vault_list(&self, list_id: &str, name: &str) -> TypedCall<VaultList> {
        let call = self.call("update_vault_list").param("listId", list_id);
        let body = checked_name(name).map(|name| json!({"name": name}));
        TypedCall::new("update_vault_list", |limits| async move {
            VaultList::read(&call.json(&body?).send_within(limits).await?, "rename a vault list")
        })
    }

    /// Deletes a list of the vault. Its media stay in the vault.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// client.delete_vault_list("1234567").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_vault_list(&self, list_id: &str) -> TypedCall<()> {
        let call = self.call("delete_vault_list").param("listId", list_id);
        TypedCall::new(
            "delete_vault_list",
            |limits| async move { call.send_within(limits).await.map(|_| ()) },
        )
    }

    /// Puts media of the vault into a list, any number of them, 100 a call. Media that are in it stay as they are.
    ///
    /// If it fails midway, the error says how many were added: those are the first of the ids. Doing it again adds the rest.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// client.add_to_vault_list("1234567", ["4492994399", "4492994400"]).await?;
    /// # Ok(()) }
    /// ```
    pub fn add_to_vault_list<I>(&self, list_id: &str, media_ids: I) -> TypedCall<()>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let (client, list, ids) = (self.clone(), list_id.to_owned(), vault_ids(media_ids));
        TypedCall::new("add_media_to_vault_list", |limits| async move {
            add(&client, &list, &ids?, &limits).await
        })
    }

    /// Takes media out of a list. They stay in the vault.
    ///
    /// The API can empty a list, but not take single media out. So this keeps what shall stay in a second list (named
    /// `ofauth keeps …`), empties the list, fills it again and deletes the second one. Nothing is lost if it is interrupted at
    /// any point: do it again, and it goes on. The order of the list may change, and what somebody else adds to it meanwhile may
    /// be lost from it. If none of the media is in the list, nothing is changed. Use it in one program at a time: of two, one may
    /// undo what the other did. What an interrupted removal kept is put back first, however long ago that was: media that were
    /// taken out by hand since come back. Only lists of your own can be changed so, not those that the service fills.
    ///
    /// It is done when the list shows it. If it does not within some seconds, the error says which list has what shall stay.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let change = client.remove_from_vault_list("1234567", ["4492994399"]).await?;
    /// println!("{} were in the list", change.changed.len());
    /// # Ok(()) }
    /// ```
    pub fn remove_from_vault_list<I>(&self, list_id: &str, media_ids: I) -> TypedCall<VaultListChange>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let (client, list, ids) = (self.clone(), list_id.to_owned(), vault_ids(media_ids));
        TypedCall::new("update_vault_list", |limits| async move {
            removal::remove(&client, &list, &ids?, &limits).await
        })
    }

    /// Puts all media of one list into another, which keeps what it has. Doing it again adds only what is missing.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let change = client.copy_vault_list("1234567", "7654321").await?;
    /// println!("{} are new there", change.changed.len());
    /// # Ok(()) }
    /// ```
    pub fn copy_vault_list(&self, from: &str, to: &str) -> TypedCall<VaultListChange> {
        let (client, from, to) = (self.clone(), from.to_owned(), to.to_owned());
        TypedCall::new("add_media_to_vault_list", |limits| async move {
            if from == to {
                return Err(invalid(format!("{from:?} is both lists: give two")));
            }
            let (from, there) =
                (Members::of(&client, &from, &limits).await?, Members::of(&client, &to, &limits).await?);
            let (unchanged, missing) = from.split(|id| there.has(id));
            add(&client, &to, &missing, &limits).await?;
            Ok(VaultListChange { changed: texts(&missing), unchanged: texts(&unchanged) })
        })
    }
}

/// Ids as callers see them.
fn texts(ids: &[u64]) -> Vec<String> {
    ids.iter().map(u64::to_string).collect()
}

/// Refuses a name that no list can have.
fn checked_name(name: &str) -> Result<String> {
    let length = name.chars().count();
    if name.trim().is_empty() || length > LONGEST_NAME {
        let text = format!(
            "the name of the list has {length} characters: give 1 to {LONGEST_NAME}, not only spaces"
        );
        return Err(invalid(text));
    }
    Ok(name.to_owned())
}

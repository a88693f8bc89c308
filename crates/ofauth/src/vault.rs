//! What is already in the vault: the check for a known file, and cached media by their ids.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::TypedCall;
use crate::call::transport::{Patience, Transport};
use crate::cancel::Limits;
use crate::client::Client;
use crate::error::{Result, invalid};
use crate::http::request::Request;
use crate::http::success;
use crate::object::{Raw, id_of};
use crate::upload::plan::api_types::CheckBody;

/// The most ids that one batch call takes.
pub(crate) const BATCH: usize = 100;

/// A medium of the vault or of Vault+, as the service describes it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Media {
    /// The OnlyFans id, which posts and messages take any number of times; `None` if the service did not say it.
    pub id: Option<String>,
    /// What it is: `photo`, `video`, `gif` or `audio`, in Vault+ `image` for photos. `None` if the service did not say it.
    pub media_type: Option<String>,
    raw: Raw,
}

impl Media {
    pub(crate) fn new(raw: Value) -> Self {
        let media_type = raw.get("type").and_then(Value::as_str).map(str::to_owned);
        Self { id: id_of(&raw), media_type, raw: Raw(raw) }
    }

    /// All that the service said. Its URLs are signed: whoever has one can fetch the medium.
    pub fn raw(&self) -> &Value {
        &self.raw.0
    }
}

/// Whether the vault has a file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Check {
    /// Whether it has.
    pub exists: bool,
    /// The medium, if it exists and the service describes it.
    pub media: Option<Media>,
}

/// Cached media, and the ids that are not cached.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct VaultPlusBatch {
    /// The media, in the order of the ids asked for.
    pub items: Vec<Media>,
    /// The ids that were asked for and are not cached, in the order asked for.
    pub missing: Vec<String>,
}

impl Client {
    /// Asks whether the vault already has the file with this etag and size in bytes.
    ///
    /// The etag is one that the service returned for an upload, with its quotes. Which one it wants for a file that
    /// went in several parts is not documented.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client, uploaded: ofauth::Uploaded) -> ofauth::Result<()> {
    /// if let Some(etag) = uploaded.etags().next().flatten() {
    ///     println!("in the vault: {}", client.check(etag, uploaded.bytes()).await?.exists);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn check(&self, etag: &str, size: u64) -> TypedCall<Check> {
        let (transport, etag) = (Arc::clone(&self.0.transport), etag.to_owned());
        TypedCall::new("check_upload", move |limits| async move {
            Check::ask(&transport, &etag, size, limits).await
        })
    }

    /// Fetches cached media by their OnlyFans ids, any number of them, 100 a call. Ids given twice are asked once.
    ///
    /// ```no_run
    /// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
    /// let batch = client.vault_plus_batch(["4492994399", "4492994400"]).await?;
    /// println!("{} cached, not cached: {}", batch.items.len(), batch.missing.join(", "));
    /// # Ok(()) }
    /// ```
    pub fn vault_plus_batch<I>(&self, ids: I) -> TypedCall<VaultPlusBatch>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let (call, ids) = (self.call("batch_vault_plus_media"), any_ids(ids));
        TypedCall::new("batch_vault_plus_media", |limits| async move {
            let ids = ids?;
            let mut batch = VaultPlusBatch::default();
            for chunk in ids.chunks(BATCH) {
                let call = call.clone().json(&json!({ "mediaIds": chunk }));
                let answer = call.send_within(limits.clone()).await?;
                let mut json: Value = answer.json()?;
                let items = json.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take);
                let items =
                    items.ok_or_else(|| answer.invalid("fetch Vault+ media: the answer has no items"))?;
                batch.take_in(chunk, items);
            }
            Ok(batch)
        })
    }
}

impl Check {
    async fn ask(transport: &Transport, etag: &str, size: u64, limits: Limits) -> Result<Self> {
        if etag.is_empty() {
            return Err(invalid("the etag is empty: give one that an upload returned"));
        }
        if size == 0 {
            return Err(invalid("the size is 0: the vault holds no empty files"));
        }
        #[derive(Deserialize)]
        struct Found {
            exists: Option<bool>,
            media: Option<Value>,
        }
        let settings = &transport.settings;
        let url = settings.origins.api_url("/v2/access/uploads/check")?;
        let request = Request::post("check for the file", url, &CheckBody { etag, size })?
            .success(success::of("check_upload"))
            .connection(settings.connection(None)?);
        let answer = transport.call(&request, &Patience { limits, ..Patience::default() }).await?;
        let found: Option<Found> = serde_json::from_value(answer.json()?).ok();
        match found {
            Some(Found { exists: Some(exists), media }) => {
                Ok(Self { exists, media: media.filter(Value::is_object).map(Media::new) })
            }
            _ => Err(answer.invalid("check for the file: the answer does not say whether it exists")),
        }
    }
}

impl VaultPlusBatch {
    /// Sorts a call's items, whose order is not promised, by the ids asked for.
    fn take_in(&mut self, asked: &[String], items: Vec<Value>) {
        let items = items.into_iter().map(Media::new);
        let mut found: HashMap<String, Media> =
            items.filter_map(|item| Some((item.id.clone()?, item))).collect();
        for id in asked {
            match found.remove(id) {
                Some(item) => self.items.push(item),
                None => self.missing.push(id.clone()),
            }
        }
    }
}

/// Reads ids of media of Vault+: any text. Each is kept once, in the order given.
pub(crate) fn any_ids<I>(ids: I) -> Result<Vec<String>>
where
    I: IntoIterator,
    I::Item: Into<String>,
{
    let mut seen = HashSet::new();
    let ids: Vec<String> =
        ids.into_iter().map(Into::into).filter(|id: &String| seen.insert(id.clone())).collect();
    match ids.iter().any(|id| id.trim().is_empty()) {
        true => Err(invalid("a media id is empty")),
        false => Ok(ids),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_sorted_and_missing_ids_are_named() {
        let mut batch = VaultPlusBatch::default();
        let asked = ["3", "1", "2"].map(str::to_owned);
        batch.take_in(
            &asked,
            vec![json!({"id": 2}), json!({"id": "3", "url": "secret"}), json!({"id": "9"}), json!({})],
        );
        assert_eq!(
            batch.items.iter().map(|item| item.id.as_deref().unwrap()).collect::<Vec<_>>(),
            ["3", "2"]
        );
        assert_eq!(batch.missing, ["1"]);
        assert!(!format!("{batch:?}").contains("secret"));
    }
}

//! What is already in the vault: the check for a known file, and cached media by their ids.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::transport::Patience;
use crate::client::Client;
use crate::error::{Result, invalid};
use crate::http::request::Request;
use crate::http::success;
use crate::upload::plan::api_types::CheckBody;

/// The most ids that one batch call takes.
const BATCH: usize = 100;

/// Whether the vault has a file.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Check {
    /// Whether it has.
    pub exists: bool,
    /// The medium, if it exists and the service describes it.
    pub media: Option<Value>,
}

/// Cached media, and the ids that are not cached.
#[derive(Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct VaultPlusBatch {
    /// The media as the service describes them, in the order of the ids asked for. Their `url`s are signed: whoever
    /// has one can fetch the medium.
    pub items: Vec<Value>,
    /// The ids that were asked for and are not cached, in the order asked for.
    pub missing: Vec<String>,
}

impl Client {
    /// Asks whether the vault already has the file with this etag and size in bytes.
    ///
    /// The etag is one that the service returned for an upload, with its quotes. Which one it wants for a file that
    /// went in several parts is not documented.
    pub async fn check(&self, etag: &str, size: u64) -> Result<Check> {
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
        let settings = &self.0.transport.settings;
        let url = settings.origins.api_url("/v2/access/uploads/check")?;
        let request = Request::post("check for the file", url, &CheckBody { etag, size })?
            .success(success::of("check_upload"))
            .connection(settings.connection(None)?);
        let answer = self.0.transport.call(&request, &Patience::default()).await?;
        let found: Option<Found> = serde_json::from_value(answer.json()?).ok();
        match found {
            Some(Found { exists: Some(exists), media }) => {
                Ok(Check { exists, media: media.filter(Value::is_object) })
            }
            _ => Err(answer.invalid("check for the file: the answer does not say whether it exists")),
        }
    }

    /// Fetches cached media by their OnlyFans ids, any number of them, 100 a call. Ids given twice are asked once.
    pub async fn vault_plus_batch<I>(&self, ids: I) -> Result<VaultPlusBatch>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let mut seen = HashSet::new();
        let ids: Vec<String> =
            ids.into_iter().map(Into::into).filter(|id: &String| seen.insert(id.clone())).collect();
        if ids.iter().any(|id| id.trim().is_empty()) {
            return Err(invalid("a media id is empty"));
        }
        let mut batch = VaultPlusBatch::default();
        for chunk in ids.chunks(BATCH) {
            let answer =
                self.call("batch_vault_plus_media").body(json!({ "mediaIds": chunk })).send().await?;
            let mut json = answer.json()?;
            let items = json.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take);
            let items = items.ok_or_else(|| answer.invalid("fetch Vault+ media: the answer has no items"))?;
            batch.take_in(chunk, items);
        }
        Ok(batch)
    }
}

impl VaultPlusBatch {
    /// Sorts a call's items, whose order is not promised, by the ids asked for.
    fn take_in(&mut self, asked: &[String], items: Vec<Value>) {
        let mut found: HashMap<String, Value> = items
            .into_iter()
            .filter_map(|item| {
                let id = match item.get("id")? {
                    Value::String(id) => id.clone(),
                    Value::Number(id) => id.to_string(),
                    _ => return None,
                };
                Some((id, item))
            })
            .collect();
        for id in asked {
            match found.remove(id) {
                Some(item) => self.items.push(item),
                None => self.missing.push(id.clone()),
            }
        }
    }
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check").field("exists", &self.exists).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for VaultPlusBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VaultPlusBatch")
            .field("items", &self.items.len())
            .field("missing", &self.missing)
            .finish()
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
            batch.items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>(),
            [json!("3"), json!(2)]
        );
        assert_eq!(batch.missing, ["1"]);
        assert!(!format!("{batch:?}").contains("secret"));
    }
}

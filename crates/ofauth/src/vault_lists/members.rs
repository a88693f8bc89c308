//! What is in a list of the vault, and how any number of media get into one.

use std::collections::HashSet;

use serde_json::json;

use crate::cancel::Limits;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::object::id_of;

/// The most media that one call adds.
const MOST: usize = 100;

/// The media of a list, in its order.
pub(super) struct Members {
    ids: Vec<u64>,
    known: HashSet<u64>,
}

impl Members {
    /// Walks a list.
    pub(super) async fn of(client: &Client, list: &str, limits: &Limits) -> Result<Self> {
        let mut of = Self { ids: Vec::new(), known: HashSet::new() };
        let pages = client.call("list_vault_list_media").param("listId", list).pages();
        pages
            .walk(limits, u32::MAX, |page| {
                for item in page {
                    let id = id_of(&item).and_then(|id| id.parse().ok());
                    let id = id.ok_or_else(|| {
                        let text = "read a vault list: a media has no id that is a number";
                        Error::new(ErrorKind::InvalidAnswer, text)
                    })?;
                    if of.known.insert(id) {
                        of.ids.push(id);
                    }
                }
                Ok(true)
            })
            .await?;
        Ok(of)
    }

    pub(super) fn has(&self, id: u64) -> bool {
        self.known.contains(&id)
    }

    /// Those for which it is so, and the others.
    pub(super) fn split(&self, is_so: impl Fn(u64) -> bool) -> (Vec<u64>, Vec<u64>) {
        self.ids.iter().partition(|id| is_so(**id))
    }
}

/// Adds media to a list. Each call may be repeated: what is in the list stays in it.
pub(super) async fn add(client: &Client, list: &str, ids: &[u64], limits: &Limits) -> Result<()> {
    let mut added: usize = 0;
    for chunk in ids.chunks(MOST) {
        let call = client.call("add_media_to_vault_list").param("listId", list);
        let sent = call.json(&json!({ "mediaIds": chunk })).send_within(limits.clone()).await;
        sent.map_err(|error| match added {
            0 => error,
            _ => {
                let kind = error.kind();
                error.into_kind(kind, format!("{added} of {} media were added to the list", ids.len()))
            }
        })?;
        added = added.saturating_add(chunk.len());
    }
    Ok(())
}

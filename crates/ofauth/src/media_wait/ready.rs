//! Looks into the vault, newest media first, whether media are processed.

use std::time::Duration;

use serde_json::Value;

use super::terms::{Look, Terms, room};
use super::watch::{Seen, Watch, Words};
use crate::call::Page;
use crate::cancel::Limits;
use crate::client::Client;
use crate::error::Result;
use crate::object::id_of;
use crate::vault::Media;

/// The pages of a look, of 40 media each: what is waited for was uploaded a moment ago.
const PAGES: u32 = 5;

/// The pages of the second look and of the last one, if a medium was not found before.
const MOST_PAGES: u32 = 50;

pub(super) const WORDS: Words = Words {
    failed: "the service could not process the media|upload the file again",
    absent: "the newest 2000 media of the vault do not include|check the ids with the operation list_vault_media",
    late: "the wait took longer than its timeout; still being processed:",
};

/// Waits until all media are processed.
pub(super) async fn wait(client: Client, ids: Vec<u64>, terms: Terms) -> Result<Vec<Media>> {
    let watch = Watch::new(ids.iter().map(u64::to_string).collect(), WORDS);
    terms.poll(watch, Vault(&client)).await
}

/// The vault of a client's connection.
struct Vault<'a>(&'a Client);

impl Look<Media> for Vault<'_> {
    fn room(&self, _: usize) -> Duration {
        room(self.0)
    }

    /// Walks the vault until every medium was seen, or long enough.
    async fn look(&self, watch: &mut Watch<Media>, before: u32, limits: &Limits) -> Result<()> {
        let pages = self.0.call("list_vault_media").param("sort", "recent").pages();
        let deep = (before == 1 && watch.misses_one()) || watch.is_last_chance();
        let most = if deep { MOST_PAGES } else { PAGES };
        let walked = pages.walk(limits, most, |page: Page<Value>| {
            for item in page {
                if let Some(id) = id_of(&item) {
                    watch.see(&id, || state(item));
                }
            }
            Ok(watch.is_unseen())
        });
        walked.await.map(|_| ())
    }
}

/// How far a medium is.
fn state(item: Value) -> Seen<Media> {
    let says = |field: &str| item.get(field).and_then(Value::as_bool);
    if says("hasError") == Some(true) {
        return Seen::Failed;
    }
    // Who does not say it never says that it is not.
    if says("isReady").unwrap_or(item.get("isReady").is_none()) {
        Seen::Ready(Media::new(item))
    } else {
        Seen::Pending
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_medium_is_ready_if_nothing_says_that_it_is_not() {
        for (item, wanted) in [
            (json!({"isReady": true}), "ready"),
            (json!({"isReady": true, "hasError": false}), "ready"),
            (json!({}), "ready"),
            (json!({"isReady": false}), "pending"),
            (json!({"isReady": null}), "pending"),
            (json!({"isReady": false, "hasError": true}), "failed"),
            (json!({"isReady": true, "hasError": true}), "failed"),
        ] {
            let found = match state(item.clone()) {
                Seen::Ready(_) => "ready",
                Seen::Pending => "pending",
                Seen::Absent => "absent",
                Seen::Failed => "failed",
            };
            assert_eq!(found, wanted, "{item}");
        }
    }
}

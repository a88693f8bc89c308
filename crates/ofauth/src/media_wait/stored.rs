//! Asks Vault+ whether it has the bytes of media.

use std::collections::HashSet;

use super::terms::{Look, Terms};
use super::watch::{Seen, Watch, Words};
use crate::cancel::Limits;
use crate::client::Client;
use crate::error::Result;
use crate::vault_plus::{VariantStatus, VaultPlusMedia};

pub(super) const WORDS: Words = Words {
    failed: "Vault+ has removed variants of the media|have them cached again, and wait once more",
    absent: "Vault+ lacks the wanted variants of the media|check the ids, the labels and the settings of the connection",
    late: "the wait took longer than its timeout; not stored yet:",
};

/// Waits until the wanted variants of all media are stored: those with these labels, or all that a medium has.
pub(super) async fn wait(
    client: Client,
    ids: Vec<String>,
    labels: Vec<String>,
    terms: Terms,
) -> Result<Vec<VaultPlusMedia>> {
    let place = Copies { client: &client, labels };
    terms.poll(&client, Watch::new(ids, WORDS), place).await
}

/// The Vault+ of a client's connection, and the variants that are wanted.
struct Copies<'a> {
    client: &'a Client,
    labels: Vec<String>,
}

impl Look<VaultPlusMedia> for Copies<'_> {
    const IS_COUNTED: bool = false;

    async fn look(&self, watch: &mut Watch<VaultPlusMedia>, _: u32, limits: &Limits) -> Result<()> {
        let open: Vec<String> = watch.open().into_iter().cloned().collect();
        let call = self.client.vault_plus_batch(open).cancel(&limits.as_cancel());
        let batch = match limits.left() {
            Some(left) => call.timeout(left).await?,
            None => call.await?,
        };
        for media in batch.items {
            let media = VaultPlusMedia::from(media);
            let id = media.id.clone();
            watch.see(&id, || state(media, &self.labels));
        }
        Ok(())
    }
}

/// How far the wanted variants of a medium are.
fn state(media: VaultPlusMedia, labels: &[String]) -> Seen<VaultPlusMedia> {
    let wanted = media.variants.iter().filter(|variant| labels.is_empty() || labels.contains(&variant.label));
    let (mut labelled, mut stored) = (HashSet::new(), true);
    for variant in wanted {
        match variant.status {
            VariantStatus::Removed => return Seen::Failed,
            VariantStatus::Stored => {}
            _ => stored = false,
        }
        labelled.insert(variant.label.as_str());
    }
    match labels.iter().any(|label| !labelled.contains(label.as_str())) || labelled.is_empty() {
        true => Seen::Absent,
        false if stored => Seen::Ready(media),
        false => Seen::Pending,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_medium_is_stored_when_all_that_is_wanted_of_it_is() {
        for (variants, labels, wanted) in [
            (json!({"full": {"status": "stored"}}), &[][..], "ready"),
            (json!({"full": {"status": "stored"}, "thumb": {"status": "edge_only"}}), &[], "pending"),
            (json!({"full": {"status": "stored"}, "thumb": {"status": "edge_only"}}), &["full"], "ready"),
            (json!({"full": {"status": "stored"}, "thumb": {"status": "removed"}}), &["full"], "ready"),
            (json!({"full": {"status": "stored"}, "thumb": {"status": "removed"}}), &[], "failed"),
            (json!({"full": {"status": "stored"}}), &["full", "thumb"], "absent"),
            (json!({"full": {"status": "pending"}}), &["full"], "pending"),
            (json!({"full": {"status": "storing"}}), &["full"], "pending"),
            (json!({"full": {"status": "melting"}}), &["full"], "pending"),
            (json!({}), &[], "absent"),
        ] {
            let media = VaultPlusMedia::read(json!({"id": "1", "media": variants})).unwrap();
            let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
            let found = match state(media, &labels) {
                Seen::Ready(_) => "ready",
                Seen::Pending => "pending",
                Seen::Absent => "absent",
                Seen::Failed => "failed",
            };
            assert_eq!(found, wanted, "{variants} {labels:?}");
        }
    }
}

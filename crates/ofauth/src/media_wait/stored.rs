//! Asks Vault+ whether it has the bytes of media.

use std::collections::HashSet;
use std::time::Duration;

use super::terms::{Look, Terms};
use super::watch::{Seen, Watch, Words};
use crate::cancel::Limits;
use crate::client::Client;
use crate::error::Result;
use crate::vault::BATCH;
use crate::vault_plus::{VariantStatus, VaultPlusMedia};

/// So much longer is the pause after a look for each call that it took beyond the first.
const PER_CALL: Duration = Duration::from_millis(250);

pub(super) const WORDS: Words = Words {
    failed: "Vault+ has removed, or only a cache has, what is wanted of the media|have it cached again or name other labels; \
             a download that waits has what only a cache has (edge_only) stored",
    absent: "Vault+ lacks the wanted variants of the media|check the ids, the labels and the settings of the connection",
    late: "the wait took longer than its timeout; not stored yet:",
    about: None,
};

/// Waits until the wanted variants of all media are stored: those with these labels, or all that come by themselves.
pub(super) async fn wait(
    client: Client,
    ids: Vec<String>,
    labels: Vec<String>,
    terms: Terms,
) -> Result<Vec<VaultPlusMedia>> {
    let place = Copies { client: &client, labels };
    terms.poll(Watch::new(ids, WORDS), place).await
}

/// The Vault+ of a client's connection, and the variants that are wanted.
struct Copies<'a> {
    client: &'a Client,
    labels: Vec<String>,
}

impl Look<VaultPlusMedia> for Copies<'_> {
    /// These calls count against no budget. Those of many media are work for the service all the same.
    fn room(&self, open: usize) -> Duration {
        let further = open.div_ceil(BATCH).saturating_sub(1);
        PER_CALL.saturating_mul(u32::try_from(further).unwrap_or(u32::MAX))
    }

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

/// How far the wanted variants of a medium are. Without labels that is those which come by themselves: what was removed, and
/// what only a cache has, does not, and is passed over if there is another.
fn state(media: VaultPlusMedia, labels: &[String]) -> Seen<VaultPlusMedia> {
    if labels.is_empty() {
        let all = || media.variants.iter().map(|variant| &variant.status);
        let comes =
            |status: &VariantStatus| !matches!(status, VariantStatus::Removed | VariantStatus::EdgeOnly);
        return match (all().next().is_none(), all().any(comes)) {
            (true, _) => Seen::Absent,
            (_, false) => Seen::Failed,
            _ if all().filter(|status| comes(status)).all(|status| *status == VariantStatus::Stored) => {
                Seen::Ready(media)
            }
            _ => Seen::Pending,
        };
    }
    let wanted = media.variants.iter().filter(|variant| labels.contains(&variant.label));
    let (mut labelled, mut stored) = (HashSet::new(), true);
    for variant in wanted {
        match variant.status {
            VariantStatus::Removed => return Seen::Failed,
            VariantStatus::Stored => {}
            _ => stored = false,
        }
        labelled.insert(variant.label.as_str());
    }
    match labels.iter().any(|label| !labelled.contains(label.as_str())) {
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
            (json!({"full": {"status": "stored"}, "thumb": {"status": "edge_only"}}), &[], "ready"),
            (json!({"full": {"status": "storing"}, "thumb": {"status": "edge_only"}}), &[], "pending"),
            (json!({"full": {"status": "storing"}, "thumb": {"status": "removed"}}), &[], "pending"),
            (json!({"full": {"status": "removed"}, "thumb": {"status": "edge_only"}}), &[], "failed"),
            (json!({"full": {"status": "edge_only"}}), &[], "failed"),
            (json!({"full": {"status": "removed"}}), &["full"], "failed"),
            (json!({"full": {"status": "edge_only"}}), &["full"], "pending"),
            (json!({"full": {"status": "stored"}, "thumb": {"status": "edge_only"}}), &["full"], "ready"),
            (json!({"full": {"status": "stored"}, "thumb": {"status": "removed"}}), &["full"], "ready"),
            (json!({"full": {"status": "stored"}, "thumb": {"status": "removed"}}), &[], "ready"),
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

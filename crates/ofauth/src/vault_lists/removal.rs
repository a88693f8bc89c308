//! Takes media out of a list by emptying it and filling it again, so that an interruption at any point loses nothing.
//!
//! What shall stay is kept in a second list, whose name says how far the work is. While it is filled, the list itself is
//! untouched; only when it is whole, as its new name then says, the list is emptied. Whoever finds a whole one brings the
//! list back from it before anything else. A read may show an older state of a list, so it never decides what is added:
//! everything is, and the second list is deleted only once the list shows what it should.

use std::time::Duration;

use serde_json::{Value, json};

use super::members::{Members, add};
use super::{VaultList, VaultListChange, texts};
use crate::cancel::Limits;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result, invalid};
use crate::object::{id_of, text_of};
use crate::polling::Pace;

/// The pauses between the looks whether a list shows what it should.
const PACE: Pace = Pace { shortest: Duration::from_millis(250), longest: Duration::from_secs(4) };

/// So many looks may show something else: with the pauses, that is 8 seconds.
const MOST_LOOKS: u32 = 6;

/// The `type` of lists that users fill themselves.
const CUSTOM: &str = "custom";

/// What an earlier run left.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    /// The name of the list itself.
    name: Option<String>,
    /// What the service says the list is, if it cannot be emptied and filled again.
    fixed: Option<String>,
    /// Second lists that are not whole.
    filling: Vec<String>,
    /// Second lists that are.
    whole: Vec<String>,
}

/// The name of a second list that is being filled.
fn filling(list: &str) -> String {
    format!("ofauth keeps {list} (unfinished)")
}

/// The name of one that is whole.
fn whole(list: &str) -> String {
    format!("ofauth keeps {list}")
}

impl Found {
    /// Takes in one of the vault's lists.
    fn take_in(&mut self, list: &str, item: &Value) {
        let (Some(id), Some(name)) = (id_of(item), text_of(item, "name")) else { return };
        if id == list {
            let kind = text_of(item, "type");
            let is_closed = item.get("canUpdate").and_then(Value::as_bool) == Some(false);
            self.fixed = match kind {
                Some(kind) if kind != CUSTOM => Some(format!("of the type {kind:?}")),
                _ => is_closed.then(|| "one that cannot be changed".to_owned()),
            };
            self.name = Some(name);
        } else if name == filling(list) {
            self.filling.push(id);
        } else if name == whole(list) {
            self.whole.push(id);
        }
    }

    async fn look(client: &Client, list: &str, limits: &Limits) -> Result<Self> {
        let mut found = Self::default();
        let pages = client.call("list_vault_lists").pages();
        pages
            .walk(limits, u32::MAX, |page| {
                page.items().iter().for_each(|item| found.take_in(list, item));
                Ok(true)
            })
            .await?;
        Ok(found)
    }
}

/// Takes media out of a list.
pub(super) async fn remove(
    client: &Client,
    list: &str,
    ids: &[u64],
    limits: &Limits,
) -> Result<VaultListChange> {
    let found = Found::look(client, list, limits).await?;
    let name = found.name.ok_or_else(|| {
        invalid(format!(
            "the vault has no list {list:?}: give the id of one, which the operation list_vault_lists shows"
        ))
    })?;
    if let Some(what) = found.fixed {
        return Err(invalid(format!(
            "the vault list {list:?} is {what}, which the service fills itself: give a list of your own"
        )));
    }
    for kept in &found.whole {
        let keeps = Members::of(client, kept, limits).await?.split(|_| true).0;
        bring_back(client, list, kept, &keeps, &[], limits).await?;
    }
    for unfinished in &found.filling {
        delete(client, unfinished, limits).await?;
    }
    let members = Members::of(client, list, limits).await?;
    let (gone, stay) = members.split(|id| ids.contains(&id));
    let absent: Vec<u64> = ids.iter().copied().filter(|id| !members.has(*id)).collect();
    if !gone.is_empty() {
        let kept = keep(client, list, &stay, limits).await?;
        // Whatever happens from here on, the next run brings back what is kept.
        rename(client, list, &json!({ "name": name, "clearMedia": true }), limits).await?;
        bring_back(client, list, &kept, &stay, &gone, limits).await?;
    }
    Ok(VaultListChange { changed: texts(&gone), unchanged: texts(&absent) })
}

/// Makes a second list of these media, whole.
async fn keep(client: &Client, list: &str, stay: &[u64], limits: &Limits) -> Result<String> {
    let call = client.call("create_vault_list").json(&json!({ "name": filling(list) }));
    let kept = VaultList::read(&call.send_within(limits.clone()).await?, "create a vault list")?.id;
    add(client, &kept, stay, limits).await?;
    // A service that took less than it said would lose the rest for ever.
    let there = Members::of(client, &kept, limits).await?;
    let lost = stay.iter().filter(|id| !there.has(**id)).count();
    if lost > 0 {
        let text = format!(
            "the copy of the list lacks {lost} of {} media, so the list was left as it is: try again",
            stay.len()
        );
        return Err(Error::new(ErrorKind::InvalidAnswer, text));
    }
    rename(client, &kept, &json!({ "name": whole(list) }), limits).await?;
    Ok(kept)
}

/// Puts what a whole second list keeps into the list, and deletes the second one when the list has it, and none of `gone`.
async fn bring_back(
    client: &Client,
    list: &str,
    kept: &str,
    keeps: &[u64],
    gone: &[u64],
    limits: &Limits,
) -> Result<()> {
    let told = |kind, what: String| {
        let text = format!("{what}; the list {:?} ({kept}) has all that shall stay: try again", whole(list));
        Error::new(kind, text)
    };
    // All of it, whatever a read would show: what is there stays as it is.
    let mut missing = keeps.to_vec();
    for look in 0..MOST_LOOKS {
        add(client, list, &missing, limits).await?;
        let there = Members::of(client, list, limits).await?;
        missing = keeps.iter().copied().filter(|id| !there.has(*id)).collect();
        let left = gone.iter().filter(|id| there.has(**id)).count();
        if missing.is_empty() && left == 0 {
            return delete(client, kept, limits).await;
        }
        if look.saturating_add(1) == MOST_LOOKS {
            let what = match missing.len() {
                0 => format!("the list still has {left} of the media that were to be removed"),
                lost => format!("{lost} media did not come back into the list"),
            };
            return Err(told(ErrorKind::InvalidAnswer, what));
        }
        limits
            .sleep(PACE.pause(look, Duration::ZERO))
            .await
            .map_err(|reached| told(reached, "the list does not show the removal yet".to_owned()))?;
    }
    Ok(())
}

async fn rename(client: &Client, list: &str, body: &serde_json::Value, limits: &Limits) -> Result<()> {
    let call = client.call("update_vault_list").param("listId", list).json(body);
    call.send_within(limits.clone()).await.map(|_| ())
}

/// Deletes a second list. One that somebody else has deleted is gone as well.
async fn delete(client: &Client, list: &str, limits: &Limits) -> Result<()> {
    let deleted = client.call("delete_vault_list").param("listId", list).send_within(limits.clone()).await;
    match deleted {
        Err(error) if error.status() != Some(404) => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_list_of_a_list_is_known_by_its_name() {
        let mut found = Found::default();
        for (id, name) in [
            ("7", "Summer"),
            ("8", "ofauth keeps 7 (unfinished)"),
            ("9", "ofauth keeps 7"),
            ("10", "ofauth keeps 71"),
            ("11", "Summer"),
        ] {
            found.take_in("7", &json!({"id": id, "name": name}));
        }
        let wanted = Found {
            name: Some("Summer".into()),
            fixed: None,
            filling: vec!["8".into()],
            whole: vec!["9".into()],
        };
        assert_eq!(found, wanted);
        let longest = i64::MAX.to_string();
        assert!(filling(&longest).len() <= super::super::LONGEST_NAME);
    }

    #[test]
    fn lists_that_the_service_fills_are_known() {
        for (item, fixed) in [
            (json!({}), false),
            (json!({"type": "custom", "canUpdate": true}), false),
            (json!({"type": null}), false),
            (json!({"type": "messages"}), true),
            (json!({"type": "custom", "canUpdate": false}), true),
        ] {
            let mut list = json!({"id": 7, "name": "Summer"});
            list.as_object_mut().unwrap().extend(item.as_object().unwrap().clone());
            let mut found = Found::default();
            found.take_in("7", &list);
            assert_eq!(found.fixed.is_some(), fixed, "{list}");
        }
    }
}

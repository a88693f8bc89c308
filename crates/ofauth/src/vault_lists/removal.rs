//! Takes media out of a list by emptying it and filling it again, so that an interruption at any point loses nothing.
//!
//! What shall stay is kept in a second list, whose name says how far the work is. While it is filled, the list itself is
//! untouched; only when it is whole, as its new name then says, the list is emptied. Whoever finds a whole one brings the
//! list back from it before anything else.

use serde_json::json;

use super::members::{Members, add, walk};
use super::{VaultList, VaultListChange, texts};
use crate::cancel::Limits;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result, invalid};
use crate::object::{id_of, text_of};

/// What an earlier run left.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    /// The name of the list itself.
    name: Option<String>,
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
    fn take_in(&mut self, list: &str, id: String, name: String) {
        if id == list {
            self.name = Some(name);
        } else if name == filling(list) {
            self.filling.push(id);
        } else if name == whole(list) {
            self.whole.push(id);
        }
    }

    async fn look(client: &Client, list: &str, limits: &Limits) -> Result<Self> {
        let mut found = Self::default();
        walk(client.call("list_vault_lists"), limits, |item| {
            if let (Some(id), Some(name)) = (id_of(&item), text_of(&item, "name")) {
                found.take_in(list, id, name);
            }
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
    for kept in &found.whole {
        bring_back(client, list, kept, limits).await?;
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
        bring_back(client, list, &kept, limits).await?;
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

/// Puts what a whole second list keeps into the list, and deletes the second one.
async fn bring_back(client: &Client, list: &str, kept: &str, limits: &Limits) -> Result<()> {
    let keeps = Members::of(client, kept, limits).await?;
    let lacking = async || -> Result<Vec<u64>> {
        let there = Members::of(client, list, limits).await?;
        Ok(keeps.split(|id| there.has(id)).1)
    };
    let missing = lacking().await?;
    if !missing.is_empty() {
        add(client, list, &missing, limits).await?;
        // A service that took less than it said would lose the rest for ever.
        let lost = lacking().await?.len();
        if lost > 0 {
            let text = format!(
                "{lost} media did not come back into the list; the list {:?} has them: try again",
                whole(list)
            );
            return Err(Error::new(ErrorKind::InvalidAnswer, text));
        }
    }
    delete(client, kept, limits).await
}

async fn rename(client: &Client, list: &str, body: &serde_json::Value, limits: &Limits) -> Result<()> {
    let call = client.call("update_vault_list").param("listId", list).json(body);
    call.send_within(limits.clone()).await.map(|_| ())
}

async fn delete(client: &Client, list: &str, limits: &Limits) -> Result<()> {
    client.call("delete_vault_list").param("listId", list).send_within(limits.clone()).await.map(|_| ())
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
            found.take_in("7", id.into(), name.into());
        }
        let wanted =
            Found { name: Some("Summer".into()), filling: vec!["8".into()], whole: vec!["9".into()] };
        assert_eq!(found, wanted);
        let longest = i64::MAX.to_string();
        assert!(filling(&longest).len() <= super::super::LONGEST_NAME);
    }
}

//! What each operation does to the world, as data: which collection it is about, and what it does there.
//!
//! An operation that is not in the table answers an example, or has a handler of its own.

use serde::Serialize;

use crate::world::collection::Collection::{self, *};

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    List,
    Create,
    Read,
    /// Keeps the fields of the request, besides those that are there already.
    Change,
    /// Keeps the fields of the request and no others.
    Replace,
    Delete,
    /// Adds something that exists elsewhere.
    Add,
}

/// One operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) operation: &'static str,
    pub(crate) act: Act,
    pub(crate) collection: Collection,
    /// The path parameter that names what the collection belongs to.
    pub(crate) parent: Option<&'static str>,
    /// The path parameter that names an item; without one it is the account itself.
    pub(crate) id: &'static str,
    /// What is true of an item from then on.
    pub(crate) sets: &'static [(&'static str, Set)],
}

/// A value that an operation sets.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
pub(crate) enum Set {
    Flag(bool),
    Text(&'static str),
}

const fn all(operation: &'static str, act: Act, collection: Collection) -> Row {
    Row { operation, act, collection, parent: None, id: "", sets: &[] }
}

const fn one(operation: &'static str, act: Act, collection: Collection, id: &'static str) -> Row {
    Row { operation, act, collection, parent: None, id, sets: &[] }
}

const fn of(row: Row, parent: &'static str) -> Row {
    Row { parent: Some(parent), ..row }
}

const fn setting(row: Row, sets: &'static [(&'static str, Set)]) -> Row {
    Row { sets, ..row }
}

const TABLE: &[Row] = &[
    all("list_users_by_ids", Act::List, Users),
    all("search_users", Act::List, Users),
    all("get_self", Act::Read, Users),
    all("update_self", Act::Change, Users),
    one("get_user", Act::Read, Users, "userId"),
    all("list_blocked_users", Act::List, Blocked),
    all("list_restricted_users", Act::List, Restricted),
    one("restrict_user", Act::Add, Restricted, "userId"),
    one("unrestrict_user", Act::Delete, Restricted, "userId"),
    all("list_subscribers", Act::List, Fans),
    one("set_subscriber_note", Act::Change, Users, "userId"),
    one("set_subscriber_custom_name", Act::Change, Users, "userId"),
    one("set_subscriber_discount", Act::Change, Users, "userId"),
    all("list_subscriptions", Act::List, Subscriptions),
    one("get_subscription_history", Act::Read, Subscriptions, "subscriptionId"),
    all("list_user_lists", Act::List, UserLists),
    all("create_user_list", Act::Create, UserLists),
    one("get_user_list", Act::Read, UserLists, "listId"),
    one("update_user_list", Act::Change, UserLists, "listId"),
    one("delete_user_list", Act::Delete, UserLists, "listId"),
    of(all("list_user_list_users", Act::List, UserListUsers), "listId"),
    all("list_posts", Act::List, Posts),
    all("get_top_posts", Act::List, Posts),
    of(all("list_user_posts", Act::List, Posts), "userId"),
    all("create_post", Act::Create, Posts),
    one("get_post", Act::Read, Posts, "postId"),
    one("get_post_stats", Act::Read, Posts, "postId"),
    one("update_post", Act::Replace, Posts, "postId"),
    one("delete_post", Act::Delete, Posts, "postId"),
    of(all("list_user_stories", Act::List, Stories), "userId"),
    all("get_top_stories", Act::List, Stories),
    all("get_top_streams", Act::List, Streams),
    all("list_chats", Act::List, Chats),
    all("search_chats", Act::List, Chats),
    of(all("list_chat_messages", Act::List, Messages), "userId"),
    of(all("list_chat_media", Act::List, Messages), "userId"),
    of(all("send_chat_message", Act::Create, Messages), "userId"),
    of(one("unsend_chat_message", Act::Delete, Messages, "messageId"), "userId"),
    all("list_mass_messages", Act::List, MassMessages),
    all("get_purchased_mass_messages", Act::List, MassMessages),
    all("get_sent_mass_messages", Act::List, MassMessages),
    all("list_scheduled_mass_messages", Act::List, MassMessages),
    all("create_mass_message", Act::Create, MassMessages),
    one("get_mass_message", Act::Read, MassMessages, "massMessageId"),
    one("update_mass_message", Act::Replace, MassMessages, "massMessageId"),
    one("delete_mass_message", Act::Delete, MassMessages, "massMessageId"),
    of(all("list_mass_message_buyers", Act::List, Buyers), "massMessageId"),
    all("list_vault_media", Act::List, VaultMedia),
    all("list_vault_lists", Act::List, VaultLists),
    all("create_vault_list", Act::Create, VaultLists),
    one("delete_vault_list", Act::Delete, VaultLists, "listId"),
    of(all("list_vault_list_media", Act::List, VaultListMedia), "listId"),
    all("query_vault_plus_media", Act::List, VaultPlus),
    one("get_vault_plus_media", Act::Read, VaultPlus, "mediaId"),
    one("delete_vault_plus_media", Act::Delete, VaultPlus, "mediaId"),
    all("list_transactions", Act::List, Transactions),
    all("list_chargebacks", Act::List, Chargebacks),
    all("list_notifications", Act::List, Notifications),
    all("list_release_forms", Act::List, ReleaseForms),
    all("list_tagged_friend_users", Act::List, TaggedFriends),
    all("list_promotions", Act::List, Promotions),
    all("get_top_promotions", Act::List, Promotions),
    all("create_promotion", Act::Create, Promotions),
    one("update_promotion", Act::Change, Promotions, "promotionId"),
    setting(
        one("stop_promotion", Act::Change, Promotions, "promotionId"),
        &[("isFinished", Set::Flag(true)), ("canClaim", Set::Flag(false))],
    ),
    one("delete_promotion", Act::Delete, Promotions, "promotionId"),
    all("list_bundles", Act::List, Bundles),
    all("create_bundle", Act::Create, Bundles),
    one("get_bundle", Act::Read, Bundles, "bundleId"),
    one("update_bundle", Act::Change, Bundles, "bundleId"),
    one("delete_bundle", Act::Delete, Bundles, "bundleId"),
    all("list_tracking_links", Act::List, TrackingLinks),
    all("get_top_campaigns", Act::List, TrackingLinks),
    all("create_tracking_link", Act::Create, TrackingLinks),
    one("get_tracking_link", Act::Read, TrackingLinks, "trackingLinkId"),
    one("update_tracking_link", Act::Change, TrackingLinks, "trackingLinkId"),
    one("delete_tracking_link", Act::Delete, TrackingLinks, "trackingLinkId"),
    of(all("list_tracking_link_claimers", Act::List, Claimers), "trackingLinkId"),
    all("list_trial_links", Act::List, TrialLinks),
    all("get_top_trials", Act::List, TrialLinks),
    all("create_trial_link", Act::Create, TrialLinks),
    one("get_trial_link", Act::Read, TrialLinks, "trialLinkId"),
    one("update_trial_link", Act::Change, TrialLinks, "trialLinkId"),
    one("delete_trial_link", Act::Delete, TrialLinks, "trialLinkId"),
    all("list_connections", Act::List, Connections),
    setting(
        one("invalidate_connection", Act::Change, Connections, "connectionId"),
        &[("status", Set::Text("expired"))],
    ),
];

/// What the operation with this id does to the world.
pub(crate) fn row(operation: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.operation == operation)
}

/// The operations that list a collection.
pub(crate) fn lists_of(collection: Collection) -> impl Iterator<Item = &'static str> {
    TABLE
        .iter()
        .filter(move |row| row.act == Act::List && row.collection == collection)
        .map(|row| row.operation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;

    #[test]
    fn rows_name_operations_and_their_parameters() {
        for row in TABLE {
            let operation = document::by_id(row.operation).unwrap_or_else(|| panic!("{}", row.operation));
            for name in row.parent.into_iter().chain((!row.id.is_empty()).then_some(row.id)) {
                assert!(operation.path_position(name).is_some(), "{}: {name}", row.operation);
            }
            let owned = row.collection.belongs_to().is_some();
            assert!(!owned || row.parent.is_some(), "{} belongs to something", row.operation);
        }
    }

    /// A list that is new in the document has no row, and answers with its example.
    #[test]
    fn what_has_pages_and_a_row_is_a_list() {
        let operations = document::operations().unwrap().iter();
        let rows = operations.filter(|it| it.page.is_some()).filter_map(|it| row(&it.id)).collect::<Vec<_>>();
        assert!(!rows.is_empty() && rows.iter().all(|row| row.act == Act::List), "{rows:?}");
    }
}

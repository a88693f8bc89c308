//! The collections of the world: their names, and what belongs to what.
//!
//! Which operation lists or changes which collection is not said here.

/// A kind of things that are listed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Collection {
    Users,
    Fans,
    Subscriptions,
    Blocked,
    Restricted,
    UserLists,
    /// The members of one user list.
    UserListUsers,
    Posts,
    Stories,
    Streams,
    Chats,
    /// The messages of one chat.
    Messages,
    MassMessages,
    /// Who bought one mass message.
    Buyers,
    VaultMedia,
    VaultLists,
    /// The media in one vault list.
    VaultListMedia,
    VaultPlus,
    Transactions,
    Chargebacks,
    Notifications,
    ReleaseForms,
    TaggedFriends,
    Promotions,
    Bundles,
    TrackingLinks,
    /// Who came by one tracking link.
    Claimers,
    TrialLinks,
    Connections,
}

use Collection::*;

/// Every collection with the name it is seeded by, and what one of its items is called in an error.
const TABLE: &[(Collection, &str, &str)] = &[
    (Users, "users", "user"),
    (Fans, "fans", "subscriber"),
    (Subscriptions, "subscriptions", "subscription"),
    (Blocked, "blocked-users", "blocked user"),
    (Restricted, "restricted-users", "restricted user"),
    (UserLists, "user-lists", "user list"),
    (UserListUsers, "user-list-users", "user in this list"),
    (Posts, "posts", "post"),
    (Stories, "stories", "story"),
    (Streams, "streams", "stream"),
    (Chats, "chats", "chat"),
    (Messages, "messages", "message in this chat"),
    (MassMessages, "mass-messages", "mass message"),
    (Buyers, "buyers", "buyer of this mass message"),
    (VaultMedia, "vault-media", "vault media"),
    (VaultLists, "vault-lists", "vault list"),
    (VaultListMedia, "vault-list-media", "media in this list"),
    (VaultPlus, "vault-plus-media", "copy in Vault+ of media"),
    (Transactions, "transactions", "transaction"),
    (Chargebacks, "chargebacks", "chargeback"),
    (Notifications, "notifications", "notification"),
    (ReleaseForms, "release-forms", "release form"),
    (TaggedFriends, "tagged-friends", "tagged friend"),
    (Promotions, "promotions", "promotion"),
    (Bundles, "bundles", "bundle"),
    (TrackingLinks, "tracking-links", "tracking link"),
    (Claimers, "claimers", "claimer of this link"),
    (TrialLinks, "trial-links", "trial link"),
    (Connections, "connections", "connection"),
];

impl Collection {
    /// Every collection.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(collection, ..)| *collection)
    }

    /// The name that a seed calls it by.
    pub(crate) fn name(self) -> &'static str {
        TABLE.iter().find(|(collection, ..)| *collection == self).map_or("", |(_, name, _)| name)
    }

    /// What an item is called in an error.
    pub(crate) fn item(self) -> &'static str {
        TABLE.iter().find(|(collection, ..)| *collection == self).map_or("item", |(.., item)| item)
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|(_, known, _)| *known == name).map(|(collection, ..)| *collection)
    }

    /// The collection whose items these are, too: a fan is a user, what is in a list is in the vault.
    pub(crate) fn drawn_from(self) -> Option<Self> {
        match self {
            Fans | Subscriptions | Blocked | Restricted | UserListUsers | Chats | Buyers | Claimers
            | TaggedFriends => Some(Users),
            VaultListMedia | VaultPlus => Some(VaultMedia),
            _ => None,
        }
    }

    /// The collection that one of these belongs to: a message to a chat, for example.
    pub(crate) fn belongs_to(self) -> Option<Self> {
        match self {
            UserListUsers => Some(UserLists),
            Messages => Some(Chats),
            Buyers => Some(MassMessages),
            VaultListMedia => Some(VaultLists),
            Claimers => Some(TrackingLinks),
            _ => None,
        }
    }

    /// Whether every connection sees the same: the connections themselves belong to the account.
    pub(crate) fn is_shared(self) -> bool {
        self == Connections
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_collection_has_one_row() {
        let all: Vec<Collection> = Collection::all().collect();
        for collection in &all {
            assert_eq!(all.iter().filter(|other| *other == collection).count(), 1, "{collection:?}");
            assert_eq!(Collection::named(collection.name()), Some(*collection));
        }
        assert_eq!(all.last(), Some(&Connections));
    }

    #[test]
    fn the_readme_names_every_collection() {
        let readme = include_str!("../../README.md");
        for collection in Collection::all() {
            assert!(readme.contains(&format!("`{}`", collection.name())), "{}", collection.name());
        }
    }
}

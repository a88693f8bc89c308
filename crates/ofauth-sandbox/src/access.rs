//! Who may do what: the key and its scopes, the connections and what each of them grants.
//!
//! As long as nothing is set, any key and any connection may do everything. What a refusal says of headers that were
//! misplaced is added by who read them.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::{self, ConnectionNeed, Operation};
use crate::error::ApiError;
use crate::names;

/// A key that stands for one that is not valid.
const INVALID_KEY: &str = "sk_sandbox_invalid";

/// What keys and connections may do.
#[derive(Default)]
pub(crate) struct Access {
    /// The only key.
    pub(crate) api_key: Option<String>,
    /// What the key may do besides calling for connections.
    pub(crate) scopes: Option<BTreeSet<String>>,
    /// The connections that are known, if not all are.
    pub(crate) connections: BTreeSet<String>,
    /// What a connection grants, if not everything.
    pub(crate) permissions: BTreeMap<String, BTreeSet<String>>,
}

// The key that is accepted stays out of logs.
impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("connections", &self.connections).finish_non_exhaustive()
    }
}

impl Access {
    /// Finds permissions and scopes that no operation needs.
    pub(crate) fn check_names(&self) -> Result<(), String> {
        let granted = self.permissions.values().flatten().map(|name| (name, true));
        let scopes = self.scopes.iter().flatten().map(|name| (name, false));
        for (name, is_permission) in granted.chain(scopes) {
            let known = needed().filter(|needed| is_of_connection(needed) == is_permission);
            let known: BTreeSet<&str> = known.collect();
            if !known.contains(name.as_str()) {
                let what = if is_permission { "permission" } else { "scope" };
                return Err(format!("\"{name}\" is no {what}{}", names::hint(name, known)));
            }
        }
        Ok(())
    }

    /// Whether `key` and `connection`, which may be empty, may call an operation. The proxy has none. A connection that was
    /// linked here is known, which is asked only if it matters.
    pub(crate) fn check(
        &self,
        operation: Option<&Operation>,
        key: &str,
        connection: &str,
        is_linked: impl FnOnce() -> bool,
    ) -> Result<(), ApiError> {
        if key.is_empty() {
            return Err(ApiError::unauthorized("the apiKey header is missing"));
        }
        if key == INVALID_KEY || self.api_key.as_deref().is_some_and(|accepted| accepted != key) {
            return Err(ApiError::unauthorized("the API key is not valid"));
        }
        let needed = operation.is_none_or(|operation| operation.connection == ConnectionNeed::Required);
        if needed && connection.is_empty() {
            return Err(ApiError::session_not_provided("the x-connection-id header is missing"));
        }
        if needed && !self.is_known(connection) && !is_linked() {
            return Err(ApiError::session_not_provided("the connection is unknown"));
        }
        match operation.and_then(|operation| Some((operation.permission.as_deref()?, &operation.id))) {
            Some((permission, id)) => self.check_permission(permission, id, connection),
            None => Ok(()),
        }
    }

    pub(crate) fn is_known(&self, connection: &str) -> bool {
        self.connections.is_empty()
            || self.connections.contains(connection)
            || self.permissions.contains_key(connection)
    }

    fn check_permission(&self, permission: &str, operation: &str, connection: &str) -> Result<(), ApiError> {
        let (who, what, granted) = match is_of_connection(permission) {
            true => (format!("the connection {connection}"), "permission", self.permissions.get(connection)),
            false => ("the API key".to_owned(), "scope", self.scopes.as_ref()),
        };
        match granted {
            Some(granted) if !granted.contains(permission) => {
                let granted: Vec<&str> = granted.iter().map(String::as_str).collect();
                let granted = if granted.is_empty() { "none".to_owned() } else { granted.join(", ") };
                Err(ApiError::forbidden(format!(
                    "{operation} needs the {what} {permission}; {who} has {granted}"
                )))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a connection grants it; what does not look so is a scope of the key.
fn is_of_connection(permission: &str) -> bool {
    permission.contains(':')
}

/// The permissions and scopes that operations need.
fn needed() -> impl Iterator<Item = &'static str> {
    let operations = document::operations().unwrap_or_default();
    operations.iter().filter_map(|operation| operation.permission.as_deref())
}

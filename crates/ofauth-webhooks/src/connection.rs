//! The connection that an event is about, as both generations of the service describe it. What is missing or odd is left
//! out: the event has the data as they came.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// A connection, as an event describes it. Events do not say everything: `connection.expired` has no user's name.
#[non_exhaustive]
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Its id.
    pub id: Option<String>,
    /// Its status: `active`, `awaiting_2fa`, `expired`, or a word of a newer service.
    pub status: Option<String>,
    /// What it may be used for.
    pub permissions: Vec<String>,
    /// What your program called it when it was made.
    pub client_reference_id: Option<String>,
    /// The OnlyFans account behind it.
    pub user: Option<User>,
}

/// An account on OnlyFans.
#[non_exhaustive]
#[derive(Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its id on OnlyFans.
    pub id: Option<String>,
    /// The name that is shown.
    pub name: Option<String>,
    /// The name in addresses.
    pub username: Option<String>,
    /// The address of its picture.
    pub avatar: Option<String>,
}

impl Connection {
    /// Reads it from the data of an event; nothing if they name none.
    pub(crate) fn read(data: &Value) -> Option<Self> {
        let connection = data.get("connection").unwrap_or(&Value::Null);
        let id = text(connection, "id")
            .or_else(|| text(data, "connectionId"))
            .or_else(|| text(data, "connection"));
        let found = Self {
            id,
            status: text(connection, "status"),
            permissions: texts(connection.get("permissions")),
            client_reference_id: text(data, "clientReferenceId")
                .or_else(|| text(connection, "clientReferenceId")),
            user: User::read(data, connection),
        };
        (found != Self::default()).then_some(found)
    }
}

impl User {
    fn read(data: &Value, connection: &Value) -> Option<Self> {
        let user = connection.get("userData").or_else(|| data.get("userData")).unwrap_or(&Value::Null);
        let found = Self {
            id: text(user, "id")
                .or_else(|| text(user, "userId"))
                .or_else(|| text(connection, "platformUserId")),
            name: text(user, "name"),
            username: text(user, "username"),
            avatar: text(user, "avatar"),
        };
        (found != Self::default()).then_some(found)
    }
}

/// A field that is a text, or a number that was meant as one.
pub(crate) fn text(object: &Value, field: &str) -> Option<String> {
    match object.get(field)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

// What is known of a person stays out of logs.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_generations_name_the_user() {
        for (connection, id) in [
            (json!({"userData": {"id": "7"}}), Some("7")),
            (json!({"userData": {"userId": 7, "name": "A"}}), Some("7")),
            (json!({"userData": {"id": "7", "userId": "8"}, "platformUserId": "9"}), Some("7")),
            (json!({"platformUserId": "9"}), Some("9")),
            (json!({"userData": {"id": {}}}), None),
            (json!({"userData": "odd"}), None),
        ] {
            let read = Connection::read(&json!({"connection": connection}));
            assert_eq!(read.and_then(|it| it.user?.id).as_deref(), id, "{connection}");
        }
    }

    #[test]
    fn what_is_odd_is_left_out() {
        let read = |data: Value| Connection::read(&data);
        for data in [
            json!(null),
            json!([1]),
            json!({"connection": {"id": [], "permissions": 5}}),
            json!({"connection": 1.5e9_f64.is_nan()}),
        ] {
            assert_eq!(read(data.clone()), None, "{data}");
        }
        for data in
            [json!({"connection": {"id": "a"}}), json!({"connectionId": "a"}), json!({"connection": "a"})]
        {
            assert_eq!(read(data.clone()).unwrap().id.as_deref(), Some("a"), "{data}");
        }
        let mixed =
            read(json!({"connection": {"permissions": ["a", 1, "b"], "clientReferenceId": "r"}})).unwrap();
        assert_eq!(
            (mixed.permissions, mixed.client_reference_id),
            (vec!["a".into(), "b".into()], Some("r".into()))
        );
    }
}

//! What clients that were built from older documents send, and what it is called today.
//!
//! A lenient sandbox serves it, a strict one names what has taken its place. Answers are today's in any case.

use serde_json::{Map, Value};

use crate::schema::Check;

/// A route that another has replaced: its method, its path and the one of today. `{}` is a number or, at the end of a
/// longer path, any text.
struct Route(&'static str, &'static str, &'static str);

/// The routes of Vault+ that the SDKs 3.0 and 3.1 call.
const ROUTES: [Route; 8] = [
    Route("POST", "/v2/vault-plus/batch", "/v2/vault-plus/media/batch"),
    Route("GET", "/v2/vault-plus/list", "/v2/vault-plus/media"),
    Route("DELETE", "/v2/vault-plus/purge", "/v2/vault-plus/media"),
    Route("POST", "/v2/vault-plus/store/list/{}", "/v2/vault-plus/lists/{}/add"),
    Route("GET", "/v2/vault-plus/store/stats", "/v2/vault-plus/stats"),
    Route("GET", "/v2/vault-plus/store/status", "/v2/vault-plus/status"),
    Route("GET", "/v2/vault-plus/{}", "/v2/vault-plus/media/{}"),
    Route("DELETE", "/v2/vault-plus/{}", "/v2/vault-plus/media/{}"),
];

/// Fields of bodies: the operation, the old name and the one of today. The upload helpers of the SDKs send these.
const FIELDS: [(&str, &str, &str); 2] =
    [("init_upload", "filesize", "size"), ("init_upload", "mimeType", "contentType")];

/// The path of today for one that was replaced.
pub(crate) fn path_of_today(method: &str, path: &str) -> Option<String> {
    ROUTES.iter().find_map(|Route(of, old, new)| {
        let (before, after) = old.split_once("{}").unwrap_or((old, ""));
        let value = path.strip_prefix(before)?.strip_suffix(after)?;
        let fits = match (old.contains("{}"), old.contains("store")) {
            (false, _) => value.is_empty(),
            // Media ids are numbers; anything else in this place may be a path that never was.
            (true, false) => !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()),
            (true, true) => !value.is_empty() && !value.contains('/'),
        };
        (*of == method && fits).then(|| new.replace("{}", value))
    })
}

/// The name of today for a field that was renamed.
pub(crate) fn field_of_today(operation: &str, field: &str) -> Option<&'static str> {
    let renamed = FIELDS.iter().find(|(of, old, _)| *of == operation && *old == field);
    renamed.map(|(_, _, new)| *new)
}

/// Makes a body one of today: old names are replaced, and fields that are null without being allowed to are unset.
pub(crate) fn update_body(operation: &str, schema: &Value, check: Check, body: &mut Value) {
    if let Value::Object(fields) = body {
        for (_, old, new) in FIELDS.iter().filter(|(of, ..)| *of == operation) {
            if !fields.contains_key(*new)
                && let Some(value) = fields.remove(*old)
            {
                fields.insert((*new).to_owned(), value);
            }
        }
    }
    unset_nulls(schema, check, body);
}

fn unset_nulls(schema: &Value, check: Check, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let none = Map::new();
            let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
            let of = |field: &str| properties.get(field).unwrap_or(&Value::Null);
            fields.retain(|field, value| !value.is_null() || check.value(of(field), value, field).is_ok());
            for (field, value) in fields {
                unset_nulls(of(field), check, value);
            }
        }
        Value::Array(items) => {
            let each = schema.get("items").unwrap_or(&Value::Null);
            items.iter_mut().for_each(|item| unset_nulls(each, check, item));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::Inner;

    #[test]
    fn routes_that_were_replaced() {
        for (method, old, new) in [
            ("POST", "/v2/vault-plus/batch", Some("/v2/vault-plus/media/batch")),
            ("GET", "/v2/vault-plus/store/stats", Some("/v2/vault-plus/stats")),
            ("POST", "/v2/vault-plus/store/list/7", Some("/v2/vault-plus/lists/7/add")),
            ("DELETE", "/v2/vault-plus/4492994399", Some("/v2/vault-plus/media/4492994399")),
            ("GET", "/v2/vault-plus/batch", None),
            ("GET", "/v2/vault-plus/media", None),
            ("GET", "/v2/vault-plus/7/x", None),
            ("POST", "/v2/vault-plus/store/list/7/8", None),
            ("POST", "/v2/vault-plus/store/list/", None),
        ] {
            assert_eq!(path_of_today(method, old).as_deref(), new, "{method} {old}");
        }
    }

    #[test]
    fn bodies_are_made_those_of_today() {
        let check = Check { unknown_fields: true, inner: Inner::Dot };
        let schema = json!({ "properties": {
            "size": { "type": "integer" },
            "price": { "type": ["number", "null"] },
            "forms": { "properties": { "users": { "type": "array" } } },
        } });
        let mut body = json!({ "filesize": 5, "price": null, "forms": { "users": null }, "extra": null });
        update_body("init_upload", &schema, check, &mut body);
        assert_eq!(body, json!({ "size": 5, "price": null, "forms": {}, "extra": null }));
        assert_eq!(field_of_today("init_upload", "mimeType"), Some("contentType"));
        assert_eq!(field_of_today("create_post", "mimeType"), None);
    }
}

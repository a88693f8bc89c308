//! Reads one page of a list: its items, and what it says of the pages after it. Lenient, as all reading of answers here is.

use std::collections::HashMap;

use bytes::Bytes;
use ofauth_operations::operation::Page as PageTable;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::http::response::Response;
use crate::object::id_of;

/// One page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PageBody {
    pub(super) items: Vec<Item>,
    /// Whether the answer says that more follows.
    pub(super) more: Option<bool>,
    /// Where it says that the next page begins.
    pub(super) next: Option<String>,
    /// Whether it is the bare items, with nothing about a next page.
    pub(super) is_array: bool,
}

/// One item of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Its JSON, as it came.
    pub(super) json: Bytes,
    /// Its id, as text.
    pub(super) id: Option<String>,
}

/// Reads an answer by what the table says of the list.
pub(super) fn read(response: &Response, table: &PageTable, doing: &str) -> Result<PageBody> {
    let unreadable = |why: String| response.invalid(format!("{doing}: {why}"));
    let body = &response.body;
    if body.trim_ascii_start().starts_with(b"[") {
        return Ok(PageBody {
            items: items(body, body, &unreadable)?,
            is_array: true,
            ..PageBody::default()
        });
    }
    let fields: HashMap<String, &RawValue> = serde_json::from_slice(body)
        .map_err(|error| unreadable(format!("the page is not a JSON object or array: {error}")))?;
    let field = |name: &str| fields.get(name).map(|value| value.get());
    let Some(list) = field(table.items) else {
        return Err(unreadable(format!("the page has no field {:?}", table.items)));
    };
    Ok(PageBody {
        items: items(body, list.as_bytes(), &unreadable)?,
        more: table.more.and_then(field).and_then(truth),
        next: table.next.and_then(field).and_then(position),
        is_array: false,
    })
}

/// The items of an array that is part of `body`; null is as good as none.
fn items(body: &Bytes, array: &[u8], unreadable: &impl Fn(String) -> Error) -> Result<Vec<Item>> {
    let items: Option<Vec<&RawValue>> = serde_json::from_slice(array)
        .map_err(|error| unreadable(format!("the items of the page are not an array: {error}")))?;
    let item = |item: &RawValue| Item { json: body.slice_ref(item.get().as_bytes()), id: id(item.get()) };
    Ok(items.into_iter().flatten().map(item).collect())
}

fn id(item: &str) -> Option<String> {
    /// The id alone: the rest of an item is not taken apart.
    #[derive(Deserialize)]
    struct Identified {
        id: Value,
    }
    let Identified { id } = serde_json::from_str(item).ok()?;
    id_of(&serde_json::json!({ "id": id }))
}

/// A truth value, which may come as text or number.
fn truth(json: &str) -> Option<bool> {
    match json.trim_matches('"') {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A text or number that says where a page begins. A long number stays what it is.
fn position(json: &str) -> Option<String> {
    match serde_json::from_str(json).ok()? {
        Value::String(text) => Some(text).filter(|text| !text.is_empty()),
        Value::Number(_) => Some(json.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use ofauth_operations::operations::find;

    use super::*;
    use crate::error::ErrorKind;
    use crate::secret::ApiKey;

    fn answer(operation: &str, body: &'static str) -> Result<PageBody> {
        let key = ApiKey::new("sk_long_enough".into()).unwrap();
        let response =
            Response::new(200, HeaderMap::new(), Bytes::from_static(body.as_bytes()), usize::MAX, &key);
        read(&response, &find(operation).unwrap().page.unwrap(), operation)
    }

    fn ids(answer: &PageBody) -> Vec<Option<&str>> {
        answer.items.iter().map(|item| item.id.as_deref()).collect()
    }

    #[test]
    fn a_page_is_read_by_the_names_of_the_table() {
        let page = r#" {"list": [{"id": 1, "a": [2]}, {"id":"x"}, {"b": 1}, 7, {"id": null}], "hasMore": true, "nextOffset": 40} "#;
        let page = answer("list_chats", page).unwrap();
        assert_eq!(ids(&page), [Some("1"), Some("x"), None, None, None]);
        assert_eq!(page.items[0].json, r#"{"id": 1, "a": [2]}"#);
        assert_eq!((page.more, page.next.as_deref(), page.is_array), (Some(true), Some("40"), false));
        let page = answer("query_vault_plus_media", r#"{"items": [], "nextCursor": "a\"b"}"#).unwrap();
        assert_eq!((page.more, page.next.as_deref()), (None, Some("a\"b")));
        let page = answer("list_promotions", r#"[{"id": 1}]"#).unwrap();
        assert_eq!((ids(&page), page.more, page.is_array), (vec![Some("1")], None, true));
    }

    #[test]
    fn what_is_odd_is_read_all_the_same() {
        for (body, more, next) in [
            (r#"{"list": null}"#, None, None),
            (r#"{"list": [], "hasMore": null, "nextMarker": null}"#, None, None),
            (r#"{"list": [], "hasMore": "false", "nextMarker": ""}"#, Some(false), None),
            (
                r#"{"list": [], "hasMore": 1, "nextMarker": 1700000000.123456}"#,
                Some(true),
                Some("1700000000.123456"),
            ),
            (r#"{"list": [], "hasMore": {}, "nextMarker": {}}"#, None, None),
        ] {
            let page = answer("list_transactions", body).unwrap();
            assert_eq!((page.items.len(), page.more, page.next.as_deref()), (0, more, next), "{body}");
        }
    }

    #[test]
    fn what_is_no_page_is_an_error_that_says_so() {
        for (body, says) in [
            (r#"{"items": []}"#, "has no field \"list\""),
            (r#"{"list": {"id": 1}}"#, "are not an array"),
            (r#""text""#, "not a JSON object or array"),
            ("", "not a JSON object or array"),
        ] {
            let error = answer("list_transactions", body).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidAnswer);
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}

//! How an operation hands out a long list: the mark `x-ofauth-page`, held against what the document says.
//!
//! A list that nobody marked would be walked by nobody, so an operation that takes a place in a list needs the mark.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};

use crate::document::{Document, Operation};
use crate::lower::resolved;

/// The mark.
pub const MARK: &str = "x-ofauth-page";

/// The styles: their names in the mark, their variants of `PageStyle`, and the parameter that takes a place in the list.
pub const STYLES: [(&str, &str, &str); 6] = [
    ("offset", "Offset", "offset"),
    ("offset-or-array", "OffsetOrArray", "offset"),
    ("cursor", "Cursor", "cursor"),
    ("marker", "Marker", "marker"),
    ("time-marker", "TimeMarker", "beforePublishTime"),
    ("last-id", "LastId", "last_id"),
];

/// The usual parameter for the number of items. An operation that has it, too, has to say whether it pages.
pub const SIZE: &str = "limit";

/// What the table says of the pages of an operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<'a> {
    /// A variant of `PageStyle`.
    pub style: &'static str,
    /// The field of an answer that holds its items.
    pub items: &'a str,
    /// The field that says whether there is more.
    pub more: Option<&'a str>,
    /// The field that has the place of the next page.
    pub next: Option<&'a str>,
    /// The parameter for the number of items.
    pub size: Option<&'a str>,
    /// The most items of a page.
    pub max: Option<u64>,
}

impl<'a> Page<'a> {
    /// The style as the mark names it, and the parameter that takes a place in the list.
    #[must_use]
    pub fn in_the_mark(&self) -> (&'static str, &'static str) {
        let style = STYLES.iter().find(|(_, style, _)| *style == self.style);
        style.map_or((self.style, ""), |(name, _, place)| (*name, *place))
    }

    /// Reads the mark of `operation`.
    pub fn read(document: &'a Document, operation: &'a Operation) -> Result<Option<Self>> {
        let has = |name: &str| operation.parameters.iter().any(|parameter| parameter.name == name);
        let mark = match operation.extensions.get(MARK) {
            Some(Value::Object(mark)) => mark,
            Some(Value::String(none)) if none == "none" => return Ok(None),
            Some(other) => bail!("{MARK} is {other}; use none, or style, items, more, next, size and max"),
            None => {
                let pages = STYLES.iter().map(|(_, _, place)| *place).chain([SIZE]).find(|name| has(name));
                ensure!(
                    operation.method != "get" || pages.is_none(),
                    "{MARK} is missing, although there is a parameter {}: say how the list goes on, or none",
                    pages.unwrap_or_default()
                );
                return Ok(None);
            }
        };
        let page = Self::of_mark(mark).with_context(|| format!("{MARK} cannot be read"))?;
        let (_, _, place) = STYLES.iter().find(|(_, style, _)| *style == page.style).context("no style")?;
        for name in [Some(*place), page.size].into_iter().flatten() {
            ensure!(has(name), "{MARK} needs the parameter {name:?}, which is not there");
        }
        for field in [Some(page.items), page.more, page.next].into_iter().flatten() {
            ensure!(
                answers(document, operation, field),
                "{MARK} names the field {field:?}, which no answer has"
            );
        }
        let limit = page.size.and_then(|size| maximum(document, operation, size));
        if let (Some(max), Some(limit)) = (page.max, limit) {
            ensure!(max < limit, "{MARK} says max: {max}, and the document {limit}: leave it out");
        }
        Ok(Some(Self { max: page.max.or(limit), ..page }))
    }

    fn of_mark(mark: &'a Map<String, Value>) -> Result<Self> {
        const MEMBERS: [&str; 6] = ["style", "items", "more", "next", "size", "max"];
        if let Some(unknown) = mark.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            bail!("{unknown:?} is none of {}", MEMBERS.join(", "));
        }
        let text = |name: &str| match mark.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(other) => bail!("{name} is {other}; use a name"),
        };
        let style = text("style")?.context("style is missing")?;
        let style = STYLES.iter().find(|(name, ..)| *name == style).with_context(|| {
            let known: Vec<_> = STYLES.iter().map(|(name, ..)| *name).collect();
            format!("style is {style:?}; use {}", known.join(", "))
        })?;
        let max = mark.get("max").map(|max| max.as_u64().context("max is no whole number")).transpose()?;
        let items = text("items")?.context("items is missing")?;
        Ok(Self { style: style.1, items, more: text("more")?, next: text("next")?, size: text("size")?, max })
    }
}

/// The field of an answer that holds the items, if the operation is marked as a list.
pub fn items(operation: &Operation) -> Option<&str> {
    operation.extensions.get(MARK)?.get("items")?.as_str()
}

/// Whether a success of the operation, or a variant of it, has a field.
fn answers(document: &Document, operation: &Operation, field: &str) -> bool {
    let mut schemas = operation.successes().filter_map(|(_, response)| response.schema.as_ref());
    schemas.any(|schema| answer_has(document, schema, field))
}

fn answer_has(document: &Document, schema: &Value, field: &str) -> bool {
    let whole = resolved(&document.schemas, schema);
    let variants = whole.get("oneOf").or_else(|| whole.get("anyOf")).and_then(Value::as_array);
    let variants = variants.into_iter().flatten().map(|variant| resolved(&document.schemas, variant));
    variants.chain([whole]).any(|schema| schema.get("properties").is_some_and(|all| all.get(field).is_some()))
}

/// The largest value of a parameter.
fn maximum(document: &Document, operation: &Operation, name: &str) -> Option<u64> {
    let parameter = operation.parameters.iter().find(|parameter| parameter.name == name)?;
    resolved(&document.schemas, &parameter.schema).get("maximum")?.as_u64()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::emit::testing::document;

    fn read(mark: Option<Value>) -> Result<String> {
        let parameter = |name: &str, schema: Value| json!({"name": name, "in": "query", "schema": schema});
        let mut operation = json!({
            "parameters": [
                parameter("limit", json!({"type": "integer", "maximum": 100})),
                parameter("offset", json!({"type": "integer"})),
                parameter("cursor", json!({"type": "string"})),
            ],
            "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"oneOf": [
                {"type": "array"},
                {"type": "object", "properties": {"list": {}, "hasMore": {}, "nextOffset": {}}},
            ]}}}}},
        });
        if let (Some(mark), Some(operation)) = (mark, operation.as_object_mut()) {
            operation.insert(MARK.to_owned(), mark);
        }
        let document = document("get", operation, json!({}));
        Page::read(&document, &document.operations[0]).map(|page| format!("{page:?}"))
    }

    #[test]
    fn a_mark_is_held_against_the_document() {
        let most = "max: Some(100)";
        for (mark, wanted) in [
            (json!({"style": "offset", "items": "list", "more": "hasMore", "size": "limit"}), most),
            (json!({"style": "offset-or-array", "items": "list", "next": "nextOffset"}), "OffsetOrArray"),
            (json!({"style": "cursor", "items": "list", "size": "limit", "max": 20}), "max: Some(20)"),
            (json!("none"), "None"),
        ] {
            let page = read(Some(mark)).unwrap();
            assert!(page.contains(wanted), "{page}");
        }
        for (mark, wanted) in [
            (json!({"items": "list"}), "style is missing"),
            (json!({"style": "pages", "items": "list"}), "offset-or-array"),
            (json!({"style": "offset"}), "items is missing"),
            (json!({"style": "offset", "items": "list", "most": 1}), "most"),
            (json!({"style": "offset", "items": 1}), "use a name"),
            (json!({"style": "offset", "items": "list", "max": "many"}), "whole number"),
            (json!({"style": "offset", "items": "list", "size": "limit", "max": 100}), "leave it out"),
            (json!({"style": "offset", "items": "lists"}), "\"lists\""),
            (json!({"style": "offset", "items": "list", "more": "next"}), "\"next\""),
            (json!({"style": "marker", "items": "list"}), "\"marker\""),
            (json!({"style": "offset", "items": "list", "size": "pageSize"}), "\"pageSize\""),
            (json!("offset"), "use none"),
        ] {
            let error = format!("{:#}", read(Some(mark.clone())).unwrap_err());
            assert!(error.contains(wanted) && error.contains(MARK), "{mark}: {error}");
        }
        assert!(read(None).unwrap_err().to_string().contains("say how the list goes on"));
    }
}

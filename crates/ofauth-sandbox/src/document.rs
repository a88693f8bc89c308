//! The operations of the API, from the OpenAPI document.
//!
//! `document.json` is generated: for every operation its path, parameters, body and an example answer.
//! This module reads it and finds the operation that a request calls. It knows nothing of what operations do.

use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

const TEXT: &str = include_str!("document.json");

/// The id under which the proxy, which no path template can describe, is known to faults and the transcript.
pub(crate) const PROXY: &str = "proxy_request";

/// The id under which requests for pictures and media, which are no operation, are known to faults and the transcript.
pub(crate) const MEDIA: &str = "media";

static OPERATIONS: LazyLock<Result<Vec<Operation>, String>> = LazyLock::new(|| {
    let mut operations: Vec<Operation> = serde_json::from_str(TEXT).map_err(|error| error.to_string())?;
    for operation in &mut operations {
        operation.segments = operation.path.split('/').map(Segment::from).collect();
    }
    Ok(operations)
});

/// One operation of the API.
#[derive(Debug, Deserialize)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) connection: ConnectionNeed,
    /// What the connection has to grant, or the scope that the key has to have.
    pub(crate) permission: Option<String>,
    pub(crate) parameters: Vec<Parameter>,
    /// How a long list is handed out.
    pub(crate) page: Option<Page>,
    pub(crate) body: BodyKind,
    /// The schema of the JSON body.
    pub(crate) request: Option<Value>,
    pub(crate) status: u16,
    /// What the answer is, unless it is plain JSON.
    #[serde(default, rename = "mediaType")]
    pub(crate) media_type: Option<String>,
    pub(crate) response: Value,
    #[serde(skip)]
    segments: Vec<Segment>,
}

impl Operation {
    /// The path template with anonymous parameters: `/v2/access/posts/{}`.
    pub(crate) fn shape(&self) -> String {
        let parts: Vec<&str> = self.segments.iter().map(Segment::shape).collect();
        parts.join("/")
    }

    /// The values of the path's parameters if `path` is one of this operation.
    fn matches(&self, path: &[&str]) -> Option<Vec<String>> {
        if path.len() != self.segments.len() {
            return None;
        }
        let mut values = Vec::new();
        for (segment, text) in self.segments.iter().zip(path) {
            match segment {
                Segment::Literal(literal) if literal == text => {}
                Segment::Literal(_) => return None,
                Segment::Parameter(_) => values.push(decode(text)?),
            }
        }
        Some(values)
    }

    /// For each segment whether it is a parameter: among several matches the least in this order is the closest.
    fn generality(&self) -> Vec<bool> {
        self.segments.iter().map(|segment| matches!(segment, Segment::Parameter(_))).collect()
    }

    /// Where among the path's parameters the one called `name` stands.
    pub(crate) fn path_position(&self, name: &str) -> Option<usize> {
        let names = self.segments.iter().filter_map(|segment| match segment {
            Segment::Parameter(name) => Some(name),
            Segment::Literal(_) => None,
        });
        names.into_iter().position(|found| found == name)
    }
}

/// Whether an operation needs `x-connection-id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ConnectionNeed {
    None,
    Optional,
    Required,
}

/// What an operation takes in its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BodyKind {
    None,
    /// JSON, which has to be there.
    Json,
    OptionalJson,
    Bytes,
    OptionalBytes,
}

/// How an operation hands out a long list.
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    pub(crate) style: PageStyle,
    /// The parameter that takes a place in the list.
    pub(crate) place: String,
    /// The field of the answer that has the items.
    pub(crate) items: String,
    /// The field that says whether there is more.
    pub(crate) more: Option<String>,
    /// The field that has the place of the next page.
    pub(crate) next: Option<String>,
    /// The parameter for the number of items.
    pub(crate) size: Option<String>,
    /// The number of items without it.
    pub(crate) usual: Option<u64>,
    /// The largest number of items.
    pub(crate) most: Option<u64>,
}

/// What a place in a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PageStyle {
    Offset,
    /// The same, and the answer may be a bare array.
    OffsetOrArray,
    Cursor,
    Marker,
    TimeMarker,
    LastId,
}

/// A parameter of an operation.
#[derive(Debug, Deserialize)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    #[serde(rename = "in")]
    pub(crate) place: Place,
    pub(crate) required: bool,
    /// What it may be.
    pub(crate) schema: Value,
    /// How it is written, if it is an array or an object.
    pub(crate) style: Option<Style>,
    #[serde(default)]
    pub(crate) deprecated: bool,
}

/// How a parameter with several values is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Style {
    /// An array: its name is repeated. An object: its fields have names of their own.
    Form,
    /// An object: `name[field]=value`.
    DeepObject,
    /// One text with commas; of an object `field,value`.
    Commas,
    /// One text with spaces.
    Spaces,
    /// One text with `|`.
    Pipes,
    /// An object: one text of `field=value` with commas.
    Fields,
    /// JSON text.
    Json,
    /// In a form that the document does not define.
    Other,
}

/// Where a parameter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

#[derive(Debug)]
enum Segment {
    Literal(String),
    Parameter(String),
}

impl Segment {
    fn from(text: &str) -> Self {
        match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(name) => Self::Parameter(name.to_owned()),
            None => Self::Literal(text.to_owned()),
        }
    }

    fn shape(&self) -> &str {
        match self {
            Self::Literal(text) => text,
            Self::Parameter(_) => "{}",
        }
    }
}

/// All operations, or why `document.json` cannot be read.
pub(crate) fn operations() -> Result<&'static [Operation], String> {
    OPERATIONS.as_deref().map_err(Clone::clone)
}

/// The operation that answers `method` on `path`, and the decoded values of its path parameters.
pub(crate) fn find(method: &str, path: &str) -> Option<(&'static Operation, Vec<String>)> {
    let segments: Vec<&str> = path.split('/').collect();
    operations()
        .ok()?
        .iter()
        .filter(|operation| operation.method == method)
        .filter_map(|operation| Some((operation, operation.matches(&segments)?)))
        .min_by_key(|(operation, _)| operation.generality())
}

/// The methods that a path takes.
pub(crate) fn methods(path: &str) -> Vec<&'static str> {
    let segments: Vec<&str> = path.split('/').collect();
    let all = operations().unwrap_or_default().iter();
    let mut methods: Vec<&str> = all
        .filter(|operation| operation.matches(&segments).is_some())
        .map(|operation| operation.method.as_str())
        .collect();
    methods.sort_unstable();
    methods.dedup();
    methods
}

/// The operation with this id; the proxy has none.
pub(crate) fn by_id(id: &str) -> Option<&'static Operation> {
    operations().ok()?.iter().find(|operation| operation.id == id)
}

/// Whether requests of the operation with this id have no body.
pub(crate) fn takes_no_body(id: &str) -> bool {
    id == MEDIA || by_id(id).is_some_and(|operation| operation.body == BodyKind::None)
}

/// Whether requests of the operation with this id may have a JSON body; those of the proxy may.
pub(crate) fn takes_json(id: &str) -> bool {
    let json = |operation: &Operation| matches!(operation.body, BodyKind::Json | BodyKind::OptionalJson);
    id == PROXY || by_id(id).is_some_and(json)
}

/// Whether the operation with this id hands out a list in pages.
pub(crate) fn has_pages(id: &str) -> bool {
    by_id(id).is_some_and(|operation| operation.page.is_some())
}

/// What connections can grant, in order.
pub(crate) fn permissions() -> Vec<&'static str> {
    let all = operations().unwrap_or_default().iter();
    let granted = all.filter(|operation| operation.connection == ConnectionNeed::Required);
    let mut granted: Vec<&str> = granted.filter_map(|operation| operation.permission.as_deref()).collect();
    granted.retain(|permission| permission.contains(':'));
    granted.sort_unstable();
    granted.dedup();
    granted
}

/// Whether an operation has this id.
pub(crate) fn knows(id: &str) -> bool {
    id == PROXY || id == MEDIA || by_id(id).is_some()
}

fn decode(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    (!decoded.is_empty()).then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_can_be_read() {
        assert!(operations().unwrap().len() > 100);
    }

    #[test]
    fn a_literal_segment_is_closer_than_a_parameter() {
        let (operation, values) = find("GET", "/v2/access/users/blocked").unwrap();
        assert_eq!((operation.path.as_str(), values.len()), ("/v2/access/users/blocked", 0));
        let (operation, values) = find("GET", "/v2/access/users/42").unwrap();
        assert_eq!((operation.path.as_str(), values), ("/v2/access/users/{userId}", vec!["42".to_owned()]));
    }

    #[test]
    fn path_values_are_decoded() {
        let (operation, values) = find("PUT", "/v2/access/uploads/upload%3Aa/parts/7").unwrap();
        assert_eq!(operation.shape(), "/v2/access/uploads/{}/parts/{}");
        assert_eq!(values, ["upload:a", "7"]);
    }

    #[test]
    fn unknown_paths_and_methods_have_no_operation() {
        assert!(find("GET", "/v2/nothing").is_none());
        assert!(find("PATCH", "/v2/access/uploads/init").is_none());
    }
}

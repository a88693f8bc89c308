//! Writes the operation table of `ofauth-operations` as Rust.

use anyhow::{Context, Result, bail, ensure};
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};

use super::limits::Limits;
pub use super::page::Page;
use super::parameter::{connection, is_connection, kind, style};
use super::success::Success;
use crate::document::{Body, Document, Operation, Parameter};
use crate::lower::{fields, pascal};

/// What the table says of an operation, in the names of the Rust types that hold it.
#[derive(Debug)]
pub struct Row<'a> {
    /// The operation.
    pub operation: &'a Operation,
    /// The permission of the connection, or the scope of the key.
    pub permission: Option<&'a str>,
    /// The parameters but the connection header.
    pub parameters: Vec<Cell>,
    /// A variant of `Body`.
    pub body: &'static str,
    /// The media types of the body, unless it is plain JSON.
    pub media_type: Option<String>,
    /// What a success carries.
    pub success: Success<'a>,
    /// A variant of `Connection`.
    pub connection: &'static str,
    /// A variant of `RetryClass`.
    pub retry: &'static str,
    /// How it hands out a long list.
    pub page: Option<Page<'a>>,
    /// Whether it is to go.
    pub deprecated: bool,
    /// Whether no public page confirms the operation.
    pub unconfirmed: bool,
}

/// What the table says of a parameter.
#[derive(Debug)]
pub struct Cell {
    /// The name on the wire.
    pub name: String,
    /// A variant of `Place`, in lower case.
    pub place: String,
    /// Whether it must be there.
    pub required: bool,
    /// A variant of `Kind`, in lower case.
    pub kind: &'static str,
    /// The values that the document lists.
    pub values: Vec<String>,
    /// A variant of `Style`.
    pub style: &'static str,
    /// What else it says of values.
    pub limits: Limits,
    /// Whether it is to go.
    pub deprecated: bool,
    /// The fields of an object.
    pub properties: Vec<Cell>,
}

impl<'a> Row<'a> {
    /// Reads what the document says of `operation`.
    pub fn read(document: &'a Document, operation: &'a Operation) -> Result<Self> {
        for name in operation.unconfirmed_parameters() {
            let known = operation.parameters.iter().any(|parameter| parameter.name == name);
            ensure!(known, "x-ofauth-unconfirmed-parameters names {name:?}, which is none of its parameters");
        }
        let parameters = operation.parameters.iter().filter(|parameter| !is_connection(parameter));
        let parameters = parameters.map(|parameter| Cell::read(document, parameter, Depth::Outer));
        let media_type = operation.body.as_ref().map(Body::media_types).filter(|it| it != "application/json");
        Ok(Self {
            operation,
            permission: permission(operation),
            parameters: parameters.collect(),
            body: body(operation),
            media_type,
            success: Success::read(document, operation)?,
            connection: connection(operation),
            retry: retry(operation)?,
            page: Page::read(document, operation)?,
            deprecated: operation.deprecated,
            unconfirmed: operation.marked("x-ofauth-unconfirmed"),
        })
    }
}

/// Whether a parameter is one itself or a field of one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Outer,
    Inner,
}

impl Cell {
    /// Reads what the document says of `parameter`.
    fn read(document: &Document, parameter: &Parameter, depth: Depth) -> Self {
        let kind = kind(document, parameter);
        let properties = match (kind.name, depth) {
            ("object", Depth::Outer) => fields(&document.schemas, parameter),
            // What is inside a field cannot be written, and may be the parameter again.
            _ => Vec::new(),
        };
        Self {
            name: parameter.name.clone(),
            place: parameter.place.clone(),
            required: parameter.required,
            kind: kind.name,
            values: kind.values,
            style: style(document, parameter),
            limits: Limits::read(document, parameter),
            deprecated: parameter.deprecated,
            properties: properties.iter().map(|field| Self::read(document, field, Depth::Inner)).collect(),
        }
    }

    /// Whether it is written as OpenAPI has it without a word in the document.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        let usual = if self.place == "query" { "Repeated" } else { "Commas" };
        self.style == usual || (self.kind == "object" && self.style == "DeepObject")
    }
}

/// The permission of the connection, or else the scope of the key.
fn permission(operation: &Operation) -> Option<&str> {
    ["x-permission", "x-api-key-scope"].iter().find_map(|key| operation.extensions.get(*key)?.as_str())
}

/// The table, as the text of a Rust file.
pub fn table(document: &Document) -> Result<String> {
    let mut operations: Vec<&Operation> = document.operations.iter().collect();
    operations.sort_by_key(|operation| &operation.id);
    let rows = operations
        .into_iter()
        .map(|operation| Ok(row(&Row::read(document, operation).with_context(|| operation.id.clone())?)))
        .collect::<Result<Vec<_>>>()?;
    let file = syn::parse2(quote! {
        use crate::operation::{
            Body, Connection, Kind, Limits, Operation, Page, PageStyle, Parameter, Place, RetryClass, Style,
            Success, SuccessBody,
        };

        /// Every operation of the document, sorted by id.
        pub static OPERATIONS: &[Operation] = &[#(#rows),*];
    })?;
    Ok(prettyplease::unparse(&file))
}

fn row(row: &Row<'_>) -> TokenStream {
    let Operation { id, path, tag, summary, .. } = row.operation;
    let method = row.operation.method.to_uppercase();
    let permission = some(row.permission);
    let parameters = row.parameters.iter().map(cell);
    let body = format_ident!("{}", row.body);
    let success = format_ident!("{}", row.success.body);
    let key = some(row.success.key);
    let accept = some(row.success.media_type.as_deref());
    let media_type = some(row.media_type.as_deref());
    let connection = format_ident!("{}", row.connection);
    let retry = format_ident!("{}", row.retry);
    let page = some(row.page.as_ref().map(page));
    let (deprecated, unconfirmed) = (row.deprecated, row.unconfirmed);
    quote! {
        Operation {
            id: #id,
            method: #method,
            path: #path,
            tag: #tag,
            summary: #summary,
            permission: #permission,
            parameters: &[#(#parameters),*],
            body: Body::#body,
            media_type: #media_type,
            success: Success { body: SuccessBody::#success, key: #key, media_type: #accept },
            connection: Connection::#connection,
            retry: RetryClass::#retry,
            page: #page,
            deprecated: #deprecated,
            unconfirmed: #unconfirmed,
        }
    }
}

/// A value that may be missing.
fn some(value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(Some(#value)),
        None => quote!(None),
    }
}

fn page(page: &Page<'_>) -> TokenStream {
    let Page { items, .. } = page;
    let style = format_ident!("{}", page.style);
    let [more, next, size] = [page.more, page.next, page.size].map(some);
    let max = some(page.max.map(Literal::u64_unsuffixed));
    quote! {
        Page { style: PageStyle::#style, items: #items, more: #more, next: #next, size: #size, max: #max }
    }
}

fn cell(cell: &Cell) -> TokenStream {
    let Cell { name, required, values, deprecated, .. } = cell;
    let place = format_ident!("{}", pascal(&cell.place));
    let kind = format_ident!("{}", pascal(cell.kind));
    let style = format_ident!("{}", cell.style);
    let limits = limits(&cell.limits);
    let default = some(cell.limits.default.as_deref());
    let properties = cell.properties.iter().map(self::cell);
    quote! {
        Parameter {
            name: #name,
            place: Place::#place,
            required: #required,
            kind: Kind::#kind,
            values: &[#(#values),*],
            limits: #limits,
            default: #default,
            deprecated: #deprecated,
            style: Style::#style,
            properties: &[#(#properties),*],
        }
    }
}

fn limits(limits: &Limits) -> TokenStream {
    let whole = |limit: Option<i64>| some(limit.map(Literal::i64_unsuffixed));
    let pairs = [
        ("minimum", whole(limits.minimum)),
        ("maximum", whole(limits.maximum)),
        ("min_length", whole(limits.min_length)),
        ("max_length", whole(limits.max_length)),
        ("min_items", whole(limits.min_items)),
        ("max_items", whole(limits.max_items)),
        ("format", some(limits.format.as_deref())),
    ];
    if *limits == (Limits { default: limits.default.clone(), ..Limits::default() }) {
        return quote!(Limits::NONE);
    }
    let set = pairs.into_iter().filter(|(_, value)| value.to_string() != "None").map(|(name, value)| {
        let name = format_ident!("{name}");
        quote!(#name: #value)
    });
    quote!(Limits { #(#set,)* ..Limits::NONE })
}

/// The variant of `Body` for an operation.
fn body(operation: &Operation) -> &'static str {
    match &operation.body {
        None => "None",
        Some(body) if !body.is_json() && body.required => "Bytes",
        Some(body) if !body.is_json() => "OptionalBytes",
        Some(body) if body.required => "Json",
        Some(_) => "OptionalJson",
    }
}

/// By HTTP's own rule, unless the overlay knows better.
fn retry(operation: &Operation) -> Result<&'static str> {
    Ok(match operation.extensions.get("x-ofauth-retry").map(|mark| mark.as_str().unwrap_or_default()) {
        Some("repeatable") => "Repeatable",
        Some("once") => "Once",
        Some(other) => bail!("x-ofauth-retry is {other:?}; use repeatable or once"),
        None if ["get", "put", "delete"].contains(&operation.method.as_str()) => "Repeatable",
        None => "Once",
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::emit::testing::document;

    fn first(operation: Value) -> Result<(Document, String)> {
        let document = document("post", operation, json!({}));
        let text = table(&document)?;
        Ok((document, text))
    }

    #[test]
    fn retry_follows_the_method_unless_marked() {
        for (method, extra, expected) in [
            ("get", json!({}), "Repeatable"),
            ("put", json!({}), "Repeatable"),
            ("delete", json!({}), "Repeatable"),
            ("post", json!({}), "Once"),
            ("patch", json!({}), "Once"),
            ("post", json!({"x-ofauth-retry": "repeatable"}), "Repeatable"),
            ("put", json!({"x-ofauth-retry": "once"}), "Once"),
        ] {
            let document = document(method, extra, json!({}));
            assert_eq!(Row::read(&document, &document.operations[0]).unwrap().retry, expected, "{method}");
        }
    }

    #[test]
    fn a_mark_that_means_nothing_is_an_error_that_names_operation_and_remedy() {
        for extra in [
            json!({"x-ofauth-retry": "sometimes"}),
            json!({"x-ofauth-page": {"style": "pages"}}),
            json!({"x-ofauth-success": "never"}),
            json!({"x-ofauth-unconfirmed-parameters": ["nothing"]}),
        ] {
            let error = format!("{:#}", first(extra.clone()).unwrap_err());
            assert!(error.contains("do_it"), "{error}");
            assert!(error.contains(extra.as_object().unwrap().keys().next().unwrap()), "{error}");
        }
    }

    #[test]
    fn kinds_and_bodies() {
        let parameter = |name: &str, place: &str, schema: Value| json!({"name": name, "in": place, "required": place == "path", "schema": schema});
        let operation = json!({
            "x-permission": "posts:write",
            "x-ofauth-page": "none",
            "parameters": [
                parameter("x-connection-id", "header", json!({"type": "string"})),
                parameter("postId", "path", json!({"type": "string"})),
                parameter("mixed", "query", json!({"oneOf": [{"type": "string"}, {"type": "integer"}]})),
                parameter("limit", "query", json!({"type": ["integer", "null"]})),
                parameter("ids", "query", json!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})),
                json!({"name": "filter", "in": "query", "style": "deepObject", "schema": {
                    "type": "object", "required": ["online"], "properties": {"online": {"type": "boolean"}},
                }}),
                parameter("sort", "query", json!({"type": "string", "enum": ["asc", "desc"]})),
                parameter("x-note-id", "header", json!({"type": "string"})),
            ],
            "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
        });
        let document = document("post", operation, json!({}));
        let row = Row::read(&document, &document.operations[0]).unwrap();
        let kinds: Vec<_> = row.parameters.iter().map(|it| (it.name.as_str(), it.kind)).collect();
        assert_eq!(
            kinds,
            [
                ("postId", "id"),
                ("mixed", "id"),
                ("limit", "integer"),
                ("ids", "array"),
                ("filter", "object"),
                ("sort", "string"),
                ("x-note-id", "string"),
            ]
        );
        let online = &row.parameters[4].properties[0];
        assert_eq!((online.name.as_str(), online.kind, online.required), ("online", "boolean", true));
        assert_eq!(row.parameters[5].values, ["asc", "desc"]);
        assert_eq!((row.body, row.connection, row.page), ("OptionalJson", "Optional", None));
        assert_eq!(row.permission, Some("posts:write"));
    }
}

//! Writes the operation table of `ofauth-operations` as Rust.

use anyhow::{Context, Result, bail, ensure};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;

use super::parameter::{connection, is_connection, kind};
use super::success::Success;
use crate::document::{Document, Operation, Parameter};
use crate::lower::pascal;

/// What the table says of an operation, in the names of the Rust types that hold it.
#[derive(Debug)]
pub struct Row<'a> {
    /// The operation.
    pub operation: &'a Operation,
    /// The permission of the connection, or the scope of the key.
    pub permission: Option<&'a str>,
    /// The parameters but the connection header.
    pub parameters: Vec<Cell<'a>>,
    /// A variant of `Body`.
    pub body: &'static str,
    /// What a success carries.
    pub success: Success<'a>,
    /// A variant of `Connection`.
    pub connection: &'static str,
    /// A variant of `RetryClass`.
    pub retry: &'static str,
    /// A variant of `PageStyle`.
    pub page: &'static str,
    /// Whether no public page confirms the operation.
    pub unconfirmed: bool,
}

/// What the table says of a parameter.
#[derive(Debug)]
pub struct Cell<'a> {
    /// The name on the wire.
    pub name: &'a str,
    /// A variant of `Place`, in lower case.
    pub place: &'a str,
    /// Whether it must be there.
    pub required: bool,
    /// A variant of `Kind`, in lower case.
    pub kind: &'static str,
    /// The values that the document lists.
    pub values: Vec<String>,
}

impl<'a> Row<'a> {
    /// Reads what the document says of `operation`.
    pub fn read(document: &'a Document, operation: &'a Operation) -> Result<Self> {
        for name in operation.unconfirmed_parameters() {
            let known = operation.parameters.iter().any(|parameter| parameter.name == name);
            ensure!(known, "x-ofauth-unconfirmed-parameters names {name:?}, which is none of its parameters");
        }
        let parameters =
            operation.parameters.iter().filter(|parameter| !is_connection(parameter)).map(|parameter| {
                let kind = kind(document, parameter)?;
                let Parameter { name, place, required, .. } = parameter;
                Ok(Cell { name, place, required: *required, kind: kind.name, values: kind.values })
            });
        Ok(Self {
            operation,
            permission: permission(operation),
            parameters: parameters.collect::<Result<_>>()?,
            body: body(operation),
            success: Success::read(document, operation)?,
            connection: connection(operation),
            retry: retry(operation)?,
            page: page(operation)?,
            unconfirmed: operation.marked("x-ofauth-unconfirmed"),
        })
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
            Body, Connection, Kind, Operation, PageStyle, Parameter, Place, RetryClass, Success, SuccessBody,
        };

        /// Every operation of the document, sorted by id.
        pub static OPERATIONS: &[Operation] = &[#(#rows),*];
    })?;
    Ok(prettyplease::unparse(&file))
}

fn row(row: &Row<'_>) -> TokenStream {
    let Operation { id, path, tag, summary, .. } = row.operation;
    let method = row.operation.method.to_uppercase();
    let permission = match row.permission {
        Some(permission) => quote!(Some(#permission)),
        None => quote!(None),
    };
    let parameters = row.parameters.iter().map(cell);
    let body = format_ident!("{}", row.body);
    let success = format_ident!("{}", row.success.body);
    let key = match row.success.key {
        Some(key) => quote!(Some(#key)),
        None => quote!(None),
    };
    let connection = format_ident!("{}", row.connection);
    let retry = format_ident!("{}", row.retry);
    let page = format_ident!("{}", row.page);
    let unconfirmed = row.unconfirmed;
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
            success: Success { body: SuccessBody::#success, key: #key },
            connection: Connection::#connection,
            retry: RetryClass::#retry,
            page: PageStyle::#page,
            unconfirmed: #unconfirmed,
        }
    }
}

fn cell(cell: &Cell<'_>) -> TokenStream {
    let Cell { name, required, values, .. } = cell;
    let place = format_ident!("{}", pascal(cell.place));
    let kind = format_ident!("{}", pascal(cell.kind));
    quote! {
        Parameter {
            name: #name,
            place: Place::#place,
            required: #required,
            kind: Kind::#kind,
            values: &[#(#values),*],
        }
    }
}

/// The variant of `Body` for an operation.
fn body(operation: &Operation) -> &'static str {
    match &operation.body {
        None => "None",
        Some(body) if !body.media_type.starts_with("application/json") => "Bytes",
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

fn page(operation: &Operation) -> Result<&'static str> {
    Ok(
        match operation.extensions.get("x-ofauth-page").map(|mark: &Value| mark.as_str().unwrap_or_default())
        {
            None => "None",
            Some("offset") => "Offset",
            Some("cursor") => "Cursor",
            Some("marker") => "Marker",
            Some("time-marker") => "TimeMarker",
            Some("last-id") => "LastId",
            Some(other) => {
                bail!("x-ofauth-page is {other:?}; use offset, cursor, marker, time-marker or last-id")
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
            json!({"x-ofauth-page": "pages"}),
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
            "x-ofauth-page": "cursor",
            "parameters": [
                parameter("x-connection-id", "header", json!({"type": "string"})),
                parameter("postId", "path", json!({"type": "string"})),
                parameter("mixed", "query", json!({"oneOf": [{"type": "string"}, {"type": "integer"}]})),
                parameter("limit", "query", json!({"type": ["integer", "null"]})),
                parameter("ids", "query", json!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})),
                parameter("filter", "query", json!({"type": "object"})),
                parameter("sort", "query", json!({"type": "string", "enum": ["asc", "desc"]})),
                parameter("x-note-id", "header", json!({"type": "string"})),
            ],
            "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
        });
        let document = document("post", operation, json!({}));
        let row = Row::read(&document, &document.operations[0]).unwrap();
        let kinds: Vec<_> = row.parameters.iter().map(|parameter| (parameter.name, parameter.kind)).collect();
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
        assert_eq!(row.parameters[5].values, ["asc", "desc"]);
        assert_eq!((row.body, row.connection, row.page), ("OptionalJson", "Optional", "Cursor"));
        assert_eq!(row.permission, Some("posts:write"));
    }
}

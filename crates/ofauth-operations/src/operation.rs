//! What the OpenAPI document says about an operation, as data.
//!
//! The table in [`crate::operations`] is generated from the same document as the typed client. It serves callers
//! that choose the operation at run time (the raw call of `ofauth`, the C library, the command line) and links
//! none of the generated builders. This module does no I/O and checks no values.

pub use crate::style::{Encode, Style};

/// One operation of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The stable operation id, in snake case, as the typed client names its method.
    pub id: &'static str,
    /// The HTTP method in capitals.
    pub method: &'static str,
    /// The path template, from the root of the host: `/v2/access/posts/{postId}`.
    pub path: &'static str,
    /// The group of the document that the operation stands in.
    pub tag: &'static str,
    /// One sentence on what the operation does.
    pub summary: &'static str,
    /// The permission of the connection, or the scope of the API key, that the operation asks for, if it is known.
    pub permission: Option<&'static str>,
    /// Path, query and header parameters in the document's order; `x-connection-id` is not among them.
    pub parameters: &'static [Parameter],
    /// What the request carries.
    pub body: Body,
    /// The media types of the body that the document names, unless it is plain JSON: `application/vnd.api+json`, of bytes
    /// `video/mp4` or `*/*`, which is any.
    pub media_type: Option<&'static str>,
    /// What a success carries, and so what an answer has to hold to be taken for one.
    pub success: Success,
    /// Whether the operation acts on a connection and so sends `x-connection-id`.
    pub connection: Connection,
    /// Whether the request may be sent again after a failure.
    pub retry: RetryClass,
    /// How the operation hands out a long list; nothing if it does not.
    pub page: Option<Page>,
    /// Whether the operation is to go.
    pub deprecated: bool,
    /// True when no public page confirms the operation: it may not exist in this form.
    pub unconfirmed: bool,
}

/// One parameter of an [`Operation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// The name on the wire.
    pub name: &'static str,
    /// Where the parameter goes.
    pub place: Place,
    /// Whether the request is invalid without it.
    pub required: bool,
    /// What kind of value it takes.
    pub kind: Kind,
    /// How its value is written.
    pub style: Style,
    /// The values it may have, empty when the document lists none.
    pub values: &'static [&'static str],
    /// What else the document says of its value.
    pub limits: Limits,
    /// What holds if the parameter is not sent, as JSON text.
    pub default: Option<&'static str>,
    /// Whether the parameter is to go.
    pub deprecated: bool,
    /// The fields of an [object](Kind::Object), with their names inside it; empty for every other kind.
    pub properties: &'static [Parameter],
}

/// What the document allows for the value of a [`Parameter`]. Both ends of a range belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The smallest number.
    pub minimum: Option<i64>,
    /// The largest number.
    pub maximum: Option<i64>,
    /// The fewest characters.
    pub min_length: Option<u64>,
    /// The most characters.
    pub max_length: Option<u64>,
    /// The fewest values of an array.
    pub min_items: Option<u64>,
    /// The most values of an array.
    pub max_items: Option<u64>,
    /// The form of a text: `date` or `date-time`, as RFC 3339 has them.
    pub format: Option<&'static str>,
}

impl Limits {
    /// Anything is allowed.
    pub const NONE: Self = Self {
        minimum: None,
        maximum: None,
        min_length: None,
        max_length: None,
        min_items: None,
        max_items: None,
        format: None,
    };
}

/// Where a [`Parameter`] goes in the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// Replaces `{name}` in the path, percent-encoded.
    Path,
    /// Goes into the query string.
    Query,
    /// Goes into a header.
    Header,
}

/// The JSON kind of a [`Parameter`]'s value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An identifier: a number or text.
    Id,
    /// Several values, written as the [style](Parameter::style) says.
    Array,
    /// An object, written as the [style](Parameter::style) says. It has the [fields](Parameter::properties) that the document
    /// names, and any if it names none.
    Object,
    /// Any JSON value, sent as its text.
    Json,
}

/// What the request of an [`Operation`] carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Body {
    /// Nothing.
    None,
    /// A JSON value that may be left out.
    OptionalJson,
    /// A JSON value.
    Json,
    /// Raw bytes of the media type that the caller names.
    Bytes,
    /// The same, and they may be left out.
    OptionalBytes,
}

/// What a success of an [`Operation`] carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Success {
    /// What its body is.
    pub body: SuccessBody,
    /// The field without which the body means nothing, such as the `id` of what was made.
    pub key: Option<&'static str>,
    /// The media types of the body that the document names, unless it is plain JSON: `text/csv`. They are asked for by the
    /// header `Accept`.
    pub media_type: Option<&'static str>,
}

impl Success {
    /// A success that may carry anything, as of a call that no document describes.
    pub const ANYTHING: Self = Self { body: SuccessBody::Any, key: None, media_type: None };
}

/// The body of a [`Success`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SuccessBody {
    /// JSON, or nothing: the status says all that matters.
    Optional,
    /// A JSON value.
    Json,
    /// A JSON list, a page of one, or one item of it alone. A [key](Success::key) is a field of the items.
    Listing,
    /// Whatever it is: no document describes it as JSON, or it may be any of several forms of it.
    Any,
    /// A text that is no JSON, such as CSV.
    Text,
    /// Bytes, such as a picture.
    Bytes,
}

/// Whether an [`Operation`] acts on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Connection {
    /// `x-connection-id` is not sent.
    None,
    /// `x-connection-id` is sent if the client has one.
    Optional,
    /// `x-connection-id` must be sent.
    Required,
}

/// Whether a request may be sent again after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryClass {
    /// Sending it twice does what sending it once does.
    Repeatable,
    /// Sending it twice may do it twice: it is repeated only when the first one cannot have been acted upon.
    Once,
}

/// How an [`Operation`] hands out a long list, page by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// What a page is asked for by.
    pub style: PageStyle,
    /// The field of an answer that holds its items.
    pub items: &'static str,
    /// The field of an answer that says whether there is more, if there is such a field.
    pub more: Option<&'static str>,
    /// The field of an answer that says where the next page begins, if there is such a field.
    pub next: Option<&'static str>,
    /// The parameter for the number of items of a page, if there is one.
    pub size: Option<&'static str>,
    /// The most items of a page that any source documents.
    pub max: Option<u32>,
}

/// What a page of a list is asked for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageStyle {
    /// `offset`: how many items come before it.
    Offset,
    /// The same, but an answer may be the bare array of the items.
    OffsetOrArray,
    /// `cursor`: what the page before says.
    Cursor,
    /// `marker`: what the page before says.
    Marker,
    /// `beforePublishTime`: what the page before says, a time.
    TimeMarker,
    /// `last_id`: what the page before says, the id of its last item.
    LastId,
}

impl PageStyle {
    /// The parameter that says which page is asked for.
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::Offset | Self::OffsetOrArray => "offset",
            Self::Cursor => "cursor",
            Self::Marker => "marker",
            Self::TimeMarker => "beforePublishTime",
            Self::LastId => "last_id",
        }
    }
}

//! What the OpenAPI document says about an operation, as data.
//!
//! The table in [`crate::operations`] is generated from the same document as the typed client. It serves callers
//! that choose the operation at run time (the raw call of `ofauth`, the C library, the command line) and links
//! none of the generated builders. This module does no I/O and checks no values.

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
    /// What a success carries, and so what an answer has to hold to be taken for one.
    pub success: Success,
    /// Whether the operation acts on a connection and so sends `x-connection-id`.
    pub connection: Connection,
    /// Whether the request may be sent again after a failure.
    pub retry: RetryClass,
    /// How the operation hands out long lists.
    pub page: PageStyle,
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
    /// The values it may have, empty when the document lists none.
    pub values: &'static [&'static str],
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
    /// Several values, each sent as its own `name=value` pair.
    Array,
    /// An object, sent as JSON text.
    Object,
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
}

/// What a success of an [`Operation`] carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Success {
    /// What its body is.
    pub body: SuccessBody,
    /// The field without which the body means nothing, such as the `id` of what was made.
    pub key: Option<&'static str>,
}

impl Success {
    /// A success that may carry anything, as of a call that no document describes.
    pub const ANYTHING: Self = Self { body: SuccessBody::Any, key: None };
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
    /// Whatever it is: no document describes it as JSON.
    Any,
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

/// How an [`Operation`] hands out long lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageStyle {
    /// It does not.
    None,
    /// `limit` and `offset`.
    Offset,
    /// `cursor` in, `nextCursor` out.
    Cursor,
    /// `marker` in, `nextMarker` out.
    Marker,
    /// `beforePublishTime` in, `tailMarker` out.
    TimeMarker,
    /// `last_id` in, `nextLastId` out.
    LastId,
}

//! The extensions by which the overlay and passes tell the generator what to do with a schema.

/// On a component or a property, by the overlay: what its type or field is called instead.
pub const NAME: &str = "x-ofauth-name";

/// On an operation, by the overlay: what setters are called instead, by place and name of their parameters.
pub const SETTERS: &str = "x-ofauth-setters";

/// On an operation or an object: what renamed parameters and fields are on the wire, by their new names.
pub const WIRE_NAMES: &str = "x-ofauth-wire-names";

/// On a property, by the overlay: a text that must not appear in logs.
pub const SECRET: &str = "x-ofauth-secret";

/// On a property of an answer, by the overlay: without it the answer means nothing, so it stays required.
pub const KEPT: &str = "x-ofauth-kept";

/// On an object of an answer: the names of its properties that are marked as [`KEPT`]. Passes replace properties.
pub const KEPT_FIELDS: &str = "x-ofauth-kept-fields";

/// On a component: the Rust type that stands for it, instead of a generated one.
pub const RUST_TYPE: &str = "x-ofauth-rust";

/// On a string enum of a response: unknown values keep their text.
pub const OPEN_ENUM: &str = "x-ofauth-open-enum";

/// On an object of a response with a `list`: what else the service may answer in its place, [`PAGE`] or [`SINGLE`].
pub const LISTING: &str = "x-ofauth-listing";

/// Value of [`LISTING`]: the bare list.
pub const PAGE: &str = "page";

/// Value of [`LISTING`]: the bare list, or one item alone.
pub const SINGLE: &str = "single";

/// On an object of a request: the names of its fields that may be sent as null.
pub const NULL_FIELDS: &str = "x-ofauth-null-fields";

/// On an object of a response: it is one of several, and a field says which.
pub const TAGGED: &str = "x-ofauth-tagged";

/// On an operation: the media type of its JSON body, if that is not plain JSON.
pub const CONTENT_TYPE: &str = "x-ofauth-content-type";

/// On an operation: the media types of its success, if that is not plain JSON.
pub const ACCEPT: &str = "x-ofauth-accept";

/// On an operation: what its success is instead of JSON, [`TEXT`] or [`BYTES`].
pub const ANSWER: &str = "x-ofauth-answer";

/// Value of [`ANSWER`]: a text.
pub const TEXT: &str = "text";

/// Value of [`ANSWER`]: bytes.
pub const BYTES: &str = "bytes";

/// On the schema of a parameter that is any JSON: the client writes it by the parameter's style.
pub const WRITTEN: &str = "x-ofauth-written";

/// On a schema of items or values of answers: null stands among them.
pub const NULL_ITEMS: &str = "x-ofauth-null-items";

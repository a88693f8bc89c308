//! What has no typed method, and why: for whoever reports it, and for whoever has to do without it.

/// An operation that has no typed method: it is called by its id alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawOnly {
    /// The id of the operation.
    pub operation: String,
    /// Why there is no method, in a sentence without a full stop.
    pub reason: String,
}

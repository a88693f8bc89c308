//! The table of all operations.

// Written by `cargo xtask codegen`, never by hand.
#[rustfmt::skip]
mod generated;

pub use generated::OPERATIONS;

use crate::operation::Operation;

/// The operation with this id, such as `create_post`.
///
/// ```
/// use ofauth_operations::operations;
///
/// let operation = operations::find("delete_post").unwrap();
/// let names: Vec<_> = operation.parameters.iter().map(|parameter| parameter.name).collect();
/// assert_eq!((operation.method, names), ("DELETE", vec!["postId"]));
/// assert!(operations::find("no_such_operation").is_none());
/// ```
#[must_use]
pub fn find(id: &str) -> Option<&'static Operation> {
    let index = OPERATIONS.binary_search_by(|operation| operation.id.cmp(id)).ok()?;
    OPERATIONS.get(index)
}

//! The table of all operations.

// Written by `cargo xtask codegen`, never by hand.
#[rustfmt::skip]
mod generated;

pub use generated::OPERATIONS;

use crate::operation::Operation;

/// The operation with this id, such as `create_post`.
#[must_use]
pub fn find(id: &str) -> Option<&'static Operation> {
    let index = OPERATIONS.binary_search_by(|operation| operation.id.cmp(id)).ok()?;
    OPERATIONS.get(index)
}

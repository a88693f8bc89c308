//! Every operation of the OFAuth API as data, generated from the OpenAPI document.
//!
//! [`operations`] is the table of all operations: id, method, path, parameters, body, and whether a request may be sent
//! again. [`schemas`] has what each takes and answers, as JSON Schema. [`Error`] is what every call and every upload fails
//! with. This crate stands below the generated client (`ofauth-api`) and the library (`ofauth`), so that both mean the
//! same by an operation and by an error. It depends on no other crate, does no I/O and sends nothing.
//!
//! ```
//! use ofauth_operations::{operation::RetryClass, operations};
//!
//! let operation = operations::find("create_post").ok_or("no such operation")?;
//! assert_eq!((operation.method, operation.path), ("POST", "/v2/access/posts"));
//! assert_eq!(operation.retry, RetryClass::Once);
//! # Ok::<(), &str>(())
//! ```

#[doc(hidden)]
pub mod display_safe;
mod error;
pub mod operation;
pub mod operations;
pub mod schemas;
mod style;

#[doc(hidden)]
pub use error::Setting;
pub use error::{Error, ErrorKind};
pub use operation::Operation;

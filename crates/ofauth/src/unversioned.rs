//! The rules that the command and the fuzz targets share with the library, so that there is one of each. No part of the
//! public interface: it may change with every version.

pub use ofauth_operations::display_safe;

pub use crate::call::raw::PROXY_REQUEST;
pub use crate::file_identity::{FileIdentity, Sameness};
pub use crate::line_file;
pub use crate::origin::is_loopback;
pub use crate::private_fs;
pub use crate::state_format;
pub use crate::upload::source::content_type::{by_name as content_type_by_name, usual_extension};

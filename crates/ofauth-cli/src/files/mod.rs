//! How files are opened and read beside those that are uploaded: what users name.

pub(crate) mod user_file;
pub(crate) mod user_text;

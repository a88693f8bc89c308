//! How files are opened and read beside those that are uploaded: what users name, and what the command keeps for itself.

pub(crate) mod private_file;
pub(crate) mod user_file;
pub(crate) mod user_text;

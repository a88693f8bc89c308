//! Files and directories that are this user's alone: the journal's, and those of the request budget.
//!
//! What to write into them, and locks, are the business of whoever opens them.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;

/// Options for reading under which nothing but a file that is there under its own name is opened, and nothing waits. A
/// file that is created is for its owner alone.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        if let Ok(flags) = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits()) {
            options.custom_flags(flags);
        }
        options.mode(0o600);
    }
    options
}

/// Creates a directory for its owner alone, if it is missing, and those above it.
pub(crate) fn create_directory(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

//! What says that a file is the same: the one rule for a file that is open, for one that is opened again, and for one that
//! was uploaded before.
//!
//! Metadata alone, so it may say "likely": whoever must know then compares contents.

use std::fs::Metadata;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// What a source is, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    /// The size in bytes.
    pub size: u64,
    /// The modification time, as seconds since 1970 and nanoseconds; `None` for what is no file.
    pub modified: Option<(i64, u32)>,
    /// Which file it is, where the system tells.
    pub inode: Option<Inode>,
}

/// What tells one file from another of the same size and modification time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inode {
    /// The file system.
    pub device: u64,
    /// The number of the file in it.
    pub number: u64,
    /// The time of the last change of anything, which no program can set back: seconds since 1970 and nanoseconds.
    pub changed: (i64, i64),
}

/// Whether a source is what it was in an earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sameness {
    /// The same file, untouched.
    Same,
    /// Size and modification time are the same. Whether the content is, only reading it tells.
    Likely,
    /// Another content, and how that shows.
    Different(String),
}

impl FileIdentity {
    /// What the metadata say.
    pub fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        let since_1970 = |at: SystemTime| match at.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => Some((i64::try_from(since.as_secs()).ok()?, since.subsec_nanos())),
            // Older than 1970: whole seconds will do.
            Err(before) => Some((-i64::try_from(before.duration().as_secs()).ok()?, 0)),
        };
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok().and_then(since_1970),
            #[cfg(unix)]
            inode: Some(Inode {
                device: metadata.dev(),
                number: metadata.ino(),
                changed: (metadata.ctime(), metadata.ctime_nsec()),
            }),
            #[cfg(not(unix))]
            inode: None,
        }
    }

    /// What is known of a source that is no file.
    pub fn of_size(size: u64) -> Self {
        Self { size, modified: None, inode: None }
    }

    /// Whether `now` is what this was. The one rule for a file that is open and for one that is opened again: size and
    /// modification time survive a copy, a restored backup and a change of permissions, so anything else that differs only
    /// asks for a closer look.
    pub fn compare(&self, now: &Self) -> Sameness {
        if self.size != now.size {
            return Sameness::Different(format!("from {} to {} bytes", self.size, now.size));
        }
        if self.modified != now.modified {
            return Sameness::Different("its modification time moved".into());
        }
        if self.inode.is_some() && self.inode == now.inode { Sameness::Same } else { Sameness::Likely }
    }
}

/// Whether these are two files, as far as the system can tell.
pub(crate) fn is_another(one: &Metadata, other: &Metadata) -> bool {
    let number = |of| FileIdentity::of(of).inode.map(|inode| (inode.device, inode.number));
    number(one) != number(other)
}

#[cfg(test)]
pub(crate) mod tests_support {
    use super::*;

    /// A file that is always the same one.
    pub(crate) fn identity(size: u64, modified: u32, changed: i64) -> FileIdentity {
        let inode = Inode { device: 1, number: 2, changed: (changed, 0) };
        FileIdentity { size, modified: Some((7, modified)), inode: Some(inode) }
    }
}

#[cfg(test)]
mod tests {
    use super::tests_support::identity;
    use super::*;

    #[test]
    fn size_and_modification_time_decide_and_the_rest_asks_for_a_look() {
        let then = identity(5, 1, 1);
        assert_eq!(then.compare(&identity(5, 1, 1)), Sameness::Same);
        assert_eq!(then.compare(&identity(5, 1, 2)), Sameness::Likely);
        assert!(matches!(then.compare(&identity(6, 1, 1)), Sameness::Different(_)));
        assert!(matches!(then.compare(&identity(5, 2, 1)), Sameness::Different(_)));
        let unknown = FileIdentity { inode: None, ..identity(5, 1, 1) };
        assert_eq!(unknown.compare(&unknown), Sameness::Likely, "nothing says that it is the same file");
    }
}

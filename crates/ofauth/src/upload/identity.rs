//! What says that a source is the same: the one rule for a file that is open and for one that is opened again.
//!
//! Metadata alone, so it may say "likely": whoever must know then compares contents, which [`super::comparing`] does.

use std::fs::Metadata;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// What a source is, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
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

impl Identity {
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
        match (&self.inode, &now.inode) {
            (Some(then), Some(now)) if then == now => Sameness::Same,
            _ => Sameness::Likely,
        }
    }
}

/// Whether these are two files, as far as the system can tell.
#[cfg(unix)]
pub(super) fn is_another(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) != (other.dev(), other.ino())
}

/// Whether these are two files, as far as the system can tell.
#[cfg(not(unix))]
pub(super) fn is_another(_: &Metadata, _: &Metadata) -> bool {
    false
}

/// Counts how often an open file was found to be only likely the same. What was sent of one revision is known to be what
/// the file holds as long as it is in that revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Revision(u32);

/// What was seen of an open file.
#[derive(Debug)]
pub(crate) struct Seen {
    at_first: Identity,
    last: Mutex<(Identity, Revision)>,
}

impl Seen {
    pub(super) fn new(at_first: Identity) -> Self {
        Self { last: Mutex::new((at_first.clone(), Revision::default())), at_first }
    }

    /// What the file was when it was opened.
    pub(super) fn at_first(&self) -> &Identity {
        &self.at_first
    }

    /// Looks at the file by `examine`, and if that is needed at its name by `is_replaced`. The revision that it is in, or
    /// how it has changed.
    pub(super) fn look<E>(
        &self,
        examine: impl FnOnce() -> Result<Identity, E>,
        is_replaced: impl FnOnce() -> bool,
    ) -> Result<Result<Revision, String>, E> {
        // Locked first: of two who look at once, the later one sees the later state.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = examine()?;
        let (then, revision) = &*last;
        if now == *then {
            return Ok(Ok(*revision));
        }
        if let Sameness::Different(how) = then.compare(&now) {
            return Ok(Err(how));
        }
        if is_replaced() {
            return Ok(Err("another file has taken its name".into()));
        }
        let next = Revision(revision.0.saturating_add(1));
        *last = (now, next);
        Ok(Ok(next))
    }
}

#[cfg(test)]
pub(super) mod tests_support {
    use super::Revision;

    /// The first two revisions of a file.
    pub(in crate::upload) fn revisions() -> [Revision; 2] {
        [Revision::default(), Revision(1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(size: u64, modified: u32, changed: i64) -> Identity {
        let inode = Inode { device: 1, number: 2, changed: (changed, 0) };
        Identity { size, modified: Some((7, modified)), inode: Some(inode) }
    }

    #[test]
    fn size_and_modification_time_decide_and_the_rest_asks_for_a_look() {
        let then = identity(5, 1, 1);
        assert_eq!(then.compare(&identity(5, 1, 1)), Sameness::Same);
        assert_eq!(then.compare(&identity(5, 1, 2)), Sameness::Likely);
        assert!(matches!(then.compare(&identity(6, 1, 1)), Sameness::Different(_)));
        assert!(matches!(then.compare(&identity(5, 2, 1)), Sameness::Different(_)));
        let unknown = Identity { inode: None, ..identity(5, 1, 1) };
        assert_eq!(unknown.compare(&unknown), Sameness::Likely, "nothing says that it is the same file");
    }

    #[test]
    fn a_look_counts_revisions_and_tells_of_changes() {
        let seen = Seen::new(identity(5, 1, 1));
        let look = |now, replaced| {
            let looked: Result<_, ()> = seen.look(|| Ok(now), || replaced);
            looked.unwrap()
        };
        let [first, second] = tests_support::revisions();
        // The name is not looked at while nothing else has changed.
        assert_eq!(look(identity(5, 1, 1), true), Ok(first));
        assert_eq!(look(identity(5, 1, 2), false), Ok(second));
        assert_eq!(look(identity(5, 1, 2), false), Ok(second));
        assert!(look(identity(5, 1, 3), true).unwrap_err().contains("another file"));
        assert!(look(identity(4, 1, 3), false).unwrap_err().contains("from 5 to 4 bytes"));
        assert_eq!(look(identity(5, 1, 2), false), Ok(second), "what was refused is not remembered");
        let unexamined: Result<Result<Revision, String>, &str> = seen.look(|| Err("gone"), || false);
        assert_eq!(unexamined, Err("gone"));
    }
}

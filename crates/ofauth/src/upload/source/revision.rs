//! Counts how often the metadata of an open file changed without saying that its content did.

use std::sync::{Mutex, PoisonError};

use crate::file_identity::{FileIdentity, Sameness};

/// Counts how often an open file was found to be only likely the same. What was sent of one revision is known to be what
/// the file holds as long as it is in that revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Revision(u32);

/// What was seen of an open file.
#[derive(Debug)]
pub(crate) struct Seen {
    at_first: FileIdentity,
    last: Mutex<(FileIdentity, Revision)>,
}

impl Seen {
    pub(crate) fn new(at_first: FileIdentity) -> Self {
        Self { last: Mutex::new((at_first.clone(), Revision::default())), at_first }
    }

    /// What the file was when it was opened.
    pub(crate) fn at_first(&self) -> &FileIdentity {
        &self.at_first
    }

    /// Looks at the file by `examine`, and if that is needed at its name by `is_replaced`. The revision that it is in, or
    /// how it has changed.
    pub(crate) fn look<E>(
        &self,
        examine: impl FnOnce() -> Result<FileIdentity, E>,
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
pub(crate) mod tests_support {
    use super::Revision;

    /// The first two revisions of a file.
    pub(crate) fn revisions() -> [Revision; 2] {
        [Revision::default(), Revision(1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file_identity::tests_support::identity;

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

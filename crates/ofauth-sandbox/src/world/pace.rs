//! How fast what was uploaded gets ready: counted in looks, so that tests need no time, and by names of files that stand for
//! what goes wrong.

use serde_json::{Map, Value, json};

/// How often a media was looked at, among the fields that are kept of it.
pub(crate) const LOOKS: &str = "looks";

/// A copy that is not kept for good until somebody asks for that, among the fields that are kept of it.
pub(crate) const EDGE: &str = "edgeOnly";

/// How the names of files begin that cannot be processed.
const UNPROCESSED: &str = "processing-error";

/// How the names of files begin whose copy comes to nothing.
const NOT_STORED: &str = "not-stored";

/// How many looks things take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// How often a media is seen before it is ready.
    pub(crate) ready_after: u32,
    /// How often a copy in Vault+ is seen before it is stored.
    pub(crate) stored_after: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { ready_after: 1, stored_after: 2 }
    }
}

/// How far the processing of a media is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Readiness {
    pub(crate) is_ready: bool,
    pub(crate) has_error: bool,
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CopyState {
    EdgeOnly,
    Pending,
    Storing,
    Stored,
    Removed,
}

impl CopyState {
    /// The status, as the API names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::EdgeOnly => "edge_only",
            Self::Pending => "pending",
            Self::Storing => "storing",
            Self::Stored => "stored",
            Self::Removed => "removed",
        }
    }
}

impl Pace {
    /// How far a media with these fields is. What was there from the start has no looks and is ready.
    pub(crate) fn readiness(self, stored: &Map<String, Value>) -> Readiness {
        let over = looks(stored).is_none_or(|looks| looks >= u64::from(self.ready_after));
        let fails = is_named(stored, UNPROCESSED);
        Readiness { is_ready: over && !fails, has_error: over && fails }
    }

    /// How far the copy with these fields is; `media` are those of what it is a copy of.
    pub(crate) fn copy(self, stored: &Map<String, Value>, media: &Map<String, Value>) -> CopyState {
        if stored.get(EDGE) == Some(&Value::Bool(true)) {
            return CopyState::EdgeOnly;
        }
        let Some(looks) = looks(stored) else { return CopyState::Stored };
        match looks {
            looks if looks >= u64::from(self.stored_after) => {
                if is_named(media, NOT_STORED) {
                    CopyState::Removed
                } else {
                    CopyState::Stored
                }
            }
            looks if looks >= u64::from(self.stored_after).div_ceil(2) => CopyState::Storing,
            _ => CopyState::Pending,
        }
    }
}

/// The fields of something that nobody has looked at.
pub(crate) fn unseen() -> Map<String, Value> {
    Map::from_iter([(LOOKS.to_owned(), json!(0))])
}

/// How often something was looked at; none if that changes nothing.
pub(crate) fn looks(stored: &Map<String, Value>) -> Option<u64> {
    stored.get(LOOKS).and_then(Value::as_u64)
}

fn is_named(fields: &Map<String, Value>, beginning: &str) -> bool {
    fields.get("filename").and_then(Value::as_str).is_some_and(|name| name.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(looks: u64, filename: &str) -> Map<String, Value> {
        Map::from_iter([(LOOKS.to_owned(), json!(looks)), ("filename".to_owned(), json!(filename))])
    }

    #[test]
    fn media_get_ready_or_fail() {
        for (after, looks, name, is_ready, has_error) in [
            (1, 0, "a.mp4", false, false),
            (1, 1, "a.mp4", true, false),
            (0, 0, "a.mp4", true, false),
            (3, 2, "a.mp4", false, false),
            (1, 0, "processing-error.mp4", false, false),
            (1, 1, "processing-error.mp4", false, true),
        ] {
            let pace = Pace { ready_after: after, ..Pace::default() };
            let wanted = Readiness { is_ready, has_error };
            assert_eq!(pace.readiness(&seen(looks, name)), wanted, "{after} {looks} {name}");
        }
        let from_the_start = Pace::default().readiness(&Map::new());
        assert_eq!(from_the_start, Readiness { is_ready: true, has_error: false });
    }

    #[test]
    fn copies_are_stored_step_by_step() {
        use CopyState::{EdgeOnly, Pending, Removed, Stored, Storing};
        let states = |after: u32, name: &str| -> Vec<CopyState> {
            let pace = Pace { stored_after: after, ..Pace::default() };
            (0..5).map(|looks| pace.copy(&seen(looks, ""), &seen(0, name))).collect()
        };
        assert_eq!(states(0, "a.mp4")[0], Stored);
        assert_eq!(states(1, "a.mp4")[..2], [Pending, Stored]);
        assert_eq!(states(2, "a.mp4")[..4], [Pending, Storing, Stored, Stored]);
        assert_eq!(states(4, "a.mp4"), [Pending, Pending, Storing, Storing, Stored]);
        assert_eq!(states(2, "not-stored.mp4")[..3], [Pending, Storing, Removed]);
        let pace = Pace::default();
        assert_eq!(pace.copy(&Map::new(), &Map::new()), Stored);
        let edge = Map::from_iter([(EDGE.to_owned(), json!(true))]);
        assert_eq!(pace.copy(&edge, &Map::new()), EdgeOnly);
    }
}

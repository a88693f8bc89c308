//! What a person has to decide about a document before anything can be made of it.
//!
//! A finding is not a failure of the tool: whoever finds one goes on and looks for more, so that one run tells them all.

use std::fmt::{self, Display, Formatter};

/// One thing about a document that no rule of ours can decide.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where it is: `GET /v2/access/posts query limit`, `VaultMedia.duration`, `openapi/overlay.yaml action 12`.
    pub place: String,
    /// What is the matter, in a sentence without a full stop.
    pub problem: String,
    /// What to do about it: the line to write, and into which file.
    pub cure: String,
}

impl Finding {
    /// A finding at a place.
    pub fn new(place: impl Into<String>, problem: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { place: place.into(), problem: problem.into(), cure: cure.into() }
    }
}

impl Display for Finding {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.problem)?;
        self.cure.lines().try_for_each(|line| write!(formatter, "\n    {line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_tells_place_problem_and_cure() {
        let finding = Finding::new("get /v2/x", "two things", "remove one\nor the other");
        assert_eq!(finding.to_string(), "get /v2/x: two things\n    remove one\n    or the other");
    }
}

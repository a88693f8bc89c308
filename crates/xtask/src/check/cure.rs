//! The text of a cure: actions of the overlay, to be pasted at its end.

use crate::overlay::{Action, FILE};

/// The cure that is an action of the overlay.
pub(super) fn overlay(actions: &[Action]) -> String {
    overlay_as("add to", actions)
}

/// The same, with more to say.
pub(super) fn overlay_as(how: &str, actions: &[Action]) -> String {
    let text: String = actions.iter().map(Action::text).collect();
    format!("{how} {FILE}:\n{}", text.trim_end())
}

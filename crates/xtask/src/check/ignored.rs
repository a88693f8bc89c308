//! What the document says and nothing here carries, line by line with a reason: `openapi/ignored.yaml`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::finding::Finding;
use crate::overlay::yaml_text;

/// Where the lines lie.
pub const FILE: &str = "openapi/ignored.yaml";

/// The lines of the file.
#[derive(Debug, Default)]
pub struct Ignored {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    place: String,
    reason: String,
}

impl Ignored {
    /// Reads the file: a list of `place` and `reason`. Null is an empty one.
    #[must_use]
    pub fn read(file: &Value) -> Self {
        let text = |line: &Value, name: &str| {
            line.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
        };
        let lines = match file {
            Value::Null => Vec::new(),
            Value::Array(lines) => lines
                .iter()
                .map(|line| Line { place: text(line, "place"), reason: text(line, "reason") })
                .collect(),
            // Shown as a line that matches nothing.
            _ => vec![Line { place: String::new(), reason: String::new() }],
        };
        Self { lines }
    }

    /// A finding, unless a line says that the place is ignored on purpose.
    pub(super) fn unless(&self, place: &str, problem: &str, reason: &str) -> Option<Finding> {
        let known = self.lines.iter().any(|line| line.place == place);
        let cure = format!(
            "change it by an action of the overlay, or add to {FILE}, with a reason of your own:\n- place: {}\n  reason: {}",
            yaml_text(place),
            yaml_text(reason)
        );
        (!known).then(|| Finding::new(place, problem, cure))
    }

    /// What is wrong with the lines themselves, once every check has asked for its places.
    pub(super) fn findings(&self, asked: &BTreeSet<String>) -> Vec<Finding> {
        let mut seen = BTreeSet::new();
        let lines = self.lines.iter().enumerate().filter_map(|(index, line)| {
            let place = format!("{FILE} line {}", index.saturating_add(1));
            let said =
                |problem: String| Some(Finding::new(&place, problem, "remove the line, or correct it"));
            if line.place.is_empty() {
                said("it is no list of lines with a `place` and a `reason`".to_owned())
            } else if !asked.contains(&line.place) {
                said(format!("nothing is ignored at {:?} any more", line.place))
            } else if !seen.insert(&line.place) {
                said(format!("{:?} is there twice", line.place))
            } else if line.reason.is_empty() {
                said(format!("{:?} has no reason", line.place))
            } else {
                None
            }
        });
        lines.collect()
    }
}

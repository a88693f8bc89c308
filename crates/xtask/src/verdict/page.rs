//! The verdict as a page for a reviewer and for users, in Markdown.

use std::fmt::{self, Display, Formatter};

use super::change::{Audience, Change, Level, Verdict};
use super::changelog;
use super::words::short;

const AUDIENCES: [(Audience, &str, &str); 4] = [
    (Audience::RustTypes, "Rust types", "types and methods of the generated client"),
    (Audience::Parameters, "parameters", "setters in Rust; names and values in C, Go and the command"),
    (Audience::Wire, "wire", "JSON and HTTP: raw calls, bodies in C, Go and the command"),
    (Audience::Webhooks, "webhooks", "events and what they carry"),
];

const GROUPS: [(Level, &str); 3] =
    [(Level::Breaking, "Breaking"), (Level::Feature, "New"), (Level::None, "Without effect")];

impl Display for Level {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "none",
            Self::Feature => "feature",
            Self::Breaking => "breaking",
        })
    }
}

impl Display for Audience {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let name = AUDIENCES.iter().find(|(audience, _, _)| audience == self);
        formatter.write_str(name.map_or("", |(_, name, _)| name))
    }
}

impl Display for Change {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let who: Vec<String> = self.operations.iter().map(|name| format!("`{name}`")).collect();
        self.write(&who.join(", "), formatter)
    }
}

impl Change {
    fn write(&self, who: &str, formatter: &mut Formatter<'_>) -> fmt::Result {
        let colon = if who.is_empty() { "" } else { ": " };
        writeln!(formatter, "- **{who}{colon}{}** {}", self.place, sentence(&self.what))?;
        if let Some(paths) = paths(self) {
            writeln!(formatter, "  - Where: {paths}.")?;
        }
        if !self.sees.is_empty() {
            writeln!(formatter, "  - What you see: {}", sentence(&self.sees))?;
        }
        writeln!(formatter, "  - What to do: {}", sentence(&self.remedy))?;
        if !self.levels.is_empty() {
            let levels = self.levels.iter().map(|(audience, level)| format!("{audience} {level}"));
            writeln!(formatter, "  - Concerns: {}.", levels.collect::<Vec<_>>().join(", "))?;
        }
        Ok(())
    }
}

/// The whole ways to a place, where they say more than the place.
fn paths(change: &Change) -> Option<String> {
    const MOST: usize = 6;
    let others: Vec<&String> = change.paths.iter().filter(|path| **path != change.place).collect();
    let mut shown: Vec<String> = others.iter().take(MOST).map(|path| format!("`{}`", short(path))).collect();
    if others.len() > MOST {
        shown.push(format!("{} more", others.len().saturating_sub(MOST)));
    }
    (!shown.is_empty()).then(|| shown.join(", "))
}

/// The operations of a change.
pub(super) fn operations(verdict: &Verdict, change: &Change) -> String {
    let count = change.operations.len();
    let all = &verdict.operations;
    if count > 2 && count == all.len() && change.operations.iter().all(|name| all.contains(name)) {
        return "every operation".to_owned();
    }
    // What has no effect is named in short.
    let most = if change.level() == Level::None { 12 } else { count };
    let mut names: Vec<String> =
        change.operations.iter().take(most).map(|name| format!("`{name}`")).collect();
    if count > most {
        names.push(format!("{} more", count.saturating_sub(most)));
    }
    names.join(", ")
}

/// A text with a full stop.
pub(super) fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

impl Display for Verdict {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "# What the new document means\n")?;
        writeln!(formatter, "| for | verdict | that is |\n| --- | --- | --- |")?;
        for (audience, name, about) in AUDIENCES {
            writeln!(formatter, "| {name} | {} | {about} |", self.of(audience))?;
        }
        writeln!(formatter, "| all | {} | |\n", self.level())?;
        for (level, title) in GROUPS {
            let changes: Vec<&Change> =
                self.changes.iter().filter(|change| change.level() == level).collect();
            if changes.is_empty() {
                continue;
            }
            writeln!(formatter, "## {title}: {}\n", changes.len())?;
            for change in changes {
                change.write(&operations(self, change), formatter)?;
            }
            writeln!(formatter)?;
        }
        if self.changes.is_empty() {
            writeln!(formatter, "Both documents say the same.\n")?;
        }
        for note in &self.notes {
            writeln!(formatter, "{}\n", note.replace('\n', " "))?;
        }
        if self.level() > Level::None {
            writeln!(formatter, "## For the changelog\n")?;
            changelog::write(self, formatter)?;
        }
        writeln!(formatter, "## Version\n")?;
        writeln!(formatter, "{}\n", changelog::advice(self.level(), env!("CARGO_PKG_VERSION")))?;
        write!(formatter, "verdict: {}", self.level())
    }
}

//! The lines for the changelog, and what the version becomes.

use std::fmt::{self, Formatter};

use super::change::{Level, Section, Verdict};
use super::page::{operations, sentence};

const SECTIONS: [(Section, &str); 4] = [
    (Section::Added, "Added"),
    (Section::Changed, "Changed"),
    (Section::Deprecated, "Deprecated"),
    (Section::Removed, "Removed"),
];

/// Writes the lines, in the form of Keep a Changelog.
pub(super) fn write(verdict: &Verdict, formatter: &mut Formatter<'_>) -> fmt::Result {
    for (section, title) in SECTIONS {
        let changes = verdict.changes.iter();
        let mut changes =
            changes.filter(|change| change.section == section && change.level() > Level::None).peekable();
        if changes.peek().is_some() {
            writeln!(formatter, "### {title}\n")?;
        }
        let mut any = false;
        for change in changes {
            any = true;
            let mark = if change.level() == Level::Breaking { "**Breaking:** " } else { "" };
            let who = operations(verdict, change);
            let who = if who.is_empty() { String::new() } else { format!("{who}: ") };
            let (place, what) = (&change.place, sentence(&change.what));
            let remedy = match change.level() {
                Level::Breaking => format!(" {}", sentence(&change.remedy)),
                _ => String::new(),
            };
            writeln!(formatter, "- {mark}{who}{place} {what}{remedy}")?;
        }
        if any {
            writeln!(formatter)?;
        }
    }
    Ok(())
}

/// What the next version is, from the present one.
pub(super) fn advice(level: Level, version: &str) -> String {
    let mut numbers = version.split('.').map(|number| number.parse::<u64>().unwrap_or_default());
    let [major, minor, patch] = [(); 3].map(|()| numbers.next().unwrap_or_default());
    let next = |number: u64| number.saturating_add(1);
    match (level, major) {
        (Level::None, _) => format!("No release is needed: {version} stays as it is."),
        (Level::Breaking, 0) => {
            format!("{version} becomes 0.{}.0: before 1.0 a minor version may break callers.", next(minor))
        }
        (Level::Feature, 0) => {
            format!("{version} becomes 0.{minor}.{}: nobody's code or calls break.", next(patch))
        }
        (Level::Breaking, _) => format!("{version} becomes {}.0.0: callers break.", next(major)),
        (Level::Feature, _) => {
            format!("{version} becomes {major}.{}.0: nobody's code or calls break.", next(minor))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_follows_the_level() {
        for (level, version, next) in [
            (Level::Breaking, "0.1.0", "0.2.0"),
            (Level::Feature, "0.1.0", "0.1.1"),
            (Level::Breaking, "1.4.2", "2.0.0"),
            (Level::Feature, "1.4.2", "1.5.0"),
        ] {
            let advice = advice(level, version);
            assert!(advice.contains(&format!("becomes {next}")), "{advice}");
        }
        assert!(advice(Level::None, "0.1.0").contains("No release"));
    }
}

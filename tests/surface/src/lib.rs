//! Listings of what users rely on, and their comparison with what is there.
//!
//! A listing has one thing a line, `NAME = WHAT`, and lies beside this file's folder: `rust.txt`, `c.txt`, `command.txt`,
//! `exit-codes.txt` and `json.txt`. The tests that make a listing anew know what it is about; this package knows lines
//! alone, and what a difference means to those who rely on them.

// Who calls this is a test.
#![allow(clippy::panic)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

/// What writes all listings anew.
pub const ACCEPT: &str = "OFAUTH_ACCEPT_SURFACE=1 cargo test --workspace --test it --bins surface::";

/// The variable of [`ACCEPT`].
const ACCEPTS: &str = "OFAUTH_ACCEPT_SURFACE";

/// What two listings differ in.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes<'a> {
    /// What is gone: its name, and what it was.
    pub lost: Vec<(&'a str, &'a str)>,
    /// What is another: its name, what it was, and what it is.
    pub changed: Vec<(&'a str, &'a str, &'a str)>,
    /// What is new: its name, and what it is.
    pub gained: Vec<(&'a str, &'a str)>,
}

impl<'a> Changes<'a> {
    /// What became of the accepted listing.
    #[must_use]
    pub fn between(accepted: &'a str, present: &'a str) -> Self {
        let (accepted, present) = (by_name(accepted), by_name(present));
        let mut changes = Self::default();
        for (name, was) in &accepted {
            match present.get(name) {
                Some(is) if is == was => {}
                Some(is) => changes.changed.push((name, was, is)),
                None => changes.lost.push((name, was)),
            }
        }
        changes.gained = present.into_iter().filter(|(name, _)| !accepted.contains_key(name)).collect();
        changes
    }

    /// What the changes mean to users, in words; nothing if there are none.
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        let mut text = String::new();
        if !self.lost.is_empty() || !self.changed.is_empty() {
            text.push_str("this breaks users, who rely on what was lost or changed:\n");
        }
        for (name, was) in &self.lost {
            let _ = writeln!(text, "  lost: {name}\n    was {was}");
        }
        for (name, was, is) in &self.changed {
            let _ = writeln!(text, "  changed: {name}\n    was {was}\n    is  {is}");
        }
        if !self.gained.is_empty() {
            text.push_str("this is new and breaks nobody, but users will rely on it:\n");
        }
        for (name, is) in &self.gained {
            let _ = writeln!(text, "  {name} = {is}");
        }
        (!text.is_empty()).then_some(text)
    }
}

fn by_name(listing: &str) -> BTreeMap<&str, &str> {
    listing.lines().filter_map(|line| line.split_once(" = ")).collect()
}

/// Compares lines with the listing `name` that was accepted last, or writes it if [`ACCEPT`] says so.
///
/// # Panics
///
/// If they differ, with what that means to users; if a line has not the form of one, or two have the same name.
pub fn check(name: &str, lines: Vec<String>) {
    check_in_words(name, lines, |accepted, present| Changes::between(accepted, present).in_words());
}

/// [`check`] with other words for a difference.
///
/// # Panics
///
/// As [`check`].
pub fn check_in_words(name: &str, lines: Vec<String>, words: impl Fn(&str, &str) -> Option<String>) {
    let present = listing(lines);
    let path = folder().join(format!("{name}.txt"));
    if std::env::var_os(ACCEPTS).is_some() {
        std::fs::write(&path, present).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        return;
    }
    compare(name, &std::fs::read_to_string(&path).unwrap_or_default(), &present, words);
}

fn compare(name: &str, accepted: &str, present: &str, words: impl Fn(&str, &str) -> Option<String>) {
    if let Some(words) = words(accepted, present) {
        panic!(
            "tests/surface/{name}.txt: {words}\
             If it is meant, accept all listings in the same commit, with a line in CHANGELOG.md:\n{ACCEPT}"
        );
    }
    assert!(
        accepted == present,
        "tests/surface/{name}.txt has lines that are none, or in another order:\n{ACCEPT}"
    );
}

/// The text of a listing.
fn listing(mut lines: Vec<String>) -> String {
    lines.sort();
    let text = lines.iter().fold(String::new(), |text, line| text + line + "\n");
    assert!(text.lines().all(|line| line.contains(" = ")), "a line has another form than NAME = WHAT");
    for pair in lines.windows(2) {
        if let [first, second] = pair {
            let name = |line: &String| line.split(" = ").next().map(str::to_owned);
            assert!(name(first) != name(second), "two lines have the same name:\n{first}\n{second}");
        }
    }
    text
}

/// Where the listings are: in the checkout that the test runs in, not where it was built.
fn folder() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let found = here.ancestors().map(|above| above.join("tests/surface")).find(|folder| folder.is_dir());
    found.unwrap_or_else(|| panic!("{} is in no checkout of ofauth", here.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_or_changed_breaks_users_and_what_is_new_does_not() {
        let old = "a = 1\nb = 2 = 3\n";
        assert_eq!(Changes::between(old, old).in_words(), None);
        let words = |new| Changes::between(old, new).in_words().unwrap();
        for (new, says) in
            [("a = 1\n", "lost: b\n    was 2 = 3\n"), ("a = 2\nb = 2 = 3", "was 1\n    is  2\n")]
        {
            let words = words(new);
            assert!(words.starts_with("this breaks users") && words.contains(says), "{words}");
        }
        let more = words("a = 1\nb = 2 = 3\nc = 4\n");
        assert!(
            !more.contains("this breaks users") && more.contains("new") && more.contains("  c = 4\n"),
            "{more}"
        );
    }

    #[test]
    fn a_listing_is_sorted_and_each_name_is_in_it_once() {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert_eq!(listing(lines(&["b = 1", "a = 2"])), "a = 2\nb = 1\n");
        for wrong in [&["a = 1", "a = 2"][..], &["a"], &["a = 1\nb"]] {
            assert!(std::panic::catch_unwind(|| listing(lines(wrong))).is_err(), "{wrong:?}");
        }
    }

    #[test]
    #[should_panic(expected = "tests/surface/x.txt: this breaks users")]
    fn a_listing_that_lost_something_fails() {
        compare("x", "a = 1\nb = 2\n", "a = 1\n", |old, new| Changes::between(old, new).in_words());
    }

    #[test]
    #[should_panic(expected = "in another order")]
    fn a_listing_that_was_put_together_by_hand_fails() {
        compare("x", "b = 2\na = 1\n", "a = 1\nb = 2\n", |old, new| Changes::between(old, new).in_words());
    }
}

//! The table of `ofauth sessions list`, as wide as the terminal. Pure.
//!
//! Columns are as wide as what stands in them, and the last one, the path, takes what is left: without the folder that
//! the user is in, with `~` for the home directory, and without its middle. On a pipe it is whole.

use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::time::SystemTime;

use ofauth::JournaledUpload;
use ofauth::unversioned::display_safe::one_line;

use super::format::{size, state_of, until};
use crate::terminal::shorten;

/// What stands before the path.
const COLUMNS: usize = 5;
const HEAD: [&str; COLUMNS] = ["ID", "STATE", "DONE", "SIZE", "EXPIRES"];
/// Numbers end where their column does.
const TO_THE_RIGHT: [bool; COLUMNS] = [false, false, true, true, false];
/// Columns are this far apart.
const GAP: &str = "  ";
/// A path has at least so many columns, be the terminal as narrow as it may.
const NARROWEST_PATH: usize = 6;

/// What is listed.
pub(super) struct Table(Vec<([String; COLUMNS], String)>);

/// Where the user is.
pub(super) struct Here {
    folder: Option<PathBuf>,
    home: Option<PathBuf>,
}

impl Here {
    /// The present folder and the home directory, without links as journals have them.
    pub(super) fn now() -> Self {
        let real = |path: Option<PathBuf>| path.and_then(|path| path.canonicalize().ok());
        Self { folder: real(std::env::current_dir().ok()), home: real(std::env::home_dir()) }
    }

    /// The path as it is called from here.
    fn call(&self, file: &str) -> String {
        let below = |folder: &Option<PathBuf>| {
            let folder = folder.as_deref().filter(|folder| folder.parent().is_some())?;
            Path::new(file).strip_prefix(folder).ok()?.to_str().map(str::to_owned)
        };
        match (below(&self.folder), below(&self.home)) {
            (Some(path), _) => path,
            (None, Some(path)) => format!("~{MAIN_SEPARATOR}{path}"),
            (None, None) => file.to_owned(),
        }
    }
}

impl Table {
    /// The table of these sessions.
    pub(super) fn of(sessions: &[JournaledUpload], now: SystemTime) -> Self {
        let row = |session: &JournaledUpload| {
            let fields = [
                session.id.clone(),
                state_of(session),
                format!("{}/{}", session.parts_done, session.parts_total),
                size(session.size),
                until(session.expires, now),
            ];
            (fields, session.file.clone().unwrap_or_else(|| "-".into()))
        };
        Self(sessions.iter().map(row).collect())
    }

    /// The lines, in so many columns if a terminal shows them.
    pub(super) fn lines(&self, columns: Option<usize>, here: &Here) -> Vec<String> {
        let head = (HEAD.map(str::to_owned), "FILE".to_owned());
        let rows = std::iter::once(&head).chain(&self.0);
        let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
            let lengths = rows.clone().map(|(fields, _)| fields.get(column).map_or(0, String::len));
            lengths.max().unwrap_or(0)
        });
        let before = widths.iter().map(|width| width + GAP.len()).sum::<usize>();
        let path = |file: &str| match columns {
            Some(columns) => {
                let room = columns.saturating_sub(before).max(NARROWEST_PATH);
                shorten::in_the_middle(&one_line(&here.call(file)), room)
            }
            None => one_line(file).into_owned(),
        };
        rows.map(|(fields, file)| {
            let cells =
                fields.iter().zip(widths).zip(TO_THE_RIGHT).map(|((text, width), right)| match right {
                    true => format!("{text:>width$}{GAP}"),
                    false => format!("{text:<width$}{GAP}"),
                });
            cells.collect::<String>() + &path(file)
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use console::measure_text_width;

    use super::*;

    fn table(files: &[&str]) -> Table {
        let row = |file: &&str| {
            let fields = ["3f9a0c1d2e4b5a69", "outcome unknown", "1000/1000", "1023.9 MiB", "in 23 h 59 min"]
                .map(str::to_owned);
            (fields, (*file).to_owned())
        };
        Table(files.iter().map(row).collect())
    }

    fn here() -> Here {
        Here { folder: Some("/home/me/videos".into()), home: Some("/home/me".into()) }
    }

    #[test]
    fn a_path_is_called_as_from_here() {
        for (file, called) in [
            ("/home/me/videos/a/clip.mp4", "a/clip.mp4"),
            ("/home/me/clip.mp4", "~/clip.mp4"),
            ("/home/melanie/clip.mp4", "/home/melanie/clip.mp4"),
            ("/srv/clip.mp4", "/srv/clip.mp4"),
            ("stdin.mp4", "stdin.mp4"),
        ] {
            assert_eq!(here().call(file), called);
        }
        let root = Here { folder: Some("/".into()), home: None };
        assert_eq!(root.call("/srv/clip.mp4"), "/srv/clip.mp4");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_a_pipe_has_the_whole_path() {
        let long = "/srv/media/2026/a-very-long-folder-name/日本語の長い名前のファイル-and-on-and-on.mp4";
        for columns in [80, 100, 132] {
            let lines = table(&[long, "/home/me/videos/a.mp4"]).lines(Some(columns), &here());
            assert!(lines.iter().all(|line| measure_text_width(line) <= columns), "{lines:#?}");
            assert!(lines[1].contains('…') && lines[1].ends_with('4'), "{lines:#?}");
            assert!(lines[2].ends_with("  a.mp4"), "{lines:#?}");
        }
        let piped = table(&[long]).lines(None, &here());
        assert!(piped[1].ends_with(long), "{piped:#?}");
    }
}

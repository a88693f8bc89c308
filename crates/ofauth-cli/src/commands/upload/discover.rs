//! What there is to upload: the paths of the command line, and with `--recursive` what lies in their directories.
//!
//! Runs on a thread of its own and is never more than a few paths ahead of who takes them, so that a directory of any
//! size needs no more memory than its names. Files are named here and not opened. What is named more than once counts
//! the first time; of each file a hash is kept to know it again.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::stream::{self, Stream, StreamExt as _};
use ofauth::ErrorKind;
use tokio::sync::mpsc;
use walkdir::{DirEntry, WalkDir};

use crate::failure::Failure;
use crate::name::Name;
use crate::threads;

/// How far the thread may be ahead.
const AHEAD: usize = 64;

/// One thing that the command line asks for.
#[derive(Debug)]
pub(super) enum Found {
    /// Standard input.
    StandardInput,
    /// A path of the command line that is not a directory.
    Named(PathBuf),
    /// A regular file in a directory of the command line.
    Inside(PathBuf),
    /// A file that was named before.
    Again(PathBuf),
    /// A symbolic link in a directory, which is not followed.
    Link(PathBuf),
    /// Something in a directory that is neither file nor directory nor link.
    Special(PathBuf),
    /// A directory that cannot be read, or may not be without a flag.
    Bad(PathBuf, Failure),
}

/// Everything that these paths stand for, in their order, and the files of a directory by name. It is found on a thread of
/// its own; without one, none of the paths can be used.
pub(super) fn discover(paths: Arc<[PathBuf]>, recursive: bool) -> impl Stream<Item = Found> + Unpin {
    let (send, mut receive) = mpsc::channel(AHEAD);
    let walked = Arc::clone(&paths);
    let started = threads::start(move || {
        // Links are not followed, so that a path alone names nothing twice.
        let mut seen = (walked.len() > 1).then(|| Seen::beside(&walked));
        for found in walked.iter().flat_map(|path| of(path, recursive)) {
            let found = match &mut seen {
                Some(seen) => seen.sort_out(found),
                None => Some(found),
            };
            if let Some(found) = found
                && send.blocking_send(found).is_err()
            {
                return;
            }
        }
    });
    let bad = started.err().map(|error| {
        let bad = |path: &PathBuf| Found::Bad(path.clone(), threads::refused(&error));
        paths.iter().map(bad).collect::<Vec<_>>()
    });
    stream::iter(bad.into_iter().flatten()).chain(stream::poll_fn(move |context| receive.poll_recv(context)))
}

/// What was met so far.
#[derive(Default)]
struct Seen {
    files: HashSet<u64>,
    /// Links, what is no file, and what cannot be read.
    others: HashSet<u64>,
    hasher: RandomState,
}

impl Seen {
    /// Nothing but what the command line names: a link among these is followed, wherever else it is met.
    fn beside(paths: &[PathBuf]) -> Self {
        let mut seen = Self::default();
        for path in paths.iter().filter(|path| path.is_symlink()) {
            let link = seen.hasher.hash_one(place_of_link(path));
            seen.others.insert(link);
        }
        seen
    }

    /// The same, unless it was met before: of files that is told, the rest is passed over.
    fn sort_out(&mut self, found: Found) -> Option<Found> {
        let is_new = match &found {
            Found::StandardInput | Found::Again(_) => true,
            Found::Named(path) | Found::Inside(path) => self.files.insert(self.hasher.hash_one(place(path))),
            Found::Link(path) => self.others.insert(self.hasher.hash_one(place_of_link(path))),
            Found::Special(path) | Found::Bad(path, _) => {
                self.others.insert(self.hasher.hash_one(place(path)))
            }
        };
        match found {
            found if is_new => Some(found),
            Found::Named(path) | Found::Inside(path) => Some(Found::Again(path)),
            _ => None,
        }
    }
}

/// Where a file is, whatever path leads to it.
pub(super) fn place(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

/// Where a link itself is.
fn place_of_link(path: &Path) -> PathBuf {
    match (path.parent(), path.file_name()) {
        // Above a relative path of one name is the empty one.
        (Some(above), Some(name)) if above.as_os_str().is_empty() => place(Path::new(".")).join(name),
        (Some(above), Some(name)) => place(above).join(name),
        _ => place(path),
    }
}

fn of(path: &Path, recursive: bool) -> Box<dyn Iterator<Item = Found>> {
    let found = if path == Path::new("-") {
        Found::StandardInput
    } else if !path.is_dir() {
        Found::Named(path.to_owned())
    } else if recursive {
        return Box::new(inside(path));
    } else {
        let text = format!("{} is a directory: --recursive uploads the media in it", Name::from(path));
        Found::Bad(path.to_owned(), Failure::new(ErrorKind::Source, text))
    };
    Box::new(std::iter::once(found))
}

/// What lies in a directory and those below it, but for what is hidden.
fn inside(directory: &Path) -> impl Iterator<Item = Found> + use<> {
    let root = directory.to_owned();
    let entries = WalkDir::new(directory).sort_by_file_name().into_iter().filter_entry(is_shown);
    entries.filter_map(move |entry| match entry {
        // The directory that was asked for may be named by a link, which is followed.
        Ok(entry) if entry.file_type().is_dir() || entry.depth() == 0 => None,
        Ok(entry) if entry.file_type().is_file() => Some(Found::Inside(entry.into_path())),
        Ok(entry) if entry.file_type().is_symlink() => Some(Found::Link(entry.into_path())),
        Ok(entry) => Some(Found::Special(entry.into_path())),
        Err(error) => {
            let path = error.path().unwrap_or(&root).to_owned();
            let error = error.into_io_error().unwrap_or_else(|| std::io::Error::other("it contains itself"));
            let failure = Failure::io(
                ErrorKind::Source,
                format!("{} cannot be read", Name::from(path.as_path())),
                &error,
            );
            Some(Found::Bad(path, failure))
        }
    })
}

/// Whether a name is none of the hidden ones. What the command line names is never hidden.
fn is_shown(entry: &DirEntry) -> bool {
    entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn names(root: &Path, paths: &[&str], recursive: bool) -> Vec<String> {
        let paths: Vec<PathBuf> = paths.iter().map(|path| root.join(path)).collect();
        let short = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
        let found = discover(paths.into(), recursive).map(|found| match found {
            Found::StandardInput => "-".to_owned(),
            Found::Named(path) => format!("named {}", short(&path)),
            Found::Inside(path) => short(&path),
            Found::Again(path) => format!("again {}", short(&path)),
            Found::Link(path) => format!("link {}", short(&path)),
            Found::Special(path) => format!("special {}", short(&path)),
            Found::Bad(path, failure) => {
                format!("bad {} {}", short(&path), failure.text().contains("--recursive"))
            }
        });
        found.collect().await
    }

    #[tokio::test]
    async fn files_come_by_name_and_hidden_ones_and_links_do_not() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path();
        for name in ["d/b.jpg", "d/a/z.jpg", "d/.hidden.jpg", "d/.git/x.jpg", "d/c.jpg", "e.jpg", ".h/1.jpg"]
        {
            std::fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            std::fs::write(root.join(name), "x").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(root.join("d"), root.join("d/bb")).unwrap();
        let found = names(root, &["e.jpg", "d", ".h", "missing"], true).await;
        let expected =
            ["named e.jpg", "d/a/z.jpg", "d/b.jpg", "link d/bb", "d/c.jpg", ".h/1.jpg", "named missing"];
        assert_eq!(found, expected);
        assert_eq!(names(root, &["d", "e.jpg"], false).await, ["bad d true", "named e.jpg"]);
    }

    #[tokio::test]
    async fn what_is_named_again_is_told_from_what_is_new() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path();
        std::fs::create_dir(root.join("d")).unwrap();
        for name in ["d/a.jpg", "d/b.jpg"] {
            std::fs::write(root.join(name), "x").unwrap();
        }
        let found = names(root, &["d/../d/b.jpg", "d", "d/./a.jpg", "missing", "missing"], true).await;
        let expected = [
            "named d/../d/b.jpg",
            "d/a.jpg",
            "again d/b.jpg",
            "again d/./a.jpg",
            "named missing",
            "again missing",
        ];
        assert_eq!(found, expected);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn links_are_told_once_and_only_if_nobody_follows_them() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path();
        std::fs::create_dir_all(root.join("d/a")).unwrap();
        std::fs::write(root.join("d/a/z.jpg"), "x").unwrap();
        std::os::unix::fs::symlink(root.join("d"), root.join("L")).unwrap();
        std::os::unix::fs::symlink(root.join("d/a"), root.join("d/to_a")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.join("d/a/broken")).unwrap();
        let (broken, to_a) = ("link d/a/broken", "link d/to_a");
        for (paths, expected) in [
            (&["L"][..], &["link L/a/broken", "L/a/z.jpg", "link L/to_a"][..]),
            (&["d", "d/a"], &[broken, "d/a/z.jpg", to_a, "again d/a/z.jpg"]),
            (&["d", "L"], &[broken, "d/a/z.jpg", to_a, "again L/a/z.jpg"]),
            (&["d", "d/to_a"], &[broken, "d/a/z.jpg", "again d/to_a/z.jpg"]),
            (&["d/to_a", "d"], &["link d/to_a/broken", "d/to_a/z.jpg", "again d/a/z.jpg"]),
        ] {
            assert_eq!(names(root, paths, true).await, expected, "{paths:?}");
        }
        assert_eq!(names(root, &["d", "d"], false).await, ["bad d true"], "told once");
    }

    #[tokio::test]
    async fn the_walk_ends_with_its_reader() {
        let home = tempfile::tempdir().unwrap();
        for number in 0..(AHEAD * 3) {
            std::fs::write(home.path().join(number.to_string()), "x").unwrap();
        }
        let mut found = discover(Arc::from([home.path().to_owned()]), true);
        assert!(matches!(found.next().await, Some(Found::Inside(_))));
        // The runtime of this test waits for its threads when it ends.
        drop(found);
    }
}

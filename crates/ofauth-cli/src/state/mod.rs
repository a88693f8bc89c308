//! The directory for what outlives a run: journals of uploads, the request budget, the etags of uploaded files.
//!
//! This module says where it is and makes it, for its owner alone. What lies in it is the business of others.

pub(crate) mod file_state;
pub(crate) mod line_index;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod upload_history;

use std::io;
use std::path::PathBuf;

use ofauth::unversioned::private_fs::create_directory;

use crate::args::Global;

/// The state directory.
#[derive(Debug, Clone)]
pub(crate) struct State {
    root: PathBuf,
}

impl State {
    /// Makes the directory if it is not there yet.
    pub(crate) fn create(root: PathBuf) -> io::Result<State> {
        create_directory(&root)?;
        Ok(State { root })
    }

    /// The directory, whether it is there or not.
    pub(crate) fn at(root: PathBuf) -> State {
        State { root }
    }

    /// Where the library keeps the journals of uploads.
    pub(crate) fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    /// Where the library keeps what it knows of rate limits.
    pub(crate) fn rate(&self) -> PathBuf {
        self.root.join("rate")
    }

    /// Where it is kept how far the posts of commands that were stopped are.
    pub(crate) fn posts(&self) -> PathBuf {
        self.root.join("post")
    }

    /// Where the etags of uploaded files are remembered.
    pub(crate) fn uploaded(&self) -> PathBuf {
        self.root.join("uploaded")
    }
}

/// Which directory flags and environment name; nothing if there is no home either.
///
/// An embedded sandbox forgets everything when it ends, so what is kept of it is kept only on request.
pub(crate) fn find(flags: &Global) -> Option<PathBuf> {
    if flags.state_dir.is_some() || flags.sandbox {
        return flags.state_dir.clone();
    }
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("OFAUTH_STATE_DIR").or_else(|| usual(set, std::env::home_dir()))
}

/// The directory that the platform has for such things.
#[cfg(not(any(target_os = "macos", windows)))]
fn usual(set: impl Fn(&str) -> Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    // The XDG specification has relative paths ignored.
    let base = set("XDG_STATE_HOME").filter(|path| path.is_absolute());
    base.or_else(|| home.map(|home| home.join(".local/state"))).map(|base| base.join("ofauth"))
}

#[cfg(target_os = "macos")]
fn usual(_: impl Fn(&str) -> Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    home.map(|home| home.join("Library/Application Support/ofauth"))
}

#[cfg(windows)]
fn usual(set: impl Fn(&str) -> Option<PathBuf>, _: Option<PathBuf>) -> Option<PathBuf> {
    set("LOCALAPPDATA").map(|base| base.join("ofauth"))
}

#[cfg(all(test, not(any(target_os = "macos", windows))))]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_usual_place_follows_the_xdg_rules() {
        let at = |value: &str, home: Option<&str>| {
            usual(|name| (name == "XDG_STATE_HOME").then(|| value.into()), home.map(PathBuf::from))
        };
        assert_eq!(at("/x", Some("/h")).unwrap(), Path::new("/x/ofauth"));
        assert_eq!(at("relative", Some("/h")).unwrap(), Path::new("/h/.local/state/ofauth"));
        assert_eq!(at("relative", None), None);
    }

    #[cfg(unix)]
    #[test]
    fn it_is_made_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("a/b");
        let state = State::create(root.clone()).unwrap();
        assert_eq!(std::fs::metadata(&root).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(state.journal(), root.join("journal"));
        State::create(root).unwrap();
    }
}

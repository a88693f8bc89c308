//! Files that are written together: all of them, or none.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::artefact::Artefact;

/// Files that have been written and can be put back.
#[derive(Debug)]
pub(super) struct Written {
    /// What stood at each path before, if anything did.
    before: Vec<(PathBuf, Option<Vec<u8>>)>,
}

impl Written {
    /// Writes the artefacts that differ. If one cannot be written, all are put back.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written.
    pub(super) fn write(root: &Path, artefacts: &[Artefact]) -> Result<Self> {
        let mut written = Self { before: Vec::new() };
        for artefact in artefacts {
            if let Err(error) = written.one(root, artefact) {
                written.put_back().context("after a file could not be written")?;
                return Err(error);
            }
        }
        Ok(written)
    }

    fn one(&mut self, root: &Path, artefact: &Artefact) -> Result<()> {
        let path = root.join(&artefact.path);
        let before = match fs::read(&path) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        if before.as_deref() == Some(artefact.text.as_bytes()) {
            return Ok(());
        }
        self.before.push((path.clone(), before));
        fs::write(&path, &artefact.text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// The paths that changed.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.before.iter().map(|(path, _)| path.as_path())
    }

    /// Puts everything back as it was.
    ///
    /// # Errors
    ///
    /// If a file cannot be written; the others are put back all the same.
    pub(super) fn put_back(self) -> Result<()> {
        let mut failed = None;
        for (path, before) in self.before.iter().rev() {
            let done = match before {
                Some(bytes) => fs::write(path, bytes),
                // It may not have come to be.
                None => match fs::remove_file(path) {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                    done => done,
                },
            };
            if let Err(error) = done {
                failed = Some(anyhow::Error::new(error).context(format!(
                    "cannot put {} back: `git checkout` has the file as it was",
                    path.display()
                )));
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_put_back() {
        let root = std::env::temp_dir().join(format!("xtask-files-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        fs::write(root.join("same"), "1").unwrap();
        fs::write(root.join("old"), "1").unwrap();
        let artefact = |path: &str, text: &str| Artefact { path: path.into(), text: text.to_owned() };
        let all = [artefact("same", "1"), artefact("old", "2"), artefact("new", "3")];
        let written = Written::write(&root, &all).unwrap();
        assert_eq!(written.paths().collect::<Vec<_>>(), [root.join("old"), root.join("new")]);
        assert_eq!(fs::read_to_string(root.join("old")).unwrap(), "2");
        written.put_back().unwrap();
        assert_eq!(fs::read_to_string(root.join("old")).unwrap(), "1");
        assert!(!root.join("new").exists());

        // One that cannot be written takes the others back.
        let all = [artefact("old", "2"), artefact("no/such/folder", "3")];
        assert!(Written::write(&root, &all).unwrap_err().to_string().contains("folder"));
        assert_eq!(fs::read_to_string(root.join("old")).unwrap(), "1");
        fs::remove_dir_all(root).unwrap();
    }
}

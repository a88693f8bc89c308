//! A folder of files that is brought up to date, and its `.tar.gz`.
//!
//! Writes only what differs, each file as a whole under another name first. The package is deterministic: sorted, with
//! no owner and no time of its own. It is made anew only if a file changed or it is missing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

/// A folder that is being brought up to date.
pub(super) struct Tree {
    name: String,
    root: PathBuf,
    tarball: PathBuf,
    /// Where files lie before they have their name: on the same file system, outside the folder.
    draft: PathBuf,
    /// What belongs into the folder, from its root.
    wanted: BTreeSet<PathBuf>,
}

impl Tree {
    /// The folder `name` in `out`.
    pub(super) fn new(out: &Path, name: &str) -> Result<Self> {
        fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
        // Absolute, because callers hand the paths on to programs that run elsewhere.
        let out = std::path::absolute(out)?;
        Ok(Self {
            root: out.join(name),
            tarball: out.join(format!("{name}.tar.gz")),
            draft: out.join(format!(".{name}.{}", std::process::id())),
            wanted: BTreeSet::new(),
            name: name.to_owned(),
        })
    }

    /// Copies a file to `place`, from the root of the tree.
    pub(super) fn copy(&mut self, from: &Path, place: &str) -> Result<()> {
        let content = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        self.write(place, &content)
    }

    /// Copies the files of a folder, with those of the folders in it.
    pub(super) fn copy_folder(&mut self, from: &Path, place: &str) -> Result<()> {
        for path in files(from)? {
            let below = path.strip_prefix(from)?;
            self.copy(&path, &format!("{place}/{}", below.display()))?;
        }
        Ok(())
    }

    /// Writes a file.
    pub(super) fn write(&mut self, place: &str, content: &[u8]) -> Result<()> {
        let path = self.place(place)?;
        let is_link = path.is_symlink();
        if !is_link && fs::read(&path).is_ok_and(|found| found == content) {
            return Ok(());
        }
        fs::write(&self.draft, content).with_context(|| format!("cannot write {}", self.draft.display()))?;
        self.put(&path)
    }

    /// Makes a symbolic link to a file beside it.
    pub(super) fn link(&mut self, place: &str, to: &str) -> Result<()> {
        let path = self.place(place)?;
        if fs::read_link(&path).is_ok_and(|found| found == Path::new(to)) {
            return Ok(());
        }
        symlink(to, &self.draft).with_context(|| format!("cannot link {}", self.draft.display()))?;
        self.put(&path)
    }

    /// Remembers that a file is wanted, and makes its folder.
    fn place(&mut self, place: &str) -> Result<PathBuf> {
        let path = self.root.join(place);
        self.wanted.insert(place.into());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        Ok(path)
    }

    /// Gives the draft its name. The package goes first: if this is interrupted, it is not found out of date.
    fn put(&self, path: &Path) -> Result<()> {
        remove(&self.tarball)?;
        fs::rename(&self.draft, path).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Removes what does not belong into the folder, packs it, and returns both paths.
    pub(super) fn finish(self) -> Result<(PathBuf, PathBuf)> {
        for path in files(&self.root)? {
            if !self.wanted.contains(path.strip_prefix(&self.root)?) {
                remove(&self.tarball)?;
                remove(&path)?;
            }
        }
        if !self.tarball.exists() {
            self.pack().with_context(|| format!("cannot write {}", self.tarball.display()))?;
        }
        Ok((self.root, self.tarball))
    }

    fn pack(&self) -> Result<()> {
        let file = fs::File::create(&self.draft)?;
        let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::default()));
        archive.mode(tar::HeaderMode::Deterministic);
        archive.follow_symlinks(false);
        for place in &self.wanted {
            archive.append_path_with_name(self.root.join(place), Path::new(&self.name).join(place))?;
        }
        archive.into_inner()?.finish()?;
        fs::rename(&self.draft, &self.tarball)?;
        Ok(())
    }
}

/// The files and links below a folder; none if there is no such folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() && !path.is_symlink() {
                found.extend(files(&path)?);
            } else {
                found.push(path);
            }
        }
    }
    Ok(found)
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn symlink(to: &str, at: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(not(unix))]
fn symlink(_: &str, _: &Path) -> std::io::Result<()> {
    Err(std::io::Error::other("this platform has no symbolic links"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-tree-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn lay_out(out: &Path, content: &str) -> (PathBuf, PathBuf) {
        let mut tree = Tree::new(out, "thing-1").unwrap();
        tree.write("lib/libthing.so.1", content.as_bytes()).unwrap();
        tree.link("lib/libthing.so", "libthing.so.1").unwrap();
        tree.write("include/thing.h", b"int thing(void);\n").unwrap();
        tree.finish().unwrap()
    }

    /// The names in a package, with what each holds or leads to.
    fn unpacked(tarball: &Path) -> Vec<(String, String)> {
        use std::io::Read;
        let file = fs::File::open(tarball).unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
        let entry = |mut entry: tar::Entry<'_, _>| {
            let mut content = String::new();
            entry.read_to_string(&mut content).unwrap();
            let link = entry.link_name().unwrap().map(|link| format!("-> {}", link.display()));
            (entry.path().unwrap().display().to_string(), link.unwrap_or(content))
        };
        archive.entries().unwrap().map(|it| entry(it.unwrap())).collect()
    }

    #[test]
    fn a_tree_is_laid_out_and_packed() {
        let out = scratch("packed");
        let (tree, tarball) = lay_out(&out, "one");
        assert_eq!(fs::read_to_string(tree.join("lib/libthing.so")).unwrap(), "one");
        let holds = |name: &str, what: &str| (format!("thing-1/{name}"), what.to_owned());
        let expected = [
            holds("include/thing.h", "int thing(void);\n"),
            holds("lib/libthing.so", "-> libthing.so.1"),
            holds("lib/libthing.so.1", "one"),
        ];
        assert_eq!(unpacked(&tarball), expected);
        assert_eq!(fs::read_dir(&out).unwrap().count(), 2, "nothing else is left");
        fs::remove_dir_all(out).unwrap();
    }

    #[test]
    fn the_same_files_make_the_same_package() {
        let (one, two) = (scratch("same-one"), scratch("same-two"));
        let tarballs = [lay_out(&one, "same").1, lay_out(&two, "same").1];
        assert_eq!(fs::read(&tarballs[0]).unwrap(), fs::read(&tarballs[1]).unwrap());
        fs::remove_dir_all(one).unwrap();
        fs::remove_dir_all(two).unwrap();
    }

    #[test]
    fn only_what_differs_is_written_and_what_is_not_wanted_goes() {
        let out = scratch("changed");
        let (tree, tarball) = lay_out(&out, "one");
        let header = tree.join("include/thing.h");
        let old = std::time::SystemTime::UNIX_EPOCH;
        for path in [&header, &tarball] {
            fs::File::options().append(true).open(path).unwrap().set_modified(old).unwrap();
        }
        let modified = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
        lay_out(&out, "one");
        assert_eq!((modified(&header), modified(&tarball)), (old, old), "nothing changed");

        fs::write(tree.join("lib/stray.a"), "stray").unwrap();
        lay_out(&out, "two");
        assert_eq!(modified(&header), old);
        assert!(!tree.join("lib/stray.a").exists());
        let packed = unpacked(&tarball);
        assert!(packed.contains(&("thing-1/lib/libthing.so.1".to_owned(), "two".to_owned())), "{packed:?}");
        assert_eq!(packed.len(), 3, "{packed:?}");
        fs::remove_dir_all(out).unwrap();
    }
}

//! The installed tree that all programs are built against, made once.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// What `cargo xtask dist` lays out.
pub(crate) struct Tree {
    root: PathBuf,
    tarball: PathBuf,
}

static TREE: LazyLock<Tree> = LazyLock::new(|| {
    let dist = xtask::dist::dist(None).unwrap_or_else(|error| panic!("cargo xtask dist: {error:#}"));
    Tree { root: dist.tree, tarball: dist.tarball }
});

/// The tree. The first to ask waits for a release build.
pub(crate) fn tree() -> &'static Tree {
    // A build is long: the servers of other tests go on meanwhile.
    tokio::task::block_in_place(|| &*TREE)
}

impl Tree {
    /// The tree that the tarball holds, unpacked at another place.
    pub(crate) fn moved_to(&self, root: PathBuf) -> Self {
        Self { root, tarball: self.tarball.clone() }
    }

    /// The same, packed.
    pub(crate) fn tarball(&self) -> &Path {
        &self.tarball
    }

    /// The directory that holds `include`, `lib` and `share`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The header of C.
    pub(crate) fn header(&self) -> PathBuf {
        self.root.join("include/ofauth.h")
    }

    /// The directory of the libraries.
    pub(crate) fn library(&self) -> PathBuf {
        self.root.join("lib")
    }

    /// The directory of the pkg-config file.
    pub(crate) fn pkg_config(&self) -> PathBuf {
        self.root.join("lib/pkgconfig")
    }
}

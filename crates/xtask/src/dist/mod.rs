//! `cargo xtask dist`: libofauth as users install it, a tree and a `.tar.gz` of it.
//!
//! The same tree as `cargo cinstall` makes, without cargo-c. Nothing in it is kept by hand twice: the version and the
//! number of the binary interface come from the header, the system libraries from the compiler.

mod archive;
mod build;
mod compiler;
mod paths;
mod shared;
mod tree;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::header::{self, Declaration, declarations};
use crate::source;
pub use build::{Built, Profile, build};
pub use paths::replaced;
pub use shared::SYMBOL_VERSION;
use tree::Tree;

/// What was made.
#[derive(Debug, Clone)]
pub struct Dist {
    /// The version of the library, such as `0.1.0`.
    pub version: String,
    /// The number of the binary interface, which ends the soname.
    pub abi: u32,
    /// The platform that it is for, such as `x86_64-unknown-linux-gnu`.
    pub target: String,
    /// The tree: `include`, `lib`, `share`.
    pub tree: PathBuf,
    /// The tree, packed.
    pub tarball: PathBuf,
}

/// Builds the library and lays it out in `out`, or in `dist` of the target directory.
///
/// The settings of the release profile can be changed by cargo's environment variables. What is up to date is left
/// alone, and files are replaced as a whole, so that a program that runs with the library goes on running.
///
/// # Errors
///
/// If the build fails, or a file cannot be read or written.
pub fn dist(out: Option<&Path>) -> Result<Dist> {
    let built = build(Profile::Release)?;
    let (version, abi) = versions()?;
    let out = out.map_or_else(|| built.target_directory.join("dist"), Path::to_owned);
    let name = format!("ofauth-{version}-{}", built.target);
    let mut tree = Tree::new(&out, &name)?;

    let root = source::root()?;
    tree.copy(&root.join(header::PATH), "include/ofauth.h")?;
    tree.copy_folder(&root.join("bindings/cpp/include"), "include")?;
    let shared = shared::versioned(&built, abi, &built.target_directory.join("shared"))?;
    add_shared(&mut tree, &shared, &version, abi)?;
    let archive = archive::joined(&built, &built.target_directory.join("joined"))?;
    tree.copy(&archive, "lib/libofauth.a")?;
    tree.write("lib/pkgconfig/ofauth.pc", pkg_config(&version, &built.native_libraries).as_bytes())?;
    let cmake = root.join("crates/ofauth-ffi/artifact/cmake");
    tree.copy_folder(&cmake, "share/cmake/ofauth")?;
    // Not the README, which speaks of the repository; the header teaches.
    for document in ["CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        tree.copy(&root.join(document), &format!("share/doc/ofauth/{document}"))?;
    }
    for (examples, language) in [("examples/c", "c"), ("bindings/cpp/examples", "cpp")] {
        tree.copy_folder(&root.join(examples), &format!("share/doc/ofauth/examples/{language}"))?;
    }
    let (tree, tarball) = tree.finish()?;
    Ok(Dist { version, abi, target: built.target, tree, tarball })
}

/// The shared library under its full name, with the name that programs ask for and the name that linkers look for.
fn add_shared(tree: &mut Tree, shared: &Path, version: &str, abi: u32) -> Result<()> {
    let [full, asked, linked] = match shared.extension().and_then(|extension| extension.to_str()) {
        Some("so") => {
            [format!("libofauth.so.{version}"), format!("libofauth.so.{abi}"), "libofauth.so".into()]
        }
        Some("dylib") => {
            [format!("libofauth.{version}.dylib"), format!("libofauth.{abi}.dylib"), "libofauth.dylib".into()]
        }
        _ => bail!("{}: how to install it is not known on this platform", shared.display()),
    };
    tree.copy(shared, &format!("lib/{full}"))?;
    tree.link(&format!("lib/{asked}"), &full)?;
    tree.link(&format!("lib/{linked}"), &asked)
}

/// The version of the library and the number of its binary interface, as the header has them.
fn versions() -> Result<(String, u32)> {
    let text = std::fs::read_to_string(source::root()?.join(header::PATH))
        .with_context(|| format!("cannot read {}", header::PATH))?;
    let constants = declarations(&text)?;
    let find = |wanted: &str| {
        let value = constants.iter().find_map(|declaration| match declaration {
            Declaration::Constant { name, value } if name == wanted => {
                Some(value.trim_matches('"').to_owned())
            }
            _ => None,
        });
        value.with_context(|| format!("{} does not define {wanted}", header::PATH))
    };
    Ok((find("OFAUTH_VERSION")?, find("OFAUTH_ABI_VERSION")?.parse()?))
}

/// The file for pkg-config. It finds everything relative to itself, so that the tree may lie anywhere.
fn pkg_config(version: &str, native_libraries: &str) -> String {
    format!(
        "prefix=${{pcfiledir}}/../..\n\
         includedir=${{prefix}}/include\n\
         libdir=${{prefix}}/lib\n\
         \n\
         Name: ofauth\n\
         Description: Upload media to the OnlyFans vault through the OFAuth API\n\
         Version: {version}\n\
         Cflags: -I${{includedir}}\n\
         Libs: -L${{libdir}} -lofauth\n\
         Libs.private: {native_libraries}\n"
    )
}

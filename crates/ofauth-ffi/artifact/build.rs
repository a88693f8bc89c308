//! How `libofauth` is linked: its name for the dynamic linker, and that it stays loaded.
//!
//! Does not compile anything and does not make the header.

use std::error::Error;
use std::path::Path;

/// Where the number of the binary interface stands, from this package.
const VERSION: &str = "../src/version.rs";

/// What stands before the number.
const CONSTANT: &str = "pub const OFAUTH_ABI_VERSION: u32 = ";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={VERSION}");
    let abi = abi_version()?;
    let link = |argument: &str| println!("cargo::rustc-cdylib-link-arg=-Wl,{argument}");
    match std::env::var("CARGO_CFG_TARGET_OS")?.as_str() {
        "windows" => {}
        "macos" => link(&format!("-install_name,@rpath/libofauth.{abi}.dylib")),
        _ => {
            link(&format!("-soname,libofauth.so.{abi}"));
            // The Rust library registers destructors of threads, which would crash if dlclose removed their code.
            link("-z,nodelete");
        }
    }
    Ok(())
}

/// Read as text: a dependency of a build script would build the whole engine a second time.
fn abi_version() -> Result<u32, Box<dyn Error>> {
    let path = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join(VERSION);
    let source = std::fs::read_to_string(&path)?;
    let number = source.lines().find_map(|line| line.strip_prefix(CONSTANT)?.strip_suffix(';'));
    let number = number.ok_or_else(|| format!("{} has no line `{CONSTANT}...;`", path.display()))?;
    Ok(number.parse()?)
}

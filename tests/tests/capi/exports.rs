//! The shared library as an object file: what it exports, what it is called, how it is loaded, how large it is.

use std::collections::BTreeSet;

use object::elf::{
    DF_1_NODELETE, DF_1_NOW, DT_FLAGS_1, DT_NEEDED, DT_SONAME, FileHeader64, PF_X, PT_GNU_RELRO, PT_GNU_STACK,
};
use object::read::elf::{Dyn as _, ElfFile, FileHeader as _, ProgramHeader as _};
use object::{Endianness, Object as _, ObjectSymbol as _};

use crate::cases::functions;
use crate::run::{command, root, run, scratch};
use crate::tree::{Tree, tree};
use xtask::dist::SYMBOL_VERSION;

/// The largest that the library may be without its symbols.
const LARGEST: u64 = 6 * 1024 * 1024;

fn library(tree: &Tree) -> Vec<u8> {
    std::fs::read(tree.library().join("libofauth.so")).unwrap()
}

/// The entries of the dynamic section: tag, value, and the value as a text.
fn dynamic(bytes: &[u8]) -> Vec<(i64, u64, String)> {
    let header = FileHeader64::<Endianness>::parse(bytes).unwrap();
    let endian = header.endian().unwrap();
    let sections = header.sections(endian, bytes).unwrap();
    let (entries, link) = sections.dynamic(endian, bytes).unwrap().unwrap();
    let strings = sections.strings(endian, bytes, link).unwrap();
    let entry = |entry: &object::elf::Dyn64<Endianness>| {
        let text = entry.string(endian, strings).map(|text| String::from_utf8_lossy(text).into_owned());
        (entry.tag(endian), entry.d_val(endian), text.unwrap_or_default())
    };
    entries.iter().map(entry).collect()
}

/// The shared libraries that an object file is linked with.
pub(crate) fn needed_libraries(bytes: &[u8]) -> Vec<String> {
    let needed = dynamic(bytes).into_iter().filter(|(tag, ..)| *tag == DT_NEEDED);
    needed.map(|(_, _, text)| text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_exports_exactly_the_functions_of_the_header() {
    let bytes = library(tree());
    let file = ElfFile::<FileHeader64<Endianness>>::parse(&*bytes).unwrap();
    let exported: BTreeSet<_> = file
        .dynamic_symbols()
        .filter(|symbol| symbol.is_definition())
        // The version itself is one, without an address.
        .filter(|symbol| symbol.name() != Ok(SYMBOL_VERSION))
        .map(|symbol| symbol.name().unwrap().to_owned())
        .collect();
    let header = std::fs::read_to_string(tree().header()).unwrap();
    let declared: BTreeSet<_> = functions(&header).into_iter().map(|function| function.name).collect();
    assert!(declared.len() >= 60, "{} functions", declared.len());
    assert_eq!(exported, declared);
    println!("{} functions", exported.len());
}

/// The dynamic symbols as `objdump` shows them, one a line.
async fn symbols() -> String {
    let mut objdump = command("objdump");
    run(objdump.arg("-T").arg(tree().library().join("libofauth.so")), 60).await.succeeds().out
}

/// A program names the version that it was linked with, so that a function that behaves otherwise can live beside the old one.
#[tokio::test(flavor = "multi_thread")]
async fn every_function_has_the_symbol_version() {
    let symbols = symbols().await;
    let functions: Vec<_> = symbols.lines().filter(|line| line.contains(" .text\t")).collect();
    assert!(functions.len() >= 100, "{symbols}");
    for line in functions {
        let words: Vec<_> = line.split_whitespace().collect();
        let [.., version, name] = words.as_slice() else { panic!("{line}") };
        assert!(*version == SYMBOL_VERSION && name.starts_with("ofauth_"), "{line}");
    }
}

/// The glibc that programs need is the one that header and README name.
#[tokio::test(flavor = "multi_thread")]
async fn the_glibc_that_is_needed_is_said() {
    let symbols = symbols().await;
    let number = |version: &str| version.split('.').map(|part| part.parse().unwrap()).collect::<Vec<u32>>();
    let needed = symbols.split("GLIBC_").skip(1).map(|rest| {
        rest.split(|sign: char| !sign.is_ascii_digit() && sign != '.').next().unwrap_or_default()
    });
    let newest = needed.max_by_key(|version| number(version)).unwrap();
    println!("glibc {newest} or later");
    for document in [tree().header(), root().join("docs/c.md")] {
        let text = std::fs::read_to_string(&document).unwrap();
        assert!(text.contains(&format!("glibc {newest}")), "{}: not glibc {newest}", document.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_has_a_soname_and_stays_loaded() {
    let entries = dynamic(&library(tree()));
    let value = |wanted: i64| entries.iter().find(|(tag, ..)| *tag == wanted);
    assert_eq!(value(DT_SONAME).map(|(_, _, text)| text.as_str()), Some("libofauth.so.0"));
    let flags = value(DT_FLAGS_1).map_or(0, |(_, flags, _)| *flags);
    // Threads and their destructors live in it: unloaded, they would run nowhere.
    assert_ne!(flags & u64::from(DF_1_NODELETE), 0, "flags {flags:#x}");
    // Functions are looked up at the start, and what they are looked up in is read-only afterwards.
    assert_ne!(flags & u64::from(DF_1_NOW), 0, "flags {flags:#x}");
    let bytes = library(tree());
    let header = FileHeader64::<Endianness>::parse(&*bytes).unwrap();
    let endian = header.endian().unwrap();
    let segments = header.program_headers(endian, &*bytes).unwrap();
    let has = |kind: u32| segments.iter().find(|segment| segment.p_type(endian) == kind);
    assert!(has(PT_GNU_RELRO).is_some());
    assert_eq!(has(PT_GNU_STACK).map(|stack| stack.p_flags(endian) & PF_X), Some(0));
    let needed = needed_libraries(&library(tree()));
    let expected = ["libc.so.6", "libgcc_s.so.1", "libm.so.6", "ld-linux-x86-64.so.2"];
    assert!(needed.iter().all(|library| expected.contains(&library.as_str())), "{needed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_is_small() {
    let directory = scratch();
    let stripped = directory.path().join("stripped.so");
    let mut strip = command("strip");
    strip.arg("--strip-unneeded").arg("-o").arg(&stripped).arg(tree().library().join("libofauth.so"));
    run(&mut strip, 60).await.succeeds();
    let size = std::fs::metadata(stripped).unwrap().len();
    println!("{size} bytes without symbols");
    assert!(size <= LARGEST, "{size} bytes without symbols");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_lead_from_the_short_name_to_the_version() {
    let version = env!("CARGO_PKG_VERSION");
    let library = tree().library();
    let target = |name: &str| std::fs::read_link(library.join(name)).unwrap();
    assert_eq!(target("libofauth.so").to_str(), Some("libofauth.so.0"));
    assert_eq!(target("libofauth.so.0").to_str(), Some(&*format!("libofauth.so.{version}")));
    assert!(library.join(format!("libofauth.so.{version}")).is_file());
}

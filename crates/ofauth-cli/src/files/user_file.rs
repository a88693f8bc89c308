//! Files that the user names beside what is uploaded: keys, settings, certificates, bodies, fault scripts, and standard
//! input where one of these is expected there.
//!
//! They may be anything that can be read: a FIFO, or the output of a program (`<(...)`). Opening and reading one may then
//! wait for ever, so all of it happens on threads of their own, by way of [`Interrupt::reading`]; nothing waits in the
//! library, which takes regular files alone.
//!
//! [`Interrupt::reading`]: crate::interrupt::Interrupt::reading

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ofauth::ErrorKind;

use super::user_text;
use crate::failure::{Failure, Result};
use crate::name::Name;

/// What a file is to the command: how it is called in an error, and how long it may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) what: &'static str,
    /// What an error is, if it cannot be read.
    pub(crate) kind: ErrorKind,
    /// In bytes.
    pub(crate) longest: u64,
}

/// Reads all of a file. Waits for who writes it.
pub(crate) fn read(wanted: Wanted, path: &Path) -> Result<(Vec<u8>, File)> {
    let called = called(wanted, path);
    let file = File::open(path).map_err(|error| cannot(wanted, &called, &error))?;
    let bytes = bounded(wanted, &called, &file)?;
    Ok((bytes, file))
}

/// Reads a file of text. Waits for who writes it.
pub(crate) fn read_text(wanted: Wanted, path: &Path) -> Result<(String, File)> {
    let (bytes, file) = read(wanted, path)?;
    Ok((user_text::text(wanted.kind, &called(wanted, path), bytes)?, file))
}

/// How a file is called in an error.
pub(crate) fn called(wanted: Wanted, path: &Path) -> String {
    format!("the {} {}", wanted.what, Name::from(path))
}

/// Reads all of standard input. Waits for who writes it.
pub(crate) fn read_standard_input(wanted: Wanted) -> Result<Vec<u8>> {
    bounded(wanted, "standard input", std::io::stdin().lock())
}

fn bounded(wanted: Wanted, called: &str, from: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(wanted.longest.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| cannot(wanted, called, &error))?;
    if bytes.len() as u64 > wanted.longest {
        return Err(Failure::new(wanted.kind, format!("{called} is longer than {} bytes", wanted.longest)));
    }
    Ok(bytes)
}

fn cannot(wanted: Wanted, called: &str, error: &std::io::Error) -> Failure {
    Failure::io(wanted.kind, format!("{called} cannot be read"), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_bound_and_named_in_errors() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("k");
        let wanted = Wanted { what: "key file", kind: ErrorKind::Config, longest: 4 };
        let text = |wanted| read(wanted, &path).unwrap_err().text();
        let called = format!("the key file {}", path.display());
        assert!(text(wanted).starts_with(&format!("{called} cannot be read: ")));
        std::fs::write(&path, "1234").unwrap();
        assert_eq!(read(wanted, &path).unwrap().0, b"1234");
        let shorter = Wanted { longest: 3, ..wanted };
        assert_eq!(text(shorter), format!("{called} is longer than 3 bytes"));
    }
}

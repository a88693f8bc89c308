//! What `upload` reads: files, and standard input by way of a temporary file.
//!
//! An upload needs the size before the first byte and may read a part again, so standard input is written to an
//! unnamed temporary file first, which the system removes whatever happens to the process. Checking files is the
//! library's work.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ofauth::unversioned::usual_extension;
use ofauth::{ErrorKind, Source};
use ring::digest::{Context, SHA256};

use crate::failure::{Failure, Result};
use crate::name::Name;
use crate::threads;

const BUFFER: usize = 64 * 1024;

/// One thing to upload. Clones are one.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    /// What the user calls it.
    pub(crate) name: Name,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Path(PathBuf),
    /// A temporary file without a name, its size, and the name it goes by.
    Spool {
        file: Arc<File>,
        size: u64,
        filename: String,
    },
}

impl Input {
    /// A file of this name.
    pub(crate) fn path(path: &Path) -> Self {
        Self { name: Name::from(path), kind: Kind::Path(path.to_owned()) }
    }

    /// All of standard input, up to `limit` bytes.
    pub(crate) async fn standard_input(limit: u64) -> Result<Self> {
        let (file, size) = threads::run(move || spool(io::stdin().lock(), limit)).await??;
        let kind = Kind::Spool { file: file.into(), size, filename: "stdin".into() };
        Ok(Self { name: Name::from(Path::new("-")), kind })
    }

    /// The size of a temporary file.
    pub(crate) fn spooled_size(&self) -> Option<u64> {
        match &self.kind {
            Kind::Path(_) => None,
            Kind::Spool { size, .. } => Some(*size),
        }
    }

    /// The library's view of it. May be asked for again.
    pub(crate) fn source(&self) -> Result<Source> {
        match &self.kind {
            Kind::Path(path) => Ok(Source::path(path)),
            Kind::Spool { file, filename, .. } => {
                let file = file.try_clone().map_err(|error| {
                    Failure::io(ErrorKind::Source, "the temporary file cannot be opened", &error)
                })?;
                // A reader, and not the file itself: its times would tell that it is another one than in an earlier run. What was
                // sent is compared instead.
                Ok(Source::reader(file).filename(filename))
            }
        }
    }

    /// Names standard input after the type that was found in it. Fails for a type without a usual extension.
    pub(crate) fn name_by_type(&mut self, content_type: &str) -> Result<()> {
        if let Kind::Spool { filename, .. } = &mut self.kind {
            let extension = usual_extension(content_type).ok_or_else(|| {
                Failure::argument("standard input has no name").with_hint("give --filename")
            })?;
            *filename = format!("stdin.{extension}");
        }
        Ok(())
    }

    /// The SHA-256 of all bytes, in hexadecimal.
    pub(crate) async fn sha256(&self) -> Result<String> {
        let opened = match &self.kind {
            Kind::Path(path) => File::open(path),
            Kind::Spool { file, .. } => file.try_clone(),
        };
        let hashed = threads::run(move || opened.and_then(sha256)).await?;
        hashed.map_err(|error| Failure::io(ErrorKind::Source, "cannot be read again", &error))
    }
}

fn spool(mut from: impl Read, limit: u64) -> Result<(File, u64)> {
    let to_disk = |error: &io::Error| {
        Failure::io(ErrorKind::Source, "standard input cannot be kept in a temporary file", error)
            .with_hint("set TMPDIR to a directory with enough room")
    };
    let mut file = tempfile::tempfile().map_err(|error| to_disk(&error))?;
    let mut buffer = vec![0; BUFFER];
    let mut size: u64 = 0;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(Failure::io(ErrorKind::Source, "standard input cannot be read", &error));
            }
        };
        size = size.saturating_add(count as u64);
        if size > limit {
            return Err(Failure::new(
                ErrorKind::Source,
                format!("standard input is longer than {limit} bytes"),
            )
            .with_hint("raise --spool-limit, or write it to a file and upload that"));
        }
        file.write_all(buffer.get(..count).unwrap_or_default()).map_err(|error| to_disk(&error))?;
    }
    if size == 0 {
        return Err(Failure::new(ErrorKind::Source, "standard input is empty"));
    }
    Ok((file, size))
}

fn sha256(mut file: File) -> io::Result<String> {
    // A clone of the temporary file shares its position.
    file.rewind()?;
    let mut hash = Context::new(&SHA256);
    let mut buffer = vec![0; BUFFER];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => hash.update(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spooling_keeps_every_byte_and_stops_at_the_limit() {
        let bytes: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
        let (file, size) = spool(&bytes[..], 200_000).unwrap();
        assert_eq!(size, 200_000);
        let digest: String =
            ring::digest::digest(&SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(sha256(file).unwrap(), digest);
        let failure = spool(&bytes[..], 199_999).unwrap_err();
        assert_eq!(failure.kind(), ErrorKind::Source);
        assert!(failure.lines().contains("--spool-limit"));
        assert_eq!(spool(&[][..], 10).unwrap_err().text(), "standard input is empty");
    }
}

//! The version of a state file's format: one rule for every file that outlives a process, the library's and the
//! command's.
//!
//! Such a file begins with eight bytes: `OFAUTH`, a letter for what it is, and a digit for the version of its format. A
//! file of another version is refused by name and left as it is, so that nothing in it is misread or lost. What follows
//! the eight bytes, and what to do about a file that is none of ours, is the business of whoever reads it.

use std::fmt;

/// Bytes before everything else.
pub const MAGIC_LENGTH: usize = 8;

const FAMILY: [u8; 6] = *b"OFAUTH";

/// What a state file is, and the version of its format that is written and read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateFormat {
    letter: u8,
    version: u8,
}

/// The journal of an upload. Version 1 had CRC-32 for its checksums.
pub const JOURNAL: StateFormat = StateFormat { letter: b'J', version: b'2' };

/// The request budget of a connection, which processes share.
pub const REQUEST_BUDGET: StateFormat = StateFormat { letter: b'B', version: b'1' };

/// The record of a batch. Version 1 was the command's, and had the lines of a post among it.
pub const BATCH_RECORD: StateFormat = StateFormat { letter: b'R', version: b'2' };

/// How far the post of a command is.
pub const POST_RECORD: StateFormat = StateFormat { letter: b'P', version: b'1' };

/// What `--skip-existing` knows of earlier uploads.
pub const UPLOAD_HISTORY: StateFormat = StateFormat { letter: b'H', version: b'1' };

/// Upload references that were used.
pub const USED_REFERENCES: StateFormat = StateFormat { letter: b'U', version: b'1' };

/// What a file says by how it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// It has the version that is known here.
    Known,
    /// It is empty, or was cut while it was begun: nothing else was ever in it.
    Unfinished,
    /// It has another version.
    Other(OtherVersion),
    /// It is no file of this format, or damaged where it says so.
    Foreign,
}

/// A version that is not known here, as an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherVersion {
    found: u8,
    known: u8,
}

impl StateFormat {
    /// What a file of this format begins with.
    pub const fn magic(self) -> [u8; MAGIC_LENGTH] {
        let [o, f, a, u, t, h] = FAMILY;
        [o, f, a, u, t, h, self.letter, self.version]
    }

    /// Judges a file by its first bytes, of which eight suffice.
    pub fn judge(self, bytes: &[u8]) -> Beginning {
        let magic = self.magic();
        match bytes.split_first_chunk::<MAGIC_LENGTH>() {
            None if magic.starts_with(bytes) => Beginning::Unfinished,
            None => Beginning::Foreign,
            Some((first, _)) if *first == magic => Beginning::Known,
            Some(([family @ .., found], _)) if magic.starts_with(family) => {
                Beginning::Other(OtherVersion { found: *found, known: self.version })
            }
            Some(_) => Beginning::Foreign,
        }
    }
}

impl fmt::Display for OtherVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (found, known) = (self.found.escape_ascii(), self.known.escape_ascii());
        write!(f, "written in format version {found}, and this software reads version {known}")
    }
}

impl std::error::Error for OtherVersion {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_judged_by_its_first_eight_bytes() {
        let other = |found| Beginning::Other(OtherVersion { found, known: b'2' });
        for (bytes, judged) in [
            (&b"OFAUTHJ2"[..], Beginning::Known),
            (b"OFAUTHJ2 and more", Beginning::Known),
            (b"", Beginning::Unfinished),
            (b"OFAUTHJ", Beginning::Unfinished),
            (b"OFAUTHJ1", other(b'1')),
            (b"OFAUTHJ3 and more", other(b'3')),
            (b"OFAUTHJ\x00", other(0)),
            (b"OFAUTHR2", Beginning::Foreign),
            (b"OFAUTHR", Beginning::Foreign),
            (b"{\"path\":1}", Beginning::Foreign),
            (b"notes", Beginning::Foreign),
            (&[0; 8], Beginning::Foreign),
        ] {
            assert_eq!(JOURNAL.judge(bytes), judged, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn no_two_formats_are_taken_for_each_other() {
        let formats = [JOURNAL, REQUEST_BUDGET, BATCH_RECORD, POST_RECORD, UPLOAD_HISTORY, USED_REFERENCES];
        for one in formats {
            for other in formats {
                let expected = if one == other { Beginning::Known } else { Beginning::Foreign };
                assert_eq!(one.judge(&other.magic()), expected);
            }
        }
    }

    #[test]
    fn a_refusal_names_both_versions() {
        for (byte, shown) in [(b'3', "version 3,"), (0, "version \\x00,")] {
            let text = OtherVersion { found: byte, known: b'1' }.to_string();
            assert!(text.contains(shown) && text.ends_with("reads version 1"), "{text}");
        }
    }
}

//! Finds secrets in bytes, whatever they were turned into on the way: as they are or nearly whole, as hexadecimal,
//! percent-encoded, as base64 at any offset, as UTF-16, with JSON escapes.
//!
//! [`watch`](crate::watch) uses it on logs; tests of files have [`Canaries::scan`] read whole directories. What was
//! compressed or encrypted is not seen.

use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// How many bytes a secret may lack at either end and still count.
const NEARLY: usize = 4;

/// Secrets in all their forms.
#[derive(Debug)]
pub struct Canaries {
    finder: AhoCorasick,
    /// The names of the forms, in the order of the finder's patterns.
    forms: Vec<&'static str>,
}

/// What a directory was found to hold.
#[derive(Debug, Default)]
pub struct Scan {
    /// Files that were read, to know that any were.
    pub files: usize,
    /// Bytes of them.
    pub bytes: u64,
    /// Files with a secret in their name or content, and the form that it has.
    pub hits: Vec<(PathBuf, &'static str)>,
}

impl Canaries {
    /// Looks for these. Each has at least 16 bytes, so that none is found by chance.
    pub fn new(secrets: &[&str]) -> Self {
        let (forms, needles): (Vec<_>, Vec<_>) = secrets.iter().flat_map(|secret| forms(secret)).unzip();
        Self { finder: AhoCorasick::new(needles).unwrap(), forms }
    }

    /// The form in which one of the secrets is in `bytes`.
    pub fn find(&self, bytes: &[u8]) -> Option<&'static str> {
        self.finder.find(bytes).map(|found| self.forms[found.pattern().as_usize()])
    }

    /// Reads every byte of every file below `directory`. Links are not followed.
    pub fn scan(&self, directory: &Path) -> Scan {
        let mut scan = Scan::default();
        self.scan_into(directory, &mut scan);
        scan
    }

    fn scan_into(&self, directory: &Path, scan: &mut Scan) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            let name = self.find(entry.file_name().as_encoded_bytes());
            scan.hits.extend(name.map(|form| (path.clone(), form)));
            if kind.is_dir() {
                self.scan_into(&path, scan);
            } else if kind.is_file() {
                let bytes = std::fs::read(&path).unwrap();
                scan.files += 1;
                scan.bytes += bytes.len() as u64;
                scan.hits.extend(self.find(&bytes).map(|form| (path, form)));
            }
        }
    }
}

/// A secret in every form that is looked for.
fn forms(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    assert!(secret.len() >= 4 * NEARLY && secret.is_ascii(), "{secret:?} is no canary");
    let each = |form: fn(u8) -> String| secret.bytes().map(form).collect::<String>().into_bytes();
    let mut forms = vec![
        ("its beginning", secret.as_bytes()[..secret.len() - NEARLY].to_vec()),
        ("its end", secret.as_bytes()[NEARLY..].to_vec()),
        ("hexadecimal", each(|byte| format!("{byte:02x}"))),
        ("hexadecimal", each(|byte| format!("{byte:02X}"))),
        ("percent-encoded", each(|byte| format!("%{byte:02x}"))),
        ("percent-encoded", each(|byte| format!("%{byte:02X}"))),
        ("JSON escapes", each(|byte| format!("\\u{byte:04x}"))),
        ("JSON escapes", each(|byte| format!("\\u{byte:04X}"))),
        ("a list of numbers", list(secret, ",")),
        ("a list of numbers", list(secret, ", ")),
        ("UTF-16", secret.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16", secret.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    ];
    for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        forms.extend((0..3).map(|offset| ("base64", in_base64(&engine, secret, offset))));
    }
    forms
}

/// As `Debug` shows bytes.
fn list(secret: &str, separator: &str) -> Vec<u8> {
    secret.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(separator).into_bytes()
}

/// What is the same in base64 whatever stands before and behind the secret, if it begins so many bytes behind a
/// multiple of three.
fn in_base64(engine: &impl base64::Engine, secret: &str, offset: usize) -> Vec<u8> {
    let encoded = engine.encode([vec![0; offset], secret.into()].concat());
    let (first, last) = ((offset * 4).div_ceil(3), (offset + secret.len()) * 4 / 3);
    encoded.as_bytes()[first..last].to_vec()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    const SECRET: &str = "sk_live_0123456789abcdef?~";

    #[test]
    fn every_form_is_found_and_nothing_else() {
        let canaries = Canaries::new(&["another_secret_of_some_length", SECRET]);
        for (form, needle) in forms(SECRET) {
            let inside = [b"before ".as_slice(), &needle, b" after"].concat();
            assert_eq!(canaries.find(&inside), Some(form));
            assert_eq!(canaries.find(&needle[1..]), None, "{form}: more than it needs");
        }
        for offset in 0..6 {
            let around = [vec![b'x'; offset], SECRET.into(), vec![b'y'; 7 - offset]].concat();
            for text in [STANDARD_NO_PAD.encode(&around), URL_SAFE_NO_PAD.encode(&around)] {
                assert_eq!(canaries.find(text.as_bytes()), Some("base64"), "{offset}");
            }
        }
        assert_eq!(canaries.find(format!("{:?}", SECRET.as_bytes()).as_bytes()), Some("a list of numbers"));
        assert_eq!(canaries.find(b"sk_live_ and more that is harmless"), None);
    }

    #[test]
    fn a_directory_is_read_to_its_depths() {
        let directory = tempfile::tempdir().unwrap();
        let deep = directory.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(deep.join("harmless"), vec![0xff; 70_000]).unwrap();
        let canaries = Canaries::new(&[SECRET]);
        let clean = canaries.scan(directory.path());
        assert_eq!((clean.files, clean.bytes, clean.hits.len()), (1, 70_000, 0));
        std::fs::write(deep.join("bytes"), [vec![0; 70_000], SECRET.into()].concat()).unwrap();
        std::fs::write(deep.join("sk_live_0123456789abcdef"), b"").unwrap();
        let mut hits = canaries.scan(directory.path()).hits;
        hits.sort();
        let names: Vec<_> =
            hits.iter().map(|(path, form)| (path.file_name().unwrap().to_str(), *form)).collect();
        assert_eq!(
            names,
            [(Some("bytes"), "its beginning"), (Some("sk_live_0123456789abcdef"), "its beginning")]
        );
    }
}

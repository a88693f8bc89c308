//! What the user calls a file: exact for scripts, and fit to be shown to people.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ofauth::unversioned::display_safe::one_line;
use serde::Serialize;

/// The name of a file as the user gave it, or as it was found in a directory. Displayed, it is one line that no terminal
/// obeys, as in the library's messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    exact: PathBuf,
    shown: String,
}

/// The fields of an event that name a file; by default, no file.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NameFields<'a> {
    /// The name, with U+FFFD for what is no text; nothing if no file is meant.
    file: Option<Cow<'a, str>>,
    /// The bytes of a name that is not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    file_base64: Option<String>,
}

impl Name {
    /// The name for people.
    pub(crate) fn as_str(&self) -> &str {
        &self.shown
    }

    /// The bytes of the name; on Windows, what cannot be UTF-8 is in the encoding of the standard library.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.exact.as_os_str().as_encoded_bytes()
    }

    /// The name for scripts.
    pub(crate) fn fields(&self) -> NameFields<'_> {
        NameFields::of(&self.exact)
    }
}

impl From<&Path> for Name {
    fn from(path: &Path) -> Self {
        Self { exact: path.to_owned(), shown: one_line(&path.display().to_string()).into_owned() }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.shown)
    }
}

impl<'a> NameFields<'a> {
    /// The file at a path.
    pub(crate) fn of(path: &'a Path) -> Self {
        let name: &OsStr = path.as_os_str();
        Self {
            file: Some(name.to_string_lossy()),
            file_base64: name.to_str().is_none().then(|| STANDARD.encode(name.as_encoded_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(name: &Name) -> String {
        serde_json::to_string(&name.fields()).unwrap()
    }

    #[test]
    fn scripts_get_the_name_and_people_one_line() {
        let name = Name::from(Path::new("d/a\tb\nc\rd\u{202e}.jpg"));
        assert_eq!(json(&name), "{\"file\":\"d/a\\tb\\nc\\rd\u{202e}.jpg\"}");
        assert_eq!(name.to_string(), "d/a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}.jpg");
        assert_eq!(serde_json::to_string(&NameFields::default()).unwrap(), r#"{"file":null}"#);
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_no_text_comes_with_its_bytes() {
        use std::os::unix::ffi::OsStrExt;
        let name = Name::from(Path::new(OsStr::from_bytes(b"a\xff.jpg")));
        assert_eq!(json(&name), "{\"file\":\"a\u{fffd}.jpg\",\"fileBase64\":\"Yf8uanBn\"}");
        assert_eq!((name.as_str(), name.as_bytes()), ("a\u{fffd}.jpg", &b"a\xff.jpg"[..]));
    }
}

//! Why a request is no webhook that can be taken.
//!
//! The text says what is wrong and what to look at. It never holds a secret, a signature or a part of the body.

use std::fmt;

/// Why a webhook was not taken. [`kind`](Self::kind) is for the program, the text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    text: String,
}

/// What kind of failure an [`Error`] is.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// No secret was given that can be used.
    NoSecret,
    /// A header of the signature is not there, or none of them is.
    Missing,
    /// A header of the signature cannot be read.
    Malformed,
    /// The signature is genuine, but older than the tolerance.
    TooOld,
    /// The signature is genuine, but further in the future than the tolerance.
    TooNew,
    /// No secret made any of the signatures: another secret, another body, or another sender.
    Mismatch,
    /// The body is not a JSON object with the name of an event. If it came from a check, its signature is genuine.
    Unreadable,
}

impl ErrorKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: &[Self] = &[
        Self::NoSecret,
        Self::Missing,
        Self::Malformed,
        Self::TooOld,
        Self::TooNew,
        Self::Mismatch,
        Self::Unreadable,
    ];

    /// The kind in snake case, as in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSecret => "no_secret",
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::TooOld => "too_old",
            Self::TooNew => "too_new",
            Self::Mismatch => "mismatch",
            Self::Unreadable => "unreadable",
        }
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

//! Exit codes: what each means, which kind of error has which, and which one a batch ends with.
//!
//! The numbers are part of the command's interface: scripts decide by them whether to run it again. This module
//! knows no files and prints nothing.

use ofauth::ErrorKind;

/// How the command, or one file of a batch, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Everything asked for was done.
    Done = 0,
    /// An invalid plan, a redirect, an unreadable answer, a file that changed, an unusable journal, or anything else.
    Failed = 1,
    /// The command line, the configuration or a file is not usable; nothing was sent for it.
    Usage = 2,
    /// The network, the rate limit or the server failed, or the user interrupted: running it again may help.
    Again = 3,
    /// The key, the connection or a permission was refused (401, 403), or a proxy refused (407, 403).
    Denied = 4,
    /// The API refused the request (any other 4xx, or an error in the body of a success).
    Rejected = 5,
    /// The request may have been carried out: look before running again.
    Unknown = 6,
    /// The system refused threads, open files, ports or memory.
    Resources = 7,
}

impl Exit {
    /// The exit code for an error of the library.
    pub(crate) fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidArgument | ErrorKind::Config | ErrorKind::Source => Exit::Usage,
            ErrorKind::Network
            | ErrorKind::Timeout
            | ErrorKind::RateLimited
            | ErrorKind::Server
            | ErrorKind::Cancelled
            | ErrorKind::Busy => Exit::Again,
            ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::Proxy => Exit::Denied,
            ErrorKind::Rejected => Exit::Rejected,
            ErrorKind::OutcomeUnknown => Exit::Unknown,
            ErrorKind::Resources => Exit::Resources,
            _ => Exit::Failed,
        }
    }

    /// The worse of two ends: 6 > 4 > 5 > 7 > 1 > 3 > 2 > 0.
    ///
    /// A file that cannot be uploaded as it is (2) is the mildest: it says nothing about the others, and a script
    /// that repeats on 3 goes on until only such files are left.
    pub(crate) fn worse(self, other: Self) -> Self {
        if other.severity() > self.severity() { other } else { self }
    }

    /// The process exit code.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    fn severity(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Usage => 1,
            Exit::Again => 2,
            Exit::Failed => 3,
            Exit::Resources => 4,
            Exit::Rejected => 5,
            Exit::Denied => 6,
            Exit::Unknown => 7,
        }
    }
}

/// The table that `--help` and the manual page show. A meaning that is longer than a line goes on below itself.
pub(crate) const TABLE: &str = "\
Exit codes:
  0  success
  1  any other failure: an invalid upload plan, a redirect, an unreadable
     answer, a file that changed during the upload, an unusable journal, or a
     result that could not be written
  2  bad flag or configuration, no key, no connection, or a missing, empty or
     unreadable file
  3  temporary: network failure, rate limit or server error after all retries,
     the same upload is already running, a timeout, Ctrl-C, or a closed
     terminal. Run it again
  4  access refused: the key, the connection or a permission (401, 403), or a
     proxy (407, 403)
  5  the API refused the request (any other 4xx, or an error in the body of a
     success)
  6  outcome unknown: it may have been done. An upload can be run again with its
     journal; for anything else, look first
  7  the system refused threads, open files, ports or memory: raise that limit
  130  a second Ctrl-C

Several files end with the worst code, in this order: 6, 4, 5, 7, 1, 3, 2.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_the_code_of_the_table() {
        let table = [
            (ErrorKind::InvalidArgument, 2),
            (ErrorKind::Config, 2),
            (ErrorKind::Source, 2),
            (ErrorKind::SourceChanged, 1),
            (ErrorKind::InvalidPlan, 1),
            (ErrorKind::UntrustedOrigin, 1),
            (ErrorKind::Redirect, 1),
            (ErrorKind::InvalidAnswer, 1),
            (ErrorKind::Internal, 1),
            (ErrorKind::Journal, 1),
            (ErrorKind::Network, 3),
            (ErrorKind::Timeout, 3),
            (ErrorKind::RateLimited, 3),
            (ErrorKind::Server, 3),
            (ErrorKind::Cancelled, 3),
            (ErrorKind::Busy, 3),
            (ErrorKind::Unauthorized, 4),
            (ErrorKind::Forbidden, 4),
            (ErrorKind::Rejected, 5),
            (ErrorKind::Proxy, 4),
            (ErrorKind::OutcomeUnknown, 6),
            (ErrorKind::Resources, 7),
        ];
        assert_eq!(table.len(), ErrorKind::ALL.len());
        for (kind, code) in table {
            assert_eq!(Exit::of(kind).code(), code, "{kind:?}");
        }
    }

    #[test]
    fn a_batch_ends_with_the_worst() {
        let from_worst = [
            Exit::Unknown,
            Exit::Denied,
            Exit::Rejected,
            Exit::Resources,
            Exit::Failed,
            Exit::Again,
            Exit::Usage,
            Exit::Done,
        ];
        for (index, worse) in from_worst.iter().enumerate() {
            for better in &from_worst[index..] {
                assert_eq!(worse.worse(*better), *worse);
                assert_eq!(better.worse(*worse), *worse);
            }
        }
    }
}

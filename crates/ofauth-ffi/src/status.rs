//! Statuses
//!
//! What every fallible function returns. Numbers are never reused; new ones are appended to their group.

use std::ffi::{CStr, c_char};

use ofauth::{ErrorKind, webhooks};

/// How a call ended: `OFAUTH_OK` or one of `OFAUTH_ERR_...`. Later versions may add numbers.
pub type ofauth_status = i32;

/// Success.
pub const OFAUTH_OK: ofauth_status = 0;

/// A pointer that must not be NULL is; the message names it.
pub const OFAUTH_ERR_NULL: ofauth_status = 1;
/// A text is not UTF-8; the message names it.
pub const OFAUTH_ERR_UTF8: ofauth_status = 2;
/// An argument is wrong; the message names it. Nothing was sent.
pub const OFAUTH_ERR_INVALID_ARGUMENT: ofauth_status = 3;
/// The client is set up wrongly: key, connection, URL, certificates, or a server whose certificate is not trusted.
pub const OFAUTH_ERR_CONFIG: ofauth_status = 4;
/// The caller cancelled: by an `ofauth_cancel`, or by the result of a progress, notice or tick callback.
pub const OFAUTH_ERR_CANCELLED: ofauth_status = 5;
/// A function that waits was called from inside a callback.
pub const OFAUTH_ERR_REENTRANT: ofauth_status = 6;
/// The client was made by another process, the parent of this one.
pub const OFAUTH_ERR_FORKED: ofauth_status = 7;

/// The service could not be reached, or the connection broke and tries ran out.
pub const OFAUTH_ERR_NETWORK: ofauth_status = 100;
/// Nothing moved for too long, or the timeout passed.
pub const OFAUTH_ERR_TIMEOUT: ofauth_status = 101;
/// The proxy refused: its user name and password (407), or by its own rules (403). Each try is a login: change the
/// setting before the next one.
pub const OFAUTH_ERR_PROXY: ofauth_status = 102;

/// The service's rate limit did not clear in an acceptable time.
pub const OFAUTH_ERR_RATE_LIMITED: ofauth_status = 200;
/// The service failed (5xx) and tries ran out.
pub const OFAUTH_ERR_SERVER: ofauth_status = 201;
/// The key or the connection's session is not accepted (401).
pub const OFAUTH_ERR_UNAUTHORIZED: ofauth_status = 202;
/// The key or the connection lacks a permission (403).
pub const OFAUTH_ERR_FORBIDDEN: ofauth_status = 203;
/// The service refused the request (another 4xx, or an error in the body of a success); its text says why.
pub const OFAUTH_ERR_REJECTED: ofauth_status = 204;
/// The request may have been carried out or not. Look before sending it again: a repetition could duplicate.
pub const OFAUTH_ERR_OUTCOME_UNKNOWN: ofauth_status = 205;
/// The service handed out an upload plan that does not cover the file exactly once.
pub const OFAUTH_ERR_INVALID_PLAN: ofauth_status = 206;
/// The service asked to send data, and with it the key, to a server that was not allowed.
pub const OFAUTH_ERR_UNTRUSTED_ORIGIN: ofauth_status = 207;
/// The service answered with a redirect, which is never followed because the key would travel along.
pub const OFAUTH_ERR_REDIRECT: ofauth_status = 208;
/// The service's answer could not be understood.
pub const OFAUTH_ERR_INVALID_ANSWER: ofauth_status = 209;

/// The source of an upload is missing, empty, not a regular file or cannot be read, or its reader failed.
pub const OFAUTH_ERR_SOURCE: ofauth_status = 300;
/// The source changed while it was being uploaded. The message says so if the service finished it all the same.
pub const OFAUTH_ERR_SOURCE_CHANGED: ofauth_status = 301;
/// The journal of an upload cannot be read or written; the message names the file and the remedy.
pub const OFAUTH_ERR_JOURNAL: ofauth_status = 302;
/// Another process, or another thread of this one, is carrying out the same upload.
pub const OFAUTH_ERR_BUSY: ofauth_status = 303;

/// A request is no webhook: a header of the signature is not there, or none of them is.
pub const OFAUTH_ERR_WEBHOOK_MISSING: ofauth_status = 400;
/// A header of the signature of a webhook cannot be read.
pub const OFAUTH_ERR_WEBHOOK_MALFORMED: ofauth_status = 401;
/// The signature of a webhook is genuine, but older than the tolerance.
pub const OFAUTH_ERR_WEBHOOK_TOO_OLD: ofauth_status = 402;
/// The signature of a webhook is genuine, but further in the future than the tolerance.
pub const OFAUTH_ERR_WEBHOOK_TOO_NEW: ofauth_status = 403;
/// No secret made the signature of a webhook: another secret, another body, or another sender.
pub const OFAUTH_ERR_WEBHOOK_MISMATCH: ofauth_status = 404;
/// A webhook is genuine, but its body is not a JSON object with the name of an event.
pub const OFAUTH_ERR_WEBHOOK_UNREADABLE: ofauth_status = 405;

/// A defect of this library.
pub const OFAUTH_ERR_INTERNAL: ofauth_status = 900;
/// A defect of this library that was caught on its way out. The client can go on being used.
pub const OFAUTH_ERR_PANIC: ofauth_status = 901;
/// The system refused threads, descriptors, ports or memory; the message names the limit to raise.
pub const OFAUTH_ERR_RESOURCES: ofauth_status = 902;

/// The name of a status, such as "OFAUTH_ERR_NETWORK"; "OFAUTH_ERR_UNKNOWN" for a number that this version does not
/// know. Static. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn ofauth_status_name(status: ofauth_status) -> *const c_char {
    name(status).as_ptr()
}

fn name(status: ofauth_status) -> &'static CStr {
    match status {
        OFAUTH_OK => c"OFAUTH_OK",
        OFAUTH_ERR_NULL => c"OFAUTH_ERR_NULL",
        OFAUTH_ERR_UTF8 => c"OFAUTH_ERR_UTF8",
        OFAUTH_ERR_INVALID_ARGUMENT => c"OFAUTH_ERR_INVALID_ARGUMENT",
        OFAUTH_ERR_CONFIG => c"OFAUTH_ERR_CONFIG",
        OFAUTH_ERR_CANCELLED => c"OFAUTH_ERR_CANCELLED",
        OFAUTH_ERR_REENTRANT => c"OFAUTH_ERR_REENTRANT",
        OFAUTH_ERR_FORKED => c"OFAUTH_ERR_FORKED",
        OFAUTH_ERR_NETWORK => c"OFAUTH_ERR_NETWORK",
        OFAUTH_ERR_TIMEOUT => c"OFAUTH_ERR_TIMEOUT",
        OFAUTH_ERR_PROXY => c"OFAUTH_ERR_PROXY",
        OFAUTH_ERR_RATE_LIMITED => c"OFAUTH_ERR_RATE_LIMITED",
        OFAUTH_ERR_SERVER => c"OFAUTH_ERR_SERVER",
        OFAUTH_ERR_UNAUTHORIZED => c"OFAUTH_ERR_UNAUTHORIZED",
        OFAUTH_ERR_FORBIDDEN => c"OFAUTH_ERR_FORBIDDEN",
        OFAUTH_ERR_REJECTED => c"OFAUTH_ERR_REJECTED",
        OFAUTH_ERR_OUTCOME_UNKNOWN => c"OFAUTH_ERR_OUTCOME_UNKNOWN",
        OFAUTH_ERR_INVALID_PLAN => c"OFAUTH_ERR_INVALID_PLAN",
        OFAUTH_ERR_UNTRUSTED_ORIGIN => c"OFAUTH_ERR_UNTRUSTED_ORIGIN",
        OFAUTH_ERR_REDIRECT => c"OFAUTH_ERR_REDIRECT",
        OFAUTH_ERR_INVALID_ANSWER => c"OFAUTH_ERR_INVALID_ANSWER",
        OFAUTH_ERR_SOURCE => c"OFAUTH_ERR_SOURCE",
        OFAUTH_ERR_SOURCE_CHANGED => c"OFAUTH_ERR_SOURCE_CHANGED",
        OFAUTH_ERR_JOURNAL => c"OFAUTH_ERR_JOURNAL",
        OFAUTH_ERR_BUSY => c"OFAUTH_ERR_BUSY",
        OFAUTH_ERR_WEBHOOK_MISSING => c"OFAUTH_ERR_WEBHOOK_MISSING",
        OFAUTH_ERR_WEBHOOK_MALFORMED => c"OFAUTH_ERR_WEBHOOK_MALFORMED",
        OFAUTH_ERR_WEBHOOK_TOO_OLD => c"OFAUTH_ERR_WEBHOOK_TOO_OLD",
        OFAUTH_ERR_WEBHOOK_TOO_NEW => c"OFAUTH_ERR_WEBHOOK_TOO_NEW",
        OFAUTH_ERR_WEBHOOK_MISMATCH => c"OFAUTH_ERR_WEBHOOK_MISMATCH",
        OFAUTH_ERR_WEBHOOK_UNREADABLE => c"OFAUTH_ERR_WEBHOOK_UNREADABLE",
        OFAUTH_ERR_INTERNAL => c"OFAUTH_ERR_INTERNAL",
        OFAUTH_ERR_PANIC => c"OFAUTH_ERR_PANIC",
        OFAUTH_ERR_RESOURCES => c"OFAUTH_ERR_RESOURCES",
        _ => c"OFAUTH_ERR_UNKNOWN",
    }
}

/// The status of an error of the engine.
pub(crate) fn of(kind: ErrorKind) -> ofauth_status {
    match kind {
        ErrorKind::InvalidArgument => OFAUTH_ERR_INVALID_ARGUMENT,
        ErrorKind::Config => OFAUTH_ERR_CONFIG,
        ErrorKind::Source => OFAUTH_ERR_SOURCE,
        ErrorKind::SourceChanged => OFAUTH_ERR_SOURCE_CHANGED,
        ErrorKind::InvalidPlan => OFAUTH_ERR_INVALID_PLAN,
        ErrorKind::UntrustedOrigin => OFAUTH_ERR_UNTRUSTED_ORIGIN,
        ErrorKind::Redirect => OFAUTH_ERR_REDIRECT,
        ErrorKind::InvalidAnswer => OFAUTH_ERR_INVALID_ANSWER,
        ErrorKind::Network => OFAUTH_ERR_NETWORK,
        ErrorKind::Timeout => OFAUTH_ERR_TIMEOUT,
        ErrorKind::RateLimited => OFAUTH_ERR_RATE_LIMITED,
        ErrorKind::Server => OFAUTH_ERR_SERVER,
        ErrorKind::Cancelled => OFAUTH_ERR_CANCELLED,
        ErrorKind::Unauthorized => OFAUTH_ERR_UNAUTHORIZED,
        ErrorKind::Forbidden => OFAUTH_ERR_FORBIDDEN,
        ErrorKind::Rejected => OFAUTH_ERR_REJECTED,
        ErrorKind::OutcomeUnknown => OFAUTH_ERR_OUTCOME_UNKNOWN,
        ErrorKind::Journal => OFAUTH_ERR_JOURNAL,
        ErrorKind::Busy => OFAUTH_ERR_BUSY,
        ErrorKind::Proxy => OFAUTH_ERR_PROXY,
        ErrorKind::Resources => OFAUTH_ERR_RESOURCES,
        ErrorKind::Internal => OFAUTH_ERR_INTERNAL,
        // A kind that the engine got and this table did not: the test below fails first.
        _ => OFAUTH_ERR_INTERNAL,
    }
}

/// The status of a webhook that is not to be taken.
pub(crate) fn of_webhook(kind: webhooks::ErrorKind) -> ofauth_status {
    use webhooks::ErrorKind;
    match kind {
        ErrorKind::NoSecret => OFAUTH_ERR_INVALID_ARGUMENT,
        ErrorKind::Missing => OFAUTH_ERR_WEBHOOK_MISSING,
        ErrorKind::Malformed => OFAUTH_ERR_WEBHOOK_MALFORMED,
        ErrorKind::TooOld => OFAUTH_ERR_WEBHOOK_TOO_OLD,
        ErrorKind::TooNew => OFAUTH_ERR_WEBHOOK_TOO_NEW,
        ErrorKind::Mismatch => OFAUTH_ERR_WEBHOOK_MISMATCH,
        ErrorKind::Unreadable => OFAUTH_ERR_WEBHOOK_UNREADABLE,
        // As above.
        _ => OFAUTH_ERR_INTERNAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_a_status_named_after_it() {
        for kind in ErrorKind::ALL {
            let wanted = format!("OFAUTH_ERR_{}", kind.as_str().to_uppercase());
            assert_eq!(name(of(*kind)).to_str().unwrap(), wanted);
        }
        assert_eq!(name(12345), c"OFAUTH_ERR_UNKNOWN");
    }

    #[test]
    fn every_kind_of_a_webhooks_error_has_a_status_named_after_it() {
        for kind in webhooks::ErrorKind::ALL.iter().filter(|kind| **kind != webhooks::ErrorKind::NoSecret) {
            let wanted = format!("OFAUTH_ERR_WEBHOOK_{}", kind.as_str().to_uppercase());
            assert_eq!(name(of_webhook(*kind)).to_str().unwrap(), wanted);
            assert!((400..500).contains(&of_webhook(*kind)), "the header promises it");
        }
        assert_eq!(of_webhook(webhooks::ErrorKind::NoSecret), OFAUTH_ERR_INVALID_ARGUMENT);
    }
}

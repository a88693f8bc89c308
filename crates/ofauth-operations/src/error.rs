//! The one error type of everything that talks to the API: typed calls, raw calls and uploads.
//!
//! An [`Error`] says what went wrong, what the API said about it, and what to do next. It never holds the API key,
//! a plan's URL or the body of a successful answer. Nothing is read or decided here but the kind of an answer.

use std::error::Error as StdError;
use std::fmt;

use crate::display_safe::readable;
use crate::operation::RetryClass;

type Source = Box<dyn StdError + Send + Sync + 'static>;

/// What kind of failure an [`Error`] is.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// An argument of the call is wrong: the message names it.
    InvalidArgument,
    /// A setting of the client is wrong or missing: no key, no connection, a bad URL, unreadable certificates.
    Config,
    /// The file or reader to upload is missing, empty, not a regular file or cannot be read, or the file to download to cannot be
    /// written.
    Source,
    /// The source changed while it was being uploaded. The text says so if the service finished the upload anyway.
    SourceChanged,
    /// The upload plan of the service does not cover the file exactly once.
    InvalidPlan,
    /// The service asked to send data, and with it the key, to a server that was not allowed.
    UntrustedOrigin,
    /// The service answered with a redirect. It is never followed, because the key would be sent along.
    Redirect,
    /// The service's answer could not be understood.
    InvalidAnswer,
    /// The service could not be reached, or the connection broke, and all retries failed.
    Network,
    /// Nothing moved for too long, or the timeout of the caller has passed.
    Timeout,
    /// The rate limit of the service asks for a wait that is too long.
    RateLimited,
    /// The service failed (5xx), and so did all retries.
    Server,
    /// The caller cancelled.
    Cancelled,
    /// The key or the connection's session is not accepted (401).
    Unauthorized,
    /// The key or the connection lacks a permission (403).
    Forbidden,
    /// The service refused the request (another 4xx, or an error in the body of a success); its text says why.
    Rejected,
    /// It is unknown whether the service carried out the last request. Look before you send it again: that could duplicate.
    OutcomeUnknown,
    /// A defect of this library.
    Internal,
    /// The journal of the upload cannot be read or written: the message names the file and the remedy.
    Journal,
    /// Another process, or another task of this one, is running the same upload.
    Busy,
    /// The proxy refused the user name and password (407), or the server (403). It is not retried, because each try is a
    /// login. A proxy that cannot be reached, or that does not reach the service, is [`Network`](Self::Network).
    Proxy,
    /// The system refused threads, descriptors, ports or memory: the message names the limit to raise.
    Resources,
}

impl ErrorKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: &[Self] = &[
        Self::InvalidArgument,
        Self::Config,
        Self::Source,
        Self::SourceChanged,
        Self::InvalidPlan,
        Self::UntrustedOrigin,
        Self::Redirect,
        Self::InvalidAnswer,
        Self::Network,
        Self::Timeout,
        Self::RateLimited,
        Self::Server,
        Self::Cancelled,
        Self::Unauthorized,
        Self::Forbidden,
        Self::Rejected,
        Self::OutcomeUnknown,
        Self::Internal,
        Self::Journal,
        Self::Busy,
        Self::Proxy,
        Self::Resources,
    ];

    /// The kind in snake case, as in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidArgument => "invalid_argument",
            Self::Config => "config",
            Self::Source => "source",
            Self::SourceChanged => "source_changed",
            Self::InvalidPlan => "invalid_plan",
            Self::UntrustedOrigin => "untrusted_origin",
            Self::Redirect => "redirect",
            Self::InvalidAnswer => "invalid_answer",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::RateLimited => "rate_limited",
            Self::Server => "server",
            Self::Cancelled => "cancelled",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Rejected => "rejected",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Internal => "internal",
            Self::Journal => "journal",
            Self::Busy => "busy",
            Self::Proxy => "proxy",
            Self::Resources => "resources",
        }
    }
}

impl ErrorKind {
    /// What an answer that is no success means: by the API's `type` first, then by the status.
    ///
    /// ```
    /// use ofauth_operations::ErrorKind;
    ///
    /// assert_eq!(ErrorKind::of_answer(503, None), ErrorKind::Server);
    /// assert_eq!(ErrorKind::of_answer(500, Some("SESSION_EXPIRED")), ErrorKind::Unauthorized);
    /// ```
    #[must_use]
    pub fn of_answer(status: u16, api_type: Option<&str>) -> Self {
        match api_type {
            Some("UNAUTHORIZED" | "SESSION_NOT_PROVIDED" | "SESSION_EXPIRED" | "RULES_OUTDATED") => {
                return Self::Unauthorized;
            }
            Some("FORBIDDEN") => return Self::Forbidden,
            Some("BAD_REQUEST" | "RESOURCE_NOT_FOUND" | "ROUTE_NOT_FOUND") => return Self::Rejected,
            Some("RATE_LIMIT_EXCEEDED") => return Self::RateLimited,
            _ => {}
        }
        match status {
            // An error in the body of a success: the service says no.
            200..=299 => Self::Rejected,
            // It answers a question that was not asked, as does an interim answer that is the last one.
            0..=199 | 304 => Self::InvalidAnswer,
            300..=399 => Self::Redirect,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            429 => Self::RateLimited,
            400..=499 => Self::Rejected,
            // RFC 9110, section 15: a status that nobody defined counts as a 5xx.
            _ => Self::Server,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A setting or an argument that an error is about, for a program that names it in its own words.
#[doc(hidden)]
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// The proxy that the request went through.
    Proxy,
    /// The certificate authorities to trust.
    CaCertificates,
    /// The API key.
    ApiKey,
    /// The address of the server.
    BaseUrl,
    /// The connection to act for.
    Connection,
    /// Whether plain http is allowed.
    PlainHttp,
    /// Whether a file that is there may be replaced.
    Overwrite,
    /// The id of a media of the vault.
    MediaId,
    /// The same, where the reference of an upload was given.
    MediaIdOfUpload,
    /// The id of a list of the vault.
    VaultListId,
    /// The origins that are allowed.
    AllowedOrigins,
}

/// Why a call failed.
///
/// One pointer wide. [`Display`](fmt::Display) is one line for people; the accessors are for programs.
///
/// ```
/// use ofauth_operations::{Error, ErrorKind};
///
/// fn advice(error: &Error) -> &str {
///     match error.kind() {
///         ErrorKind::OutcomeUnknown => "look whether it was done before you try again",
///         ErrorKind::Unauthorized => error.action_required().unwrap_or("check the key"),
///         _ if error.is_retryable() => "try again later",
///         _ => error.next_step().unwrap_or("read the message"),
///     }
/// }
///
/// assert_eq!(advice(&Error::new(ErrorKind::Server, "the service failed")), "try again later");
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    /// What the caller can do about it.
    next: Option<String>,
    status: Option<u16>,
    api_type: Option<String>,
    request_id: Option<String>,
    action_required: Option<String>,
    part: Option<u32>,
    upload_id: Option<String>,
    journal_id: Option<String>,
    setting: Option<Setting>,
    source: Option<Source>,
}

impl Error {
    /// An error of a transport.
    ///
    /// ```
    /// use ofauth_operations::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Network, "the service cannot be reached");
    /// assert_eq!(error.to_string(), "the service cannot be reached");
    /// ```
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: readable(message.into()),
            next: None,
            status: None,
            api_type: None,
            request_id: None,
            action_required: None,
            part: None,
            upload_id: None,
            journal_id: None,
            setting: None,
            source: None,
        }))
    }

    /// The same error with its cause.
    ///
    /// ```
    /// use ofauth_operations::{Error, ErrorKind};
    /// use std::{error::Error as _, io};
    ///
    /// let cause = io::Error::from(io::ErrorKind::ConnectionRefused);
    /// let error = Error::new(ErrorKind::Network, "the service cannot be reached").with_source(cause);
    /// assert!(error.source().is_some());
    /// ```
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync + 'static>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub fn with_answer(
        mut self,
        status: u16,
        api_type: Option<String>,
        request_id: Option<String>,
        action_required: Option<String>,
    ) -> Self {
        self.0.status = Some(status);
        self.0.api_type = api_type.map(readable);
        self.0.request_id = request_id.map(readable);
        self.0.action_required = action_required.map(readable);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub fn with_next_step(mut self, next: impl Into<String>) -> Self {
        self.0.next = Some(next.into());
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub fn with_part(mut self, part: u32) -> Self {
        self.0.part = Some(part);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub fn with_upload_id(mut self, id: &str) -> Self {
        self.0.upload_id.get_or_insert_with(|| id.to_owned());
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub fn with_journal_id(mut self, id: &str) -> Self {
        self.0.journal_id = Some(id.to_owned());
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub fn with_setting(mut self, setting: Setting) -> Self {
        self.0.setting.get_or_insert(setting);
        self
    }

    /// The same failure seen from further out: another kind and text, the details of the API kept, but not the next
    /// step, which was another one then.
    #[doc(hidden)]
    #[must_use]
    pub fn into_kind(mut self, kind: ErrorKind, message: impl Into<String>) -> Self {
        let was = std::mem::replace(&mut self.0.message, readable(message.into()));
        self.0.message.push_str(": ");
        self.0.message.push_str(&was);
        self.0.kind = kind;
        self.0.next = None;
        self
    }

    /// The failure of a request that must not be made twice and may have been carried out.
    #[doc(hidden)]
    #[must_use]
    pub fn in_doubt(self) -> Self {
        match self.0.status {
            Some(status @ 200..=299) => {
                let text = format!(
                    "the service answered {status}, so it was probably carried out: look before you repeat it"
                );
                self.into_kind(ErrorKind::OutcomeUnknown, text)
            }
            _ => self.in_doubt_unseen(),
        }
    }

    /// As [`in_doubt`](Self::in_doubt), where the status says nothing about the request.
    #[doc(hidden)]
    #[must_use]
    pub fn in_doubt_unseen(self) -> Self {
        let text = "whether the request was carried out is unknown, so look before you repeat it";
        self.into_kind(ErrorKind::OutcomeUnknown, text)
    }

    /// The error for the answer to a request that was made, of which nothing can be made: in doubt if the request must not
    /// be made twice.
    #[doc(hidden)]
    #[must_use]
    pub fn in_doubt_if_once(self, class: RetryClass) -> Self {
        match class {
            RetryClass::Once => self.in_doubt(),
            RetryClass::Repeatable => self,
        }
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status of the answer that decided, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The API's own constant for the failure, such as `SESSION_EXPIRED`.
    pub fn api_type(&self) -> Option<&str> {
        self.0.api_type.as_deref()
    }

    /// The id under which the service knows the request: quote it to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// What the API asks the caller to do, such as `refresh_session`.
    pub fn action_required(&self) -> Option<&str> {
        self.0.action_required.as_deref()
    }

    /// The number of the upload part that failed, counted from 1.
    pub fn part(&self) -> Option<u32> {
        self.0.part
    }

    /// The reference of the upload session that was open when the failure came.
    pub fn upload_id(&self) -> Option<&str> {
        self.0.upload_id.as_deref()
    }

    /// The id of the journal that was left of the upload, if there is one: a later run goes on from it, unless it is removed.
    pub fn journal_id(&self) -> Option<&str> {
        self.0.journal_id.as_deref()
    }

    #[doc(hidden)]
    pub fn setting(&self) -> Option<Setting> {
        self.0.setting
    }

    /// Whether the same call may succeed later without a change by the caller and without the danger of a duplicate.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Network
                | ErrorKind::Timeout
                | ErrorKind::RateLimited
                | ErrorKind::Server
                | ErrorKind::Cancelled
                | ErrorKind::Busy
        )
    }

    /// What the caller can do about it, if the API's answer tells; other errors say it in their text.
    pub fn next_step(&self) -> Option<&str> {
        self.0.next.as_deref()
    }

    /// The text without part, next step, status and ids.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(part) = self.0.part {
            write!(f, "part {part}: ")?;
        }
        f.write_str(&self.0.message)?;
        if let Some(next) = &self.0.next {
            write!(f, "; {next}")?;
        }
        let mut open = false;
        let mut detail = |f: &mut fmt::Formatter<'_>, text: fmt::Arguments<'_>| {
            let lead = if std::mem::replace(&mut open, true) { ", " } else { " (" };
            write!(f, "{lead}{text}")
        };
        if let Some(status) = self.0.status {
            detail(f, format_args!("HTTP {status}"))?;
        }
        if let Some(api_type) = &self.0.api_type {
            detail(f, format_args!("{api_type}"))?;
        }
        if let Some(action) = &self.0.action_required {
            detail(f, format_args!("action required: {action}"))?;
        }
        if let Some(request_id) = &self.0.request_id {
            detail(f, format_args!("request {request_id}"))?;
        }
        if open { f.write_str(")") } else { Ok(()) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("status", &self.0.status)
            .field("api_type", &self.0.api_type)
            .field("request_id", &self.0.request_id)
            .field("part", &self.0.part)
            .field("upload_id", &self.0.upload_id)
            .field("journal_id", &self.0.journal_id)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;

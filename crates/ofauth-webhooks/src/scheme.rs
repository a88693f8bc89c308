//! The two ways in which the service signs: under which headers, and what is signed. Both are HMAC with SHA-256.

use std::fmt;

use ring::hmac;

/// How a webhook is signed. The headers of a request show it.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// The documented one: `OFAuth-Signature: t=<seconds>,v1=<signature>`, over time and body. Events come as
    /// `{type, timestamp, data}`.
    OFAuth,
    /// The one before it: `svix-id`, `svix-timestamp` and `svix-signature`, over id, time and body; the headers of Standard
    /// Webhooks, `webhook-id` and so on, are the same. Events come as `{eventType, live, data}`.
    Svix,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: &[Self] = &[Self::OFAuth, Self::Svix];

    /// The scheme in lower case, as in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OFAuth => "ofauth",
            Self::Svix => "svix",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is signed beside the body, as it stands in the headers: a number that is written in another way is another text.
#[derive(Clone, Copy)]
pub(crate) struct Signed<'a> {
    /// Signed in the scheme of svix alone.
    pub(crate) id: Option<&'a str>,
    pub(crate) timestamp: &'a str,
}

impl Signed<'_> {
    pub(crate) fn tag(&self, key: &hmac::Key, body: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(key);
        for text in self.id.into_iter().chain([self.timestamp]) {
            context.update(text.as_bytes());
            context.update(b".");
        }
        context.update(body);
        context.sign()
    }
}

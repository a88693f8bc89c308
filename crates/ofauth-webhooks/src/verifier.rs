//! Checks who sent a request and when. Time is passed in, and nothing is read or sent.

use std::fmt;
use std::time::{Duration, SystemTime};

use ring::hmac;
use subtle::ConstantTimeEq;

use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::headers::{self, Claim, Headers};
use crate::secret;

/// How old a signature may be, and how far in the future, unless that is set.
pub const DEFAULT_TOLERANCE: Duration = Duration::from_secs(300);

/// Verifies webhooks with the signing secrets of an endpoint.
///
/// ```
/// use std::time::SystemTime;
/// use ofauth_webhooks::{Kind, Scheme, Verifier, sign};
///
/// // What the service would send.
/// let body = br#"{"type":"connection.expired","data":{"connection":{"id":"conn_1"}}}"#;
/// let headers = sign(Scheme::OFAuth, "whsec_c2VjcmV0", body, SystemTime::now(), "")?;
///
/// // While secrets are rotated, there are two.
/// let verifier = Verifier::new(["whsec_c2VjcmV0", "whsec_YmVmb3Jl"])?;
/// let event = verifier.verify(headers, body, SystemTime::now())?;
/// match &event.kind {
///     Kind::ConnectionExpired(connection) => assert_eq!(connection.id.as_deref(), Some("conn_1")),
///     _ => println!("{}", event.name),
/// }
/// # Ok::<(), ofauth_webhooks::Error>(())
/// ```
#[derive(Clone)]
pub struct Verifier {
    /// How many secrets they are made of.
    secrets: usize,
    keys: Vec<hmac::Key>,
    tolerance: Duration,
}

impl Verifier {
    /// Takes the secrets of an endpoint, more than one while they are rotated. Each is tried as its text and as base64, with
    /// and without the `whsec_` in front; line ends and blanks around it do not matter. An empty one is left out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoSecret`] if no secret is left: nothing could be genuine.
    pub fn new<S: AsRef<[u8]>>(secrets: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        let usable =
            secrets.into_iter().map(|secret| secret::keys(secret.as_ref())).filter(|keys| !keys.is_empty());
        let keys: Vec<_> = usable.collect();
        if keys.is_empty() {
            return Err(secret::none());
        }
        Ok(Self {
            secrets: keys.len(),
            keys: keys.into_iter().flatten().collect(),
            tolerance: DEFAULT_TOLERANCE,
        })
    }

    /// How old a signature may be, and how far in the future. [`DEFAULT_TOLERANCE`] unless set. Zero is none at all; only the
    /// functions of C, C++ and Go, which have no other way to leave it out, take zero for the default.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Checks a request and reads its event. The scheme is the one whose headers are there; if those of both are, one of them
    /// has to be genuine and in time. If both are, the event has the id that svix signs.
    ///
    /// `headers` are names, in upper or lower case, and values: `&HeaderMap` of the crate `http` fits, and so does a list of
    /// pairs. `body` is the body **as it came**: one that was parsed and written again is another one. See [`Verifier`] for an
    /// example.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`] but `NoSecret`. Answer 400 to such a request. If the event is merely [`ErrorKind::Unreadable`], its
    /// sender is the service.
    pub fn verify<N: AsRef<str>, V: AsRef<[u8]>>(
        &self,
        headers: impl IntoIterator<Item = (N, V)>,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Event, Error> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let (mut failed, mut genuine): (Option<Error>, Option<Claim>) = (None, None);
        for claim in Headers::read(headers).claims() {
            match claim.and_then(|claim| self.check(&claim, body, now).map(|()| claim)) {
                // An id tells an event from another one with the same content.
                Ok(claim) if claim.id.is_some() => return read(claim, body),
                Ok(claim) => genuine = genuine.or(Some(claim)),
                Err(error) => {
                    failed = Some(failed.map_or_else(|| error.clone(), |first| nearer(first, error.clone())))
                }
            }
        }
        match genuine {
            Some(claim) => read(claim, body),
            None => Err(failed.unwrap_or_else(headers::none)),
        }
    }

    /// Whether what the headers claim is true, and recent. Its age is no matter before that: who made it up wrote it, too.
    fn check(&self, claim: &Claim, body: &[u8], now: Duration) -> Result<(), Error> {
        let is_genuine = self.keys.iter().any(|key| {
            let tag = claim.signed().tag(key, body);
            claim.signatures.iter().any(|signature| tag.as_ref().ct_eq(signature).into())
        });
        if !is_genuine {
            return Err(self.mismatch(claim));
        }
        let (age, lead) = (now.saturating_sub(claim.time), claim.time.saturating_sub(now));
        let allowed = self.tolerance.as_secs();
        if age > self.tolerance {
            let text = format!(
                "the signature is genuine, but {} s old, and {allowed} s are allowed: check the clock of this machine, and \
                 whether requests wait before they are verified",
                age.as_secs()
            );
            return Err(Error::new(ErrorKind::TooOld, text));
        }
        if lead > self.tolerance {
            let text = format!(
                "the signature is genuine, but {} s in the future, and {allowed} s are allowed: check the clock of this machine",
                lead.as_secs()
            );
            return Err(Error::new(ErrorKind::TooNew, text));
        }
        Ok(())
    }

    fn mismatch(&self, claim: &Claim) -> Error {
        let secrets = match self.secrets {
            1 => "the secret did not make".to_owned(),
            count => format!("none of the {count} secrets made"),
        };
        let text = format!(
            "{secrets} a signature in {} for this body: check that it is the secret of this endpoint, and that the body is \
             verified as it came, before anything parses or changes it",
            claim.header
        );
        Error::new(ErrorKind::Mismatch, text)
    }
}

// Nothing of the secrets.
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct("Verifier");
        all.field("secrets", &self.secrets).field("tolerance", &self.tolerance).finish_non_exhaustive()
    }
}

/// The event of a request that is genuine.
fn read(claim: Claim, body: &[u8]) -> Result<Event, Error> {
    let mut event = Event::parse_unverified(body)?;
    event.scheme = Some(claim.scheme);
    event.id = claim.id;
    event.signed_at = SystemTime::UNIX_EPOCH.checked_add(claim.time);
    Ok(event)
}

/// Of two reasons the one that says more: something genuine that is late, before what is wrong, before what is not there.
fn nearer(first: Error, second: Error) -> Error {
    let rank = |error: &Error| match error.kind() {
        ErrorKind::TooOld | ErrorKind::TooNew => 0,
        ErrorKind::Mismatch => 1,
        ErrorKind::Malformed => 2,
        _ => 3,
    };
    if rank(&second) < rank(&first) { second } else { first }
}

#[cfg(test)]
#[path = "verifier_tests.rs"]
mod tests;

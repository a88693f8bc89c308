//! What comes back on the redirect URL when a creator has signed in, or has not: pure.

use url::Url;

use crate::error::{Error, ErrorKind, Result, invalid};
use crate::open_enum::open_enum;

/// What came back on the redirect URL.
///
/// Anybody can open that address: before you act on it, look whether the connection is yours, with
/// [`Client::connections`](crate::Client::connections) or by the webhook `connection.created`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkReturn {
    /// How it ended.
    pub status: LinkReturnStatus,
    /// The connection, if there is one.
    pub connection_id: Option<String>,
    /// What you called the creator.
    pub client_reference_id: Option<String>,
    /// Where the creator stopped, if they did.
    pub step: Option<LinkStep>,
    /// What went wrong, if something did.
    pub error_code: Option<LinkErrorCode>,
}

/// How a sign-in ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkReturnStatus {
    /// The creator is linked.
    Success,
    /// The creator stopped.
    Cancelled,
    /// It did not work.
    Error,
    /// What this version of the library does not know.
    Other(String),
}

open_enum!(LinkReturnStatus { Success = "success", Cancelled = "cancelled", Error = "error" });

/// Where a creator stopped.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkStep {
    /// Before anything else.
    PreLogin,
    /// Where they are asked to agree.
    Authorization,
    /// At name and password.
    Login,
    /// At the confirmation of the sign-in.
    TwoFactor,
    /// What this version of the library does not know.
    Other(String),
}

open_enum!(LinkStep {
    PreLogin = "pre-login",
    Authorization = "authorization",
    Login = "login",
    TwoFactor = "2fa",
});

/// What went wrong with a sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkErrorCode {
    /// The session ended before the creator had signed in.
    SessionExpired,
    /// Name or password was wrong.
    InvalidCredentials,
    /// OnlyFans has locked the account.
    AccountLocked,
    /// The sign-in was not confirmed.
    TwoFactorFailed,
    /// What this version of the library does not know.
    Other(String),
}

open_enum!(LinkErrorCode {
    SessionExpired = "session_expired",
    InvalidCredentials = "invalid_credentials",
    AccountLocked = "account_locked",
    TwoFactorFailed = "2fa_failed",
});

impl LinkReturn {
    /// Reads the address that the creator came back to, whole or from its path on.
    ///
    /// ```
    /// use ofauth::{LinkReturn, LinkReturnStatus};
    ///
    /// let back = LinkReturn::parse("https://studio.example/linked?status=success&connection_id=conn_abc123")?;
    /// assert_eq!(back.status, LinkReturnStatus::Success);
    /// assert_eq!(back.into_connection_id()?, "conn_abc123");
    ///
    /// let back = LinkReturn::parse("/linked?status=error&error_code=2fa_failed")?;
    /// assert!(back.into_connection_id().unwrap_err().to_string().contains("was not confirmed"));
    /// # Ok::<(), ofauth::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) if it is no address, has no `status`, or has a parameter twice.
    pub fn parse(url: &str) -> Result<Self> {
        let here = || Url::parse("http://localhost/").ok()?.join(url.trim()).ok();
        let url = Url::parse(url.trim()).ok().or_else(here);
        let url = url
            .ok_or_else(|| invalid("the redirect cannot be read: give the whole address that was opened"))?;
        let get = |name: &str| -> Result<Option<String>> {
            let mut values = url.query_pairs().filter(|(known, _)| known == name).map(|(_, value)| value);
            let value = values.next().filter(|value| !value.is_empty()).map(|value| value.into_owned());
            match values.next() {
                Some(_) => {
                    Err(invalid(format!("the redirect has {name} twice: it was not written by the service")))
                }
                None => Ok(value),
            }
        };
        let status = get("status")?.ok_or_else(|| {
            invalid("the redirect has no status: give the whole address that was opened, with its query")
        })?;
        Ok(Self {
            status: LinkReturnStatus::from(status.as_str()),
            connection_id: get("connection_id")?,
            client_reference_id: get("client_reference_id")?,
            step: get("step")?.as_deref().map(LinkStep::from),
            error_code: get("error_code")?.as_deref().map(LinkErrorCode::from),
        })
    }

    /// Whether the creator is linked.
    pub fn is_success(&self) -> bool {
        // Not every source says it with the same word; the other one is that of a session.
        let is_so = matches!(self.status.as_str(), "success" | "completed");
        is_so && self.connection_id.is_some() && self.error_code.is_none()
    }

    /// The connection, or why there is none.
    ///
    /// # Errors
    ///
    /// [`Cancelled`](ErrorKind::Cancelled) if the creator stopped, else [`Rejected`](ErrorKind::Rejected).
    pub fn into_connection_id(self) -> Result<String> {
        if self.is_success()
            && let Some(id) = self.connection_id
        {
            return Ok(id);
        }
        let at = self.step.as_ref().map_or_else(String::new, |step| format!(" at the step {step}"));
        if matches!(self.status.as_str(), "cancelled" | "denied") {
            let text =
                format!("the creator stopped the sign-in{at}: start another link if they change their mind");
            return Err(Error::new(ErrorKind::Cancelled, text));
        }
        let why = match &self.error_code {
            Some(LinkErrorCode::SessionExpired) => {
                "the link session ended before the creator had signed in: start another one"
            }
            Some(LinkErrorCode::InvalidCredentials) => {
                "the creator's name or password was wrong: start another link and have them try again"
            }
            Some(LinkErrorCode::AccountLocked) => {
                "OnlyFans has locked the account: the creator has to unlock it there, and then start another link"
            }
            Some(LinkErrorCode::TwoFactorFailed) => {
                "the sign-in was not confirmed by the second factor: start another link and have the creator try again"
            }
            Some(LinkErrorCode::Other(code)) => {
                let text = format!("the sign-in failed{at} ({code:?}): start another link");
                return Err(Error::new(ErrorKind::Rejected, text));
            }
            None => {
                let text = format!(
                    "the sign-in ended{at} with the status {:?}: start another link",
                    self.status.as_str()
                );
                return Err(Error::new(ErrorKind::Rejected, text));
            }
        };
        Err(Error::new(ErrorKind::Rejected, why))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_comes_back_is_read_and_has_a_remedy() {
        for (url, wanted) in [
            ("https://a/b?x=1&status=success&connection_id=conn_1&client_reference_id=u%26_4", Ok("conn_1")),
            ("studio://linked?status=success&connection_id=conn_1", Ok("conn_1")),
            ("?status=success&connection_id=conn_1", Ok("conn_1")),
            ("/b?status=success&connection_id=conn_1#top", Ok("conn_1")),
            ("https://a/?status=completed&connection_id=conn_1", Ok("conn_1")),
            (
                "https://a/?status=denied&step=authorization",
                Err("stopped the sign-in at the step authorization"),
            ),
            ("https://a/?status=success", Err("with the status \"success\"")),
            ("https://a/?status=success&connection_id=conn_1&error_code=odd", Err("(\"odd\")")),
            ("https://a/?status=cancelled&step=2fa", Err("stopped the sign-in at the step 2fa")),
            ("https://a/?status=error&error_code=session_expired", Err("ended before")),
            ("https://a/?status=error&error_code=invalid_credentials", Err("name or password")),
            ("https://a/?status=error&error_code=account_locked", Err("locked")),
            ("https://a/?status=error&error_code=2fa_failed", Err("second factor")),
            ("https://a/?status=error&error_code=odd&step=login", Err("at the step login (\"odd\")")),
            ("https://a/?status=melted&connection_id=conn_1", Err("\"melted\"")),
        ] {
            let ended = LinkReturn::parse(url).unwrap().into_connection_id();
            match (ended, wanted) {
                (Ok(id), Ok(wanted)) => assert_eq!(id, wanted),
                (Err(error), Err(said)) => assert!(error.to_string().contains(said), "{url}: {error}"),
                (ended, _) => panic!("{url}: {ended:?}"),
            }
        }
        let back =
            LinkReturn::parse("https://a/?status=cancelled&step=authorization&client_reference_id=u%26_4")
                .unwrap();
        assert_eq!(back.client_reference_id.as_deref(), Some("u&_4"));
        assert_eq!(back.step, Some(LinkStep::Authorization));
        for bad in
            ["", "https://a/", "https://a/?status=", "https://a/?status=error&status=success", "http://["]
        {
            assert_eq!(LinkReturn::parse(bad).unwrap_err().kind(), ErrorKind::InvalidArgument, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            if let Ok(back) = LinkReturn::parse(&text) {
                prop_assert_eq!(back.is_success(), back.into_connection_id().is_ok());
            }
        }
    }
}

//! Rules: a fault, and the requests that it is played on.
//!
//! A rule plays from the `nth` match of its conditions on, `times` times. Rules are counted elsewhere; here they are
//! checked, so that one that can never play is an error.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kinds::{Before, Fault, StatusFault};
use super::on::{On, Times, sends_bytes};
use crate::document::{self, MEDIA};

/// A fault and the requests that it is played on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// The requests; by default the next one, whatever it is.
    #[serde(default)]
    pub on: On,
    /// The fault.
    pub fault: Fault,
}

impl Fault {
    /// This fault, once, on the next request of `operation`; the rule's methods narrow or widen that.
    ///
    /// ```
    /// use ofauth_sandbox::Fault;
    ///
    /// let rule = Fault::status(502).on("upload_part").part(2).times(3);
    /// let every_first_try = Fault::refusal(429).on("upload_part").each_part();
    /// ```
    #[must_use]
    pub fn on(self, operation: impl Into<String>) -> FaultRule {
        let on = On { operation: Some(operation.into()), ..On::default() };
        FaultRule { on, fault: self }
    }
}

impl From<Fault> for FaultRule {
    fn from(fault: Fault) -> Self {
        Self { on: On::default(), fault }
    }
}

impl FaultRule {
    /// Only requests for this part.
    #[must_use]
    pub fn part(mut self, part: u32) -> Self {
        self.on.part = Some(part);
        self
    }

    /// Only requests that send bytes of an upload with this file name.
    #[must_use]
    pub fn filename(mut self, filename: impl Into<String>) -> Self {
        self.on.filename = Some(filename.into());
        self
    }

    /// Only requests for this linked account, so that several tests can share a sandbox.
    ///
    /// ```
    /// use ofauth_sandbox::Fault;
    ///
    /// let rule = Fault::status(502).on("create_post").connection("conn_of_this_test").always();
    /// ```
    #[must_use]
    pub fn connection(mut self, id: impl Into<String>) -> Self {
        self.on.connection = Some(id.into());
        self
    }

    /// Only requests with this header.
    ///
    /// ```
    /// use ofauth_sandbox::Fault;
    ///
    /// let rule = Fault::status(502).on("get_self").header("x-test", "refused");
    /// ```
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.on.header.insert(name.into(), value.into());
        self
    }

    /// Only requests with this parameter in their query.
    ///
    /// ```
    /// use ofauth_sandbox::Fault;
    ///
    /// let second_page = Fault::status(502).on("list_vault_media").query("offset", "24");
    /// ```
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.on.query.insert(name.into(), value.into());
        self
    }

    /// Only requests with this value in their JSON body. The place is the name of a field, or a JSON pointer (RFC 6901).
    ///
    /// ```
    /// use ofauth_sandbox::Fault;
    ///
    /// let rule = Fault::status(502).on("create_post").body("text", "Hello").body("/mediaItems/0", 12345);
    /// ```
    #[must_use]
    pub fn body(mut self, place: impl Into<String>, value: impl Into<Value>) -> Self {
        self.on.body.insert(place.into(), value.into());
        self
    }

    /// From the `nth` matching request on, counted from 1.
    #[must_use]
    pub fn nth(mut self, nth: u32) -> Self {
        self.on.nth = nth;
        self
    }

    /// On this many matching requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.on.times = Times::Count(times);
        self
    }

    /// On every matching request.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.on.times = Times::Always;
        self
    }

    /// Counts the requests of each part of each upload on their own.
    #[must_use]
    pub fn each_part(mut self) -> Self {
        self.on.each_part = true;
        self
    }

    /// Finds values that have the right form but no meaning.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.on.check()?;
        self.check_that_it_can_play()?;
        match &self.fault {
            Fault::Status(fault) => check_headers(&fault.headers)?,
            Fault::Answer { headers, .. } => check_headers(headers)?,
            _ => {}
        }
        match self.fault {
            Fault::Status(StatusFault { status, .. })
            | Fault::Html { status }
            | Fault::Expire { status }
            | Fault::RefuseParallel { status }
            | Fault::RefuseOutOfOrder { status }
            | Fault::RefuseRepeat { status }
            | Fault::Redirect { status, .. }
            | Fault::Answer { status, .. }
            | Fault::Empty { status }
                if StatusCode::from_u16(status).is_err() || status < 200 =>
            {
                Err(format!("{status} is not the status of a final answer: give one from 200 to 999"))
            }
            Fault::Chunks { size: 0, .. } => Err("\"size\" must be at least 1".to_owned()),
            _ => Ok(()),
        }
    }
}

impl FaultRule {
    /// Finds faults that the operation of the rule leaves nothing to do for.
    fn check_that_it_can_play(&self) -> Result<(), String> {
        let kind = self.fault.kind();
        if !self.on.body.is_empty() && self.plays_before_the_body() {
            return Err(format!("\"{kind}\" plays before the body is read, so \"body\" cannot choose it"));
        }
        let Some(operation) = self.on.operation.as_deref() else { return Ok(()) };
        let wanted = match self.fault {
            Fault::Plan { .. } => (operation != INIT).then_some(INIT),
            Fault::Short { .. } | Fault::IgnoreRange => (operation != MEDIA).then_some(MEDIA),
            Fault::Expire { .. }
            | Fault::RefuseParallel { .. }
            | Fault::RefuseOutOfOrder { .. }
            | Fault::RefuseRepeat { .. } => (!sends_bytes(operation)).then_some(On::UPLOAD),
            Fault::SlowReader { .. } | Fault::CutRequest { .. } if document::takes_no_body(operation) => {
                return Err(format!("\"{kind}\" never plays on \"{operation}\": its requests have no body"));
            }
            Fault::Page { .. } if !document::has_pages(operation) => {
                return Err(format!(
                    "\"{kind}\" never plays on \"{operation}\": it answers no pages of a list"
                ));
            }
            _ => None,
        };
        match wanted {
            Some(wanted) => Err(format!("\"{kind}\" never plays on \"{operation}\": it is for \"{wanted}\"")),
            None => Ok(()),
        }
    }
}

impl FaultRule {
    fn plays_before_the_body(&self) -> bool {
        match &self.fault {
            Fault::Status(fault) => fault.read.is_some(),
            Fault::Delay { before, .. } => *before == Before::Body,
            Fault::SlowReader { .. } | Fault::CutRequest { .. } => true,
            _ => false,
        }
    }
}

/// The operation that answers plans.
const INIT: &str = "init_upload";

fn check_headers(headers: &BTreeMap<String, String>) -> Result<(), String> {
    for (name, value) in headers {
        if HeaderName::try_from(name).is_err() || HeaderValue::try_from(value).is_err() {
            return Err(format!("\"{name}: {value}\" is not an HTTP header"));
        }
    }
    Ok(())
}

//! Which requests a fault is played on.
//!
//! A rule matches requests by operation, part and file name, and plays from the `nth` match on, `times` times. Rules are
//! counted elsewhere; here they are checked, so that one that can never play is an error.

use http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Deserializer, Serialize};

use super::kinds::{Fault, StatusFault};
use crate::document;

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
        if let Fault::Status(fault) = &self.fault {
            fault.check()?;
        }
        match self.fault {
            Fault::Status(StatusFault { status, .. })
            | Fault::Html { status }
            | Fault::Expire { status }
            | Fault::RefuseParallel { status }
            | Fault::RefuseOutOfOrder { status }
            | Fault::RefuseRepeat { status }
            | Fault::Redirect { status, .. }
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
        let Some(operation) = self.on.operation.as_deref() else { return Ok(()) };
        let kind = self.fault.kind();
        let wanted = match self.fault {
            Fault::Plan { .. } => (operation != INIT).then_some(INIT),
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

/// The operation that answers plans.
const INIT: &str = "init_upload";

impl StatusFault {
    fn check(&self) -> Result<(), String> {
        for (name, value) in &self.headers {
            if HeaderName::try_from(name).is_err() || HeaderValue::try_from(value).is_err() {
                return Err(format!("\"{name}: {value}\" is not an HTTP header"));
            }
        }
        Ok(())
    }
}

/// The requests that a fault is played on. Every condition that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct On {
    /// The operation id, `upload_part` for example, or [`UPLOAD`](Self::UPLOAD); without it any operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The part number in the path. A file that is sent whole is part 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<u32>,
    /// The file name of the upload that the path names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// The matching request to begin with, counted from 1.
    #[serde(default = "first")]
    pub nth: u32,
    /// How many matching requests the fault is played on.
    #[serde(default)]
    pub times: Times,
    /// Whether the requests of each part of each upload are counted on their own.
    #[serde(default)]
    pub each_part: bool,
}

impl On {
    /// As an operation: the request that sends the bytes of a file or a part, `upload_single` or `upload_part`. Which
    /// of them it is depends on the size of the file.
    pub const UPLOAD: &str = "upload";

    /// Finds conditions that no request can fulfil.
    fn check(&self) -> Result<(), String> {
        if self.nth == 0 {
            return Err("\"nth\" counts from 1".to_owned());
        }
        if self.times == Times::Count(0) {
            return Err("\"times\" 0 never plays: give a number from 1, or \"always\"".to_owned());
        }
        if self.part == Some(0) {
            return Err("\"part\" counts from 1".to_owned());
        }
        let Some(operation) = self.operation.as_deref() else { return Ok(()) };
        if !sends_bytes(operation) && !document::knows(operation) {
            return Err(format!(
                "\"{operation}\" is neither an operation id of the OpenAPI document nor \"{}\"",
                Self::UPLOAD
            ));
        }
        let condition = [("part", self.part.is_some()), ("filename", self.filename.is_some())];
        let condition =
            condition.into_iter().chain([("each_part", self.each_part)]).find(|(_, given)| *given);
        if let Some((name, _)) = condition.filter(|_| !sends_bytes(operation)) {
            return Err(format!(
                "\"{name}\" never matches \"{operation}\", which sends no bytes of a file: \"{}\" does",
                Self::UPLOAD
            ));
        }
        if let Some(part) = self.part.filter(|part| operation == SINGLE && *part > 1) {
            return Err(format!("\"part\" {part} never matches \"{SINGLE}\", which sends the file whole"));
        }
        Ok(())
    }
}

/// The operations that send the bytes of a file, whole or in parts.
const SINGLE: &str = "upload_single";
const PART: &str = "upload_part";

fn sends_bytes(operation: &str) -> bool {
    [On::UPLOAD, SINGLE, PART].contains(&operation)
}

impl Default for On {
    fn default() -> Self {
        Self {
            operation: None,
            part: None,
            filename: None,
            nth: 1,
            times: Times::default(),
            each_part: false,
        }
    }
}

fn first() -> u32 {
    1
}

/// How many requests a fault is played on: in JSON a number or `"always"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// This many.
    Count(u32),
    /// All from the first on.
    Always,
}

impl Default for Times {
    fn default() -> Self {
        Self::Count(1)
    }
}

impl Serialize for Times {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_u32(*count),
            Self::Always => serializer.serialize_str("always"),
        }
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        if value == "always" {
            return Ok(Self::Always);
        }
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
        count.map(Self::Count).ok_or_else(|| {
            serde::de::Error::custom(format!("\"times\" is a number or \"always\", not {value}"))
        })
    }
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) operation: &'a str,
    pub(crate) upload: Option<&'a str>,
    pub(crate) part: Option<u32>,
    pub(crate) filename: Option<&'a str>,
}

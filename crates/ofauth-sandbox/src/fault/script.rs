//! Which requests a fault is played on.
//!
//! A rule matches requests by operation, part and file name, and counts its matches: it plays from the `nth` match
//! on, `times` times. All rules that play on a request do so together.

use std::collections::HashMap;

use http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Fault, StatusFault};
use crate::document;

/// A list of rules.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct FaultScript {
    /// The rules.
    pub rules: Vec<FaultRule>,
}

impl FaultScript {
    /// Reads a script: a JSON array of rules, or one rule.
    ///
    /// # Errors
    ///
    /// If the text is not JSON, has a field or kind that does not exist, or names an unknown operation.
    pub fn from_json(text: &str) -> Result<Self, ScriptError> {
        let value: serde_json::Value = serde_json::from_str(text).map_err(ScriptError::Syntax)?;
        let values = match value {
            serde_json::Value::Array(values) => values,
            one => vec![one],
        };
        let mut rules = Vec::with_capacity(values.len());
        for (index, value) in values.into_iter().enumerate() {
            let number = index + 1;
            let rule: FaultRule =
                serde_json::from_value(value).map_err(|source| ScriptError::Rule { number, source })?;
            rule.check().map_err(|problem| ScriptError::Value { number, problem })?;
            rules.push(rule);
        }
        Ok(Self { rules })
    }
}

impl<R: Into<FaultRule>> FromIterator<R> for FaultScript {
    fn from_iter<I: IntoIterator<Item = R>>(rules: I) -> Self {
        Self { rules: rules.into_iter().map(Into::into).collect() }
    }
}

/// Why a fault script cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// The text is not JSON.
    #[error("the fault script is not JSON: {0}")]
    Syntax(#[source] serde_json::Error),
    /// A rule has a wrong form.
    #[error("rule {number} of the fault script cannot be read: {source}")]
    Rule {
        /// The position of the rule, from 1.
        number: usize,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A rule has a value that cannot be played.
    #[error("rule {number} of the fault script cannot be played: {problem}")]
    Value {
        /// The position of the rule, from 1.
        number: usize,
        /// What is wrong and what would be right.
        problem: String,
    },
}

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

/// The rules in force, with their counts.
#[derive(Debug, Default)]
pub(crate) struct FaultBook(Vec<Armed>);

/// A rule as `/_sandbox/faults` shows it.
#[derive(Debug, Serialize)]
pub(crate) struct PlayedRule {
    #[serde(flatten)]
    rule: FaultRule,
    played: u64,
}

#[derive(Debug)]
struct Armed {
    rule: FaultRule,
    /// How often the fault was played.
    played: u64,
    /// Matches so far; one count for all, or one for each part.
    seen: HashMap<Option<(String, u32)>, u32>,
}

impl FaultBook {
    pub(crate) fn add(&mut self, rule: FaultRule) {
        self.0.push(Armed { rule, played: 0, seen: HashMap::new() });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The rules whose fault was not played.
    pub(crate) fn unplayed(&self) -> Vec<FaultRule> {
        let unplayed = self.0.iter().filter(|armed| armed.played == 0);
        unplayed.map(|armed| armed.rule.clone()).collect()
    }

    /// The rules, each with how often its fault was played so far.
    pub(crate) fn played(&self) -> Vec<PlayedRule> {
        self.0.iter().map(|armed| PlayedRule { rule: armed.rule.clone(), played: armed.played }).collect()
    }

    /// Counts a request and returns the faults to play on it, in the order of their rules.
    pub(crate) fn take(&mut self, subject: Subject<'_>) -> Vec<Fault> {
        self.0.iter_mut().filter_map(|armed| armed.take(subject)).collect()
    }
}

impl Armed {
    fn take(&mut self, subject: Subject<'_>) -> Option<Fault> {
        let on = &self.rule.on;
        let part = subject.part.or(subject.upload.map(|_whole| 1));
        let matches = on.operation.as_deref().is_none_or(|operation| {
            operation == subject.operation || (operation == On::UPLOAD && subject.upload.is_some())
        }) && on.part.is_none_or(|wanted| Some(wanted) == part)
            && on.filename.as_deref().is_none_or(|filename| Some(filename) == subject.filename);
        if !matches {
            return None;
        }
        let key = match (subject.upload, part) {
            (Some(upload), Some(part)) if on.each_part => Some((upload.to_owned(), part)),
            _ => None,
        };
        let seen = self.seen.entry(key).or_default();
        *seen = seen.saturating_add(1);
        let plays = match on.times {
            Times::Count(times) => *seen >= on.nth && *seen - on.nth < times,
            Times::Always => *seen >= on.nth,
        };
        if !plays {
            return None;
        }
        self.played = self.played.saturating_add(1);
        Some(self.rule.fault.clone())
    }
}

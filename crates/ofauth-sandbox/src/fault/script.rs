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
        if let Some(operation) = &self.on.operation
            && !document::knows(operation)
        {
            return Err(format!("\"{operation}\" is not an operation id of the OpenAPI document"));
        }
        if self.on.nth == 0 {
            return Err("\"nth\" counts from 1".to_owned());
        }
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
    /// The operation id, `upload_part` for example; without it any operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The part number in the path.
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
        let matches = on.operation.as_deref().is_none_or(|operation| operation == subject.operation)
            && on.part.is_none_or(|part| Some(part) == subject.part)
            && on.filename.as_deref().is_none_or(|filename| Some(filename) == subject.filename);
        if !matches {
            return None;
        }
        let key = match (subject.upload, subject.part) {
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

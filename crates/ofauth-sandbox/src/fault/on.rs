//! The conditions of a rule: which requests it is for, and on which of those its fault is played.
//!
//! Conditions are checked when a rule is made, so that one that no request can fulfil is an error. Requests are counted
//! elsewhere.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{document, number, query};

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
    /// The linked account, as `x-connection-id` names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Request headers by their names, which have any case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub header: BTreeMap<String, String>,
    /// Parameters of the query, decoded.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
    /// Values in the JSON body, by the name of a field or by a JSON pointer (RFC 6901) such as `/mediaItems/0`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub body: BTreeMap<String, Value>,
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
    pub(super) fn check(&self) -> Result<(), String> {
        if self.nth == 0 {
            return Err("\"nth\" counts from 1".to_owned());
        }
        if self.times == Times::Count(0) {
            return Err("\"times\" 0 never plays: give a number from 1, or \"always\"".to_owned());
        }
        if self.part == Some(0) {
            return Err("\"part\" counts from 1".to_owned());
        }
        self.check_names()?;
        let Some(operation) = self.operation.as_deref() else { return Ok(()) };
        if !sends_bytes(operation) && !document::knows(operation) {
            return Err(format!(
                "\"{operation}\" is neither an operation id of the OpenAPI document nor \"{}\"",
                Self::UPLOAD
            ));
        }
        if !self.body.is_empty() && !document::takes_json(operation) {
            return Err(format!("\"body\" never matches \"{operation}\": its requests have no JSON"));
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

    fn check_names(&self) -> Result<(), String> {
        for name in self.header.keys() {
            match HeaderName::try_from(name) {
                // Rules are shown to whoever asks, and the key is shown to nobody.
                Ok(name) if name == "apikey" => {
                    return Err("\"header\" does not take the API key: use \"connection\"".to_owned());
                }
                Ok(_) => {}
                Err(_) => return Err(format!("\"{name}\" is not the name of a header")),
            }
        }
        Ok(())
    }

    /// Whether a request is one of these, as far as its head tells.
    pub(super) fn matches_head(&self, subject: &Subject<'_>) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        let operation = self.operation.as_deref().is_none_or(|operation| {
            operation == subject.operation || (operation == Self::UPLOAD && subject.upload.is_some())
        });
        operation
            && self.part.is_none_or(|wanted| Some(wanted) == subject.part())
            && self.filename.as_deref().is_none_or(|filename| Some(filename) == subject.filename)
            && is(&self.connection, subject.connection)
            && self.header.iter().all(|(name, value)| subject.has_header(name, value))
            && self.query.iter().all(|(name, value)| query::values(subject.query, name).contains(value))
    }

    /// Whether a request is one of these, as far as its body tells.
    pub(super) fn matches_body(&self, body: &Value) -> bool {
        self.body.iter().all(|(place, wanted)| {
            let found = if place.starts_with('/') { body.pointer(place) } else { body.get(place) };
            found.is_some_and(|found| number::same(found, wanted))
        })
    }
}

/// The operations that send the bytes of a file, whole or in parts.
const SINGLE: &str = "upload_single";
const PART: &str = "upload_part";

pub(super) fn sends_bytes(operation: &str) -> bool {
    [On::UPLOAD, SINGLE, PART].contains(&operation)
}

impl Default for On {
    fn default() -> Self {
        Self {
            operation: None,
            part: None,
            filename: None,
            connection: None,
            header: BTreeMap::new(),
            query: BTreeMap::new(),
            body: BTreeMap::new(),
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
    /// The value of `x-connection-id`, or nothing.
    pub(crate) connection: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) query: &'a str,
}

impl Subject<'_> {
    /// The part that is sent; a file that is sent whole is part 1.
    pub(super) fn part(&self) -> Option<u32> {
        self.part.or(self.upload.map(|_whole| 1))
    }

    fn has_header(&self, name: &str, value: &str) -> bool {
        self.headers.get_all(name).iter().any(|found| found == value)
    }
}

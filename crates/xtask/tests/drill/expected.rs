//! What a case says has to come of it, and the comparison with what came.

use serde_json::Value;

use crate::cases::Case;
use crate::pipeline::Outcome;

/// What has to come of a document.
#[derive(Debug)]
pub(crate) enum Expected {
    /// A client that does what the document says.
    Right,
    /// At least one finding, and of the findings one that has all of these texts.
    Finding(Vec<String>),
    /// An operation without a typed call, for a reason that has this text.
    Raw { operation: String, reason: String },
    /// No document, and an error that has this text.
    Unreadable(String),
}

impl Expected {
    pub(crate) fn read(place: &str, outcome: Option<&Value>) -> Self {
        match outcome {
            Some(Value::String(right)) if right == "right" => Self::Right,
            Some(Value::Object(one)) if one.len() == 1 => {
                let (kind, what) = one.iter().next().unwrap();
                let texts: Vec<String> = match what {
                    Value::Array(all) => all.iter().map(|text| text.as_str().unwrap().to_owned()).collect(),
                    text => vec![text.as_str().unwrap().to_owned()],
                };
                match (kind.as_str(), texts.as_slice()) {
                    ("finding", _) => Self::Finding(texts),
                    ("raw", [operation, reason]) => {
                        Self::Raw { operation: operation.clone(), reason: reason.clone() }
                    }
                    ("unreadable", [text]) => Self::Unreadable(text.clone()),
                    _ => panic!("{place}: the outcome {what} of {kind} cannot be read"),
                }
            }
            other => panic!("{place}: the outcome {other:?} cannot be read"),
        }
    }
}

/// Whether the outcome is the expected one, and if not, what came instead.
pub(crate) fn compare(case: &Case, outcome: &Outcome) -> Result<(), String> {
    match (&case.expected, outcome) {
        (_, Outcome::Panicked(why)) => Err(format!("PANIC: {why}")),
        (Expected::Finding(texts), Outcome::Findings(findings)) => {
            // What the generator says comes one at a time, and without a cure.
            let early = findings.iter().filter(|finding| !finding.starts_with("the document: "));
            let found = early.into_iter().any(|finding| texts.iter().all(|text| finding.contains(text)));
            if found { Ok(()) } else { Err(format!("no finding has {texts:?}: {findings:#?}")) }
        }
        (Expected::Unreadable(text), Outcome::Unreadable(why)) if why.contains(text.as_str()) => Ok(()),
        (Expected::Right, Outcome::Made(made)) => {
            if let Some((operation, reason)) = made.raw_only.first() {
                return Err(format!("{operation} is raw only: {reason}"));
            }
            verdict(case, made.verdict.as_deref())
        }
        (Expected::Raw { operation, reason }, Outcome::Made(made)) => {
            let found =
                made.raw_only.iter().any(|(id, why)| id == operation && why.contains(reason.as_str()));
            if !found {
                return Err(format!(
                    "{operation} is not raw only for {reason:?}; raw only are {:?}",
                    made.raw_only
                ));
            }
            if !made.table.contains(&format!("id: \"{operation}\"")) {
                return Err(format!("the table has no {operation}"));
            }
            verdict(case, made.verdict.as_deref())
        }
        (expected, Outcome::Made(_)) => Err(format!("accepted, not {expected:?}")),
        (expected, Outcome::Findings(findings)) => Err(format!("findings, not {expected:?}: {findings:#?}")),
        (expected, Outcome::Unreadable(why)) => Err(format!("unreadable, not {expected:?}: {why}")),
    }
}

fn verdict(case: &Case, came: Option<&str>) -> Result<(), String> {
    match (case.verdict.as_deref(), came) {
        (Some(wanted), Some(came)) if wanted != came => Err(format!("the verdict is {came}, not {wanted}")),
        _ => Ok(()),
    }
}

//! Lists of rules, and how they are read from JSON.

use serde::Serialize;

use super::rule::FaultRule;

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
    /// ```
    /// use ofauth_sandbox::FaultScript;
    ///
    /// let script = r#"[{"on": {"operation": "upload_part", "part": 3, "times": 2}, "fault": {"kind": "html"}}]"#;
    /// assert_eq!(FaultScript::from_json(script)?.rules.len(), 1);
    /// assert!(FaultScript::from_json(r#"{"fault": {"kind": "no_such_kind"}}"#).is_err());
    /// # Ok::<(), ofauth_sandbox::ScriptError>(())
    /// ```
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

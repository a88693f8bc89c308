//! One action of an overlay, as the text that a person or a command writes into `openapi/overlay.yaml`.
//!
//! The text is YAML that can be pasted at the end of the file. How the file is read is the business of the module above.

use std::fmt::Write;

use serde_json::Value;

/// A step on the way from the root of a document to a place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A member of an object.
    Member(String),
    /// An item of a list by its position. For places that have no name, such as an alternative of a schema.
    Item(usize),
    /// The items of a list that have these members: a parameter by its name and place.
    Where(Vec<(String, String)>),
}

impl From<&str> for Step {
    fn from(name: &str) -> Self {
        Self::Member(name.to_owned())
    }
}

/// The JSONPath of a place.
#[must_use]
pub fn target(steps: &[Step]) -> String {
    let quoted = |text: &str| {
        let mut quoted = String::from("'");
        for character in text.chars() {
            match character {
                '\'' | '\\' => quoted.extend(['\\', character]),
                _ if character.is_control() => {
                    let mut units = [0_u16; 2];
                    for unit in character.encode_utf16(&mut units) {
                        quoted.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                _ => quoted.push(character),
            }
        }
        quoted + "'"
    };
    let plain = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
    };
    steps.iter().fold(String::from("$"), |path, step| match step {
        Step::Member(name) if plain(name) => format!("{path}.{name}"),
        Step::Member(name) => format!("{path}[{}]", quoted(name)),
        Step::Item(index) => format!("{path}[{index}]"),
        Step::Where(members) => {
            let tests: Vec<_> = members
                .iter()
                .map(|(name, value)| format!("@[{}]=={}", quoted(name), quoted(value)))
                .collect();
            format!("{path}[?{}]", tests.join(" && "))
        }
    })
}

/// An action of the overlay.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// The JSONPath of what it changes.
    pub target: String,
    /// What is laid over it; nothing if it is removed.
    pub update: Option<Value>,
    /// Why. Empty where the action says it itself.
    pub why: String,
}

impl Action {
    /// An action that changes what is at a place.
    #[must_use]
    pub fn update(steps: &[Step], update: Value, why: &str) -> Self {
        Self { target: target(steps), update: Some(update), why: why.to_owned() }
    }

    /// An action that takes a place out of the document.
    #[must_use]
    pub fn remove(steps: &[Step], why: &str) -> Self {
        Self { target: target(steps), update: None, why: why.to_owned() }
    }

    /// The action as [`apply`](super::apply) reads it.
    #[must_use]
    pub fn value(&self) -> Value {
        match &self.update {
            Some(update) => serde_json::json!({ "target": self.target, "update": update }),
            None => serde_json::json!({ "target": self.target, "remove": true }),
        }
    }

    /// The action as lines of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("  - target: {}\n", yaml_text(&self.target));
        if !self.why.is_empty() {
            let _ = writeln!(text, "    description: {}", yaml_text(&self.why));
        }
        match &self.update {
            None => text.push_str("    remove: true\n"),
            Some(Value::Object(members)) if !members.is_empty() => {
                text.push_str("    update:\n");
                for (name, value) in members {
                    let _ = writeln!(text, "      {}: {}", flow_text(name), flow(value));
                }
            }
            Some(other) => {
                let _ = writeln!(text, "    update: {}", flow(other));
            }
        }
        text
    }
}

/// The text of an overlay with actions put at its end; comments and order stay as they are.
#[must_use]
pub fn appended(overlay: &str, actions: &[Action]) -> String {
    let mut text = overlay.trim_end().to_owned();
    text.push('\n');
    for action in actions {
        text.push('\n');
        text.push_str(&action.text());
    }
    text
}

/// A text as a value of YAML on a line of its own.
#[must_use]
pub fn yaml_text(text: &str) -> String {
    let plain = text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '$')
        && text.chars().all(|character| !character.is_control() && character.is_ascii())
        && text != "true"
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
        && text.parse::<f64>().is_err();
    if plain { text.to_owned() } else { quoted(text) }
}

/// A value within braces.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => flow_text(text),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members: Vec<_> =
                members.iter().map(|(name, value)| format!("{}: {}", flow_text(name), flow(value))).collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}

fn flow_text(text: &str) -> String {
    /// Words that YAML, in one of its versions, takes for something else than text.
    const WORDS: [&str; 11] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan"];
    let plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "-_./".contains(character))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    let simple = text.chars().all(|character| !character.is_control() && character.is_ascii());
    if simple { format!("'{}'", text.replace('\'', "''")) } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What a reader of YAML makes of actions that were put at the end of a file.
    fn read_back(actions: &[Action]) -> Vec<Value> {
        let text =
            appended("# Ours.\noverlay: 1.0.0\nactions:\n\n  - target: $.a\n    update: {}\n\n\n", actions);
        assert!(text.starts_with("# Ours.\noverlay: 1.0.0\nactions:\n\n  - target: $.a\n"), "{text}");
        let overlay: Value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        overlay["actions"].as_array().unwrap().iter().skip(1).cloned().collect()
    }

    #[test]
    fn text_is_read_back_as_it_was_meant() {
        for update in [
            json!({"operationId": "list_drills", "x-ofauth-page": {"style": "offset", "max": 3, "last": null}}),
            json!({"words": ["yes", "1", "", "a: b", "it's", "a\nb", "ä", "#x", "{", "-", "Null"], "deep": [[{}]]}),
            json!({"": true, "$ref": "#/components/schemas/A", "null": 1.5}),
            json!([]),
            json!("a"),
            json!({}),
        ] {
            let action = Action::update(&["a".into(), "b c".into()], update, "Why: it's so. #1");
            let found = &read_back(std::slice::from_ref(&action))[0];
            assert_eq!(found["description"], json!("Why: it's so. #1"));
            assert_eq!(
                (&found["target"], &found["update"]),
                (&action.value()["target"], &action.value()["update"])
            );
        }
        for (steps, wanted) in [
            (vec!["paths".into(), "/v2/{id}".into(), "get".into()], "$.paths['/v2/{id}'].get"),
            (vec!["it's".into(), Step::Item(2), "a\\b".into()], r"$['it\'s'][2]['a\\b']"),
            (vec!["a".into(), Step::Where(vec![("in".into(), "query".into())])], "$.a[?@['in']=='query']"),
            (vec!["é: #".into()], "$['é: #']"),
        ] {
            let action = Action::remove(&steps, "");
            assert_eq!(action.target, wanted);
            assert!(serde_json_path::JsonPath::parse(&action.target).is_ok(), "{wanted}");
            assert_eq!(read_back(std::slice::from_ref(&action)), [action.value()]);
        }
    }
}

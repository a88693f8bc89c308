//! Facts in the form of an example: what an answer has and of which type is said by the document, the rest by the world.

use serde_json::{Map, Value, json};

use crate::timestamp::{marker, moment, precise};

/// How the document's examples write their moment.
const EXAMPLE_MOMENT: &str = "2026-04-29T10:18:48";

/// Where the addresses of the document's examples lead, which is not this machine.
const EXAMPLE_HOST: &str = "https://media.ofauth.com/v2/";

/// How long after the start what ends does so, in microseconds.
const A_MONTH: i64 = 30 * 24 * 60 * 60 * 1_000_000;

/// The fact that says which fields an item does not have.
pub(crate) const ABSENT: &str = "-";

/// What is shown, besides its facts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// The address of this sandbox.
    pub(crate) base: &'a str,
    /// When what is shown was created, in microseconds since 1970.
    pub(crate) at: i64,
}

impl Frame<'_> {
    /// The facts in the form of `example`.
    pub(crate) fn fill(self, example: &Value, facts: &Map<String, Value>) -> Value {
        match example {
            Value::Object(fields) => Value::Object(self.object(fields, facts)),
            Value::Array(items) => items.iter().map(|item| self.fill(item, facts)).collect(),
            other => self.plain("", other),
        }
    }

    fn object(self, example: &Map<String, Value>, facts: &Map<String, Value>) -> Map<String, Value> {
        // An example without fields promises none and allows all.
        if example.is_empty() {
            return facts.clone();
        }
        let absent =
            |name: &str| facts.get(ABSENT).and_then(Value::as_array)?.iter().find(|absent| *absent == name);
        let mut filled = Map::new();
        for (name, value) in example.iter().filter(|(name, _)| absent(name).is_none()) {
            match facts.get(name) {
                Some(fact) => drop(filled.insert(name.clone(), self.field(name, value, fact))),
                None => drop(filled.insert(name.clone(), self.untold(name, value))),
            }
        }
        // Optional, and left out of some examples.
        if let (true, Some(text)) = (filled.contains_key("media"), facts.get("text")) {
            filled.insert("text".to_owned(), text.clone());
        }
        filled
    }

    /// A field that a fact is known of.
    fn field(self, name: &str, example: &Value, fact: &Value) -> Value {
        match (example, fact) {
            // Copies by their label, of which the example has but one.
            (Value::Object(_), Value::Object(_)) if name == "media" => fact.clone(),
            (Value::Object(example), Value::Object(facts)) => Value::Object(self.object(example, facts)),
            (Value::Array(example), Value::Array(items)) => match example.first() {
                Some(Value::Object(example)) => {
                    let facts = items.iter().filter_map(Value::as_object);
                    facts.map(|facts| Value::Object(self.object(example, facts))).collect()
                }
                _ => fact.clone(),
            },
            (Value::Object(_) | Value::Array(_), _) | (_, Value::Object(_) | Value::Array(_)) => {
                self.untold(name, example)
            }
            (Value::String(_), Value::Number(number)) => json!(number.to_string()),
            _ => fact.clone(),
        }
    }

    /// A field that no fact is known of: as in the example, but for times and addresses.
    fn untold(self, name: &str, example: &Value) -> Value {
        match example {
            Value::Object(fields) => Value::Object(
                fields.iter().map(|(name, value)| (name.clone(), self.untold(name, value))).collect(),
            ),
            Value::Array(items) => items.iter().map(|item| self.untold(name, item)).collect(),
            other => self.plain(name, other),
        }
    }

    fn plain(self, name: &str, example: &Value) -> Value {
        let Value::String(text) = example else { return example.clone() };
        if text.starts_with(EXAMPLE_MOMENT) {
            let lower = name.to_lowercase();
            let ends = ["expire", "finish", "end", "renew"].iter().any(|word| lower.contains(word));
            let at = if ends { self.at.saturating_add(A_MONTH) } else { self.at };
            return json!(if text.ends_with('Z') { precise(at) } else { moment(at) });
        }
        if name.ends_with("Precise") {
            return json!(marker(self.at));
        }
        match text.strip_prefix(EXAMPLE_HOST) {
            Some(rest) => json!(format!("{}/media/{rest}", self.base)),
            None => example.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(example: Value, facts: Value) -> Value {
        let at = 1_700_000_000_000_000;
        Frame { base: "http://here", at }.fill(&example, facts.as_object().unwrap())
    }

    #[test]
    fn facts_take_the_form_of_the_example() {
        for (example, facts, wanted) in [
            (json!({"id": 1, "name": "x"}), json!({"id": 2, "more": 3}), json!({"id": 2, "name": "x"})),
            (json!({"id": "1"}), json!({"id": 2}), json!({"id": "2"})),
            (
                json!({"user": {"id": 1, "x": 1}}),
                json!({"user": {"id": 2, "y": 2}}),
                json!({"user": {"id": 2, "x": 1}}),
            ),
            (
                json!({"list": [{"id": 1}]}),
                json!({"list": [{"id": 2}, {"id": 3}]}),
                json!({"list": [{"id": 2}, {"id": 3}]}),
            ),
            (json!({"list": [1]}), json!({"list": []}), json!({"list": []})),
            (json!({"forms": {"a": 1}}), json!({"forms": []}), json!({"forms": {"a": 1}})),
            (json!([{"id": 1}]), json!({"id": 2}), json!([{"id": 2}])),
            (json!({"a": 1, "b": 2}), json!({"-": ["a"], "b": null}), json!({"b": null})),
            (json!({}), json!({"id": 2}), json!({"id": 2})),
            (json!({"media": []}), json!({"media": [], "text": "Hi"}), json!({"media": [], "text": "Hi"})),
        ] {
            assert_eq!(fill(example.clone(), facts.clone()), wanted, "{example} {facts}");
        }
    }

    #[test]
    fn times_and_addresses_are_those_of_the_item_and_of_this_host() {
        let example = json!({"createdAt": "2026-04-29T10:18:48+00:00", "expiredAt": "2026-04-29T10:18:48.831Z",
            "in": {"url": "https://media.ofauth.com/v2/x.jpg"}, "urls": ["https://media.ofauth.com/v2/y"],
            "postedAtPrecise": "1.0"});
        let wanted = json!({"createdAt": "2023-11-14T22:13:20+00:00", "expiredAt": "2023-12-14T22:13:20.000Z",
            "in": {"url": "http://here/media/x.jpg"}, "urls": ["http://here/media/y"],
            "postedAtPrecise": "1700000000.000000"});
        assert_eq!(fill(example, json!({})), wanted);
    }
}

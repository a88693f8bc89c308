//! Checks of values against the JSON schemas of the document.
//!
//! Only what the document uses: types, enums, ranges, lengths, formats, patterns, items, properties and alternatives. A
//! problem begins with the name of the field that has it, and says what would be right.

use serde_json::{Map, Value};

use crate::{format, names, number};

/// How a value is checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Check {
    /// Whether fields may be there that the document does not have.
    pub(crate) unknown_fields: bool,
    /// How the name of a field in an object is written.
    pub(crate) inner: Inner,
}

/// How the name of a field in an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inner {
    /// `object.field`, as of JSON.
    Dot,
    /// `object[field]`, as of a query.
    Brackets,
}

/// Whether fields that are not known are looked for. Of alternatives that is the business of what surrounds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Whole,
    Alternative,
}

impl Check {
    /// Checks `value`, which is called `name`; for the whole body `name` is empty.
    pub(crate) fn value(self, schema: &Value, value: &Value, name: &str) -> Result<(), String> {
        self.at(schema, value, name, Level::Whole)
    }

    fn at(self, schema: &Value, value: &Value, name: &str, level: Level) -> Result<(), String> {
        let Some(schema) = schema.as_object() else { return Ok(()) };
        check_type(schema, value, name)?;
        self.check_alternatives(schema, value, name)?;
        if let Some(Value::Array(allowed)) = schema.get("enum")
            && !allowed.iter().any(|one| number::same(one, value))
        {
            let allowed: Vec<String> = allowed.iter().map(Value::to_string).collect();
            return Err(problem(
                name,
                &format!("must be one of {}, not {}", allowed.join(", "), shown(value)),
            ));
        }
        match value {
            Value::String(text) => check_text(schema, text, name),
            Value::Number(_) => check_number(schema, value, name),
            Value::Array(items) => {
                check_size(schema, ["minItems", "maxItems"], items.len(), "element", name)?;
                let each = schema.get("items").unwrap_or(&Value::Null);
                let mut items = items.iter().enumerate();
                items.try_for_each(|(index, item)| self.value(each, item, &format!("{name}[{index}]")))
            }
            Value::Object(fields) => {
                if level == Level::Whole && !self.unknown_fields {
                    self.check_names(schema, fields, name)?;
                }
                self.check_fields(schema, fields, name)
            }
            _ => Ok(()),
        }
    }

    fn check_alternatives(
        self,
        schema: &Map<String, Value>,
        value: &Value,
        name: &str,
    ) -> Result<(), String> {
        for form in list(schema, "allOf") {
            self.at(form, value, name, Level::Alternative)?;
        }
        for keyword in ["oneOf", "anyOf"] {
            let forms = list(schema, keyword);
            let mut problems = Vec::new();
            for form in forms {
                match self.at(form, value, name, Level::Alternative) {
                    Ok(()) => break,
                    Err(problem) => problems.push((form, problem)),
                }
            }
            if problems.len() == forms.len() && !forms.is_empty() {
                // What is wrong with the form that was meant says more than that none fits.
                let of_type = |form: &Value| form.as_object().is_some_and(|form| has_type(form, value));
                let meant = problems.into_iter().find(|(form, _)| of_type(form));
                return Err(meant.map_or_else(
                    || problem(name, "has none of the documented forms"),
                    |(_, problem)| problem,
                ));
            }
        }
        Ok(())
    }

    /// Refuses names that the document does not have where it says what there is.
    fn check_names(
        self,
        schema: &Map<String, Value>,
        fields: &Map<String, Value>,
        name: &str,
    ) -> Result<(), String> {
        let forms = ["allOf", "oneOf", "anyOf"].into_iter().flat_map(|keyword| list(schema, keyword));
        let all = forms.filter_map(Value::as_object).chain([schema]);
        let is_open = |schema: &Map<String, Value>| {
            schema.get("additionalProperties").is_some_and(|more| more != &Value::Bool(false))
        };
        let (mut known, mut open) = (Vec::new(), false);
        for form in all {
            open |= is_open(form);
            known.extend(properties(form).into_iter().flat_map(Map::keys).map(String::as_str));
        }
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        if open || (known.is_empty() && !closed) {
            return Ok(());
        }
        match fields.keys().find(|field| !known.contains(&field.as_str())) {
            Some(field) => {
                let hint = names::hint(field, known);
                Err(problem(
                    &self.inner(name, &names::shown(field)),
                    &format!("is not a documented field{hint}"),
                ))
            }
            None => Ok(()),
        }
    }

    fn check_fields(
        self,
        schema: &Map<String, Value>,
        fields: &Map<String, Value>,
        name: &str,
    ) -> Result<(), String> {
        let required = list(schema, "required").iter().filter_map(Value::as_str);
        if let Some(missing) = required.into_iter().find(|field| !fields.contains_key(*field)) {
            return Err(problem(&self.inner(name, missing), "is required"));
        }
        let more = schema.get("additionalProperties").unwrap_or(&Value::Null);
        for (field, value) in fields {
            let schema = properties(schema).and_then(|properties| properties.get(field)).unwrap_or(more);
            self.value(schema, value, &self.inner(name, field))?;
        }
        Ok(())
    }

    /// The name of a field in the object `name`.
    fn inner(self, name: &str, field: &str) -> String {
        match self.inner {
            _ if name.is_empty() => field.to_owned(),
            Inner::Dot => format!("{name}.{field}"),
            Inner::Brackets => format!("{name}[{field}]"),
        }
    }
}

fn list<'a>(schema: &'a Map<String, Value>, keyword: &str) -> &'a [Value] {
    schema.get(keyword).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn properties(schema: &Map<String, Value>) -> Option<&Map<String, Value>> {
    schema.get("properties")?.as_object()
}

/// A value of a request, short enough for a line.
fn shown(value: &Value) -> String {
    names::shown(&value.to_string())
}

/// The names of the types that a schema allows; none if it allows all.
pub(crate) fn types(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn has_type(schema: &Map<String, Value>, value: &Value) -> bool {
    let types = types(schema);
    types.is_empty() || types.iter().any(|kind| is_of_type(value, kind))
}

fn check_type(schema: &Map<String, Value>, value: &Value, name: &str) -> Result<(), String> {
    if has_type(schema, value) {
        return Ok(());
    }
    let wanted = match types(schema).as_slice() {
        ["object"] if name.is_empty() => "a JSON object".to_owned(),
        types => format!("of type {}", types.join(" or ")),
    };
    Err(problem(name, &format!("must be {wanted}")))
}

fn is_of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => number::whole(value).is_some(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

fn check_text(schema: &Map<String, Value>, text: &str, name: &str) -> Result<(), String> {
    check_size(schema, ["minLength", "maxLength"], text.chars().count(), "character", name)?;
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
        && regex_lite::Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text))
    {
        return Err(problem(name, &format!("must match {pattern}, not {}", shown(&Value::from(text)))));
    }
    let format = schema.get("format").and_then(Value::as_str);
    match format.and_then(|format| format::expected(format, text)) {
        Some(expected) => {
            Err(problem(name, &format!("must be {expected}, not {}", shown(&Value::from(text)))))
        }
        None => Ok(()),
    }
}

fn check_number(schema: &Map<String, Value>, value: &Value, name: &str) -> Result<(), String> {
    let number = value.as_f64().unwrap_or(f64::NAN);
    let limit = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
    let (least, most) = (limit("minimum"), limit("maximum"));
    if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
        let range = match (least, most) {
            (Some(least), Some(most)) => format!("from {least} to {most}"),
            (Some(least), None) => format!("at least {least}"),
            (_, most) => format!("at most {}", most.unwrap_or_default()),
        };
        return Err(problem(name, &format!("must be {range}, not {value}")));
    }
    let whole = number::whole(value).filter(|_| schema.get("format").is_some_and(|format| format == "int64"));
    match whole.map(i64::try_from) {
        Some(Err(_)) => Err(problem(name, &format!("must fit into 64 bits, which {value} does not"))),
        _ => Ok(()),
    }
}

fn check_size(
    schema: &Map<String, Value>,
    [least, most]: [&str; 2],
    size: usize,
    what: &str,
    name: &str,
) -> Result<(), String> {
    let size = size as u64;
    let counted = |count: u64| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    match (schema.get(least).and_then(Value::as_u64), schema.get(most).and_then(Value::as_u64)) {
        (Some(least), _) if size < least => {
            Err(problem(name, &format!("must have at least {}", counted(least))))
        }
        (_, Some(most)) if size > most => {
            Err(problem(name, &format!("has {}, at most {most} are allowed", counted(size))))
        }
        _ => Ok(()),
    }
}

fn problem(name: &str, problem: &str) -> String {
    if name.is_empty() { format!("the request's body {problem}") } else { format!("{name}: {problem}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const STRICT: Check = Check { unknown_fields: false, inner: Inner::Dot };
    const LENIENT: Check = Check { unknown_fields: true, ..STRICT };

    fn check(schema: &Value, value: &Value, name: &str) -> Result<(), String> {
        LENIENT.value(schema, value, name)
    }

    #[track_caller]
    fn refused(schema: Value, value: Value, because: &str) {
        let problem = check(&schema, &value, "").unwrap_err();
        assert!(problem.contains(because), "{problem}");
    }

    #[test]
    fn every_keyword_is_held() {
        let body = json!({
            "type": "object",
            "required": ["a"],
            "properties": {
                "a": { "type": "string", "minLength": 1, "maxLength": 2 },
                "b": { "type": ["integer", "null"], "minimum": 0, "maximum": 9 },
                "c": { "type": "array", "minItems": 1, "maxItems": 2, "items": { "type": "boolean" } },
                "d": { "oneOf": [{ "type": "integer" }, { "type": "string" }] },
                "e": { "type": "object", "properties": { "f": { "enum": ["x"] } } },
            },
        });
        for good in [
            json!({ "a": "é" }),
            json!({ "a": "xy", "b": null, "c": [true], "d": 1, "e": { "f": "x" }, "unknown": {} }),
            json!({ "a": "x", "b": 9, "d": "1" }),
            json!({ "a": "x", "b": 9.0, "d": 1.0 }),
        ] {
            assert_eq!(check(&body, &good, ""), Ok(()));
        }
        refused(body.clone(), json!([]), "the request's body must be a JSON object");
        refused(body.clone(), json!({}), "a: is required");
        refused(body.clone(), json!({ "a": "" }), "a: must have at least 1 character");
        refused(body.clone(), json!({ "a": "xyz" }), "a: has 3 characters, at most 2");
        refused(body.clone(), json!({ "a": null }), "a: must be of type string");
        refused(body.clone(), json!({ "a": "x", "b": -1 }), "b: must be from 0 to 9, not -1");
        refused(body.clone(), json!({ "a": "x", "b": 10 }), "b: must be from 0 to 9, not 10");
        refused(body.clone(), json!({ "a": "x", "b": 1.5 }), "b: must be of type integer or null");
        refused(body.clone(), json!({ "a": "x", "c": [] }), "c: must have at least 1 element");
        refused(body.clone(), json!({ "a": "x", "c": [true, 1] }), "c[1]: must be of type boolean");
        refused(body.clone(), json!({ "a": "x", "d": true }), "d: has none of the documented forms");
        refused(body, json!({ "a": "x", "e": { "f": "y" } }), "e.f: must be one of \"x\", not \"y\"");
        refused(json!({ "minimum": 3 }), json!(2), "must be at least 3, not 2");
        refused(json!({ "maximum": 3 }), json!(3.5), "must be at most 3, not 3.5");
        refused(json!({ "format": "int64" }), json!(u64::MAX), "must fit into 64 bits");
        refused(json!({ "format": "date-time" }), json!("today"), "must be a time such as");
        refused(
            json!({ "additionalProperties": { "type": "string" } }),
            json!({ "a": 1 }),
            "a: must be of type",
        );
        refused(json!({ "pattern": "^a+$" }), json!("ab"), "must match ^a+$, not \"ab\"");
        assert_eq!(check(&json!({ "pattern": "^a+$" }), &json!("aa"), ""), Ok(()));
        refused(json!({ "allOf": [{ "required": ["a"] }] }), json!({}), "a: is required");
        let id = json!({ "oneOf": [{ "type": "integer", "minimum": 1 }, { "type": "string" }] });
        refused(id, json!(0), "must be at least 1, not 0");
    }

    #[test]
    fn names_that_the_document_does_not_have_are_refused_with_the_one_that_was_meant() {
        let inner = json!({ "properties": { "users": {} } });
        for (schema, value, problem) in [
            (
                json!({ "properties": { "text": {} } }),
                json!({ "txt": 1 }),
                Some("txt: is not a documented field; did you mean text?"),
            ),
            (
                json!({ "properties": { "forms": inner } }),
                json!({ "forms": { "usrs": 1 } }),
                Some("forms.usrs: is not a documented field; did you mean users?"),
            ),
            (
                json!({ "type": "object", "additionalProperties": false }),
                json!({ "a": 1 }),
                Some("a: is not"),
            ),
            (
                json!({ "oneOf": [{ "properties": { "a": {} } }, { "properties": { "b": {} } }] }),
                json!({ "c": 1 }),
                Some("c: is not a documented field; known are a, b"),
            ),
            (
                json!({ "oneOf": [{ "properties": { "a": {} } }, { "type": "string" }] }),
                json!({ "a": 1 }),
                None,
            ),
            (
                json!({ "properties": { "a": {}, "b": {} }, "anyOf": [{ "required": ["a"] }, { "required": ["b"] }] }),
                json!({ "b": 1 }),
                None,
            ),
            // Where nothing is said of fields, any may be there.
            (json!({ "type": "object" }), json!({ "a": 1 }), None),
            (json!({ "properties": { "a": {} }, "additionalProperties": true }), json!({ "b": 1 }), None),
        ] {
            let found = STRICT.value(&schema, &value, "");
            match problem {
                Some(problem) => {
                    assert!(found.as_ref().unwrap_err().contains(problem), "{schema}: {found:?}")
                }
                None => assert_eq!(found, Ok(()), "{schema}"),
            }
            assert_eq!(LENIENT.value(&schema, &value, ""), Ok(()), "{schema}");
        }
        let brackets = Check { inner: Inner::Brackets, ..STRICT };
        let problem = brackets.value(&inner, &json!({ "usrs": 1 }), "filter").unwrap_err();
        assert!(problem.starts_with("filter[usrs]: "), "{problem}");
    }
}

//! What an operation takes and answers, in lines for people, from the JSON Schema of the API's document.
//!
//! Each field is a line: its name, what it may be, and what it is for. Fields inside a field are indented. Nothing here
//! knows any operation.

use serde_json::{Map, Value};

/// One level of indentation.
const INDENT: &str = "  ";

/// A member of a JSON object, or null.
pub(crate) fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// The lines for a list of parameters, as the schemas of an operation have it.
pub(crate) fn parameters(parameters: &[Value]) -> Vec<String> {
    let text =
        |parameter: &Value, name: &str| member(parameter, name).as_str().unwrap_or_default().to_owned();
    let lines = |parameter: &Value| {
        let schema = member(parameter, "schema");
        let mut facts = vec![text(parameter, "in")];
        facts.extend(facts_of(schema, member(parameter, "required") == true));
        facts.extend(deprecated(parameter));
        facts.extend(style(parameter));
        let first = line(INDENT, &text(parameter, "name"), &facts, &text(parameter, "description"));
        let mut lines = vec![first];
        add_fields(schema, &INDENT.repeat(2), &mut lines);
        lines
    };
    parameters.iter().flat_map(lines).collect()
}

/// The lines for the fields of an object.
pub(crate) fn fields(schema: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    add_fields(schema, INDENT, &mut lines);
    lines
}

fn add_fields(schema: &Value, indent: &str, lines: &mut Vec<String>) {
    let Some(object) = object(schema) else { return };
    let required = object.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|one| one == name));
    let Some(properties) = object.get("properties").and_then(Value::as_object) else { return };
    // What must be there comes first; the document's own order is lost on the way.
    let mut names: Vec<&String> = properties.keys().collect();
    names.sort_by_key(|name| !is_required(name));
    for name in names {
        let Some(field) = properties.get(name) else { continue };
        let description = field.get("description").and_then(Value::as_str).unwrap_or_default();
        lines.push(line(indent, name, &facts_of(field, is_required(name)), description));
        add_fields(field, &format!("{indent}{INDENT}"), lines);
    }
}

/// The object that a schema allows: itself, one of its alternatives, or an item of its list.
fn object(schema: &Value) -> Option<&Map<String, Value>> {
    let fields = schema.as_object()?;
    if fields.contains_key("properties") {
        return Some(fields);
    }
    let variants = ["oneOf", "anyOf", "allOf"].iter().filter_map(|name| fields.get(*name)?.as_array());
    let inner = variants.flatten().chain(fields.get("items"));
    inner.filter_map(object).next()
}

/// What a value may be, and whether it has to be there.
fn facts_of(schema: &Value, is_required: bool) -> Vec<String> {
    let mut facts = vec![kind(schema)];
    facts.extend(limits(schema));
    facts.extend(is_required.then(|| "required".to_owned()));
    facts.extend(schema.get("default").map(|value| format!("default {value}")));
    facts.extend(deprecated(schema));
    facts
}

/// Whether a parameter or a field is to go.
fn deprecated(value: &Value) -> Option<String> {
    (member(value, "deprecated") == true).then(|| "deprecated".to_owned())
}

/// How the value of a parameter is written, if that is not as usual.
fn style(parameter: &Value) -> Option<String> {
    Some(match member(parameter, "style").as_str()? {
        "commas" => "sent as one text with commas".to_owned(),
        "spaces" => "sent as one text with spaces".to_owned(),
        "pipes" => "sent as one text with |".to_owned(),
        "fields" => "sent as one text of field=value with commas".to_owned(),
        "json" => "sent as JSON text".to_owned(),
        _ => "written in a way that is not known here: pass it with --raw-param".to_owned(),
    })
}

fn line(indent: &str, name: &str, facts: &[String], description: &str) -> String {
    let facts = facts.join(", ");
    let description = description.split_whitespace().collect::<Vec<_>>().join(" ");
    match description.as_str() {
        "" => format!("{indent}{name} ({facts})"),
        text => format!("{indent}{name} ({facts}): {text}"),
    }
}

/// What kind of value a schema allows, in words.
fn kind(schema: &Value) -> String {
    let alternatives = ["oneOf", "anyOf"].iter().find_map(|name| schema.get(*name)?.as_array());
    if let Some(variants) = alternatives {
        let mut kinds: Vec<String> = variants.iter().map(kind).collect();
        kinds.dedup();
        return kinds.join(" or ");
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        let words: Vec<String> = words.iter().map(plain).collect();
        return words.join(" | ");
    }
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => vec!["any value"],
    };
    let words = types.iter().map(|name| match (*name, schema.get("format").and_then(Value::as_str)) {
        ("array", _) => {
            format!("array of {}", schema.get("items").map_or_else(|| "any value".to_owned(), kind))
        }
        ("string", Some("date-time")) => "date and time, such as 2027-01-31T18:00:00Z".to_owned(),
        ("string", Some("date")) => "date, such as 2027-01-31".to_owned(),
        ("string", Some("uri")) => "URL".to_owned(),
        (name, _) => name.to_owned(),
    });
    words.collect::<Vec<_>>().join(" or ")
}

/// The limits of a value, each in a few words.
fn limits(schema: &Value) -> Vec<String> {
    let mut said = Vec::new();
    for (least, most, unit) in [
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", "character"),
        ("minItems", "maxItems", "item"),
    ] {
        let bound = |name: &str| schema.get(name).map(plain);
        let (range, last) = match (bound(least), bound(most)) {
            (Some(least), Some(most)) => (format!("{least} to {most}"), most),
            (Some(least), None) => (format!("at least {least}"), least),
            (None, Some(most)) => (format!("at most {most}"), most),
            (None, None) => continue,
        };
        said.push(match (unit, last.as_str()) {
            ("", _) => range,
            (unit, "1") => format!("{range} {unit}"),
            (unit, _) => format!("{range} {unit}s"),
        });
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        said.push(format!("matching {pattern}"));
    }
    // What limits an alternative or an item is a limit of this value too, as far as people are concerned.
    let variants = ["oneOf", "anyOf"].iter().filter_map(|name| schema.get(*name)?.as_array());
    for variant in variants.flatten().filter(|variant| variant.get("enum").is_none()) {
        let inner = limits(variant);
        said.extend(inner.iter().map(|limit| format!("{} {limit}", kind(variant))));
    }
    if let Some(items) = schema.get("items").filter(|items| object(items).is_none()) {
        said.extend(limits(items).iter().map(|limit| format!("each {limit}")));
    }
    said
}

/// A value without quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_has_its_kind_limits_default_and_meaning() {
        let schema = json!({"type": "object", "required": ["name"], "properties": {
            "a": {"type": ["number", "null"], "minimum": 0, "maximum": 200, "default": 0},
            "ids": {"type": "array", "maxItems": 4, "items": {"oneOf": [
                {"type": "integer", "minimum": 1}, {"type": "string", "minLength": 1}]}},
            "day": {"type": "string", "format": "date", "deprecated": true},
            "name": {"type": "string", "minLength": 1, "maxLength": 100, "description": "What it\n is called."},
            "nested": {"type": "object", "properties": {"users": {"type": "array", "items": {"type": "integer", "minimum": 1}}}},
            "sort": {"enum": ["asc", "desc"], "type": "string", "default": "asc"},
            "when": {"type": ["string", "null"], "format": "date-time"},
        }});
        assert_eq!(
            fields(&schema),
            [
                "  name (string, 1 to 100 characters, required): What it is called.",
                "  a (number or null, 0 to 200, default 0)",
                "  day (date, such as 2027-01-31, deprecated)",
                "  ids (array of integer or string, at most 4 items, each integer at least 1, each string at least 1 character)",
                "  nested (object)",
                "    users (array of integer, each at least 1)",
                "  sort (asc | desc, default \"asc\")",
                "  when (date and time, such as 2027-01-31T18:00:00Z or null)",
            ]
        );
    }

    #[test]
    fn a_parameter_has_its_place() {
        let limit = json!({"name": "limit", "in": "query", "required": false, "description": "Most items.",
            "schema": {"type": "integer", "minimum": 1, "maximum": 40, "default": 24}});
        let id = json!({"name": "postId", "in": "path", "required": true, "description": "",
            "schema": {"type": "string"}});
        let filter = json!({"name": "filter", "in": "query", "required": false, "description": "Conditions.",
            "deprecated": true, "schema": {"type": "object", "properties": {"online": {"type": "string", "enum": ["0", "1"]}}}});
        assert_eq!(
            parameters(&[limit, id, filter]),
            [
                "  limit (query, integer, 1 to 40, default 24): Most items.",
                "  postId (path, string, required)",
                "  filter (query, object, deprecated): Conditions.",
                "    online (0 | 1)",
            ]
        );
    }

    #[test]
    fn nothing_that_the_document_says_of_a_request_goes_unseen() {
        // How wide a number is says nothing to people.
        const SHOWN: [&str; 18] = [
            "type",
            "format",
            "enum",
            "items",
            "properties",
            "required",
            "oneOf",
            "anyOf",
            "minimum",
            "maximum",
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
            "pattern",
            "default",
            "description",
            "deprecated",
        ];
        fn unseen<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
            for (key, value) in schema.as_object().into_iter().flatten() {
                match key.as_str() {
                    "properties" => {
                        value.as_object().into_iter().flatten().for_each(|(_, it)| unseen(it, found))
                    }
                    "items" => unseen(value, found),
                    "oneOf" | "anyOf" => {
                        value.as_array().into_iter().flatten().for_each(|it| unseen(it, found))
                    }
                    key if SHOWN.contains(&key) => {}
                    key => found.push(key),
                }
            }
        }
        for operation in ofauth::operations() {
            let text = ofauth::schemas::find(operation.id).unwrap();
            let schemas: Value = serde_json::from_str(text).unwrap();
            let mut found = Vec::new();
            unseen(member(member(&schemas, "body"), "schema"), &mut found);
            for parameter in member(&schemas, "parameters").as_array().into_iter().flatten() {
                unseen(member(parameter, "schema"), &mut found);
            }
            assert!(found.is_empty(), "{} has {found:?}, which nobody is shown", operation.id);
        }
    }
}

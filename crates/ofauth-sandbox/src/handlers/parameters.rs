//! The parameters of a request, read as the document says they are written, and checked.
//!
//! Most arrays repeat their name, most objects are written `name[field]=value`. A lenient sandbox also takes what older clients
//! write: `name[]` for arrays, JSON for objects, and names that it does not know.

use http::HeaderMap;
use serde_json::{Map, Value};

use crate::document::{Operation, Parameter, Place, Style};
use crate::schema::{self, Check, Inner};
use crate::{names, number};

/// The parameters that a request has.
#[derive(Debug)]
pub(crate) struct Given<'a> {
    /// The decoded values of the path's parameters.
    pub(crate) path: &'a [String],
    /// The decoded names and values of the query.
    pub(crate) query: &'a [(String, String)],
    /// The headers.
    pub(crate) headers: &'a HeaderMap,
    /// Whether what older clients send is taken.
    pub(crate) lenient: bool,
}

impl Given<'_> {
    /// Holds all of them against the document; returns the names of those that are deprecated.
    pub(crate) fn check(&self, operation: &Operation) -> Result<Vec<String>, String> {
        self.check_names(operation)?;
        let mut deprecated = Vec::new();
        for parameter in &operation.parameters {
            match self.value_of(operation, parameter)? {
                // What its form means is not defined, so nothing is held against it.
                Some(_) if parameter.style == Some(Style::Other) => {}
                Some(value) => {
                    let inner = Inner::Brackets;
                    let check = Check { unknown_fields: self.lenient, inner };
                    check.value(&parameter.schema, &value, &parameter.name)?;
                    deprecated.extend(parameter.deprecated.then(|| parameter.name.clone()));
                }
                None if parameter.required => return Err(format!("{}: is required", parameter.name)),
                None => {}
            }
        }
        Ok(deprecated)
    }

    fn check_names(&self, operation: &Operation) -> Result<(), String> {
        let in_query = || operation.parameters.iter().filter(|parameter| parameter.place == Place::Query);
        let is_known = |name: &str| in_query().any(|parameter| belongs(parameter, name));
        match self.query.iter().find(|(name, _)| !self.lenient && !is_known(name)) {
            Some((name, _)) => {
                let known = in_query().filter(|parameter| !parameter.deprecated);
                let hint = names::hint(name, known.map(|parameter| parameter.name.as_str()));
                Err(format!("{}: is not a parameter of {}{hint}", names::shown(name), operation.id))
            }
            None => Ok(()),
        }
    }

    /// What a parameter is set to, as the JSON that its schema is about.
    fn value_of(&self, operation: &Operation, parameter: &Parameter) -> Result<Option<Value>, String> {
        let name = &parameter.name;
        let texts: Vec<(&str, &str)> = match parameter.place {
            Place::Path => {
                let value = operation.path_position(name).and_then(|position| self.path.get(position));
                value.into_iter().map(|value| (name.as_str(), value.as_str())).collect()
            }
            Place::Query => {
                let own = self.query.iter().filter(|(found, _)| belongs(parameter, found));
                own.map(|(name, value)| (name.as_str(), value.as_str())).collect()
            }
            Place::Header => {
                let values = self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
                values.map(|value| (name.as_str(), value)).collect()
            }
        };
        if texts.is_empty() {
            return Ok(None);
        }
        let is_object = parameter.schema.as_object().is_some_and(|it| schema::types(it).contains(&"object"));
        match parameter.style {
            Some(Style::Form) if !is_object => self.array(parameter, &texts).map(Some),
            Some(Style::Form | Style::DeepObject) => self.object(parameter, &texts).map(Some),
            Some(style @ (Style::Commas | Style::Spaces | Style::Pipes | Style::Fields)) => {
                one_text(parameter, style, is_object, &texts).map(Some)
            }
            Some(Style::Json) => texts
                .first()
                .and_then(|(_, text)| serde_json::from_str(text).ok())
                .ok_or_else(|| format!("{name}: is not JSON"))
                .map(Some),
            Some(Style::Other) => Ok(Some(Value::Null)),
            None => match texts.as_slice() {
                [(name, text)] => read(&parameter.schema, text, name).map(Some),
                several => Err(format!("{name}: is given {} times", several.len())),
            },
        }
    }

    fn array(&self, parameter: &Parameter, texts: &[(&str, &str)]) -> Result<Value, String> {
        let name = &parameter.name;
        if let Some((other, _)) = texts.iter().find(|(found, _)| found != name).filter(|_| !self.lenient) {
            return Err(format!("{other}: write an array as {name}=1&{name}=2"));
        }
        let each = parameter.schema.get("items").unwrap_or(&Value::Null);
        texts.iter().map(|(_, text)| read(each, text, name)).collect()
    }

    fn object(&self, parameter: &Parameter, texts: &[(&str, &str)]) -> Result<Value, String> {
        let mut fields = Map::new();
        for (name, text) in texts {
            match field_of(parameter, name) {
                // Of a form, the name is the field's own.
                Some(field) => {
                    let schema = parameter.schema.pointer(&format!("/properties/{}", escaped(field)));
                    let value = read(schema.unwrap_or(&Value::Null), text, name)?;
                    if fields.insert(field.to_owned(), value).is_some() {
                        return Err(format!("{name}: is given more than once"));
                    }
                }
                None => match serde_json::from_str::<Map<String, Value>>(text) {
                    Ok(json) if self.lenient => fields.extend(texts_of(json)),
                    _ => return Err(format!("{name}: {}", deep_object(parameter))),
                },
            }
        }
        Ok(Value::Object(fields))
    }
}

/// The value of an array or an object that is one text.
fn one_text(
    parameter: &Parameter,
    style: Style,
    is_object: bool,
    texts: &[(&str, &str)],
) -> Result<Value, String> {
    let name = &parameter.name;
    let between = match style {
        Style::Spaces => ' ',
        Style::Pipes => '|',
        _ => ',',
    };
    let [(_, text)] = texts else {
        return Err(format!("{name}: write it as one text: {name}=1{between}2"));
    };
    let parts: Vec<&str> = text.split(between).collect();
    if !is_object {
        let each = parameter.schema.get("items").unwrap_or(&Value::Null);
        return parts.into_iter().map(|part| read(each, part, name)).collect();
    }
    let pairs: Vec<(&str, &str)> = match style {
        Style::Fields => parts.iter().filter_map(|part| part.split_once('=')).collect(),
        _ => parts.chunks(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect(),
    };
    let mut fields = Map::new();
    for (field, text) in pairs {
        let schema = parameter.schema.pointer(&format!("/properties/{}", escaped(field)));
        fields.insert(field.to_owned(), read(schema.unwrap_or(&Value::Null), text, name)?);
    }
    Ok(Value::Object(fields))
}

/// Whether `name`, as it is written in a query, is one of the parameter's.
fn belongs(parameter: &Parameter, name: &str) -> bool {
    let fields = parameter.schema.get("properties").and_then(Value::as_object);
    if parameter.style == Some(Style::Form) && fields.is_some_and(|fields| fields.contains_key(name)) {
        return true;
    }
    let rest = name.strip_prefix(parameter.name.as_str());
    rest.is_some_and(|rest| match parameter.style {
        Some(Style::Commas | Style::Spaces | Style::Pipes | Style::Fields | Style::Json | Style::Other)
        | None => rest.is_empty(),
        Some(Style::Form) => rest.is_empty() || rest == "[]",
        Some(Style::DeepObject) => rest.is_empty() || rest.starts_with('['),
    })
}

/// The field that `name[field]` names.
fn field_of<'a>(parameter: &Parameter, name: &'a str) -> Option<&'a str> {
    if parameter.style == Some(Style::Form) {
        return Some(name);
    }
    name.strip_prefix(parameter.name.as_str())?.strip_prefix('[')?.strip_suffix(']')
}

/// How an object is written, by its first field.
fn deep_object(parameter: &Parameter) -> String {
    let fields = parameter.schema.get("properties").and_then(Value::as_object);
    let first = fields.and_then(|fields| fields.keys().next()).map_or("field", String::as_str);
    format!("is an object; write each field on its own: {}[{first}]=value", parameter.name)
}

/// What older clients wrote in JSON, as the texts that it would be in a query.
fn texts_of(json: Map<String, Value>) -> impl Iterator<Item = (String, Value)> {
    json.into_iter().map(|(name, value)| match value {
        Value::Bool(_) | Value::Number(_) => (name, Value::String(value.to_string())),
        other => (name, other),
    })
}

/// The JSON that a text in a path or a query stands for.
fn read(schema: &Value, text: &str, name: &str) -> Result<Value, String> {
    let types = schema.as_object().map(schema::types).unwrap_or_default();
    let (value, wanted) = match types.first() {
        Some(&"integer") => (number::whole_text(text).and_then(number::to_json), "a whole number"),
        Some(&"number") => (number::number_text(text).map(Value::Number), "a number"),
        Some(&"boolean") => (text.parse().ok().map(Value::Bool), "true or false"),
        _ => (Some(Value::from(text)), "a text"),
    };
    value.ok_or_else(|| {
        format!("{name}: must be {wanted}, not {}", names::shown(&Value::from(text).to_string()))
    })
}

/// A name as a part of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_that_the_api_gives_up_are_named_and_not_suggested() {
        let parameter = |name: &str, deprecated: bool| json!({ "name": name, "in": "query", "required": false, "schema": {}, "deprecated": deprecated });
        let operation: Operation = serde_json::from_value(json!({
            "id": "list_it", "method": "GET", "path": "/it", "connection": "none", "body": "none", "request": null,
            "status": 200, "response": {}, "parameters": [parameter("sortBy", true), parameter("order", false)],
        }))
        .unwrap();
        let check = |name: &str| {
            let query = [(name.to_owned(), "x".to_owned())];
            Given { path: &[], query: &query, headers: &HeaderMap::new(), lenient: false }.check(&operation)
        };
        assert_eq!(check("sortBy"), Ok(vec!["sortBy".to_owned()]));
        assert_eq!(check("order"), Ok(vec![]));
        assert_eq!(check("sortB"), Err("sortB: is not a parameter of list_it; known are order".to_owned()));
    }

    #[test]
    fn every_style_is_read_and_checked() {
        let list = json!({ "type": "array", "items": { "type": "integer" } });
        let object = json!({ "type": "object", "properties": { "a": { "type": "integer" }, "b": { "type": "string" } } });
        for (style, schema, right, wrong) in [
            ("form", &list, "it=1&it=2", "it=x"),
            ("commas", &list, "it=1,2", "it=1,x"),
            ("spaces", &list, "it=1%202", "it=1,2"),
            ("pipes", &list, "it=1%7C2", "it=1&it=2"),
            ("json", &list, "it=[1,2]", "it=1,2"),
            ("form", &object, "a=1&b=x", "a=x"),
            ("deepObject", &object, "it[a]=1", "it[a]=x"),
            ("commas", &object, "it=a,1,b,x", "it=a,x"),
            ("fields", &object, "it=a=1,b=x", "it=a=x"),
            ("other", &object, "it=whatever", "its=1"),
        ] {
            let parameter =
                json!({ "name": "it", "in": "query", "required": false, "schema": schema, "style": style });
            let operation: Operation = serde_json::from_value(json!({
                "id": "list_it", "method": "GET", "path": "/it", "connection": "none", "body": "none", "request": null,
                "status": 200, "response": {}, "parameters": [parameter],
            }))
            .unwrap();
            let check = |query: &str| {
                let query = crate::query::pairs(query);
                Given { path: &[], query: &query, headers: &HeaderMap::new(), lenient: false }
                    .check(&operation)
            };
            assert_eq!(check(right), Ok(vec![]), "{style} {right}");
            assert!(check(wrong).is_err(), "{style} {wrong}");
        }
    }
}

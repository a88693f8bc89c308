//! What the value of a parameter is on the wire: pairs of a name and a text, held against the operation table.
//!
//! Pure. A plain value is one pair. What becomes of arrays and objects, the parameter's style says; what is allowed, the table.

use ofauth_operations::operation::{Encode, Kind, Operation, Parameter, Style};
use serde_json::{Map, Value};

use super::allowed;
use crate::error::{Error, ErrorKind, Result, invalid};

/// Names and texts, as they are sent.
pub(super) type Pairs = Vec<(String, String)>;

/// The encoded pairs for `value`, if it fits the parameter. Of an object the fields that are among the `raw` pairs are left out.
pub(super) fn pairs(
    operation: &Operation,
    parameter: &Parameter,
    value: &Value,
    raw: &Pairs,
    encode: Encode<'_>,
) -> Result<Pairs> {
    let (name, style) = (parameter.name, parameter.style);
    if style == Style::Other {
        return Err(invalid(format!(
            "the parameter {name:?} of {} has a form that this version does not write: pass it raw",
            operation.id
        )));
    }
    match parameter.kind {
        _ if style == Style::Json => Ok(vec![(encode(name), encode(&json(value)))]),
        Kind::Object => {
            let fields = fields(operation, parameter, &object(operation, parameter, value)?, raw)?;
            Ok(style.object(name, &fields, encode))
        }
        Kind::Array => Ok(style.array(name, &checked(operation, parameter, name, value)?, encode)),
        _ => {
            let texts = checked(operation, parameter, name, value)?;
            Ok(texts.iter().map(|text| (encode(name), encode(text))).collect())
        }
    }
}

/// The JSON text of a value, which may also come as that text.
fn json(value: &Value) -> String {
    match value {
        Value::String(text) if serde_json::from_str::<Value>(text).is_ok() => text.clone(),
        other => other.to_string(),
    }
}

/// The texts for the fields of an object. One that holds a list is there several times.
fn fields(
    operation: &Operation,
    parameter: &Parameter,
    object: &Map<String, Value>,
    raw: &Pairs,
) -> Result<Pairs> {
    let mut pairs = Pairs::new();
    if parameter.properties.is_empty() {
        for (field, value) in object.iter().filter(|(_, value)| !value.is_null()) {
            let wanted = || wrong(operation, &format!("{}[{field}]", parameter.name), "a plain value");
            pairs.push((field.clone(), plain(value).ok_or_else(wanted)?));
        }
        return Ok(pairs);
    }
    let known = |name: &str| parameter.properties.iter().any(|property| property.name == name);
    if let Some(unknown) = object.keys().find(|name| !known(name)) {
        let known: Vec<_> = parameter.properties.iter().map(|property| property.name).collect();
        return Err(invalid(format!(
            "the parameter {:?} of {} has no field {unknown:?}: it takes {}",
            parameter.name,
            operation.id,
            known.join(", ")
        )));
    }
    for property in parameter.properties {
        let name = field_name(parameter, property);
        match object.get(property.name) {
            _ if raw.iter().any(|(sent, _)| *sent == name) => {}
            None | Some(Value::Null) if property.required => {
                return Err(invalid(format!("{} needs the parameter {name:?}", operation.id)));
            }
            None | Some(Value::Null) => {}
            Some(value) => {
                let texts = checked(operation, property, &name, value)?;
                pairs.extend(texts.into_iter().map(|text| (property.name.to_owned(), text)));
            }
        }
    }
    Ok(pairs)
}

/// What a field of an object is called on the wire.
fn field_name(parameter: &Parameter, property: &Parameter) -> String {
    match parameter.style {
        Style::Repeated => property.name.to_owned(),
        _ => format!("{}[{}]", parameter.name, property.name),
    }
}

/// An object, which may also come as its JSON text.
fn object(operation: &Operation, parameter: &Parameter, value: &Value) -> Result<Map<String, Value>> {
    let object = match value {
        Value::Object(object) => Some(object.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    };
    object.ok_or_else(|| wrong(operation, parameter.name, "a JSON object"))
}

/// The texts of a plain value or an array, under this name, if the document allows them.
fn checked(operation: &Operation, parameter: &Parameter, name: &str, value: &Value) -> Result<Vec<String>> {
    let texts = texts(operation, parameter, name, value)?;
    check(operation, parameter, name, &texts)?;
    Ok(texts)
}

/// Refuses what the document does not allow as the value of a parameter.
fn check(operation: &Operation, parameter: &Parameter, name: &str, texts: &[String]) -> Result<()> {
    let Some(remedy) = allowed::remedy(parameter, texts) else { return Ok(()) };
    // An array has several values, and what is wrong may be their number.
    let value = match texts {
        [text] => format!("{text:?}"),
        texts => format!("{texts:?}"),
    };
    Err(invalid(format!("the parameter {name:?} of {} is {value}: {remedy}", operation.id)))
}

/// Refuses a query, which was put together elsewhere, if the document does not allow what is in it.
#[cfg(feature = "typed")]
pub(super) fn check_query(operation: &Operation, url: &url::Url) -> Result<()> {
    use ofauth_operations::operation::Place;

    let decoded = |text: &str| {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        pairs.map(|(name, _)| name.into_owned()).next().unwrap_or_default()
    };
    let pairs: Vec<(&str, &str)> = url
        .query()
        .into_iter()
        .flat_map(|query| query.split('&'))
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    let check = |parameter: &Parameter, name: &str| {
        let sent = pairs.iter().filter(|(sent, _)| decoded(sent) == name);
        let texts: Vec<String> = sent
            .flat_map(|(_, text)| match parameter.kind {
                Kind::Array => parameter.style.values(text),
                _ => vec![*text],
            })
            .map(decoded)
            .collect();
        if texts.is_empty() { Ok(()) } else { check(operation, parameter, name, &texts) }
    };
    let all = operation.parameters.iter().filter(|parameter| parameter.place == Place::Query);
    for parameter in all.filter(|parameter| !matches!(parameter.style, Style::Json | Style::Other)) {
        check(parameter, parameter.name)?;
        let by_pairs = matches!(parameter.style, Style::Repeated | Style::DeepObject);
        for property in parameter.properties.iter().filter(|_| by_pairs) {
            check(property, &field_name(parameter, property))?;
        }
    }
    Ok(())
}

/// The text, or the several texts of an array, that stand for a value on the wire.
fn texts(operation: &Operation, parameter: &Parameter, name: &str, value: &Value) -> Result<Vec<String>> {
    let wrong = |wanted: &str| wrong(operation, name, wanted);
    let whole = |text: &str| text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok();
    let one = |text: String| Ok(vec![text]);
    match (parameter.kind, value) {
        (Kind::String | Kind::Id, Value::String(text)) => one(text.clone()),
        (Kind::String, Value::Number(_) | Value::Bool(_)) => one(value.to_string()),
        (Kind::Id, Value::Number(number)) if whole(&number.to_string()) => one(number.to_string()),
        (Kind::String, _) => Err(wrong("text")),
        (Kind::Id, _) => Err(wrong("an id: a whole number or text")),
        (Kind::Integer, Value::Number(number)) if whole(&number.to_string()) => one(number.to_string()),
        (Kind::Integer, Value::String(text)) if whole(text) => one(text.clone()),
        (Kind::Integer, _) => Err(wrong("a whole number")),
        (Kind::Number, Value::Number(number)) => one(number.to_string()),
        (Kind::Number, Value::String(text)) if text.parse::<f64>().is_ok_and(f64::is_finite) => {
            one(text.clone())
        }
        (Kind::Number, _) => Err(wrong("a number")),
        (Kind::Boolean, Value::Bool(flag)) => one(flag.to_string()),
        (Kind::Boolean, Value::String(text)) if matches!(text.as_str(), "true" | "false") => {
            one(text.clone())
        }
        (Kind::Boolean, _) => Err(wrong("true or false")),
        (Kind::Array, Value::Array(values)) => {
            values.iter().map(|value| plain(value).ok_or_else(|| wrong("an array of plain values"))).collect()
        }
        (Kind::Array, Value::String(text)) => one(text.clone()),
        (Kind::Array, Value::Number(_)) => one(value.to_string()),
        (Kind::Array, _) => Err(wrong("an array")),
        _ => Err(unknown(operation.id)),
    }
}

/// The text of a value that is no array, no object and not null.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// The table is newer than this crate, which cannot make the request then.
pub(super) fn unknown(operation_id: &str) -> Error {
    let text = format!("{operation_id} takes what this version of the library does not know");
    Error::new(ErrorKind::Internal, text)
}

fn wrong(operation: &Operation, name: &str, wanted: &str) -> Error {
    invalid(format!("the parameter {name:?} of {} is not {wanted}", operation.id))
}

#[cfg(test)]
mod tests {
    use ofauth_operations::operations::OPERATIONS;
    use serde_json::json;

    use super::*;

    /// Every object parameter of the document, with its operation.
    fn objects() -> impl Iterator<Item = (&'static Operation, &'static Parameter)> {
        let all = OPERATIONS
            .iter()
            .flat_map(|operation| operation.parameters.iter().map(move |parameter| (operation, parameter)));
        all.filter(|(_, parameter)| parameter.kind == Kind::Object)
    }

    /// A value that a field allows, as JSON and on the wire.
    fn value_of(property: &Parameter) -> (Value, String) {
        match (property.values, property.kind) {
            ([.., word], _) => (json!(word), (*word).to_owned()),
            (_, Kind::Integer | Kind::Id) => (json!(7), "7".to_owned()),
            (_, Kind::Number) => (json!(1.5), "1.5".to_owned()),
            (_, Kind::Boolean) => (json!(true), "true".to_owned()),
            _ => (json!("a b"), "a b".to_owned()),
        }
    }

    #[test]
    fn each_field_of_every_object_of_the_document_is_a_pair_and_is_checked() {
        let mut seen = 0;
        for (operation, parameter) in objects() {
            seen += 1;
            let values = parameter.properties.iter().map(|it| (it.name.to_owned(), value_of(it).0));
            let object = Value::Object(values.collect());
            let wanted: Pairs = parameter
                .properties
                .iter()
                .map(|it| (format!("{}[{}]", parameter.name, it.name), value_of(it).1))
                .collect();
            assert!(!wanted.is_empty());
            for form in [object.clone(), Value::String(object.to_string())] {
                assert_eq!(
                    pairs(operation, parameter, &form, &Pairs::new(), &str::to_owned).unwrap(),
                    wanted
                );
            }
            for property in parameter.properties {
                let name = format!("{}[{}]", parameter.name, property.name);
                let mut wrong = object.clone();
                wrong[property.name] = json!({});
                let text = pairs(operation, parameter, &wrong, &Pairs::new(), &str::to_owned)
                    .unwrap_err()
                    .to_string();
                assert!(text.contains(&name) && text.contains(operation.id), "{text}");
                if !property.values.is_empty() {
                    wrong[property.name] = json!("banana");
                    let text = pairs(operation, parameter, &wrong, &Pairs::new(), &str::to_owned)
                        .unwrap_err()
                        .to_string();
                    assert!(text.contains(&name) && text.contains("\"banana\": use "), "{text}");
                }
                wrong[property.name] = Value::Null;
                let left_out = pairs(operation, parameter, &wrong, &Pairs::new(), &str::to_owned).unwrap();
                assert!(left_out.iter().all(|(sent, _)| *sent != name), "{left_out:?}");
            }
            for (value, said) in
                [(json!({"nope": 1}), "no field \"nope\": it takes"), (json!([]), "a JSON object")]
            {
                let text = pairs(operation, parameter, &value, &Pairs::new(), &str::to_owned)
                    .unwrap_err()
                    .to_string();
                assert!(text.contains(said), "{text}");
            }
        }
        assert!(seen > 0, "the document has no object parameter, and this test is for nothing");
    }

    #[cfg(feature = "typed")]
    #[test]
    fn a_query_that_was_put_together_elsewhere_is_checked_too() {
        let operation = objects().next().unwrap().0;
        let check = |query: &str| {
            check_query(operation, &url::Url::parse(&format!("http://127.0.0.1/?{query}")).unwrap())
        };
        check("filter[online]=1&limit=10&later=x").unwrap();
        for (query, said) in
            [("filter%5Bonline%5D=banana", "\"filter[online]\" of"), ("limit=0", "\"limit\" of")]
        {
            let text = check(query).unwrap_err().to_string();
            assert!(text.contains(said), "{text}");
        }
    }

    #[test]
    fn a_raw_pair_stands_for_the_field_of_its_name() {
        let (operation, parameter) = objects().next().unwrap();
        let raw = vec![("filter[online]".to_owned(), "banana".to_owned())];
        let sent =
            pairs(operation, parameter, &json!({"online": 1, "tips": "x"}), &raw, &str::to_owned).unwrap();
        assert_eq!(sent, [("filter[tips]".to_owned(), "x".to_owned())]);
    }
}

//! The rule by which a list without a page mark gets one, where its parameters and its answer leave no doubt.

use serde_json::{Map, Value, json};

use crate::emit::page::{SIZE, STYLES};
use crate::site::{self, OperationSite, allows, resolve};

/// Parameters that take a place in lists of other services, in styles that the clients do not have.
const OTHER: [&str; 9] = [
    "page",
    "pageNumber",
    "page_number",
    "perPage",
    "per_page",
    "pageSize",
    "page_size",
    "pageToken",
    "skip",
];

/// What the rule makes of an operation.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    /// It takes no place in a list.
    NoList,
    /// The one mark that fits.
    Mark(Value),
    /// The marks that might fit, and what the doubt is.
    Doubt(Vec<Value>, String),
}

/// Holds the parameters of an operation against its answer.
pub(super) fn mark(root: &Value, operation: &OperationSite<'_>) -> Found {
    let parameters = site::parameters(root, operation);
    let has =
        |name: &str| parameters.iter().any(|parameter| parameter.name == name && parameter.within == "query");
    let styles: Vec<_> = STYLES.iter().filter(|(_, _, place)| has(place)).collect();
    let sized = has(SIZE);
    let other = OTHER.iter().find(|name| has(name));
    if operation.method != "get" || (styles.is_empty() && !sized && other.is_none()) {
        return Found::NoList;
    }
    let answer = site::answer(root, operation.operation);
    let forms = answer.map(|schema| site::forms(root, schema)).unwrap_or_default();
    let bare = forms.iter().any(|form| allows(form, "array"));
    let fields: Vec<(&str, &Value)> = forms
        .iter()
        .filter_map(|form| form.get("properties")?.as_object())
        .flatten()
        .filter_map(|(name, field)| Some((name.as_str(), resolve(root, field)?)))
        .collect();
    let lists: Vec<&str> =
        fields.iter().filter(|(_, field)| allows(field, "array")).map(|(name, _)| *name).collect();
    let usual: Vec<&str> = lists.iter().copied().filter(|name| ["list", "items"].contains(name)).collect();
    let items = if usual.is_empty() { lists } else { usual };
    let more = fields.iter().map(|(name, _)| *name).find(|name| *name == "hasMore");
    let nexts: Vec<&str> = fields
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| (name.starts_with("next") && name.len() > 4) || *name == "tailMarker")
        .collect();
    if let (Some(other), true) = (other, styles.is_empty() && (bare || !items.is_empty())) {
        return Found::Doubt(
            vec![json!("none")],
            format!("{other} takes a place in it, which no style does"),
        );
    }
    if styles.is_empty() && !items.is_empty() && more.is_none() && nexts.is_empty() {
        // A limit of how many, and nothing by which one could go on.
        return Found::Mark(json!("none"));
    }
    let mut candidates = Vec::new();
    for (style, _, place) in &styles {
        // The two forms of an answer say which of the two styles it is.
        if *place == "offset" && (*style == "offset-or-array") != bare {
            continue;
        }
        let next = nexts.iter().copied().find(|next| continues(style, next));
        for items in &items {
            let mut mark =
                Map::from_iter([("style".to_owned(), json!(style)), ("items".to_owned(), json!(items))]);
            let size = sized.then_some(SIZE);
            for (member, name) in [("more", more), ("next", next), ("size", size)] {
                if let Some(name) = name {
                    mark.insert(member.to_owned(), json!(name));
                }
            }
            candidates.push((Value::Object(mark), next.is_some() || (*place == "offset" && more.is_some())));
        }
    }
    match candidates.as_slice() {
        [(mark, true)] => Found::Mark(mark.clone()),
        _ => {
            let doubt = match candidates.as_slice() {
                [] if items.is_empty() => "its answer has no field with a list".to_owned(),
                [] => "no parameter takes a place in it".to_owned(),
                [_] => "its answer does not say where the next page begins".to_owned(),
                several => format!("{} marks would fit", several.len()),
            };
            let all = candidates.into_iter().map(|(mark, _)| mark).chain([json!("none")]);
            Found::Doubt(all.collect(), doubt)
        }
    }
}

/// Whether a field of an answer holds what the parameter of a style takes.
fn continues(style: &str, field: &str) -> bool {
    match style {
        "time-marker" => field == "tailMarker",
        _ => {
            let kind = style
                .split('-')
                .map(|word| word.chars().filter(char::is_ascii_alphabetic).collect::<String>());
            let kind: String = kind.take(if style == "last-id" { 2 } else { 1 }).collect();
            field.to_ascii_lowercase() == format!("next{kind}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(parameters: &[&str], answer: Value) -> Found {
        let parameters: Vec<Value> = parameters
            .iter()
            .map(|name| json!({"name": name, "in": "query", "schema": {"type": "string"}}))
            .collect();
        let root = json!({
            "paths": {"/v2/drills": {"get": {
                "parameters": parameters,
                "responses": {"200": {"content": {"application/json": {"schema": answer}}}},
            }}},
            "components": {"schemas": {"Page": page(&["hasMore"])}},
        });
        mark(&root, &site::operations(&root)[0])
    }

    /// A page with a list of items and more fields.
    fn page(fields: &[&str]) -> Value {
        let mut page = json!({"type": "object", "properties": {"list": {"type": "array"}}});
        fields.iter().for_each(|field| page["properties"][field] = json!({"type": "string"}));
        page
    }

    #[test]
    fn a_list_without_doubt_is_marked() {
        let reference = json!({"$ref": "#/components/schemas/Page"});
        let either = json!({"oneOf": [{"type": "array"}, reference]});
        for (parameters, answer, wanted) in [
            (vec!["q"], page(&[]), None),
            (
                vec!["offset", "limit"],
                reference,
                Some(json!({"style": "offset", "items": "list", "more": "hasMore", "size": "limit"})),
            ),
            (
                vec!["offset"],
                either,
                Some(json!({"style": "offset-or-array", "items": "list", "more": "hasMore"})),
            ),
            (
                vec!["cursor", "limit"],
                page(&["nextCursor"]),
                Some(json!({"style": "cursor", "items": "list", "next": "nextCursor", "size": "limit"})),
            ),
            (
                vec!["last_id"],
                page(&["nextLastId"]),
                Some(json!({"style": "last-id", "items": "list", "next": "nextLastId"})),
            ),
            (
                vec!["beforePublishTime"],
                page(&["tailMarker", "headMarker"]),
                Some(json!({"style": "time-marker", "items": "list", "next": "tailMarker"})),
            ),
            (vec!["limit"], page(&[]), Some(json!("none"))),
        ] {
            let wanted = wanted.map_or(Found::NoList, Found::Mark);
            assert_eq!(found(&parameters, answer.clone()), wanted, "{parameters:?} {answer}");
        }
    }

    #[test]
    fn a_doubt_tells_all_that_would_fit() {
        let two = json!({"properties": {"a": {"type": "array"}, "b": {"type": "array"}, "hasMore": {}}});
        for (parameters, answer, count, doubt) in [
            (vec!["limit"], page(&["hasMore"]), 1, "no parameter takes a place"),
            (vec!["offset", "limit"], json!({"type": "array"}), 1, "no field with a list"),
            (vec!["offset"], json!({}), 1, "no field with a list"),
            (vec!["cursor"], page(&["hasMore"]), 2, "where the next page begins"),
            (vec!["offset"], two, 3, "2 marks would fit"),
            (vec!["offset", "cursor"], page(&["hasMore", "nextCursor"]), 3, "2 marks would fit"),
        ] {
            let Found::Doubt(marks, why) = found(&parameters, answer.clone()) else {
                panic!("{parameters:?} {answer}")
            };
            assert_eq!((marks.len(), marks.last()), (count, Some(&json!("none"))), "{parameters:?} {answer}");
            assert!(why.contains(doubt), "{why}");
        }
    }
}

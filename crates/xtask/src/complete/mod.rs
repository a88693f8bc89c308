//! Gives operations that are new what the overlay gives the others: an id of ours, and a list its page mark, by rule.
//!
//! What it gives are actions of the overlay, for the command that updates the document to write down: from then on they are
//! ours, and no later rule changes them. Where the rule does not decide, there is a finding and no action.

mod name;
mod page;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use self::name::Answer;
use self::page::Found;
use crate::emit::page::MARK;
use crate::finding::Finding;
use crate::overlay::{Action, FILE, apply};
use crate::site::{self, OperationSite, allows};

/// What was given, and what was not.
#[derive(Debug, Default)]
pub struct Completed {
    /// Actions to write at the end of the overlay. The document has them already.
    pub actions: Vec<Action>,
    /// What a person has to decide.
    pub findings: Vec<Finding>,
}

/// Ids that the client's own methods and types have, or its modules.
const RESERVED: &[&str] = &[
    "ask",
    "builder",
    "byte_stream",
    "client",
    "client_hooks",
    "client_info",
    "clone",
    "error",
    "inner",
    "new",
    "operation_info",
    "request_builder_ext",
    "response_value",
    "result",
    "send",
    "string",
    "tell",
    "types",
];

/// Completes a merged document, the publisher's own ids dropped before.
pub fn complete(merged: &mut Value) -> Completed {
    let mut completed = Completed::default();
    let (named, mut given) = names(merged, &mut completed.findings);
    for operation in site::operations(merged) {
        let place = operation.place();
        if operation.operation.get(MARK).is_some() {
            continue;
        }
        match page::mark(merged, &operation) {
            Found::NoList => {}
            Found::Mark(mark) => {
                given
                    .entry(place)
                    .or_insert_with(|| (operation.steps(), Map::new()))
                    .1
                    .insert(MARK.to_owned(), mark);
            }
            Found::Doubt(marks, doubt) => completed.findings.push(undecided(&operation, &marks, &doubt)),
        }
    }
    for (place, (steps, update)) in given {
        let why = match (named.contains(&place), update.contains_key(MARK)) {
            (true, true) => "Name and page mark by rule.",
            (true, false) => "Name by rule.",
            (false, _) => "Page mark by rule.",
        };
        completed.actions.push(Action::update(&steps, Value::Object(update), why));
    }
    let actions: Vec<Value> = completed.actions.iter().map(Action::value).collect();
    if let Err(error) = apply(merged, &json!({"overlay": "1.0.0", "actions": actions})) {
        completed.findings.push(Finding::new(FILE, format!("{error:#}"), "name the operation by hand"));
    }
    merged.sort_all_objects();
    completed
}

type Given = BTreeMap<String, (Vec<crate::overlay::Step>, Map<String, Value>)>;

/// The places that get a name, and what they get.
fn names(merged: &Value, findings: &mut Vec<Finding>) -> (BTreeSet<String>, Given) {
    let operations = site::operations(merged);
    let taken: BTreeSet<&str> =
        operations.iter().map(OperationSite::id).filter(|id| !id.is_empty()).collect();
    let new: Vec<(&OperationSite<'_>, Vec<String>)> = operations
        .iter()
        .filter(|operation| operation.id().is_empty())
        .map(|operation| {
            (operation, name::names(operation.method, operation.path, answer(merged, operation)))
        })
        .collect();
    // No name goes to one of two that might have it: which of them it is must not hang on their order.
    let mut wanted: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, names) in &new {
        for name in names {
            let count = wanted.entry(name).or_default();
            *count = count.saturating_add(1);
        }
    }
    let mut named = BTreeSet::new();
    let mut given = Given::new();
    for (operation, names) in &new {
        let free = |name: &&String| {
            is_usable(name) && !taken.contains(name.as_str()) && wanted.get(name.as_str()) == Some(&1)
        };
        match names.iter().find(free) {
            Some(name) => {
                let update = Map::from_iter([("operationId".to_owned(), json!(name))]);
                given.insert(operation.place(), (operation.steps(), update));
                named.insert(operation.place());
            }
            None => findings.push(clash(operation, names)),
        }
    }
    (named, given)
}

/// Whether a name can be a method of the client.
#[must_use]
pub fn is_usable(name: &str) -> bool {
    let is_snake = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_')
        && heck::ToSnakeCase::to_snake_case(name) == name;
    is_snake && !RESERVED.contains(&name) && syn::parse_str::<syn::Ident>(name).is_ok()
}

/// The names that the rule has for an operation, the best first.
#[must_use]
pub fn proposals(merged: &Value, operation: &OperationSite<'_>) -> Vec<String> {
    name::names(operation.method, operation.path, answer(merged, operation))
}

/// The page marks that an operation might have, the likeliest first.
#[must_use]
pub fn page_marks(merged: &Value, operation: &OperationSite<'_>) -> Vec<Value> {
    match page::mark(merged, operation) {
        Found::NoList => Vec::new(),
        Found::Mark(mark) => vec![mark],
        Found::Doubt(marks, _) => marks,
    }
}

fn answer(merged: &Value, operation: &OperationSite<'_>) -> Answer {
    if operation.operation.get(MARK).is_some_and(Value::is_object) {
        return Answer::Many;
    }
    let Some(schema) = site::answer(merged, operation.operation) else { return Answer::Open };
    let forms = site::forms(merged, schema);
    let mut fields = forms.iter().filter_map(|form| form.get("properties")?.as_object()).flatten().peekable();
    let known = fields.peek().is_some();
    let lists = |(name, field): (&String, &Value)| {
        ["list", "items"].contains(&name.as_str())
            && site::resolve(merged, field).is_some_and(|field| allows(field, "array"))
    };
    if forms.iter().any(|form| allows(form, "array")) || fields.any(lists) {
        Answer::Many
    } else if known {
        Answer::One
    } else {
        Answer::Open
    }
}

fn clash(operation: &OperationSite<'_>, names: &[String]) -> Finding {
    let action = |name: &str| Action::update(&operation.steps(), json!({"operationId": name}), "");
    Finding::new(
        operation.place(),
        format!("it has no id, and every name by rule is taken or cannot be one: {}", names.join(", ")),
        format!("add to {FILE}, with a name of your own:\n{}", action("a_name_of_its_own").text().trim_end()),
    )
}

fn undecided(operation: &OperationSite<'_>, marks: &[Value], doubt: &str) -> Finding {
    let lines: Vec<String> = marks
        .iter()
        .map(|mark| {
            Action::update(&operation.steps(), json!({ MARK: mark }), "").text().trim_end().to_owned()
        })
        .collect();
    Finding::new(
        operation.place(),
        format!("it is a list without {MARK}, and {doubt}"),
        format!("add to {FILE} the one of these that is right, or a mark of your own:\n{}", lines.join("\n")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adopt::{Names, adopt};

    fn document(paths: Value) -> Value {
        json!({"openapi": "3.1.0", "paths": paths})
    }

    #[test]
    fn what_is_new_is_named_and_what_is_named_stays() {
        let page = json!({"200": {"content": {"application/json": {"schema": {"properties": {
            "list": {"type": "array"}, "hasMore": {"type": "boolean"},
        }}}}}});
        let mut merged = document(json!({
            "/v2/access/drills": {
                "get": {"parameters": [{"name": "offset", "in": "query"}], "responses": page},
                "post": {"operationId": "drill"},
            },
            "/v2/access/drills/{drillId}/start": {"post": {}},
        }));
        let completed = complete(&mut merged);
        assert_eq!(completed.findings, []);
        let lines: String = completed.actions.iter().map(Action::text).collect();
        assert_eq!(
            lines,
            "  - target: $.paths['/v2/access/drills'].get\n    description: Name and page mark by rule.\n    update:\n      \
             operationId: list_drills\n      x-ofauth-page: {items: list, more: hasMore, style: offset}\n  \
             - target: $.paths['/v2/access/drills/{drillId}/start'].post\n    description: Name by rule.\n    update:\n      \
             operationId: start_drill\n"
        );
        assert_eq!(merged["paths"]["/v2/access/drills"]["post"]["operationId"], "drill");
        assert_eq!(merged["paths"]["/v2/access/drills"]["get"]["operationId"], "list_drills");
        let again = complete(&mut merged);
        assert!(again.actions.is_empty() && again.findings.is_empty());
    }

    #[test]
    fn a_clash_takes_the_longer_name_and_then_a_person() {
        let mut merged = document(json!({
            "/v2/access/posts/{id}": {"get": {"operationId": "get_post"}},
            "/v2/analytics/posts/{id}": {"get": {}},
            "/v2/access/drills/{id}": {"get": {}},
            "/v2/access/earnings/drills/{id}": {"get": {}},
            "/v2/access/media/{id}": {"delete": {}},
            "/v2/access/media": {"delete": {}},
            "/v2/{id}": {"get": {}},
        }));
        let completed = complete(&mut merged);
        let ids: Vec<_> =
            site::operations(&merged).iter().map(|it| (it.path.to_owned(), it.id().to_owned())).collect();
        let id = |path: &str| ids.iter().find(|(found, _)| found == path).unwrap().1.clone();
        assert_eq!(id("/v2/analytics/posts/{id}"), "get_analytics_post");
        assert_eq!(id("/v2/access/drills/{id}"), "get_access_drill");
        assert_eq!(id("/v2/access/earnings/drills/{id}"), "get_earnings_drill");
        assert_eq!(id("/v2/{id}"), "get");
        let places: Vec<&str> = completed.findings.iter().map(|finding| finding.place.as_str()).collect();
        assert_eq!(places, ["delete /v2/access/media", "delete /v2/access/media/{id}"]);
        assert!(
            completed.findings[0].problem.contains("delete_media, delete_access_media"),
            "{}",
            completed.findings[0]
        );
    }

    #[test]
    fn names_that_rust_has_are_not_used() {
        for name in ["type", "new", "send", "Get", "get_", "9", "", "a__b", "get-it", "é"] {
            assert!(!is_usable(name), "{name}");
        }
        assert!(is_usable("get_v2_thing"));
    }

    #[test]
    fn ids_of_the_publisher_do_not_count() {
        let document =
            document(json!({"/v2/access/drills": {"get": {"operationId": "getV2Drills"}, "parameters": []}}));
        let mut document = adopt(document, &Names::default()).document;
        complete(&mut document);
        assert_eq!(document["paths"]["/v2/access/drills"]["get"]["operationId"], "list_drills");
    }
}

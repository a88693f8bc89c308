//! Checks what requests send: that every field that may be null can be sent as null.

use serde_json::{Value, json};

use super::context::Context;
use super::cure::overlay;
use super::schema::SchemaSite;
use crate::finding::Finding;
use crate::overlay::{Action, Step};
use crate::rust_name;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let nested = context.schemas.iter().filter(|site| site.sent && is_component(&site.steps));
    nested
        .filter(|site| !site.outermost && has_nullable_field(site.schema))
        .filter_map(|site| name_it(context, site))
        .collect()
}

fn is_component(steps: &[Step]) -> bool {
    steps.first() == Some(&"components".into()) && steps.get(1) == Some(&"schemas".into())
}

/// Whether an object has an optional field that may be null.
fn has_nullable_field(schema: &Value) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required =
        |name: &str| required.is_some_and(|names| names.iter().any(|required| required == name));
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties.into_iter().any(|(name, field)| may_be_null(field) && !is_required(name))
}

fn may_be_null(field: &Value) -> bool {
    let null = |schema: &Value| schema.get("type") == Some(&json!("null"));
    let among = |key: &str| field.get(key).and_then(Value::as_array).is_some_and(|all| all.iter().any(null));
    field.get("nullable") == Some(&json!(true))
        || field.get("type").and_then(Value::as_array).is_some_and(|types| types.contains(&json!("null")))
        || field.get("enum").and_then(Value::as_array).is_some_and(|values| values.contains(&Value::Null))
        || among("oneOf")
        || among("anyOf")
}

/// The object gets a name of its own: the client can send null for fields of named objects alone.
fn name_it(context: &Context<'_>, site: &SchemaSite<'_>) -> Option<Finding> {
    let all = context.root.pointer("/components/schemas")?;
    let base = rust_name::pascal(&site.place.replace("[]", " Item").replace("{}", " Value"));
    let free = |name: &String| all.get(name).is_none();
    let name = (1..100).map(|n| if n == 1 { base.clone() } else { format!("{base}{n}") }).find(free)?;
    let (last, parent) = site.steps.split_last()?;
    let reference = json!({"$ref": format!("#/components/schemas/{name}")});
    let components: Vec<Step> = vec!["components".into(), "schemas".into()];
    let mut actions = vec![Action::update(&components, json!({ name: site.schema }), "It gets a name.")];
    actions.push(Action::remove(&site.steps, ""));
    actions.push(match last {
        Step::Member(member) => Action::update(parent, json!({ member: reference }), ""),
        // The order of parts and alternatives of a request says nothing.
        _ => Action::update(parent, reference, ""),
    });
    let problem = "it has a field that may be null, and no name, and the client cannot send such a null";
    Some(Finding::new(&site.place, problem, overlay(&actions)))
}

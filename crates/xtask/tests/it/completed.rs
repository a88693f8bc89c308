//! The rules for what is new, held against what the overlay says of what is there.

use std::collections::BTreeMap;

use xtask::complete::{complete, is_usable, proposals};
use xtask::site;

use crate::MERGED;

/// The names of the overlay were chosen before there was a rule. It gives most of them, and so the style of the others.
#[test]
fn the_rule_names_operations_as_people_did() {
    let operations = site::operations(&MERGED);
    let mut others = Vec::new();
    for operation in &operations {
        let names = proposals(&MERGED, operation);
        assert!(names.iter().all(|name| is_usable(name)), "{} {names:?}", operation.id());
        if names[0] != operation.id() {
            others.push(format!("{}: {}", operation.id(), names[0]));
        }
    }
    assert!(
        others.len() * 5 < operations.len(),
        "{} of {} are named otherwise",
        others.len(),
        operations.len()
    );
}

/// Without any of our names and page marks, the rule gives each operation one of its own, or asks.
#[test]
fn no_two_operations_get_the_same_name() {
    let mut bare = MERGED.clone();
    for item in bare["paths"].as_object_mut().unwrap().values_mut() {
        for operation in
            item.as_object_mut().unwrap().values_mut().filter_map(serde_json::Value::as_object_mut)
        {
            operation.remove("operationId");
            operation.remove("x-ofauth-page");
        }
    }
    let completed = complete(&mut bare);
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    for operation in site::operations(&bare) {
        *named.entry(operation.id().to_owned()).or_default() += 1;
    }
    let without = named.remove("").unwrap_or_default();
    assert!(named.values().all(|count| *count == 1), "{named:#?}");
    let asked: Vec<_> =
        completed.findings.iter().filter(|finding| finding.problem.contains("no id")).collect();
    assert_eq!(asked.len(), without, "{asked:#?}");
    assert!(without < 6, "{asked:#?}");

    let mark = |document: &serde_json::Value, path: &str, method: &str| {
        document["paths"][path][method]["x-ofauth-page"].clone()
    };
    let mut wrong = Vec::new();
    let mut right = 0;
    for operation in site::operations(&MERGED) {
        let (ours, rule) =
            (mark(&MERGED, operation.path, operation.method), mark(&bare, operation.path, operation.method));
        let mut plain = ours.clone();
        if let Some(plain) = plain.as_object_mut() {
            // Another source says it.
            plain.remove("max");
        }
        match rule.is_null() {
            false if rule != plain => wrong.push(format!("{}: {ours}, by rule {rule}", operation.id())),
            false => right += 1,
            true => {}
        }
    }
    eprintln!(
        "{right} right, {:#?}",
        completed
            .findings
            .iter()
            .filter(|it| it.problem.contains("list without"))
            .map(|it| &it.place)
            .collect::<Vec<_>>()
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(right > 30, "{right}");
}

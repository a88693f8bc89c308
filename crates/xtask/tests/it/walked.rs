//! The update that `openapi/README.md` walks through, done again: what the document of the Python SDK 3.1.0 changed.

use serde_json::{Value, json};
use xtask::finding::Finding;
use xtask::source;
use xtask::update::{Ours, Plan, plan};
use xtask::verdict::{Level, diff_with_clients};

use crate::MERGED;

const SCHEDULED: &str = "/v2/access/mass-messages/scheduled";
const PURCHASED: &str = "/v2/access/analytics/mass-messages/purchased";

/// Our document without an operation, and without parameters of the lists of vault media.
fn without(path: &str, parameters: &[&str]) -> Value {
    let mut document = source::upstream().unwrap();
    let paths = document["paths"].as_object_mut().unwrap();
    paths.remove(path).unwrap();
    for list in ["/v2/access/vault/media", "/v2/access/vault/lists/{listId}/media"] {
        let all = paths[list]["get"]["parameters"].as_array_mut().unwrap();
        all.retain(|parameter| !parameters.iter().any(|name| parameter["name"] == *name));
        // What is older now was not then.
        all.iter_mut().filter_map(Value::as_object_mut).for_each(|parameter| {
            parameter.remove("deprecated");
        });
    }
    document
}

/// What was ours before: nothing of the operations at these paths.
fn ours(without: &[&str]) -> Ours {
    let mut ours = Ours::read().unwrap();
    let names = |value: &Value| without.iter().any(|path| value.as_str().unwrap_or_default().contains(path));
    ours.overlay["actions"].as_array_mut().unwrap().retain(|action| !names(&action["target"]));
    ours.names.types.retain(|place, _| !names(&json!(place)));
    ours
}

fn said(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("{finding}\n")).collect()
}

/// Asserts that the README shows what came out: each line of its block, but for what `…` stands for.
fn shown(title: &str, output: &str) {
    let readme = source::text("openapi/README.md").unwrap();
    let (_, rest) = readme.split_once("## One update, step by step").unwrap();
    let (_, rest) = rest.split_once(&format!("```text\n{title}\n")).unwrap_or_else(|| panic!("no {title}"));
    let (block, _) = rest.split_once("```").unwrap();
    for line in block.lines().filter(|line| *line != "…") {
        let mut left = output;
        for part in line.split('…') {
            let (_, after) = left.split_once(part).unwrap_or_else(|| panic!("{line}\nis not in\n{output}"));
            left = after;
        }
    }
}

#[test]
fn the_changes_of_3_1_0() {
    let before = without(SCHEDULED, &["sort", "type"]);
    let after = || without(PURCHASED, &["sortBy", "sortDirection", "mediaType"]);
    let Plan { merged: old, findings, .. } = plan(before, &ours(&[SCHEDULED]));
    assert_eq!(said(&findings), "");

    let first = plan(after(), &ours(&[SCHEDULED]));
    shown("$ cargo xtask update openapi.json; echo $?", &format!("{}1", said(&first.findings)));

    let second = plan(after(), &ours(&[SCHEDULED, PURCHASED]));
    assert_eq!(said(&second.findings), "");
    let notes: String = second.notes.iter().map(|note| format!("note: {note}\n")).collect();
    let verdict = diff_with_clients(&old, &second.merged).unwrap();
    shown("$ cargo xtask update openapi.json", &format!("{notes}{verdict}"));
    assert_eq!(verdict.level(), Level::Breaking);
    // What was kept beside what is new makes it an addition.
    assert_eq!(diff_with_clients(&old, &MERGED).unwrap().level(), Level::Feature);
}

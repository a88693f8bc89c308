//! Reads the cases. A member that no case may have is an error, so that a slip of the pen fails.

use std::path::Path;

use serde_json::{Map, Value};

use crate::edit;
use crate::expected::Expected;
use crate::pipeline::Base;
use crate::worker::Job;

/// One edited document and what has to come of it.
#[derive(Debug)]
pub(crate) struct Case {
    /// The name of its module in the program that calls it.
    pub(crate) id: String,
    file: String,
    name: String,
    /// How the document is written; `base` for the one that is the base.
    pub(crate) form: Option<String>,
    /// The document as it comes in.
    pub(crate) text: String,
    /// Actions for the overlay, beside those of the base.
    pub(crate) overlay: Vec<Value>,
    /// Lines of what may be dropped.
    pub(crate) ignored: Vec<Value>,
    /// What has to come of it.
    pub(crate) expected: Expected,
    /// `none`, `feature` or `breaking`.
    pub(crate) verdict: Option<String>,
    /// What is sent and answered.
    pub(crate) calls: Vec<Call>,
}

/// One call of the generated client.
#[derive(Debug)]
pub(crate) struct Call {
    /// The builder, as Rust, without `send`.
    pub(crate) code: String,
    /// The method and the address that has to be asked for.
    pub(crate) request: Option<String>,
    /// Headers of the request that have to be there.
    pub(crate) headers: Map<String, Value>,
    /// The JSON of the request, or its text.
    pub(crate) sends: Option<Value>,
    /// What the server answers: `status`, `type`, `body`.
    pub(crate) answer: Value,
    /// The answer, as JSON again.
    pub(crate) returns: Option<Value>,
    /// Rust expressions on the answer, with their `Debug`.
    pub(crate) reads: Vec<(String, String)>,
    /// What the error has to say.
    pub(crate) fails: Option<String>,
}

impl Case {
    /// The file and the name.
    pub(crate) fn place(&self) -> String {
        format!("{}: {}", self.file, self.name)
    }

    /// Its document, for the pipeline.
    pub(crate) fn job(&self) -> Job {
        Job {
            text: self.text.clone(),
            is_ours: false,
            with_clients: self.verdict.is_some(),
            overlay: self.overlay.clone(),
            ignored: self.ignored.clone(),
        }
    }
}

/// Every case of every file.
pub(crate) fn all(base: &Base) -> Vec<Case> {
    let folder = xtask::source::root().unwrap().join("crates/xtask/tests/drill/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        let list: Value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        for (index, case) in list.as_array().unwrap().iter().enumerate() {
            cases.push(read(base, &file, index, case));
        }
    }
    cases
}

const MEMBERS: &[&str] =
    &["name", "edit", "form", "document", "overlay", "ignored", "outcome", "verdict", "calls"];

const CALL: &[&str] = &["call", "request", "headers", "sends", "answer", "returns", "reads", "fails"];

fn read(base: &Base, file: &str, index: usize, case: &Value) -> Case {
    let case = case.as_object().unwrap_or_else(|| panic!("{file} {index} is no object"));
    let name = case.get("name").and_then(Value::as_str).unwrap_or_else(|| panic!("{file} {index}: no name"));
    let place = format!("{file}: {name}");
    for member in case.keys() {
        let known = MEMBERS.contains(&member.as_str()) || CALL.contains(&member.as_str());
        assert!(known, "{place}: unknown member {member}");
    }
    let mut document = base.document.clone();
    for one in list(case, "edit") {
        edit::apply(&mut document, &one).unwrap_or_else(|error| panic!("{place}: {error}"));
    }
    let text = match case.get("document") {
        Some(text) => text.as_str().unwrap().to_owned(),
        None => edit::written(&document, case.get("form").and_then(Value::as_str)),
    };
    let mut calls: Vec<Call> = list(case, "calls").iter().map(|call| one_call(&place, call)).collect();
    if case.contains_key("call") {
        calls.push(one_call(&place, &Value::Object(case.clone())));
    }
    Case {
        id: format!("{file}_{index:03}"),
        file: file.to_owned(),
        name: name.to_owned(),
        form: case.get("form").and_then(Value::as_str).map(str::to_owned),
        text,
        overlay: list(case, "overlay"),
        ignored: list(case, "ignored"),
        expected: Expected::read(&place, case.get("outcome")),
        verdict: case.get("verdict").map(|verdict| verdict.as_str().unwrap().to_owned()),
        calls,
    }
}

fn one_call(place: &str, call: &Value) -> Call {
    let text = |member: &str| call.get(member).and_then(Value::as_str).map(str::to_owned);
    let reads = call.get("reads").and_then(Value::as_object).cloned().unwrap_or_default();
    Call {
        code: text("call").unwrap_or_else(|| panic!("{place}: a call without `call`")),
        request: text("request"),
        headers: call.get("headers").and_then(Value::as_object).cloned().unwrap_or_default(),
        sends: call.get("sends").cloned(),
        answer: call.get("answer").cloned().unwrap_or_else(|| serde_json::json!({})),
        returns: call.get("returns").cloned(),
        reads: reads.into_iter().map(|(code, value)| (code, value.as_str().unwrap().to_owned())).collect(),
        fails: text("fails"),
    }
}

fn list(case: &Map<String, Value>, member: &str) -> Vec<Value> {
    case.get(member).and_then(Value::as_array).cloned().unwrap_or_default()
}

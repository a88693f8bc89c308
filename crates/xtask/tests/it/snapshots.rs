//! What the document means to users, as snapshots. A changed document changes them; the diff is what to review.

use crate::REPORTS;

fn check(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// [`check`] of what programs rely on, with what a difference means to them.
fn check_promise(name: &str, text: &str) {
    // Shown if the test fails.
    eprintln!(
        "A line of {name} that was lost or changed: this breaks users. If it is meant, the same commit has the snapshot and \
         a line in CHANGELOG.md."
    );
    check(name, text);
}

#[test]
fn operations() {
    check_promise("operations", &REPORTS.operations);
}

#[test]
fn calls() {
    check_promise("calls", &REPORTS.calls);
}

#[test]
fn types() {
    check_promise("types", &REPORTS.types);
}

#[test]
fn lowering() {
    check("lowering", &REPORTS.lowering);
}

#[test]
fn raw_only() {
    let lines: Vec<String> =
        REPORTS.raw_only.iter().map(|raw| format!("{}: {}", raw.operation, raw.reason)).collect();
    check_promise("raw_only", &lines.join("\n"));
}

#[test]
fn untyped() {
    let lines: Vec<String> =
        REPORTS.untyped.iter().map(|field| format!("{}: {}", field.place, field.reason)).collect();
    check("untyped", &lines.join("\n"));
}

#[test]
fn every_untyped_field_has_a_reason() {
    for field in &REPORTS.untyped {
        assert!(
            !field.reason.is_empty(),
            "{} has no type; the document must say why in its description",
            field.place
        );
    }
}

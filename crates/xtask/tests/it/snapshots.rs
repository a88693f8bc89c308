//! What the document means to users, as snapshots. A changed document changes them; the diff is what to review.

use crate::REPORTS;

pub(crate) fn check(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn operations() {
    check("operations", &REPORTS.operations);
}

#[test]
fn calls() {
    check("calls", &REPORTS.calls);
}

#[test]
fn types() {
    check("types", &REPORTS.types);
}

#[test]
fn lowering() {
    check("lowering", &REPORTS.lowering);
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

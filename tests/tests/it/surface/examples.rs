//! What does something has an example in its documentation: every async function, and what is called by a verb of the list.
//!
//! Left out are setters, which an example of their type shows, and what says `See` and links to a function with an example.
//! That examples compile is for rustdoc to say.

use std::collections::BTreeSet;

use syn::{Expr, Lit, Meta, ReturnType};
use xtask::source;

use super::rust::{CRATES, Function, functions};
use super::sources::Crate;
use super::syntax::spell;

/// Names of functions that do something: they send, open, wait, write, remove, find or convert.
const DOING: &[&str] = &[
    "api",
    "build",
    "call",
    "cancel",
    "child",
    "clear_faults",
    "find",
    "forget",
    "from_json",
    "json",
    "next",
    "of_answer",
    "on",
    "open",
    "operations",
    "proxy_call",
    "push_fault",
    "reader",
    "send",
    "session",
    "sessions",
    "set_api_key",
    "settle",
    "sign",
    "spooled",
    "start",
    "unplayed_faults",
    "upload",
    "upload_all",
    "upload_all_from",
    "upload_path",
    "wait",
    "with_source",
];

#[test]
fn what_does_something_has_an_example() {
    let root = source::root().unwrap();
    let crates = CRATES.iter().map(|(name, folder)| Crate::read(name, &root.join(folder).join("src/lib.rs")));
    let shown: Vec<_> = crates.flat_map(|of| functions(&of)).collect();
    let found = without(&shown);
    assert!(found.is_empty(), "document these with an example of what a user does with them: {found:#?}");
}

/// The functions that should have an example.
fn without(shown: &[Function]) -> Vec<&str> {
    let with: BTreeSet<&str> =
        shown.iter().filter(|it| has_example(&text(it))).map(|it| it.path.as_str()).collect();
    let is_shown = |function: &Function| {
        let referred = referred(function);
        with.contains(function.path.as_str()) || referred.is_some_and(|path| with.contains(path.as_str()))
    };
    let wanting = shown.iter().filter(|function| does_something(function) && !is_shown(function));
    wanting.map(|function| function.path.as_str()).collect()
}

fn does_something(Function { signature, .. }: &Function) -> bool {
    let takes_itself = signature.receiver().is_some_and(|it| !spell(it).contains('&'));
    let gives_itself = matches!(&signature.output, ReturnType::Type(_, of) if spell(of) == "Self");
    let is_setter = takes_itself && gives_itself;
    let is_verb = DOING.iter().any(|verb| signature.ident == verb);
    signature.asyncness.is_some() || (is_verb && !is_setter)
}

/// Whether there is code that rustdoc compiles.
fn has_example(text: &str) -> bool {
    let fences = text.lines().filter_map(|line| line.trim().strip_prefix("```"));
    // Every second one ends what the one before began.
    fences.step_by(2).any(|it| matches!(it, "" | "no_run"))
}

/// What a text refers to by `See` and a link.
fn referred(function: &Function) -> Option<String> {
    let text = text(function);
    let (_, link) = text.split_once("See [`")?;
    let (path, _) = link.split_once("](crate::")?.1.split_once(')')?;
    let (crate_name, _) = function.path.split_once("::")?;
    Some(format!("{crate_name}::{path}"))
}

/// The documentation.
fn text(function: &Function) -> String {
    let lines = function.attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(of) if of.path.is_ident("doc") => match &of.value {
            Expr::Lit(of) => match &of.lit {
                Lit::Str(line) => Some(line.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn an_example_is_missed_where_it_should_be() {
    let of = |methods: &str| {
        let text = format!(
            "pub struct A; impl A {{ /// ```\n/// f();\n/// ```\npub fn call(&self) {{}} {methods} }}"
        );
        without(&functions(&Crate::of("a", &text))).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    for (methods, wanting) in [
        ("pub async fn any(&self) {}", &["a::A::any"][..]),
        ("/// Sends.\npub fn send(self) {}", &["a::A::send"]),
        ("/// ```text\n/// a picture\n/// ```\npub fn send(self) {}", &["a::A::send"]),
        (
            "/// See [`A::send`](crate::A::send).\npub fn open(&self) {} pub fn send(&self) {}",
            &["a::A::open", "a::A::send"],
        ),
        ("/// See [`A::call`](crate::A::call).\npub fn open(&self) {}", &[]),
        ("/// Sends.\n///\n/// ```no_run\n/// a.send();\n/// ```\npub fn send(self) {}", &[]),
        ("/// ```text\n/// a\n/// ```\n/// ```\n/// a.send();\n/// ```\npub fn send(self) {}", &[]),
        ("/// A limit.\npub fn cancel(mut self, by: &B) -> Self { self }", &[]),
        ("/// A name.\npub fn name(&self) -> &str { f() }", &[]),
        ("async fn private(&self) {} #[doc(hidden)] pub async fn hidden(&self) {}", &[]),
    ] {
        assert_eq!(of(methods), wanting, "{methods}");
    }
}

//! What programs rely on in the C header, one line for each thing, and what a change of it means to them.
//!
//! The lines accepted last are a snapshot of the tests; this module only compares. The version macros are named
//! without their values, which change with every release.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::layout;
use super::prototypes::{Declaration, Function, Parameter, declarations, functions};

/// The lines accepted last, in a file of insta.
const ACCEPTED: &str = "crates/xtask/tests/snapshots/c_api.snap";

const ABI: &str = "constant OFAUTH_ABI_VERSION";
const ACCEPT: &str = "INSTA_UPDATE=always cargo test --package xtask";

/// What the sources of the repository at `root` changed for programs since the last time that somebody accepted it, in
/// words; nothing if they changed nothing.
///
/// # Errors
///
/// If the header cannot be made, or nothing was ever accepted.
pub fn changes(root: &Path) -> Result<Option<String>> {
    let file =
        std::fs::read_to_string(root.join(ACCEPTED)).with_context(|| format!("cannot read {ACCEPTED}"))?;
    // Below insta's own heading, which ends with the second line of this kind.
    let accepted = file.splitn(3, "---\n").nth(2).with_context(|| format!("{ACCEPTED} is no snapshot"))?;
    Ok(compare(accepted, &surface(&layout::artefact(root)?.text)?))
}

/// One line for each function, callback, type, field and constant, sorted: `function NAME = PROTOTYPE`.
pub fn surface(header: &str) -> Result<String> {
    let mut lines: Vec<String> = declarations(header)?.iter().flat_map(lines).collect();
    lines.sort();
    Ok(lines.join("\n"))
}

fn lines(declaration: &Declaration) -> Vec<String> {
    match declaration {
        Declaration::Constant { name, .. } if name.starts_with("OFAUTH_VERSION") => {
            vec![format!("constant {name} = of the release")]
        }
        Declaration::Constant { name, value } => vec![format!("constant {name} = {value}")],
        Declaration::Opaque { name } => vec![format!("type {name} = opaque")],
        Declaration::Struct { name, fields } => {
            let field = |(index, field)| format!("type {name} field {index:02} = {}", parameter(field));
            let fields = fields.iter().enumerate().map(field);
            std::iter::once(format!("type {name} = struct")).chain(fields).collect()
        }
        Declaration::Alias(alias) => vec![format!("type {} = {}", alias.name, alias.r#type)],
        Declaration::Callback(callback) => {
            vec![format!("type {} = {}", callback.name, prototype(callback))]
        }
        Declaration::Function(function) => {
            vec![format!("function {} = {}", function.name, prototype(function))]
        }
    }
}

fn prototype(function: &Function) -> String {
    let parameters = match function.parameters.as_slice() {
        [] => "void".to_owned(),
        some => some.iter().map(parameter).collect::<Vec<_>>().join(", "),
    };
    format!("{}({parameters})", joined(&function.result, &function.name))
}

fn parameter(parameter: &Parameter) -> String {
    joined(&parameter.r#type, &parameter.name)
}

fn joined(of: &str, name: &str) -> String {
    let space = if of.ends_with('*') { "" } else { " " };
    format!("{of}{space}{name}")
}

/// What a change from one surface to another means to programs, in words; nothing if they are the same.
#[must_use]
pub fn compare(accepted: &str, present: &str) -> Option<String> {
    let (accepted, present) = (by_name(accepted), by_name(present));
    let mut broken = String::new();
    let mut renamed = String::new();
    for (name, was) in accepted.iter().filter(|(name, _)| **name != ABI) {
        match present.get(name) {
            Some(is) if is == was => {}
            Some(is) if same_but_for_names(was, is) => {
                let _ = writeln!(renamed, "  {name}\n    was {was}\n    is  {is}");
            }
            Some(is) => {
                let _ = writeln!(broken, "  changed: {name}\n    was {was}\n    is  {is}");
            }
            None => {
                let _ = writeln!(broken, "  lost: {name}\n    was {was}");
            }
        }
    }
    let mut added = String::new();
    for (name, is) in present.iter().filter(|(name, _)| !accepted.contains_key(*name)) {
        let _ = writeln!(added, "  {name} = {is}");
    }

    let mut message = String::new();
    let raised = present.get(ABI) != accepted.get(ABI);
    if !broken.is_empty() {
        let advice = if raised {
            "OFAUTH_ABI_VERSION has another value already."
        } else {
            "Put it back. If it is meant: this breaks callers, so raise OFAUTH_ABI_VERSION in \
             crates/ofauth-ffi/src/version.rs, unless no release had it, and say so in CHANGELOG.md."
        };
        let _ = writeln!(message, "The C API lost or changed:\n{broken}{advice}");
    } else if raised {
        message.push_str("OFAUTH_ABI_VERSION has another value, although nothing was lost or changed.\n");
    }
    if !renamed.is_empty() {
        let _ = writeln!(
            message,
            "Parameters of the C API have other names, which breaks no caller unless their meaning changed, too:\n{renamed}"
        );
    }
    if !added.is_empty() {
        let _ =
            writeln!(message, "The C API gained, which breaks no caller:\n{added}Say so in CHANGELOG.md.");
    }
    (!message.is_empty()).then(|| message + "Accept with `" + ACCEPT + "`.\n")
}

fn by_name(surface: &str) -> BTreeMap<&str, &str> {
    surface.lines().filter_map(|line| line.split_once(" = ")).collect()
}

/// Whether two prototypes differ in the names of parameters alone.
fn same_but_for_names(was: &str, is: &str) -> bool {
    let types = |prototype: &str| {
        let function = functions(&format!("{prototype};")).pop()?;
        let of = function.parameters.into_iter().map(|parameter| parameter.r#type).collect::<Vec<_>>();
        Some((function.result, of))
    };
    types(was).is_some_and(|was| types(is) == Some(was))
}

//! What programs rely on in the C header, one line for each thing, and what a change of it means to them.
//!
//! The lines accepted last are `tests/surface/c.txt`; this module only makes and compares them. The version macros are
//! named without their values, which change with every release.

use std::fmt::Write;

use anyhow::Result;
use ofauth_surface::Changes;

use super::prototypes::{Declaration, Function, Parameter, declarations, functions};

const ABI: &str = "constant OFAUTH_ABI_VERSION";

/// One line for each function, callback, type, field and constant: `function NAME = PROTOTYPE`.
///
/// # Errors
///
/// If the header has something that is none of them.
pub fn surface(header: &str) -> Result<Vec<String>> {
    Ok(declarations(header)?.iter().flat_map(lines).collect())
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

/// What a change from one listing to another means to programs, in words; nothing if they are the same.
#[must_use]
pub fn in_words(accepted: &str, present: &str) -> Option<String> {
    let mut changes = Changes::between(accepted, present);
    let changed = std::mem::take(&mut changes.changed);
    let (raised, changed): (Vec<_>, Vec<_>) = changed.into_iter().partition(|(name, ..)| *name == ABI);
    let (renamed, changed): (Vec<_>, Vec<_>) =
        changed.into_iter().partition(|(_, was, is)| same_but_for_names(was, is));
    changes.changed = changed;
    let is_broken = !changes.lost.is_empty() || !changes.changed.is_empty();
    let mut text = changes.in_words().unwrap_or_default();
    text.push_str(match (is_broken, raised.is_empty()) {
        (true, true) => {
            "Raise OFAUTH_ABI_VERSION in crates/ofauth-ffi/src/version.rs, unless no release had what is lost or changed.\n"
        }
        (true, false) => "OFAUTH_ABI_VERSION has another value already.\n",
        (false, true) => "",
        (false, false) => "OFAUTH_ABI_VERSION has another value, although nothing was lost or changed.\n",
    });
    if !renamed.is_empty() {
        text.push_str(
            "parameters have other names, which breaks no caller unless their meaning changed, too:\n",
        );
    }
    for (name, was, is) in &renamed {
        let _ = writeln!(text, "  {name}\n    was {was}\n    is  {is}");
    }
    (!text.is_empty()).then_some(text)
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

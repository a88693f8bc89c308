//! Puts a lenient reader on each field of each response type.
//!
//! The readers are `ofauth_api::lenient`, written by hand. Which one a field gets follows from its Rust type alone.

use std::collections::BTreeSet;

use anyhow::Result;
use quote::quote;
use serde_json::Value;
use syn::{Field, Item, Type, parse_quote};

use super::syntax::{argument, ident, name};
use crate::document::Document;
use crate::lower::mark;

pub(super) fn read_leniently(
    types: &mut Vec<Item>,
    responses: &BTreeSet<String>,
    document: &Document,
) -> Result<()> {
    let mut listings: Vec<Item> = Vec::new();
    for item in types.iter_mut() {
        let Item::Struct(item) = item else { continue };
        let name = item.ident.to_string();
        if !responses.contains(&name) {
            continue;
        }
        for field in &mut item.fields {
            read_field_leniently(field, responses);
        }
        let listing =
            document.schemas.get(&name).and_then(|schema| schema.get(mark::LISTING)).and_then(Value::as_str);
        if let Some(form) = listing {
            // Derives the readers as methods of the type, so that the macro can put its own in front.
            item.attrs.push(parse_quote!(#[serde(remote = "Self")]));
            let (name, form) = (ident(&name), ident(form));
            listings.push(syn::parse2(quote!(crate::lenient::listing!(#name, #form);))?);
        }
    }
    types.extend(listings);
    Ok(())
}

fn read_field_leniently(field: &mut Field, responses: &BTreeSet<String>) {
    let Some(reader) = reader(&field.ty, responses) else { return };
    let path = format!("crate::lenient::{reader}");
    // A required field has no default, and the generator gives lists and maps theirs.
    let is_optional = name(&field.ty).as_deref() == Some("Option");
    field.attrs.push(if is_optional {
        parse_quote!(#[serde(default, deserialize_with = #path)])
    } else {
        parse_quote!(#[serde(deserialize_with = #path)])
    });
}

/// The reader for a field of type `ty`; `None` where the type reads leniently by itself.
fn reader(ty: &Type, responses: &BTreeSet<String>) -> Option<&'static str> {
    const SCALARS: [&str; 4] = ["String", "bool", "f64", "i64"];
    // A schema may have the name of any type of Rust; the generator then writes the other one in full.
    let is_own = |ty: &Type| matches!(ty, Type::Path(path) if path.path.get_ident().is_some_and(|it| responses.contains(&it.to_string())));
    let held = held(ty).map(unboxed);
    let outer = name(ty).filter(|_| !is_own(ty))?;
    let inner = held.and_then(name).unwrap_or_default();
    let (outer, inner) = (outer.as_str(), inner.as_str());
    let is_scalar = |ty: Option<&Type>| {
        let name = ty.and_then(name).unwrap_or_default();
        SCALARS.contains(&name.as_str()) && !ty.is_some_and(is_own)
    };
    let holds_scalar = is_scalar(held);
    let holds_null = inner == "Option" && !held.is_some_and(is_own);
    match outer {
        "Vec" if holds_null && is_scalar(held.and_then(self::held)) => Some("nullable_scalars"),
        "Vec" if holds_null => Some("nullable_list"),
        "BTreeMap" if holds_null => Some("nullable_map"),
        _ if SCALARS.contains(&outer) => Some("required"),
        "Option" if holds_scalar => Some("scalar"),
        "Option" if responses.contains(inner) => Some("object"),
        "Vec" if holds_scalar => Some("scalars"),
        "Vec" => Some("list"),
        "BTreeMap" => Some("map"),
        _ => None,
    }
}

/// The last generic argument of a type: what an `Option` or list holds, the value of a map.
fn held(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    argument(&path.path.segments.last()?.arguments)
}

/// What a `Box` holds: the generator boxes types that contain themselves.
fn unboxed(ty: &Type) -> &Type {
    let is_box = name(ty).as_deref() == Some("Box");
    is_box.then(|| held(ty)).flatten().unwrap_or(ty)
}

//! Adjusts the generated syntax tree where lowering the document cannot.
//!
//! Everything that can be said in the document is a pass of [`crate::lower`]; what is left is what the generator
//! always writes: a constructor with a trap, builders for types that only the service makes, strict readers.

mod deprecated;
mod enums;
mod fields;
mod lists;
mod nulls;
mod optional_bodies;
mod requests;
mod responses;
mod setters;
mod styles;
mod syntax;
mod tagged;
mod wire;

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use syn::visit_mut::VisitMut;
use syn::{ImplItem, Item, LitStr, Type, parse_quote};

pub use self::enums::variant as open_variant;
use self::syntax::{methods, module, name};
use crate::document::Document;
use crate::lower::{Direction, mark, pascal, reachable};
use crate::rust_name::snake;

/// Applies every adjustment.
pub fn refine(file: &mut syn::File, document: &Document) -> Result<()> {
    let responses: BTreeSet<String> = reachable(document, Direction::Response)
        .into_iter()
        .filter(|name| document.schemas.get(name).is_some_and(|schema| schema.get(mark::RUST_TYPE).is_none()))
        .collect();
    Texts.visit_file_mut(file);
    check_methods(file, document)?;
    responses::send_in_crate(file, document)?;
    requests::build_in_crate(file, document)?;
    optional_bodies::leave_out(file, document)?;
    styles::write_in_crate(file, document)?;
    wire::put_back(file, document)?;
    lists::add_trait(file, document)?;
    drop_constructors(file);
    // The crate decides what it exports.
    file.items.retain(|item| !matches!(item, Item::Mod(module) if module.ident == "prelude"));
    hide_unconfirmed(file, document);
    deprecated::warn(file, document)?;
    if document.schemas.contains_key("Default") {
        Defaults.visit_file_mut(file);
    }
    if let Some(types) = module(&mut file.items, "types") {
        drop_response_builders(types, &responses);
        fields::read_leniently(types, &responses, document)?;
        enums::add(types, document)?;
        tagged::add(types, document)?;
        if let Some(builders) = module(types, "builder") {
            setters::take_values(builders);
        }
        nulls::add(types, document)?;
        check_names(types, &responses)?;
    }
    Ok(())
}

/// The generator renames a method whose name Rust has taken, and then nobody finds it by the id.
fn check_methods(file: &syn::File, document: &Document) -> Result<()> {
    let blocks = file.items.iter().filter_map(|item| match item {
        Item::Impl(block) => Some(block),
        _ => None,
    });
    let methods: BTreeSet<String> = blocks
        .flat_map(|block| &block.items)
        .filter_map(|item| match item {
            ImplItem::Fn(method) => Some(method.sig.ident.to_string()),
            _ => None,
        })
        .collect();
    let lost = document.operations.iter().find(|operation| !methods.contains(&operation.id));
    ensure!(
        lost.is_none(),
        "the generated client has no method {}: give the operation another id by an overlay action",
        lost.map(|operation| operation.id.as_str()).unwrap_or_default()
    );
    Ok(())
}

/// The texts that the generator writes.
struct Texts;

impl VisitMut for Texts {
    fn visit_lit_str_mut(&mut self, text: &mut LitStr) {
        let value = text.value();
        // The example of each call is a fragment that cannot be compiled, marked as a test to be skipped.
        if value.contains("```ignore") {
            *text = LitStr::new(&value.replace("```ignore", "\n```text"), text.span());
        }
        // Callers know a type of the crate by its name alone.
        if let Some((before, rest)) = value.split_once("conversion to `crate :: ")
            && let Some((path, after)) = rest.split_once('`')
        {
            let name = path.rsplit(" :: ").next().unwrap_or(path);
            *text = LitStr::new(&format!("{before}conversion to `{name}`{after}"), text.span());
        }
    }
}

/// The generated constructors: one sets a total timeout of 15 s and panics without a TLS provider. The crate has its
/// own.
fn drop_constructors(file: &mut syn::File) {
    for item in &mut file.items {
        if let Item::Impl(block) = item {
            block.items.retain(|item| {
                !matches!(item, ImplItem::Fn(method) if ["new", "new_with_client"].iter().any(|n| method.sig.ident == n))
            });
        }
    }
    file.items.retain(
        |item| !matches!(item, Item::Impl(block) if block.trait_.is_none() && block.items.is_empty()),
    );
}

/// Operations and parameters that no public page confirms work but stay out of the documentation.
fn hide_unconfirmed(file: &mut syn::File, document: &Document) {
    let hidden: BTreeSet<&str> = document
        .operations
        .iter()
        .filter(|operation| operation.marked("x-ofauth-unconfirmed"))
        .map(|operation| operation.id.as_str())
        .collect();
    for item in &mut file.items {
        if let Item::Impl(block) = item {
            hide_methods(block, |name| hidden.contains(name));
        }
    }
    let Some(builders) = module(&mut file.items, "builder") else { return };
    for operation in &document.operations {
        let builder = pascal(&operation.id);
        let unconfirmed: BTreeSet<String> = operation.unconfirmed_parameters().map(snake).collect();
        for item in builders.iter_mut() {
            match item {
                Item::Struct(item) if item.ident == builder && hidden.contains(operation.id.as_str()) => {
                    item.attrs.push(parse_quote!(#[doc(hidden)]));
                }
                Item::Impl(block) if name(&block.self_ty).as_ref() == Some(&builder) => {
                    hide_methods(block, |name| unconfirmed.contains(name));
                }
                _ => {}
            }
        }
    }
}

fn hide_methods(block: &mut syn::ItemImpl, is_hidden: impl Fn(&str) -> bool) {
    for method in methods(block).filter(|method| is_hidden(&method.sig.ident.to_string())) {
        method.attrs.push(parse_quote!(#[doc(hidden)]));
    }
}

/// Names the trait in full where a schema has its name: the only one that the generator writes without saying whose it is.
struct Defaults;

impl VisitMut for Defaults {
    fn visit_expr_path_mut(&mut self, expr: &mut syn::ExprPath) {
        let names: Vec<String> = expr.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if expr.path.leading_colon.is_none() && names == ["Default", "default"] {
            *expr = parse_quote!(::std::default::Default::default);
        }
    }
}

/// Builders of types that only the service makes are half of the generated code and serve nobody.
fn drop_response_builders(types: &mut Vec<Item>, responses: &BTreeSet<String>) {
    let of_response = |ty: &Type| name(ty).is_some_and(|name| responses.contains(&name));
    if let Some(builders) = module(types, "builder") {
        builders.retain(|item| match item {
            Item::Struct(item) => !responses.contains(&item.ident.to_string()),
            Item::Impl(block) => !of_response(&block.self_ty),
            _ => true,
        });
    }
    for item in types.iter_mut() {
        if let Item::Impl(block) = item
            && of_response(&block.self_ty)
        {
            block.items.retain(|item| !matches!(item, ImplItem::Fn(method) if method.sig.ident == "builder"));
        }
    }
    types.retain(
        |item| !matches!(item, Item::Impl(block) if block.trait_.is_none() && block.items.is_empty()),
    );
}

/// Every response type must be found under the name that the document gives it, or it was read strictly.
fn check_names(types: &[Item], responses: &BTreeSet<String>) -> Result<()> {
    let defined: BTreeSet<String> = types
        .iter()
        .filter_map(|item| match item {
            Item::Struct(item) => Some(item.ident.to_string()),
            Item::Enum(item) => Some(item.ident.to_string()),
            _ => None,
        })
        .collect();
    let missing: Vec<&String> = responses.difference(&defined).collect();
    ensure!(
        missing.is_empty(),
        "the generator renamed the response schemas {missing:?}; give them names in Pascal case by an overlay action"
    );
    Ok(())
}

//! Lets the fields of requests that may be null be sent so.
//!
//! The generator's `Option` is left out when it is `None`. A field that may be null holds a `Nullable` in it, and its builder
//! has a second setter, for null.

use anyhow::{Context, Result};
use quote::format_ident;
use serde_json::Value;
use syn::visit_mut::{VisitMut, visit_expr_method_call_mut};
use syn::{
    ExprMethodCall, Field, GenericArgument, Ident, ImplItem, ImplItemFn, Item, PathArguments, Type,
    parse_quote,
};

use super::syntax::{module, name};
use crate::document::Document;
use crate::lower::mark;
use crate::rust_name::snake;

/// Changes the types and their builders.
pub(super) fn add(types: &mut [Item], document: &Document) -> Result<()> {
    for (owner, schema) in &document.schemas {
        let fields = schema.get(mark::NULL_FIELDS).and_then(Value::as_array);
        for field in fields.into_iter().flatten().filter_map(Value::as_str) {
            let field = format_ident!("{}", snake(field));
            let lost =
                || format!("{owner}.{field} may be null and is not where the generator used to put it");
            in_type(types, owner, &field).with_context(lost)?;
            let builders = module(types, "builder").with_context(lost)?;
            in_builder(builders, owner, &field).with_context(lost)?;
        }
    }
    Ok(())
}

fn in_type(types: &mut [Item], owner: &str, field: &Ident) -> Option<()> {
    let field = field_of(types, owner, field)?;
    wrap(&mut field.ty)?;
    field.attrs.push(parse_quote!(#[serde(default, deserialize_with = "crate::nullable::sent")]));
    Some(())
}

fn in_builder(builders: &mut [Item], owner: &str, field: &Ident) -> Option<()> {
    wrap(&mut field_of(builders, owner, field)?.ty)?;
    let block = builders.iter_mut().find_map(|item| match item {
        Item::Impl(block) if block.trait_.is_none() && name(&block.self_ty).as_deref() == Some(owner) => {
            Some(block)
        }
        _ => None,
    })?;
    let place = block.items.iter().position(|item| is_fn(item, field))?;
    let ImplItem::Fn(method) = block.items.get_mut(place)? else { return None };
    Given.visit_impl_item_fn_mut(method);
    block.items.insert(place.saturating_add(1), ImplItem::Fn(null_setter(field)));
    Some(())
}

fn is_fn(item: &ImplItem, name: &Ident) -> bool {
    matches!(item, ImplItem::Fn(method) if method.sig.ident == *name)
}

fn null_setter(field: &Ident) -> ImplItemFn {
    let null = format_ident!("{field}_null");
    let about = format!("Sends null for `{field}`, which is something else than to leave it out.");
    parse_quote! {
        #[doc = #about]
        pub fn #null(mut self) -> Self {
            self.#field = Ok(Some(crate::nullable::Nullable::Null));
            self
        }
    }
}

fn field_of<'a>(items: &'a mut [Item], owner: &str, field: &Ident) -> Option<&'a mut Field> {
    let owner = items.iter_mut().find_map(|item| match item {
        Item::Struct(item) if item.ident == owner => Some(item),
        _ => None,
    })?;
    owner.fields.iter_mut().find(|it| it.ident.as_ref() == Some(field))
}

/// `Option<X>`, wherever it stands in the type, becomes `Option<Nullable<X>>`.
fn wrap(ty: &mut Type) -> Option<()> {
    let is_option = name(ty).as_deref() == Some("Option");
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(arguments) = &mut path.path.segments.last_mut()?.arguments else {
        return None;
    };
    let GenericArgument::Type(inner) = arguments.args.first_mut()? else { return None };
    if !is_option {
        return wrap(inner);
    }
    *inner = parse_quote!(crate::nullable::Nullable<#inner>);
    Some(())
}

/// Turns `….map(Some)` into `….map(Nullable::Value).map(Some)`.
struct Given;

impl VisitMut for Given {
    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        visit_expr_method_call_mut(self, call);
        if call.method == "map" {
            let converted = &call.receiver;
            call.receiver = parse_quote!(#converted.map(crate::nullable::Nullable::Value));
        }
    }
}

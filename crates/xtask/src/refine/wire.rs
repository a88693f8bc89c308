//! Puts back what renamed parameters and fields are called on the wire.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::Value;
use syn::visit_mut::VisitMut;
use syn::{Fields, ImplItem, Item, LitStr, parse_quote};

use super::syntax::{module, name};
use crate::document::{Document, Object};
use crate::lower::{mark, pascal};

/// Before lists get their trait, which takes the code that sends apart.
pub(super) fn put_back(file: &mut syn::File, document: &Document) -> Result<()> {
    for operation in &document.operations {
        let names = names(&operation.extensions);
        let builder = pascal(&operation.id);
        for item in module(&mut file.items, "builder").into_iter().flatten().filter(|_| !names.is_empty()) {
            if let Item::Impl(block) = item
                && name(&block.self_ty).as_ref() == Some(&builder)
            {
                let methods = block.items.iter_mut().filter_map(|item| match item {
                    ImplItem::Fn(method) if method.sig.ident == "send" => Some(method),
                    _ => None,
                });
                for method in methods {
                    let mut sent = Sent { names: &names, found: 0 };
                    sent.visit_impl_item_fn_mut(method);
                    ensure!(sent.found >= names.len(), "{builder} does not send {names:?} where it used to");
                }
            }
        }
    }
    let types = module(&mut file.items, "types").map(Vec::as_mut_slice).unwrap_or_default();
    for (owner, schema) in &document.schemas {
        for (field, wire) in schema.as_object().map(names).unwrap_or_default() {
            let found = types.iter_mut().find_map(|item| match item {
                Item::Struct(item) if item.ident == owner => match &mut item.fields {
                    Fields::Named(fields) => {
                        fields.named.iter_mut().find(|it| it.ident.as_ref().is_some_and(|it| *it == field))
                    }
                    _ => None,
                },
                _ => None,
            });
            let renamed = found.map(|field| field.attrs.push(parse_quote!(#[serde(rename = #wire)])));
            ensure!(renamed.is_some(), "{owner}.{field} is not where the generator used to put it");
        }
    }
    Ok(())
}

/// New names, and those of the wire.
fn names(marks: &Object) -> BTreeMap<String, String> {
    let names = marks.get(mark::WIRE_NAMES).and_then(Value::as_object).into_iter().flatten();
    names.filter_map(|(new, wire)| Some((new.clone(), wire.as_str()?.to_owned()))).collect()
}

struct Sent<'a> {
    names: &'a BTreeMap<String, String>,
    found: usize,
}

impl VisitMut for Sent<'_> {
    fn visit_lit_str_mut(&mut self, text: &mut LitStr) {
        if let Some(wire) = self.names.get(&text.value()) {
            *text = LitStr::new(wire, text.span());
            self.found = self.found.saturating_add(1);
        }
    }
}

//! Has the compiler warn of what is to go: operations, and parameters of operations.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use syn::{Attribute, Item, parse_quote};

use super::syntax::{methods, module, name};
use crate::document::Document;
use crate::lower::{DEPRECATED, pascal};
use crate::rust_name::snake;

/// Marks the methods of the client and the setters of its builders.
pub(super) fn warn(file: &mut syn::File, document: &Document) -> Result<()> {
    let gone: BTreeSet<&str> =
        document.operations.iter().filter(|it| it.deprecated).map(|it| it.id.as_str()).collect();
    for item in &mut file.items {
        if let Item::Impl(block) = item {
            for method in methods(block).filter(|method| gone.contains(method.sig.ident.to_string().as_str()))
            {
                method.attrs.push(parse_quote!(#[deprecated]));
            }
        }
    }
    let Some(builders) = module(&mut file.items, "builder") else { return Ok(()) };
    for operation in &document.operations {
        let builder = pascal(&operation.id);
        for parameter in operation.parameters.iter().filter(|parameter| parameter.deprecated) {
            let attribute = attribute(&parameter.description);
            let setter = snake(&parameter.name);
            let found = builders.iter_mut().any(|item| match item {
                Item::Impl(block) if name(&block.self_ty).as_ref() == Some(&builder) => {
                    let method = methods(block).find(|method| method.sig.ident == setter);
                    method.map(|method| method.attrs.push(attribute.clone())).is_some()
                }
                _ => false,
            });
            ensure!(
                found,
                "{builder} has no setter {setter}, which is deprecated: has the generator renamed it?"
            );
        }
    }
    Ok(())
}

/// What the document says besides the word itself is what to do about it.
fn attribute(description: &str) -> Attribute {
    match description.trim_start_matches(DEPRECATED).trim() {
        "" => parse_quote!(#[deprecated]),
        note => parse_quote!(#[deprecated(note = #note)]),
    }
}

//! Writes the enums for objects that are one of several, by the field that says which.

use anyhow::{Context, Result};
use quote::quote;
use serde_json::Value;
use syn::Item;

use super::enums::{free, variant};
use super::syntax::ident;
use crate::document::Document;
use crate::lower::{mark, pascal, target};

pub(super) fn add(types: &mut Vec<Item>, document: &Document) -> Result<()> {
    for (name, schema) in &document.schemas {
        if let Some(tagged) = schema.get(mark::TAGGED) {
            types.extend(enum_of(name, schema, tagged).with_context(|| name.clone())?);
        }
    }
    Ok(())
}

fn enum_of(name: &str, schema: &Value, tagged: &Value) -> Result<[Item; 2]> {
    let field = tagged.get("field").and_then(Value::as_str).context("no field says which it is")?;
    let components = schema.get("oneOf").and_then(Value::as_array).context("there are no variants")?;
    let (mut words, mut names, mut held) = (Vec::new(), Vec::new(), Vec::new());
    for pair in tagged.get("values").and_then(Value::as_array).into_iter().flatten() {
        let word = pair.get(0).and_then(Value::as_str).context("a variant has no word")?;
        let index = pair.get(1).and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
        let component = index.and_then(|index| components.get(index)).and_then(target);
        held.push(ident(&pascal(component.context("a variant has no name")?)));
        names.push(free(&names, variant(word)));
        words.push(word);
    }
    let variants: Vec<_> = names.iter().map(|name| ident(name)).collect();
    let about = schema.get("description").and_then(Value::as_str).unwrap_or("One of several objects.");
    let docs = words.iter().map(|word| format!("`{field}` is `{word}`."));
    let name = ident(name);
    let definition = quote! {
        #[doc = #about]
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum #name {
            #( #[doc = #docs] #variants(::std::boxed::Box<#held>), )*
            /// An object that the document does not list.
            Other(::serde_json::Value),
        }
    };
    let conversions = quote! {
        crate::tagged::tagged!(#name by #field { #( #variants = #words, )* });
    };
    Ok([syn::parse2(definition)?, syn::parse2(conversions)?])
}

//! Finds what the compiler would refuse of a generated client: two things of one name in one place.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use syn::{FnArg, ImplItem, Item, Pat, Signature};

/// An error if two fields, variants, types, methods or arguments of the client have one name.
pub(super) fn check(client: &syn::File) -> Result<()> {
    items(&client.items, "the client")
}

fn items(items: &[Item], place: &str) -> Result<()> {
    let mut names = Names::of(place);
    let mut methods: std::collections::BTreeMap<String, Names> = std::collections::BTreeMap::new();
    for item in items {
        match item {
            Item::Struct(item) => {
                names.add(&item.ident)?;
                let mut fields = Names::of(&item.ident.to_string());
                item.fields
                    .iter()
                    .filter_map(|field| field.ident.as_ref())
                    .try_for_each(|it| fields.add(it))?;
            }
            Item::Enum(item) => {
                names.add(&item.ident)?;
                let mut variants = Names::of(&item.ident.to_string());
                item.variants.iter().try_for_each(|variant| variants.add(&variant.ident))?;
            }
            Item::Type(item) => names.add(&item.ident)?,
            Item::Trait(item) => names.add(&item.ident)?,
            Item::Mod(module) => {
                let place = module.ident.to_string();
                if let Some((_, inner)) = &module.content {
                    self::items(inner, &place)?;
                }
            }
            Item::Impl(block) => {
                for method in block.items.iter().filter_map(|item| match item {
                    ImplItem::Fn(method) => Some(method),
                    _ => None,
                }) {
                    arguments(&method.sig)?;
                    if block.trait_.is_none() {
                        use quote::ToTokens;
                        let owner = block.self_ty.to_token_stream().to_string();
                        let known = methods.entry(owner.clone()).or_insert_with(|| Names::of(&owner));
                        known.add(&method.sig.ident)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn arguments(signature: &Signature) -> Result<()> {
    let mut names = Names::of(&signature.ident.to_string());
    for argument in &signature.inputs {
        if let FnArg::Typed(argument) = argument
            && let Pat::Ident(name) = argument.pat.as_ref()
        {
            names.add(&name.ident)?;
        }
    }
    Ok(())
}

struct Names {
    place: String,
    known: BTreeSet<String>,
}

impl Names {
    fn of(place: &str) -> Self {
        Self { place: place.to_owned(), known: BTreeSet::new() }
    }

    fn add(&mut self, name: &syn::Ident) -> Result<()> {
        ensure!(
            self.known.insert(name.to_string()),
            "{} has two things that Rust calls {name}: rename one by an overlay action",
            self.place
        );
        Ok(())
    }
}

//! Writes a function for the tests that makes any operation's typed call, by its id and values that it is given.
//!
//! Rust has no way to call a method whose name is text, and a list by hand would forget the operation that the next document
//! adds. What a call needs is read from the builders that were generated.

use anyhow::{Context, Result};
use quote::{ToTokens, format_ident, quote};
use syn::{Field, Fields, File, Item, Type, parse_quote};

use crate::document::{Document, Operation};
use crate::lower::pascal;
use crate::raw_only::RawOnly;

/// The function, as the text of a Rust file.
pub fn typed_calls(client: &File, document: &Document, raw_only: &[RawOnly]) -> Result<String> {
    let builders = client.items.iter().find_map(|item| match item {
        Item::Mod(module) if module.ident == "builder" => module.content.as_ref(),
        _ => None,
    });
    let (_, builders) = builders.context("there is no module of builders")?;
    let arms = document
        .operations
        .iter()
        .filter(|operation| !raw_only.iter().any(|raw| raw.operation == operation.id))
        .map(|operation| arm(builders, operation).with_context(|| operation.id.clone()))
        .collect::<Result<Vec<_>>>()?;
    let file: File = parse_quote! {
        use ofauth::api::{self, Client};
        use ofauth::{Error, Result};
        use super::Given;

        /// Makes the call; nothing if there is no operation of that name.
        pub(super) async fn send(api: &Client, id: &str, given: &Given<'_>) -> Option<Result<(), Error>> {
            Some(match id {
                #(#arms)*
                _ => return None,
            })
        }
    };
    Ok(prettyplease::unparse(&file))
}

/// The arm of one operation: its builder, with what it cannot be sent without.
fn arm(builders: &[Item], operation: &Operation) -> Result<syn::Arm> {
    let builder = pascal(&operation.id);
    let fields = builders.iter().find_map(|item| match item {
        Item::Struct(found) if found.ident == builder => Some(&found.fields),
        _ => None,
    });
    let Some(Fields::Named(fields)) = fields else { anyhow::bail!("there is no builder {builder}") };
    let method = format_ident!("{}", operation.id);
    let setters = fields.named.iter().filter_map(setter);
    let id = &operation.id;
    Ok(parse_quote! {
        #id => api.#method() #(#setters)* .send().await.map(drop),
    })
}

/// The setter of a field that is needed: `.post_id(given.param("post_id"))`.
fn setter(field: &Field) -> Option<proc_macro2::TokenStream> {
    let name = field.ident.as_ref()?;
    let text = field.ty.to_token_stream().to_string();
    let inner = text.strip_prefix("Result < ")?.strip_suffix(" , String >")?;
    if inner.contains("Option <") {
        return None;
    }
    if inner == "reqwest :: Body" {
        return Some(quote!(.#name(given.bytes())));
    }
    // The tests know the crate by its name, and a body by what is built.
    let outside = inner.replace("crate ::", "api ::").replace("types :: builder ::", "api :: types ::");
    let outside = match outside.strip_prefix("types ::") {
        Some(rest) => format!("api :: types ::{rest}"),
        None => outside.replace("< types ::", "< api :: types ::"),
    };
    let ty: Type = syn::parse_str(&outside.replace("api :: id :: Id", "api :: Id")).ok()?;
    let key = name.to_string();
    Some(match key.as_str() {
        "body" => quote!(.#name(given.body::<#ty>())),
        _ => quote!(.#name(given.param::<#ty>(#key))),
    })
}

//! Writes the open enums of responses: the known values and one variant that keeps the text of any other.

use anyhow::Result;
use quote::quote;
use serde_json::Value;
use syn::Item;

use super::syntax::ident;
use crate::document::Document;
use crate::lower::{mark, pascal};

pub(super) fn add(types: &mut Vec<Item>, document: &Document) -> Result<()> {
    for (name, schema) in &document.schemas {
        if schema.get(mark::OPEN_ENUM).is_some() {
            types.extend(open_enum(name, schema)?);
        }
    }
    Ok(())
}

fn open_enum(name: &str, schema: &Value) -> Result<[Item; 2]> {
    let values: Vec<&str> = schema
        .get("enum")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut names: Vec<String> = Vec::new();
    for value in &values {
        names.push(free(&names, variant(value)));
    }
    let variants: Vec<_> = names.iter().map(|name| ident(name)).collect();
    let about = schema.get("description").and_then(Value::as_str).unwrap_or("A value of the service.");
    let docs = values.iter().map(|value| format!("`{value}`"));
    let name = ident(name);
    let definition = quote! {
        #[doc = #about]
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum #name {
            #( #[doc = #docs] #variants, )*
            /// A value that the document does not list.
            Other(::std::string::String),
        }
    };
    let conversions = quote! {
        crate::open_enum::open_enum!(#name { #( #variants = #values, )* });
    };
    Ok([syn::parse2(definition)?, syn::parse2(conversions)?])
}

/// A name that is not among the `taken`: with a number after it if it is.
pub(super) fn free(taken: &[String], name: String) -> String {
    let is_free = |name: &String| !taken.contains(name);
    let numbered = (2..).map(|number| format!("{name}{number}")).take(taken.len() + 1);
    std::iter::once(name.clone()).chain(numbered).find(is_free).unwrap_or(name)
}

/// The Rust name of a value: `edge_only` is `EdgeOnly`, `720p` is `N720p`. `other`, should it come, is `OtherValue`.
#[must_use]
pub fn variant(value: &str) -> String {
    let name = pascal(value);
    match name.as_str() {
        "" => "Empty".to_owned(),
        "Other" | "Self" => format!("{name}Value"),
        _ if name.starts_with(|first: char| first.is_ascii_digit()) => format!("N{name}"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_names_of_their_own() {
        let mut names = Vec::new();
        for value in ["a-b", "a_b", "other", "Other", "+1", "-1", "720p", "", "self"] {
            names.push(free(&names, variant(value)));
        }
        assert_eq!(
            names,
            ["AB", "AB2", "OtherValue", "OtherValue2", "N1", "N12", "N720p", "Empty", "SelfValue"]
        );
    }
}

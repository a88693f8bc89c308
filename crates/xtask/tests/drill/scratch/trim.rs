//! Leaves out of a generated client what is word for word as in the base and not needed for a call: it was compiled with
//! the base. Most cases change one operation or one type, so that most of every client is compiled once.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{File, GenericArgument, ImplItem, Item, PathArguments, Type};

/// What the hand-written files name.
const ALWAYS: &[&str] = &["ErrorEnvelope"];

/// The client without what the base has and `code` does not call.
pub(super) fn trim(client: &str, base: &str, code: &str) -> String {
    let (Ok(mut file), Ok(base)) = (syn::parse_file(client), syn::parse_file(base)) else {
        // The compiler says better what is wrong with it.
        return client.to_owned();
    };
    let old: BTreeSet<String> = pieces(&base).into_iter().map(|piece| piece.text).collect();
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for piece in pieces(&file) {
        let group = groups.entry(piece.group).or_default();
        group.changed |= !old.contains(&piece.text);
        group.names.extend(piece.names);
    }
    let mut wanted: Vec<String> =
        groups.iter().filter(|(_, group)| group.changed).map(|(name, _)| name.clone()).collect();
    wanted.extend(ALWAYS.iter().map(|name| (*name).to_owned()));
    wanted.extend(code.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned));
    let mut kept = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        if let Some(group) = groups.get(&name)
            && kept.insert(name)
        {
            wanted.extend(group.names.iter().cloned());
        }
    }
    keep(&mut file.items, &kept);
    prettyplease::unparse(&file)
}

#[derive(Default)]
struct Group {
    changed: bool,
    names: BTreeSet<String>,
}

/// An item, or a method of the client, and what it belongs to: a type, or the operation that a method begins.
struct Piece {
    group: String,
    text: String,
    names: BTreeSet<String>,
}

fn pieces(file: &File) -> Vec<Piece> {
    let mut pieces = Vec::new();
    collect(&file.items, &mut pieces);
    pieces
}

fn collect(items: &[Item], into: &mut Vec<Piece>) {
    for item in items {
        match item {
            Item::Mod(module) => {
                collect(module.content.as_ref().map(|(_, items)| items.as_slice()).unwrap_or_default(), into);
            }
            Item::Impl(block) if is_client(block) => {
                for method in &block.items {
                    if let ImplItem::Fn(method) = method {
                        into.push(piece(method.sig.ident.to_string(), method.to_token_stream()));
                    }
                }
            }
            item => {
                if let Some(group) = group(item) {
                    into.push(piece(group, item.to_token_stream()));
                }
            }
        }
    }
}

fn piece(group: String, tokens: TokenStream) -> Piece {
    let mut names = BTreeSet::new();
    let text = tokens.to_string();
    idents(tokens, &mut names);
    Piece { group, text, names }
}

fn keep(items: &mut Vec<Item>, kept: &BTreeSet<String>) {
    items.retain(|item| group(item).is_none_or(|group| kept.contains(&group)));
    for item in items {
        match item {
            Item::Mod(module) => {
                if let Some((_, items)) = &mut module.content {
                    keep(items, kept);
                }
            }
            Item::Impl(block) if is_client(block) => block.items.retain(|method| match method {
                ImplItem::Fn(method) => kept.contains(&method.sig.ident.to_string()),
                _ => true,
            }),
            _ => {}
        }
    }
}

/// The block of the client's methods.
fn is_client(block: &syn::ItemImpl) -> bool {
    block.trait_.is_none()
        && matches!(self_type(&block.self_ty), Some(name) if name == "Client")
        && block.generics.params.is_empty()
}

/// The type that an item is part of; nothing if it is part of none and has to stay.
fn group(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) if item.ident != "Client" => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Type(item) => Some(item.ident.to_string()),
        Item::Impl(block) => match &block.trait_ {
            // `impl From<X> for ::std::string::String` is part of `X`.
            Some((path, _)) if is_from_outside(&block.self_ty) => argument(path),
            _ => self_type(&block.self_ty).filter(|name| name != "Client"),
        },
        Item::Macro(item) => match item.mac.tokens.clone().into_iter().next() {
            Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
            _ => None,
        },
        _ => None,
    }
}

fn is_from_outside(of: &Type) -> bool {
    !matches!(of, Type::Path(path) if path.path.leading_colon.is_none())
}

fn argument(of: &syn::Path) -> Option<String> {
    match &of.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(of) => self_type(of),
                _ => None,
            })
        }
        _ => None,
    }
}

fn self_type(of: &Type) -> Option<String> {
    match of {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

fn idents(tokens: TokenStream, into: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                into.insert(ident.to_string());
            }
            TokenTree::Group(group) => idents(group.stream(), into),
            // Names of readers and types stand in the texts of attributes.
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let words =
                    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
                into.extend(words.map(str::to_owned));
            }
            TokenTree::Punct(_) => {}
        }
    }
}

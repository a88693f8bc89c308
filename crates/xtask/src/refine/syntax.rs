//! Small tools over the generated syntax tree that every adjustment needs.

use quote::{ToTokens, format_ident};
use syn::{GenericArgument, ImplItem, ImplItemFn, Item, ItemImpl, ItemMod, PathArguments, Type};

/// The items of the module `name` among `items`.
pub(super) fn module<'a>(items: &'a mut [Item], name: &str) -> Option<&'a mut Vec<Item>> {
    items.iter_mut().find_map(|item| match item {
        Item::Mod(ItemMod { ident, content: Some((_, items)), .. }) if ident == name => Some(items),
        _ => None,
    })
}

/// The last segment of a type's path: `Option` of `::std::option::Option<i64>`.
pub(super) fn name(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    path.path.segments.last().map(|segment| segment.ident.to_string())
}

/// The last type among generic arguments.
pub(super) fn argument(arguments: &PathArguments) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else { return None };
    arguments.args.iter().rev().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The methods of a block.
pub(super) fn methods(block: &mut ItemImpl) -> impl Iterator<Item = &mut ImplItemFn> {
    block.items.iter_mut().filter_map(|item| match item {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    })
}

/// An identifier for Rust source, from text that is one.
pub(super) fn ident(name: &str) -> impl ToTokens + use<> {
    format_ident!("{name}")
}

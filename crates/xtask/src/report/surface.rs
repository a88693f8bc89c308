//! The public surface of the generated client, from its syntax tree.
//!
//! Types are spelled by their last names: `Option<Vec<Id>>`. A setter is shown with the type it takes.

use syn::{
    Attribute, Fields, GenericArgument, GenericParam, ImplItem, ImplItemFn, Item, ItemImpl, Meta,
    PathArguments, PathSegment, ReturnType, Type, TypeParamBound, WherePredicate,
};

/// The calls: one line per method of the client, one per parameter, and one for answer and error.
pub(super) fn calls(client: &syn::File) -> String {
    let blocks = |items| impls(items).map(|block| (spell(&block.self_ty), block));
    let builders: Vec<(String, &ItemImpl)> = blocks(items(client, "builder")).collect();
    let calls =
        blocks(&client.items).filter(|(name, _)| name == "Client").flat_map(|(_, block)| methods(block));
    let mut text = String::new();
    for call in calls {
        let builder = answer(&call.sig.output);
        let Some((_, block)) = builders.iter().find(|(name, _)| *name == builder) else { continue };
        line(&mut text, 0, &call.sig.ident.to_string(), &call.attrs);
        for method in methods(block) {
            if let Some(value) = value(method) {
                line(&mut text, 1, &format!("{}: {value}", method.sig.ident), &method.attrs);
            } else if method.sig.ident == "send" {
                line(&mut text, 1, &format!("-> {}", answer(&method.sig.output)), &method.attrs);
            }
        }
    }
    text
}

/// The types: one line per type, and one per field or variant.
pub(super) fn types(client: &syn::File) -> String {
    let mut text = String::new();
    for item in items(client, "types") {
        match item {
            Item::Struct(item) => {
                line(&mut text, 0, &format!("struct {}", item.ident), &item.attrs);
                fields(&item.fields).iter().for_each(|field| line(&mut text, 1, field, &[]));
            }
            Item::Enum(item) => {
                line(&mut text, 0, &format!("enum {}", item.ident), &item.attrs);
                for variant in &item.variants {
                    let fields = fields(&variant.fields);
                    let held =
                        if fields.is_empty() { String::new() } else { format!("({})", fields.join(", ")) };
                    line(&mut text, 1, &format!("{}{held}", variant.ident), &variant.attrs);
                }
            }
            _ => {}
        }
    }
    text
}

fn line(text: &mut String, depth: usize, content: &str, attributes: &[Attribute]) {
    let hidden = if is_hidden(attributes) { " (hidden)" } else { "" };
    text.push_str(&format!("{}{content}{hidden}\n", "    ".repeat(depth)));
}

/// The fields, without a name in a tuple.
fn fields(fields: &Fields) -> Vec<String> {
    let spelled = fields.iter().map(|field| match &field.ident {
        Some(name) => format!("{name}: {}", spell(&field.ty)),
        None => spell(&field.ty),
    });
    spelled.collect()
}

/// What a setter takes: `X` of `TryInto<X>`.
fn value(method: &ImplItemFn) -> Option<String> {
    let generics = &method.sig.generics;
    let clause = generics.where_clause.as_ref();
    let in_clause =
        clause.into_iter().flat_map(|clause| &clause.predicates).filter_map(|predicate| match predicate {
            WherePredicate::Type(bound) => Some(&bound.bounds),
            _ => None,
        });
    let in_place = generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(parameter) => Some(&parameter.bounds),
        _ => None,
    });
    in_clause.chain(in_place).flatten().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            arguments(bound.path.segments.last().filter(|s| s.ident == "TryInto")?).pop()
        }
        _ => None,
    })
}

fn answer(output: &ReturnType) -> String {
    match output {
        ReturnType::Type(_, ty) => spell(ty),
        ReturnType::Default => "()".to_owned(),
    }
}

/// A type by its last name, and those of its arguments.
fn spell(ty: &Type) -> String {
    match ty {
        Type::Path(path) => path.path.segments.last().map(segment).unwrap_or_default(),
        Type::Tuple(tuple) => format!("({})", tuple.elems.iter().map(spell).collect::<Vec<_>>().join(", ")),
        Type::Reference(reference) => format!("&{}", spell(&reference.elem)),
        _ => "_".to_owned(),
    }
}

fn segment(segment: &PathSegment) -> String {
    let arguments = arguments(segment);
    if arguments.is_empty() {
        segment.ident.to_string()
    } else {
        format!("{}<{}>", segment.ident, arguments.join(", "))
    }
}

fn arguments(segment: &PathSegment) -> Vec<String> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Vec::new() };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(spell(ty)),
        _ => None,
    });
    types.collect()
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("doc") && list.tokens.to_string() == "hidden",
        _ => false,
    })
}

fn impls(items: &[Item]) -> impl Iterator<Item = &ItemImpl> {
    items.iter().filter_map(|item| match item {
        Item::Impl(block) => Some(block),
        _ => None,
    })
}

fn methods(block: &ItemImpl) -> impl Iterator<Item = &ImplItemFn> {
    block.items.iter().filter_map(|item| match item {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    })
}

/// The items of the top-level module `name`.
fn items<'a>(client: &'a syn::File, name: &str) -> &'a [Item] {
    let module = client.items.iter().find_map(|item| match item {
        Item::Mod(module) if module.ident == name => module.content.as_ref(),
        _ => None,
    });
    module.map(|(_, items)| items.as_slice()).unwrap_or_default()
}

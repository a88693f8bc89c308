//! Gives the builders of lists the trait by which all of their pages can be asked for.
//!
//! The trait has the request without sending it, and the type of the items; both are taken out of what the generator wrote.

use anyhow::{Context, Result, ensure};
use quote::ToTokens;
use syn::{Expr, Fields, ImplItem, ImplItemFn, Item, ItemImpl, LitStr, Stmt, Type, parse_quote};

use super::responses::success;
use super::syntax::{argument, ident, module, name};
use crate::document::{Document, Operation};
use crate::emit::page;
use crate::lower::pascal;
use crate::rust_name::snake;

/// Writes the trait for every operation that has pages.
pub(super) fn add_trait(file: &mut syn::File, document: &Document) -> Result<()> {
    let types = module(&mut file.items, "types").context("there is no module of types")?.clone();
    let builders = module(&mut file.items, "builder").context("there is no module of builders")?;
    for operation in &document.operations {
        if let Some(items) = page::items(operation) {
            let added = trait_of(builders, &types, operation, items);
            builders.push(Item::Impl(added.with_context(|| operation.id.clone())?));
        }
    }
    Ok(())
}

/// The trait for the builder of an operation whose answers have their items in the field `items`.
fn trait_of(builders: &mut [Item], types: &[Item], operation: &Operation, items: &str) -> Result<ItemImpl> {
    let builder = pascal(&operation.id);
    let send = send(builders, &builder).context("there is no builder with a method `send`")?;
    let page = success(&send.sig.output).and_then(name).context("`send` returns no named type")?;
    let item = item(types, &page, items)
        .with_context(|| format!("{page} has no field {items:?} with a list: add a mark to the overlay"))?;
    // What is built before it is sent; the rest of `send` asks for that.
    let Some(Stmt::Expr(sent, None)) = send.block.stmts.pop() else {
        return Err(anyhow::anyhow!("`send` does not end in a call"));
    };
    let text = sent.to_token_stream().to_string();
    ensure!(text.starts_with("client . ask (request ,"), "`send` ends in {text}");
    let statements = std::mem::take(&mut send.block.stmts);
    let id = LitStr::new(&operation.id, proc_macro2::Span::call_site());
    let asks: Expr = parse_quote!(client.ask(crate::list::List::into_request(self)?, #id).await);
    send.block.stmts = vec![parse_quote!(let client = self.client;), Stmt::Expr(asks, None)];
    let builder = ident(&builder);
    Ok(parse_quote! {
        impl crate::list::List for #builder<'_> {
            type Item = #item;
            const OPERATION_ID: &'static str = #id;
            fn into_request(self) -> Result<::reqwest::Request, ofauth_operations::Error> {
                #(#statements)*
                Ok(request)
            }
        }
    })
}

/// The method `send` of a builder.
fn send<'a>(builders: &'a mut [Item], builder: &str) -> Option<&'a mut ImplItemFn> {
    let blocks = builders.iter_mut().filter_map(|item| match item {
        Item::Impl(block) if block.trait_.is_none() && name(&block.self_ty).as_deref() == Some(builder) => {
            Some(block)
        }
        _ => None,
    });
    blocks.flat_map(|block| &mut block.items).find_map(|item| match item {
        ImplItem::Fn(method) if method.sig.ident == "send" => Some(method),
        _ => None,
    })
}

/// The type of what is in the list `field` of a page, as the module of builders names it.
fn item(types: &[Item], page: &str, field: &str) -> Option<Type> {
    let page = types.iter().find_map(|item| match item {
        Item::Struct(found) if found.ident == page => Some(found),
        _ => None,
    })?;
    let Fields::Named(fields) = &page.fields else { return None };
    let field = snake(field);
    let list = fields.named.iter().find(|found| found.ident.as_ref().is_some_and(|name| *name == field))?;
    let Type::Path(path) = &list.ty else { return None };
    let item = argument(&path.path.segments.last()?.arguments)?;
    match item {
        // The module of types names its own by their names alone, and everything else in full.
        Type::Path(own) if own.path.get_ident().is_some() => Some(parse_quote!(types::#item)),
        other => Some(other.clone()),
    }
}

//! Lets a call without a body send none, where the document says that the body may be left out.
//!
//! The generator asks for every body. Here the builder remembers whether it was given one, and `send` hands over an `Option`.

use anyhow::{Context, Result, ensure};
use quote::format_ident;
use syn::visit_mut::{VisitMut, visit_expr_method_call_mut};
use syn::{
    ExprMethodCall, FieldValue, Fields, ImplItemFn, Item, Local, Member, Pat, PatRest, Token, parse_quote,
};

use super::syntax::{methods, module, name};
use crate::document::Document;
use crate::lower::pascal;

/// Rewrites the builder of every operation whose body is optional.
pub(super) fn leave_out(file: &mut syn::File, document: &Document) -> Result<()> {
    let Some(builders) = module(&mut file.items, "builder") else { return Ok(()) };
    let is_optional = |body: &crate::document::Body| !body.required;
    for operation in document.operations.iter().filter(|it| it.body.as_ref().is_some_and(is_optional)) {
        let builder = pascal(&operation.id);
        for item in builders.iter_mut() {
            match item {
                Item::Struct(item) if item.ident == builder => {
                    let Fields::Named(fields) = &mut item.fields else { continue };
                    fields.named.push(parse_quote!(has_body: bool));
                }
                Item::Impl(block)
                    if block.trait_.is_none() && name(&block.self_ty).as_ref() == Some(&builder) =>
                {
                    for method in methods(block) {
                        rewrite(method).with_context(|| operation.id.clone())?;
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn rewrite(method: &mut ImplItemFn) -> Result<()> {
    match method.sig.ident.to_string().as_str() {
        "new" => New.visit_block_mut(&mut method.block),
        "body" | "body_map" => method.block.stmts.insert(0, parse_quote!(self.has_body = true;)),
        "send" => {
            let mut send = Send { values: 0, sent: 0 };
            send.visit_block_mut(&mut method.block);
            method.block.stmts.insert(0, parse_quote!(let has_body = self.has_body;));
            ensure!(
                (send.values, send.sent) == (1, 1),
                "`send` does not take and send its body as it used to"
            );
        }
        _ => {}
    }
    Ok(())
}

/// `Self { …, body: … }`.
struct New;

impl VisitMut for New {
    fn visit_expr_struct_mut(&mut self, made: &mut syn::ExprStruct) {
        let is_body = |field: &FieldValue| matches!(&field.member, Member::Named(name) if name == "body");
        if made.fields.iter().any(is_body) {
            made.fields.push(parse_quote!(has_body: false));
        }
    }
}

struct Send {
    values: usize,
    sent: usize,
}

impl VisitMut for Send {
    fn visit_local_mut(&mut self, local: &mut Local) {
        match &mut local.pat {
            Pat::Struct(whole) => {
                whole.rest = Some(PatRest { attrs: Vec::new(), dot2_token: <Token![..]>::default() });
            }
            Pat::Ident(variable) if variable.ident == "body" => {
                if let Some(value) = &mut local.init {
                    let given = &value.expr;
                    *value.expr = parse_quote!(if has_body { Some(#given) } else { None });
                    self.values = self.values.saturating_add(1);
                }
            }
            _ => {}
        }
        syn::visit_mut::visit_local_mut(self, local);
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        visit_expr_method_call_mut(self, call);
        if ["json", "json_as", "body"].iter().any(|name| call.method == name) {
            call.method = format_ident!("optional_{}", call.method);
            self.sent = self.sent.saturating_add(1);
        }
    }
}

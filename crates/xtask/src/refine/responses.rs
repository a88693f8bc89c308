//! Lets the crate send requests and read answers instead of the generator's runtime, with its own error type.
//!
//! What is wrong with the runtime's way stands in `ofauth_api::response`.

use anyhow::{Context, Result, ensure};
use quote::{ToTokens, format_ident};
use serde_json::Value;
use syn::visit_mut::{VisitMut, visit_expr_method_call_mut, visit_expr_mut};
use syn::{
    Expr, ExprLit, ExprMethodCall, GenericArgument, ImplItem, ImplItemFn, Item, Lit, LitStr, Local,
    PathArguments, ReturnType, Stmt, Type, parse_quote,
};

use super::syntax::{argument, module};
use crate::document::Document;
use crate::lower::mark;

/// Rewrites `send` of every builder: what comes after the request is built is the crate's.
pub(super) fn send_in_crate(file: &mut syn::File, document: &Document) -> Result<()> {
    let mut sends = 0;
    for item in module(&mut file.items, "builder").into_iter().flatten() {
        let Item::Impl(block) = item else { continue };
        for item in &mut block.items {
            if let ImplItem::Fn(method) = item
                && method.sig.ident == "send"
            {
                rewrite(method, document)?;
                sends += 1;
            }
        }
    }
    ensure!(
        sends == document.operations.len(),
        "the generated builders have {sends} methods `send` for {} operations",
        document.operations.len()
    );
    // Nothing calls the generator's hooks now, so nobody has to implement them.
    file.items.retain(|item| !matches!(item, Item::Const(check) if check.ident == "_"));
    Ok(())
}

fn rewrite(method: &mut ImplItemFn, document: &Document) -> Result<()> {
    let mut value =
        success(&method.sig.output).cloned().context("`send` returns no Result<ResponseValue<_>, _>")?;
    let statements = &mut method.block.stmts;
    let found =
        statements.iter().enumerate().find_map(|(at, statement)| Some((at, operation_id(statement)?)));
    let (at, id) = found.context("`send` does not name its operation in an OperationInfo any more")?;
    statements.truncate(at);
    let operation = document.operations.iter().find(|operation| operation.id == id.value());
    let mark = |name: &str| operation.and_then(|it| it.extensions.get(name)).and_then(Value::as_str);
    let is_nothing = matches!(&value, Type::Tuple(nothing) if nothing.elems.is_empty());
    let end: Expr = match mark(mark::ANSWER) {
        Some(mark::TEXT) => {
            value = parse_quote!(::std::string::String);
            parse_quote!(client.text(request, #id).await)
        }
        Some(_) => {
            value = parse_quote!(::std::vec::Vec<u8>);
            parse_quote!(client.bytes(request, #id).await)
        }
        None if is_nothing => parse_quote!(client.tell(request, #id).await),
        None => parse_quote!(client.ask(request, #id).await),
    };
    statements.push(Stmt::Expr(end, None));
    method.sig.output = parse_quote!(-> Result<ResponseValue<#value>, ofauth_operations::Error>);
    Errors.visit_block_mut(&mut method.block);
    let mut media = Media {
        accept: mark(mark::ACCEPT).map(|it| LitStr::new(it, id.span())),
        body: mark(mark::CONTENT_TYPE).map(|it| LitStr::new(it, id.span())),
    };
    media.visit_block_mut(&mut method.block);
    Ok(())
}

/// Names the media types that are not plain JSON.
struct Media {
    accept: Option<LitStr>,
    body: Option<LitStr>,
}

impl VisitMut for Media {
    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        visit_expr_method_call_mut(self, call);
        let first = call.args.first().map(|first| first.to_token_stream().to_string()).unwrap_or_default();
        match (&self.accept, &self.body) {
            (Some(types), _) if call.method == "header" && first.ends_with("ACCEPT") => {
                if let Some(value) = call.args.last_mut() {
                    *value = parse_quote!(::reqwest::header::HeaderValue::from_static(#types));
                }
            }
            (_, Some(media_type)) if call.method == "json" => {
                call.method = format_ident!("json_as");
                call.args.push(parse_quote!(#media_type));
            }
            _ => {}
        }
    }
}

/// `T` of `Result<ResponseValue<T>, _>`.
pub(super) fn success(output: &ReturnType) -> Option<&Type> {
    let ReturnType::Type(_, result) = output else { return None };
    let Type::Path(result) = result.as_ref() else { return None };
    let PathArguments::AngleBracketed(arguments) = &result.path.segments.last()?.arguments else {
        return None;
    };
    let GenericArgument::Type(Type::Path(answer)) = arguments.args.first()? else { return None };
    argument(&answer.path.segments.last()?.arguments)
}

/// The id in the `OperationInfo` that a statement makes.
fn operation_id(statement: &Stmt) -> Option<LitStr> {
    let Stmt::Local(Local { init: Some(init), .. }) = statement else { return None };
    let Expr::Struct(made) = init.expr.as_ref() else { return None };
    let is_info = made.path.segments.last().is_some_and(|segment| segment.ident == "OperationInfo");
    made.fields.iter().filter(|_| is_info).find_map(|field| match &field.expr {
        Expr::Lit(ExprLit { lit: Lit::Str(id), .. }) => Some(id.clone()),
        _ => None,
    })
}

/// Makes every error of building a request the crate's own.
struct Errors;

impl VisitMut for Errors {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_expr_mut(self, expr);
        match expr {
            Expr::Path(path) if path.path.to_token_stream().to_string() == "Error :: InvalidRequest" => {
                *expr = parse_quote!(crate::request::invalid);
            }
            Expr::Try(tried) => {
                if let Expr::MethodCall(ExprMethodCall { method, .. }) = tried.expr.as_ref()
                    && method == "try_into"
                {
                    let fallible = &tried.expr;
                    *tried.expr = parse_quote!(#fallible.map_err(crate::request::unsendable));
                }
            }
            _ => {}
        }
    }
}

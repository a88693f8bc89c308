//! Lets the crate send requests and read answers instead of the generator's runtime, with its own error type.
//!
//! What is wrong with the runtime's way stands in `ofauth_api::response`.

use anyhow::{Context, Result, ensure};
use quote::ToTokens;
use syn::visit_mut::{VisitMut, visit_expr_mut};
use syn::{
    Expr, ExprLit, ExprMethodCall, GenericArgument, ImplItem, ImplItemFn, Item, Lit, LitStr, Local,
    PathArguments, ReturnType, Stmt, Type, parse_quote,
};

use super::syntax::{argument, module};

/// Rewrites `send` of every builder: what comes after the request is built is the crate's.
pub(super) fn send_in_crate(file: &mut syn::File) -> Result<()> {
    let mut sends = 0;
    for item in module(&mut file.items, "builder").into_iter().flatten() {
        let Item::Impl(block) = item else { continue };
        for item in &mut block.items {
            if let ImplItem::Fn(method) = item
                && method.sig.ident == "send"
            {
                rewrite(method)?;
                sends += 1;
            }
        }
    }
    ensure!(sends > 0, "the generated builders have no method `send` any more");
    // Nothing calls the generator's hooks now, so nobody has to implement them.
    file.items.retain(|item| !matches!(item, Item::Const(check) if check.ident == "_"));
    Ok(())
}

fn rewrite(method: &mut ImplItemFn) -> Result<()> {
    let value =
        success(&method.sig.output).cloned().context("`send` returns no Result<ResponseValue<_>, _>")?;
    let statements = &mut method.block.stmts;
    let found =
        statements.iter().enumerate().find_map(|(at, statement)| Some((at, operation_id(statement)?)));
    let (at, id) = found.context("`send` does not name its operation in an OperationInfo any more")?;
    statements.truncate(at);
    let end: Expr = if matches!(&value, Type::Tuple(nothing) if nothing.elems.is_empty()) {
        parse_quote!(client.tell(request, #id).await)
    } else {
        parse_quote!(client.ask(request, #id).await)
    };
    statements.push(Stmt::Expr(end, None));
    method.sig.output = parse_quote!(-> Result<ResponseValue<#value>, ofauth_operations::Error>);
    Errors.visit_block_mut(&mut method.block);
    Ok(())
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

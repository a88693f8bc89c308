//! Lets the crate put requests together instead of the generator's HTTP client.
//!
//! The generator writes a client that holds a `reqwest::Client`, of which only the builder of requests would be used here.
//! Making one can fail, and reads certificates if any crate of the program switches reqwest's TLS on. The calls stay as
//! they were written; only where they begin changes, from `client.client.get(url)` to `crate::request::Draft::get(url)`.

use anyhow::{Result, ensure};
use quote::ToTokens;
use syn::visit_mut::{VisitMut, visit_block_mut, visit_expr_mut};
use syn::{Block, Expr, ExprField, Fields, Item, Member, Stmt, parse_quote};

use super::syntax::module;

/// Takes the HTTP client out of the generated one, and the header with the document's version, which the service does not
/// know, out of its requests.
pub(super) fn build_in_crate(file: &mut syn::File) -> Result<()> {
    for item in &mut file.items {
        if let Item::Struct(client) = item
            && client.ident == "Client"
            && let Fields::Named(fields) = &mut client.fields
        {
            let kept = fields.named.iter().filter(|field| !is(field.ident.as_ref(), "client"));
            fields.named = kept.cloned().collect();
        }
    }
    // It hands out the HTTP client, and nothing here asks for the rest.
    file.items.retain(|item| {
        !matches!(item, Item::Impl(block) if block.trait_.as_ref().is_some_and(|(path, _)| is(path.segments.last().map(|last| &last.ident), "ClientInfo")))
    });
    let mut requests = Requests::default();
    for item in module(&mut file.items, "builder").into_iter().flatten() {
        requests.visit_item_mut(item);
    }
    let has_builders = module(&mut file.items, "builder").is_some_and(|items| !items.is_empty());
    ensure!(
        requests.begun > 0 || !has_builders,
        "the generated builders begin no request by `client.client` any more"
    );
    ensure!(
        requests.begun == requests.without_version,
        "not every generated request has a statement with the header `api-version` any more"
    );
    Ok(())
}

fn is(ident: Option<&syn::Ident>, name: &str) -> bool {
    ident.is_some_and(|ident| ident == name)
}

#[derive(Default)]
struct Requests {
    begun: usize,
    without_version: usize,
}

impl VisitMut for Requests {
    fn visit_block_mut(&mut self, block: &mut Block) {
        let before = block.stmts.len();
        block.stmts.retain(|statement| !sets_version(statement));
        self.without_version += before.saturating_sub(block.stmts.len());
        visit_block_mut(self, block);
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::MethodCall(call) = expr
            && let Expr::Field(ExprField { base, member: Member::Named(field), .. }) = call.receiver.as_ref()
            && field == "client"
            && base.to_token_stream().to_string() == "client"
        {
            let (method, arguments) = (&call.method, &call.args);
            *expr = parse_quote!(crate::request::Draft::#method(#arguments));
            self.begun += 1;
        }
        visit_expr_mut(self, expr);
    }
}

fn sets_version(statement: &Stmt) -> bool {
    let Stmt::Expr(Expr::MethodCall(call), _) = statement else { return false };
    call.method == "append"
        && call
            .args
            .first()
            .is_some_and(|name| name.to_token_stream().to_string().contains("\"api-version\""))
}

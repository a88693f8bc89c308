//! Has the values of parameters written as the document says, where the generator knows one way alone.
//!
//! In the query it is `.written("ids", &ids, Style::Commas)` that adds the value. Elsewhere the value is replaced by its text
//! before the address is put together: `let ids = crate::parameter::text(&ids, "ids", Style::Commas)?;`.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use quote::{ToTokens, format_ident};
use syn::visit_mut::{VisitMut, visit_expr_call_mut, visit_expr_if_mut, visit_expr_method_call_mut};
use syn::{Block, Expr, ExprCall, ExprIf, ExprMethodCall, Item, Lit, Pat, Stmt, parse_quote};

use super::syntax::{methods, module, name};
use crate::document::{Document, Operation, Parameter, Style};
use crate::lower::{mark, pascal, resolved};

/// Adds the statements to `send` of every builder whose parameters need one.
pub(super) fn write_in_crate(file: &mut syn::File, document: &Document) -> Result<()> {
    let Some(builders) = module(&mut file.items, "builder") else { return Ok(()) };
    for operation in &document.operations {
        let odd: Vec<&Parameter> =
            operation.parameters.iter().filter(|parameter| is_odd(document, parameter)).collect();
        if odd.is_empty() {
            continue;
        }
        let builder = pascal(&operation.id);
        let send = builders.iter_mut().find_map(|item| match item {
            Item::Impl(block)
                if block.trait_.is_none() && name(&block.self_ty).as_ref() == Some(&builder) =>
            {
                methods(block).find(|method| method.sig.ident == "send")
            }
            _ => None,
        });
        let send = send.with_context(|| format!("{} has no method `send`", operation.id))?;
        rewrite(&mut send.block, operation, &odd).with_context(|| operation.id.clone())?;
    }
    Ok(())
}

/// Whether the generator would not write a value as the document says.
fn is_odd(document: &Document, parameter: &Parameter) -> bool {
    let is_list =
        resolved(&document.schemas, &parameter.schema).get("type").is_some_and(|kind| kind == "array");
    let is_usual = parameter.style() == Style::Repeated && parameter.place == "query";
    parameter.schema.get(mark::WRITTEN).is_some() || (is_list && !is_usual)
}

fn rewrite(block: &mut Block, operation: &Operation, odd: &[&Parameter]) -> Result<()> {
    let url = block.stmts.iter().position(is_url).context("`send` makes no address any more")?;
    let mut found = Found { variables: BTreeMap::new(), optional: None };
    found.visit_block_mut(block);
    if let Some(statement) = block.stmts.get(url) {
        found.in_path(&statement.to_token_stream().to_string(), &operation.path);
    }
    let mut added = Vec::new();
    for parameter in odd {
        let key = (parameter.place.clone(), parameter.name.clone());
        let variable = found.variables.get(&key).with_context(|| {
            format!(
                "the {} parameter {} is not where the generator used to put it",
                parameter.place, parameter.name
            )
        })?;
        let (api_name, variable) = (&parameter.name, format_ident!("{variable}"));
        let style = format_ident!("{}", format!("{:?}", parameter.style()));
        let style: Expr = parse_quote!(ofauth_operations::operation::Style::#style);
        if parameter.place == "query" {
            Written { name: api_name, style }.visit_block_mut(block);
            continue;
        }
        let write: Expr = parse_quote!(crate::parameter::text);
        // What the builder need not be given is an `Option`; what must be there is the value.
        added.push(if parameter.required {
            parse_quote!(let #variable = #write(&#variable, #api_name, #style)?;)
        } else {
            parse_quote! {
                let #variable = #variable.map(|value| #write(&value, #api_name, #style)).transpose()?;
            }
        });
    }
    ensure!(url <= block.stmts.len(), "the address has moved");
    let after = block.stmts.split_off(url);
    block.stmts.extend(added);
    block.stmts.extend(after);
    Ok(())
}

/// Turns `.query(&QueryParam::new("ids", &ids))` into `.written("ids", &ids, style)`.
struct Written<'a> {
    name: &'a str,
    style: Expr,
}

impl VisitMut for Written<'_> {
    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        visit_expr_method_call_mut(self, call);
        let Some(Expr::Reference(first)) = call.args.first().filter(|_| call.method == "query") else {
            return;
        };
        let Expr::Call(made) = first.expr.as_ref() else { return };
        if made.args.first().and_then(text).as_deref() == Some(self.name) {
            let (arguments, style) = (made.args.clone(), &self.style);
            call.method = format_ident!("written");
            call.args = arguments;
            call.args.push(parse_quote!(#style));
        }
    }
}

fn is_url(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Local(local) if matches!(&local.pat, Pat::Ident(name) if name.ident == "url"))
}

/// The variables that hold the values of parameters, by place and name.
struct Found {
    variables: BTreeMap<(String, String), String>,
    /// The variable that a value is taken out of around the place.
    optional: Option<String>,
}

impl Found {
    /// Those of the path stand in the order of the template, inside a macro.
    fn in_path(&mut self, statement: &str, template: &str) {
        let names = template.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0));
        let variables = statement.split("encode_path (").skip(1).filter_map(|part| {
            let part = part.trim_start().strip_prefix('&')?.trim_start();
            Some(part.split(|letter: char| letter != '_' && !letter.is_alphanumeric()).next()?.to_owned())
        });
        for (name, variable) in names.zip(variables) {
            self.variables.insert(("path".to_owned(), name.to_owned()), variable);
        }
    }
}

impl VisitMut for Found {
    /// `QueryParam::new("ids", &ids)`.
    fn visit_expr_call_mut(&mut self, call: &mut ExprCall) {
        let mut arguments = call.args.iter();
        if call.func.to_token_stream().to_string().ends_with("QueryParam :: new")
            && let (Some(name), Some(variable)) = (arguments.next().and_then(text), arguments.next())
        {
            let variable = variable.to_token_stream().to_string();
            let variable = variable.trim_start_matches('&').trim().to_owned();
            self.variables.insert(("query".to_owned(), name), variable);
        }
        visit_expr_call_mut(self, call);
    }

    /// `if let Some(value) = x_ids { … }`.
    fn visit_expr_if_mut(&mut self, found: &mut ExprIf) {
        if let Expr::Let(binding) = found.cond.as_ref() {
            self.optional = Some(binding.expr.to_token_stream().to_string());
        }
        visit_expr_if_mut(self, found);
        self.optional = None;
    }

    /// `header_map.append("x-ids", value.to_string()…)`.
    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        let mut arguments = call.args.iter();
        if call.method == "append"
            && let (Some(name), Some(value)) = (arguments.next().and_then(text), arguments.next())
        {
            let own = value.to_token_stream().to_string();
            let own = own.split([' ', '.']).next().unwrap_or_default().to_owned();
            let variable = self.optional.clone().unwrap_or(own);
            self.variables.insert(("header".to_owned(), name), variable);
        }
        visit_expr_method_call_mut(self, call);
    }
}

fn text(expr: &Expr) -> Option<String> {
    let Expr::Lit(literal) = expr else { return None };
    let Lit::Str(text) = &literal.lit else { return None };
    Some(text.value())
}

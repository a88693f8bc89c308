//! Lets the setters of optional request fields take the value itself.
//!
//! The generator's setter for an `Option<T>` takes what converts into `Option<T>`. A `&str` does not, whatever `T` is,
//! so every text would have to be wrapped by the caller. The setters of operation parameters take the value already.

use syn::visit_mut::{VisitMut, visit_expr_method_call_mut};
use syn::{ExprMethodCall, ImplItem, ImplItemFn, Item, Type, parse_quote};

use super::syntax::{argument, name};

/// Changes every setter in the builders of types.
pub(super) fn take_values(builders: &mut [Item]) {
    for item in builders {
        let Item::Impl(block) = item else { continue };
        for item in &mut block.items {
            if let ImplItem::Fn(method) = item {
                take_value(method);
            }
        }
    }
}

/// `T: TryInto<Option<X>>` becomes `T: TryInto<X>`, and the value is wrapped once it is converted.
fn take_value(method: &mut ImplItemFn) {
    let Some(inner) = optional_value(method) else { return };
    method.sig.generics.where_clause = Some(parse_quote! {
        where
            T: ::std::convert::TryInto<#inner>,
            T::Error: ::std::fmt::Display,
    });
    Wrap.visit_block_mut(&mut method.block);
}

/// `X` of a method that is bound by `T: TryInto<Option<X>>`.
fn optional_value(method: &ImplItemFn) -> Option<Type> {
    let clause = method.sig.generics.where_clause.as_ref()?;
    clause.predicates.iter().find_map(|predicate| {
        let syn::WherePredicate::Type(bound) = predicate else { return None };
        bound.bounds.iter().find_map(|bound| {
            let syn::TypeParamBound::Trait(bound) = bound else { return None };
            let segment = bound.path.segments.last().filter(|segment| segment.ident == "TryInto")?;
            let option = argument(&segment.arguments).filter(|ty| name(ty).as_deref() == Some("Option"))?;
            let Type::Path(path) = option else { return None };
            argument(&path.path.segments.last()?.arguments).cloned()
        })
    })
}

/// Turns `value.try_into()` into `value.try_into().map(Some)`.
struct Wrap;

impl VisitMut for Wrap {
    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        visit_expr_method_call_mut(self, call);
        if call.method == "map_err" {
            let converted = &call.receiver;
            call.receiver = parse_quote!(#converted.map(Some));
        }
    }
}

//! Lets the crate read answers instead of the generator's runtime.
//!
//! What is wrong with the runtime's way stands in `ofauth_api::answer`.

use anyhow::{Result, ensure};
use syn::visit_mut::{VisitMut, visit_expr_call_mut};
use syn::{Expr, ExprCall, parse_quote};

/// Calls `crate::answer::read` wherever the generated code calls `ResponseValue::from_response`.
pub(super) fn read_in_crate(file: &mut syn::File) -> Result<()> {
    let mut calls = Calls(0);
    calls.visit_file_mut(file);
    ensure!(calls.0 > 0, "the generated code reads no answer by ResponseValue::from_response any more");
    Ok(())
}

/// Counts the calls that were changed.
struct Calls(usize);

impl VisitMut for Calls {
    fn visit_expr_call_mut(&mut self, call: &mut ExprCall) {
        visit_expr_call_mut(self, call);
        let Expr::Path(function) = call.func.as_ref() else { return };
        let names: Vec<String> =
            function.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if names == ["ResponseValue", "from_response"] {
            *call.func = parse_quote!(crate::answer::read);
            self.0 += 1;
        }
    }
}

//! Runs progenitor over the lowered document.

use anyhow::{Context, Result};
use openapiv3::OpenAPI;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TagStyle, TypeImpl};
use quote::quote;
use serde_json::Value;

use crate::document::Document;
use crate::lower::mark;

/// The generated client as a syntax tree, before it is refined.
pub fn client(document: &Document) -> Result<syn::File> {
    let spec: OpenAPI =
        serde_json::from_value(document.write()).context("the lowered document is not OpenAPI 3.0.3")?;
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Builder)
        .with_tag(TagStyle::Merged)
        // The other mode writes empty hooks, and `refine` takes out what would call them.
        .with_hooks(HooksMode::Expected)
        .with_inner_type(quote!(crate::transport::SharedTransport))
        // Ordered, so that `Debug` and re-serialised answers do not change from run to run.
        .with_map_type("::std::collections::BTreeMap");
    for (name, schema) in &document.schemas {
        if let Some(rust) = schema.get(mark::RUST_TYPE).and_then(Value::as_str) {
            settings.with_replacement(name, rust, [TypeImpl::Display, TypeImpl::FromStr].into_iter());
        }
    }
    let tokens = Generator::new(&settings)
        .generate_tokens(&spec)
        .context("progenitor refuses the lowered document")?;
    syn::parse2(tokens).context("progenitor wrote something that is not Rust")
}

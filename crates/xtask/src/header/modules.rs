//! The modules of the C API: what they say about themselves, and what they export.
//!
//! Reads the sources only; what the items look like in C is for cbindgen.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use syn::{Attribute, Expr, Item, ItemFn, ItemMod, Lit, Meta, Visibility};

/// One file of the crate.
pub(super) struct Module {
    /// Its name, as `lib.rs` has it.
    pub(super) name: String,
    /// The first line of its documentation.
    pub(super) title: String,
    /// The rest of it.
    pub(super) text: String,
    /// Its constants and exported functions, as they follow each other.
    pub(super) names: Vec<String>,
}

/// The modules below a `lib.rs`, and the file itself.
pub(super) fn read(source: &Path) -> Result<Vec<Module>> {
    let folder = source.parent().unwrap_or(source);
    let mut modules = Vec::new();
    add("lib", source, folder, &mut modules)?;
    Ok(modules)
}

/// Adds a file and the modules that it declares, which lie in `folder`.
fn add(name: &str, source: &Path, folder: &Path, modules: &mut Vec<Module>) -> Result<()> {
    let text =
        std::fs::read_to_string(source).with_context(|| format!("cannot read {}", source.display()))?;
    let file = syn::parse_file(&text).with_context(|| format!("{} is not Rust", source.display()))?;
    let documentation = documentation(&file.attrs);
    let (title, rest) = documentation.split_once('\n').unwrap_or((&documentation, ""));
    modules.push(Module {
        name: name.to_owned(),
        title: title.trim_end_matches('.').to_owned(),
        text: rest.trim().to_owned(),
        names: file.items.iter().filter_map(exported).collect(),
    });
    for item in &file.items {
        if let Item::Mod(ItemMod { ident, attrs, content: None, .. }) = item
            && !is_test(attrs)
        {
            let name = ident.to_string();
            let (source, below) = find(folder, &name);
            add(&name, &source, &below, modules)?;
        }
    }
    Ok(())
}

/// The file of a module, and the folder of the modules in it.
fn find(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let below = folder.join(name);
    let as_folder = below.join("mod.rs");
    let file = if as_folder.exists() { as_folder } else { folder.join(format!("{name}.rs")) };
    (file, below)
}

/// The name of an item, if C programs see it.
fn exported(item: &Item) -> Option<String> {
    match item {
        Item::Const(item) if is_public(&item.vis) => Some(item.ident.to_string()),
        Item::Fn(item) if is_exported(item) => Some(item.sig.ident.to_string()),
        _ => None,
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Whether a function has a symbol of its name.
fn is_exported(item: &ItemFn) -> bool {
    let no_mangle = |attribute: &Attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("unsafe") && list.tokens.to_string() == "no_mangle",
        other => other.path().is_ident("no_mangle"),
    };
    item.attrs.iter().any(no_mangle)
}

fn is_test(attributes: &[Attribute]) -> bool {
    let test = |list: &syn::MetaList| list.path.is_ident("cfg") && list.tokens.to_string() == "test";
    attributes.iter().any(|attribute| matches!(&attribute.meta, Meta::List(list) if test(list)))
}

/// The lines of `//!`.
fn documentation(attributes: &[Attribute]) -> String {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    let lines: Vec<String> = attributes.iter().filter_map(line).collect();
    let lines: Vec<&str> = lines.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    lines.join("\n")
}

//! What the public signatures of the library name.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::visit::{self, Visit};

use super::written_by_hand;

/// What the public signatures of `ofauth` do not name, so that a new major version of one is not one of ours. The generated
/// client is among them: its signatures name reqwest and what the generator wrote.
const NOT_IN_SIGNATURES: &[&str] =
    &["ofauth_api", "reqwest", "hyper", "hyper_util", "progenitor_client", "rustls", "tokio_rustls"];

/// The doors to the generated client: what may name it all the same, each under the feature `typed`.
/// The methods are there twice: the blocking client has them, too.
const DOORS: &[&str] = &[
    "typed: fn api (& self) -> ofauth_api :: Client",
    "typed: fn items < L : ofauth_api :: list :: List > (& self , list : L) -> Items < L :: Item >",
    "typed: fn pages < L : ofauth_api :: list :: List > (& self , list : L) -> Pages < L :: Item >",
    "typed: ofauth_api as api",
];

#[test]
fn public_signatures_of_the_library_name_no_http_library() {
    let mut found = foreign_names(&library_sources());
    found.sort();
    found.dedup();
    assert_eq!(found, DOORS, "the stable part of the library must not show what others version");
}

#[test]
fn foreign_names_are_seen_in_every_kind_of_signature() {
    for source in [
        "pub fn f(request: &reqwest::Request) {}",
        "use hyper::body::Incoming as Body; pub struct S { pub body: Body }",
        "pub struct S(pub Option<hyper::Uri>);",
        "pub enum E { Http(reqwest::Error) }",
        "pub type Client = reqwest::Client;",
        "pub trait T { fn f(&self) -> progenitor_client::Error; }",
        "pub struct S; impl S { pub fn f() -> reqwest::Url { g() } }",
        "pub struct S; impl From<reqwest::Error> for S { fn from(error: reqwest::Error) -> Self { Self } }",
        "pub use reqwest::StatusCode;",
        "pub use ofauth_api as api;",
    ] {
        assert!(!foreign_names(&[syn::parse_file(source).unwrap()]).is_empty(), "{source}");
    }
    for source in [
        "fn f(request: reqwest::Request) {}",
        "pub(crate) struct S { body: hyper::body::Incoming }",
        "pub struct S { inner: reqwest::Client } impl S { pub fn f(&self) -> u8 { reqwest::get() } }",
        "struct S; impl From<reqwest::Error> for S { fn from(error: reqwest::Error) -> Self { Self } }",
    ] {
        assert_eq!(foreign_names(&[syn::parse_file(source).unwrap()]), [] as [String; 0], "{source}");
    }
}

#[test]
fn a_door_is_known_by_its_feature() {
    let found = |source| foreign_names(&[syn::parse_file(source).unwrap()]);
    assert_eq!(found("#[cfg(feature = \"typed\")] pub use reqwest as x;"), ["typed: reqwest as x"]);
    assert_eq!(found("#[cfg(feature = \"blocking\")] pub use reqwest as x;"), ["reqwest as x"]);
    let method = "pub struct S; impl S { #[cfg(feature = \"typed\")] pub fn f() -> reqwest::Url { g() } }";
    assert_eq!(found(method), ["typed: fn f () -> reqwest :: Url"]);
}

fn library_sources() -> Vec<syn::File> {
    let sources: Vec<_> = written_by_hand()
        .into_iter()
        .filter(|(name, _)| name.starts_with("crates/ofauth/src/"))
        .map(|(name, text)| syn::parse_file(&text).unwrap_or_else(|error| panic!("{name}: {error}")))
        .collect();
    assert!(sources.len() > 10, "the sources of the library were not found");
    sources
}

/// What public items name although they should not, marked if it is there with the feature `typed` alone. `pub` is taken at its word: a lint of the workspace refuses a
/// `pub` that nobody outside can reach.
fn foreign_names(sources: &[syn::File]) -> Vec<String> {
    let mut types = PublicTypes::default();
    sources.iter().for_each(|source| types.visit_file(source));
    let mut found = Vec::new();
    for source in sources {
        let mut imports = Imports::default();
        imports.visit_file(source);
        let mut scan = Scan { imports: &imports.0, types: &types.0, found: &mut found };
        scan.visit_file(source);
    }
    found
}

fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

/// The names of public structs and enums.
#[derive(Default)]
struct PublicTypes(BTreeSet<String>);

impl<'ast> Visit<'ast> for PublicTypes {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        match item {
            syn::Item::Struct(item) if is_public(&item.vis) => self.0.insert(item.ident.to_string()),
            syn::Item::Enum(item) if is_public(&item.vis) => self.0.insert(item.ident.to_string()),
            _ => false,
        };
        visit::visit_item(self, item);
    }
}

/// The names under which a file imports something of the libraries.
#[derive(Default)]
struct Imports(BTreeSet<String>);

impl<'ast> Visit<'ast> for Imports {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if let syn::UseTree::Path(path) = &item.tree
            && NOT_IN_SIGNATURES.iter().any(|name| path.ident == name)
        {
            self.add(&path.tree);
        }
    }
}

impl Imports {
    fn add(&mut self, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => self.add(&path.tree),
            syn::UseTree::Name(name) => self.0.extend([name.ident.to_string()]),
            syn::UseTree::Rename(name) => self.0.extend([name.rename.to_string()]),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.add(tree)),
            syn::UseTree::Glob(_) => {}
        }
    }
}

struct Scan<'a> {
    imports: &'a BTreeSet<String>,
    types: &'a BTreeSet<String>,
    found: &'a mut Vec<String>,
}

impl Scan<'_> {
    fn check(&mut self, attributes: &[syn::Attribute], signature: &impl ToTokens) {
        let text = signature.to_token_stream().to_string();
        let foreign = |word: &str| NOT_IN_SIGNATURES.contains(&word) || self.imports.contains(word);
        if text.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(foreign) {
            let is_typed =
                |it: &syn::Attribute| it.to_token_stream().to_string() == "# [cfg (feature = \"typed\")]";
            let mark = if attributes.iter().any(is_typed) { "typed: " } else { "" };
            self.found.push(format!("{mark}{text}"));
        }
    }
}

impl<'ast> Visit<'ast> for Scan<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        match item {
            syn::Item::Fn(item) if is_public(&item.vis) => self.check(&item.attrs, &item.sig),
            syn::Item::Enum(item) if is_public(&item.vis) => self.check(&item.attrs, &item.variants),
            syn::Item::Type(item) if is_public(&item.vis) => self.check(&item.attrs, &item.ty),
            syn::Item::Const(item) if is_public(&item.vis) => self.check(&item.attrs, &item.ty),
            syn::Item::Static(item) if is_public(&item.vis) => self.check(&item.attrs, &item.ty),
            syn::Item::Use(item) if is_public(&item.vis) => self.check(&item.attrs, &item.tree),
            syn::Item::Struct(item) if is_public(&item.vis) => {
                self.check(&item.attrs, &item.generics);
                let public = item.fields.iter().filter(|field| is_public(&field.vis));
                public.for_each(|field| self.check(&item.attrs, &field.ty));
            }
            syn::Item::Trait(item) if is_public(&item.vis) => {
                self.check(&item.attrs, &item.supertraits);
                for member in &item.items {
                    if let syn::TraitItem::Fn(method) = member {
                        self.check(&item.attrs, &method.sig);
                    }
                }
            }
            syn::Item::Impl(item) => {
                let of = item.self_ty.to_token_stream().to_string();
                let of_public = self.types.contains(of.split([' ', '<']).next().unwrap_or_default());
                if let (Some((path, _)), true) = (&item.trait_, of_public) {
                    self.check(&item.attrs, path);
                }
            }
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_impl_item_fn(&mut self, method: &'ast syn::ImplItemFn) {
        if is_public(&method.vis) {
            self.check(&method.attrs, &method.sig);
        }
    }
}

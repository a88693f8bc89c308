//! The Rust crates: every public item that a program can name, with its signature, and the traits that types have.
//!
//! Read from the sources, as they are written: no macro is expanded but the one that writes setters, and what the compiler
//! adds by itself (`Send`, `Sync`) is not seen. What another crate defines is listed by its name there. `ofauth_api` is
//! generated, and the snapshots of xtask are its listing.

use std::collections::{BTreeMap, BTreeSet};

use syn::{Fields, ImplItem, Item, TraitItem};
use xtask::source;

use super::names::{Meaning, name_of};
use super::sources::{Crate, Module};
use super::syntax::{conditions, derived, is_non_exhaustive, is_public, signature, spell};

/// The crates, by their names in paths, with their folders.
pub(super) const CRATES: &[(&str, &str)] = &[
    ("ofauth", "crates/ofauth"),
    ("ofauth_operations", "crates/ofauth-operations"),
    ("ofauth_webhooks", "crates/ofauth-webhooks"),
    ("ofauth_sandbox", "crates/ofauth-sandbox"),
];

#[test]
fn the_rust_crates_show_what_was_accepted() {
    let root = source::root().unwrap();
    let read = |(name, folder): &(&str, &str)| Crate::read(name, &root.join(folder).join("src/lib.rs"));
    ofauth_surface::check("rust", CRATES.iter().map(read).flat_map(|of| listing(&of)).collect());
}

/// The lines of a crate.
fn listing(of: &Crate) -> Vec<String> {
    Listing::read(of).lines.into_iter().collect()
}

/// The functions and methods that a crate shows, without those that a macro writes.
pub(super) fn functions(of: &Crate) -> Vec<Function> {
    Listing::read(of).functions
}

/// A function or a method.
pub(super) struct Function {
    /// The path that users write.
    pub(super) path: String,
    pub(super) signature: syn::Signature,
    pub(super) attributes: Vec<syn::Attribute>,
}

/// Something that the crate shows, by the path that users write.
struct Export {
    path: String,
    when: Vec<String>,
    meaning: Meaning,
}

struct Listing<'a> {
    of: &'a Crate,
    /// What is shown of the crate's own items and modules, with the shortest path to each.
    shown: BTreeMap<Meaning, String>,
    lines: BTreeSet<String>,
    functions: Vec<Function>,
}

impl<'a> Listing<'a> {
    fn read(of: &'a Crate) -> Self {
        let mut listing = Self { of, shown: BTreeMap::new(), lines: BTreeSet::new(), functions: Vec::new() };
        let exports = listing.exports();
        for export in exports {
            listing.export(&export);
        }
        listing.implementations();
        listing
    }

    fn function(&mut self, path: &str, signature: &syn::Signature, attributes: &[syn::Attribute]) {
        let (path, signature, attributes) = (path.to_owned(), signature.clone(), attributes.to_vec());
        self.functions.push(Function { path, signature, attributes });
    }

    fn line(&mut self, name: &str, when: &[String], what: &str) {
        let mut known = BTreeSet::new();
        let when: String = when.iter().filter(|it| known.insert(*it)).map(|it| format!("{it} ")).collect();
        self.lines.insert(format!("{name} = {when}{what}"));
    }

    /// What is shown, those with short paths first.
    fn exports(&mut self) -> Vec<Export> {
        let mut found = Vec::new();
        let mut open = vec![(Vec::new(), self.of.name.clone(), Vec::new())];
        while !open.is_empty() {
            for (module, path, when) in std::mem::take(&mut open) {
                for (name, own, meaning) in self.names_in(&module) {
                    let path = format!("{path}::{name}");
                    let when = [when.as_slice(), &own].concat();
                    let is_ours = !matches!(meaning, Meaning::Outside(_));
                    if is_ours && !self.shown.contains_key(&meaning) {
                        self.shown.insert(meaning.clone(), path.clone());
                        if let Meaning::Module(inner) = &meaning {
                            open.push((inner.clone(), path.clone(), when.clone()));
                        }
                    }
                    found.push(Export { path, when, meaning });
                }
            }
        }
        found
    }

    /// What users can name in a module: by which name, in which builds, and what it is.
    fn names_in(&self, module: &Module) -> Vec<(String, Vec<String>, Meaning)> {
        let contents = &self.of.modules[module];
        let items = contents.items.iter().filter_map(|item| {
            let (is_public, attributes) = of_item(item);
            let when = conditions(attributes).filter(|_| is_public)?;
            if let Item::Mod(inner) = item {
                let name = inner.ident.to_string();
                let inner = module.iter().chain([&name]).cloned().collect();
                return Some((name, when, Meaning::Module(inner)));
            }
            let name = name_of(item)?.to_string();
            Some((name.clone(), when, Meaning::Item(module.clone(), name)))
        });
        let imports = contents.imports.iter().filter(|import| import.is_public).flat_map(|import| {
            let Some(when) = &import.conditions else { return Vec::new() };
            assert!(import.name != "*", "all of {} is shown: name what is meant", import.path.join("::"));
            let meanings = self.of.meanings(module, &import.path).into_iter();
            meanings.map(|meaning| (import.name.clone(), when.clone(), meaning)).collect()
        });
        items.chain(imports).collect()
    }

    fn export(&mut self, export: &Export) {
        let Export { path, when, meaning } = export;
        match (meaning, self.shown.get(meaning)) {
            (Meaning::Outside(of), _) => self.line(path, when, of),
            (_, Some(first)) if first != path => {
                let first = first.clone();
                self.line(path, when, &first);
            }
            (Meaning::Module(_), _) => self.line(path, when, "mod"),
            (Meaning::Item(module, name), _) => {
                let contents = &self.of.modules[module];
                let items = contents.items.iter().filter(|item| name_of(item).is_some_and(|own| own == name));
                for item in items {
                    self.item(path, &[when.as_slice(), &contents.conditions].concat(), item);
                }
            }
        }
    }

    fn item(&mut self, path: &str, when: &[String], item: &Item) {
        let (_, attributes) = of_item(item);
        // There may be another item of this name for other builds.
        let Some(own) = conditions(attributes) else { return };
        let when = &[when, &own].concat();
        let open = if is_non_exhaustive(attributes) { "#[non_exhaustive] " } else { "" };
        match item {
            Item::Fn(item) => {
                self.function(path, &item.sig, &item.attrs);
                self.line(&format!("{path}()"), when, &signature(&item.sig));
            }
            Item::Const(item) => {
                let value = match &*item.expr {
                    syn::Expr::Lit(literal) => format!(" = {}", spell(literal)),
                    _ => String::new(),
                };
                self.line(path, when, &format!("const {}{value}", spell(&item.ty)));
            }
            Item::Static(item) => self.line(path, when, &format!("static {}", spell(&item.ty))),
            Item::Type(item) => {
                self.line(path, when, &format!("type{} {}", spell(&item.generics), spell(&item.ty)));
            }
            Item::Struct(item) => {
                let generics = generics(&item.generics);
                let rest = if item.fields.iter().any(|it| !is_public(&it.vis)) {
                    " with private fields"
                } else {
                    ""
                };
                self.line(path, when, &format!("{open}struct{generics}{rest}"));
                self.fields(path, when, &item.fields);
            }
            Item::Enum(item) => {
                self.line(path, when, &format!("{open}enum{}", generics(&item.generics)));
                for variant in &item.variants {
                    let Some(own) = conditions(&variant.attrs) else { continue };
                    let open = if is_non_exhaustive(&variant.attrs) { "#[non_exhaustive] " } else { "" };
                    let fields = variant.fields.iter().map(|field| match &field.ident {
                        Some(name) => format!("{name}: {}", spell(&field.ty)),
                        None => spell(&field.ty),
                    });
                    let fields = fields.collect::<Vec<_>>().join(", ");
                    let held = match &variant.fields {
                        Fields::Unit => String::new(),
                        Fields::Unnamed(_) => format!("({fields})"),
                        Fields::Named(_) => format!(" {{ {fields} }}"),
                    };
                    let name = format!("{path}::{}", variant.ident);
                    self.line(&name, &[when.as_slice(), &own].concat(), &format!("{open}variant{held}"));
                }
            }
            Item::Trait(item) => {
                let above = spell(&item.supertraits);
                let above = if above.is_empty() { above } else { format!(": {above}") };
                self.line(path, when, &format!("trait{}{above}", generics(&item.generics)));
                for member in &item.items {
                    if let TraitItem::Fn(method) = member
                        && let Some(own) = conditions(&method.attrs)
                    {
                        let provided = if method.default.is_some() { " (provided)" } else { "" };
                        let name = format!("{path}::{}()", method.sig.ident);
                        let what = format!("{}{provided}", signature(&method.sig));
                        self.line(&name, &[when.as_slice(), &own].concat(), &what);
                    }
                }
            }
            _ => self.line(path, when, &spell(item)),
        }
        for name in derived(attributes) {
            self.line(&format!("{path}: {name}"), when, "impl");
        }
    }

    fn fields(&mut self, path: &str, when: &[String], fields: &Fields) {
        for (place, field) in fields.iter().enumerate() {
            if let (true, Some(own)) = (is_public(&field.vis), conditions(&field.attrs)) {
                let name = field.ident.as_ref().map_or_else(|| place.to_string(), ToString::to_string);
                self.line(&format!("{path}.{name}"), &[when, &own].concat(), &spell(&field.ty));
            }
        }
    }

    /// What is implemented, for the types that are shown and of the traits that are.
    fn implementations(&mut self) {
        let of = self.of;
        for (module, contents) in &of.modules {
            for item in &contents.items {
                if let Item::Impl(item) = item
                    && let Some(own) = conditions(&item.attrs)
                {
                    self.implementation(module, &[contents.conditions.as_slice(), &own].concat(), item);
                }
            }
        }
    }

    fn implementation(&mut self, module: &Module, when: &[String], item: &syn::ItemImpl) {
        let own = self.shown_of(module, &item.self_ty);
        let generics = generics(&item.generics);
        let Some((path, _)) = &item.trait_ else {
            if let Some(own) = own {
                item.items.iter().for_each(|member| self.member(&own, when, &generics, member));
            }
            return;
        };
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let is_hidden =
            |meaning: &Meaning| matches!(meaning, Meaning::Item(..)) && !self.shown.contains_key(meaning);
        let mentions = |path: &syn::Path| self.path_of(module, path).is_some() || self.mentions(module, path);
        if self.of.meanings(module, &segments).iter().any(is_hidden) || (own.is_none() && !mentions(path)) {
            return;
        }
        let types = item.items.iter().filter_map(|member| match member {
            ImplItem::Type(of) => Some(format!(" {} = {}", of.ident, spell(&of.ty))),
            _ => None,
        });
        let types = types.collect::<Vec<_>>().join(",");
        let name = path.segments.last().map(spell).unwrap_or_default();
        let own = own.unwrap_or_else(|| format!("{}: {}", self.of.name, spell(&item.self_ty)));
        self.line(&format!("{own}: {name}"), when, &format!("impl{generics}{types}"));
    }

    fn member(&mut self, own: &str, when: &[String], generics: &str, member: &ImplItem) {
        match member {
            ImplItem::Fn(method) if is_public(&method.vis) => {
                if let Some(more) = conditions(&method.attrs) {
                    let of = if generics.is_empty() { String::new() } else { format!("impl{generics} ") };
                    let what = format!("{of}{}", signature(&method.sig));
                    let path = format!("{own}::{}", method.sig.ident);
                    self.function(&path, &method.sig, &method.attrs);
                    self.line(&format!("{path}()"), &[when, &more].concat(), &what);
                }
            }
            ImplItem::Const(of) if is_public(&of.vis) => {
                if let Some(more) = conditions(&of.attrs) {
                    self.line(
                        &format!("{own}::{}", of.ident),
                        &[when, &more].concat(),
                        &format!("const {}", spell(&of.ty)),
                    );
                }
            }
            ImplItem::Macro(call) => {
                for (name, arguments) in self.setters(&call.mac) {
                    let arguments = if arguments.is_empty() { arguments } else { format!(", {arguments}") };
                    self.line(&format!("{own}::{name}()"), when, &format!("fn(self{arguments}) -> Self"));
                }
            }
            _ => {}
        }
    }

    /// The setters that a macro without arguments writes: its first rule names them, `name(argument: Type)`.
    fn setters(&self, call: &syn::Macro) -> Vec<(String, String)> {
        let name = call.path.segments.last().unwrap().ident.to_string();
        let mut items = self.of.modules.values().flat_map(|contents| &contents.items);
        let written = items.find_map(|item| match item {
            Item::Macro(item) if item.ident.as_ref().is_some_and(|it| *it == name) => Some(&item.mac),
            _ => None,
        });
        let groups = |tokens: proc_macro2::TokenStream| {
            tokens.into_iter().filter_map(|token| match token {
                proc_macro2::TokenTree::Group(group) => Some(group.stream()),
                _ => None,
            })
        };
        let body = written.and_then(|of| groups(of.tokens.clone()).nth(1));
        let list = body.and_then(|body| groups(body).next()).unwrap_or_default();
        let mut found = Vec::new();
        let mut before = String::new();
        for token in list {
            match token {
                proc_macro2::TokenTree::Group(group) => {
                    found.push((std::mem::take(&mut before), spell(&group.stream())));
                }
                token => before.push_str(&token.to_string()),
            }
        }
        assert!(
            call.tokens.is_empty() && !found.is_empty(),
            "{name}! cannot be listed: write out what it writes"
        );
        found
    }

    /// The path by which users name a type, if it is one that is shown.
    fn shown_of(&self, module: &Module, of: &syn::Type) -> Option<String> {
        match of {
            syn::Type::Path(of) => self.path_of(module, &of.path),
            syn::Type::Reference(of) => self.shown_of(module, &of.elem),
            _ => None,
        }
    }

    fn path_of(&self, module: &Module, path: &syn::Path) -> Option<String> {
        let path: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let items = self.of.meanings(module, &path).into_iter();
        items
            .filter(|meaning| matches!(meaning, Meaning::Item(..)))
            .find_map(|it| self.shown.get(&it).cloned())
    }

    /// Whether what a path takes in `<>` names something that is shown.
    fn mentions(&self, module: &Module, path: &syn::Path) -> bool {
        let arguments = path.segments.iter().filter_map(|segment| match &segment.arguments {
            syn::PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
            _ => None,
        });
        arguments.flatten().any(|argument| match argument {
            syn::GenericArgument::Type(of) => self.shown_of(module, of).is_some(),
            _ => false,
        })
    }
}

/// Generics as they stand behind `impl`, with what they must be.
fn generics(of: &syn::Generics) -> String {
    let clause = of.where_clause.as_ref().map(|clause| format!(" {}", spell(clause))).unwrap_or_default();
    format!("{}{clause}", spell(of))
}

/// Whether an item with a name is public, and its attributes.
fn of_item(item: &Item) -> (bool, &[syn::Attribute]) {
    match item {
        Item::Const(item) => (is_public(&item.vis), &item.attrs),
        Item::Enum(item) => (is_public(&item.vis), &item.attrs),
        Item::Fn(item) => (is_public(&item.vis), &item.attrs),
        Item::Mod(item) => (is_public(&item.vis), &item.attrs),
        Item::Static(item) => (is_public(&item.vis), &item.attrs),
        Item::Struct(item) => (is_public(&item.vis), &item.attrs),
        Item::Trait(item) => (is_public(&item.vis), &item.attrs),
        Item::Type(item) => (is_public(&item.vis), &item.attrs),
        Item::Union(item) => (is_public(&item.vis), &item.attrs),
        Item::Macro(item) => {
            (item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export")), &item.attrs)
        }
        _ => (false, &[]),
    }
}

#[test]
fn everything_that_users_can_name_is_listed_and_nothing_else() {
    let text = r#"
        mod inner {
            use super::error::Failure as Error;
            #[derive(Debug, Clone)]
            #[non_exhaustive]
            pub struct Options { pub name: Option<String>, #[doc(hidden)] pub secret: u8 }
            pub struct Held(pub u8, u16);
            impl Options {
                pub fn name(mut self, name: impl Into<String>) -> Self { self }
                fn private(&self) {}
                #[doc(hidden)] pub fn hidden(&self) {}
                setters!();
            }
            impl From<Error> for Options { fn from(error: Error) -> Self { g() } }
            impl Private for Options {}
            impl std::future::IntoFuture for Held { type Output = u8; type IntoFuture = Ready; fn into_future(self) -> Ready { f() } }
            trait Private {}
            macro_rules! setters { () => { setters! { size(size: u64) quiet() } }; ($($x:tt)*) => {}; }
            pub struct Unreachable;
        }
        mod error {
            pub enum Failure { None, Some(u8), Named { at: u8 } }
            impl From<Failure> for String { fn from(failure: Failure) -> Self { g() } }
        }
        #[cfg(feature = "more")]
        pub mod more {
            pub use crate::error::Failure;
            pub use outside::deep::Thing as Other;
            pub trait Shape: Send { fn area(&self) -> u8; fn name(&self) -> &str { f() } }
            impl Shape for Vec<u8> { fn area(&self) -> u8 { 0 } }
            #[cfg(unix)] pub async fn run<T>(of: &T) -> Result<(), T> where T: Shape { f() }
        }
        #[cfg(test)] pub mod tests { pub fn f() {} }
        #[doc(hidden)] pub mod hidden { pub fn f() {} }
        #[doc(hidden)] pub use inner::Unreachable;
        pub use error::Failure;
        pub use inner::{Held, Options};
        pub const MOST: usize = 4;
        pub(crate) fn ours() {}
    "#;
    let found = listing(&Crate::of("a", text));
    let wanted = [
        "a: String: From<Failure> = impl",
        "a: Vec<u8>: Shape = [more] impl",
        "a::Failure = enum",
        "a::Failure::Named = variant { at: u8 }",
        "a::Failure::None = variant",
        "a::Failure::Some = variant(u8)",
        "a::Held = struct with private fields",
        "a::Held.0 = u8",
        "a::Held: IntoFuture = impl Output = u8, IntoFuture = Ready",
        "a::MOST = const usize = 4",
        "a::Options = #[non_exhaustive] struct",
        "a::Options.name = Option<String>",
        "a::Options: Clone = impl",
        "a::Options: Debug = impl",
        "a::Options: From<Error> = impl",
        "a::Options::name() = fn(self, name: impl Into<String>) -> Self",
        "a::Options::quiet() = fn(self) -> Self",
        "a::Options::size() = fn(self, size: u64) -> Self",
        "a::more = [more] mod",
        "a::more::Failure = [more] a::Failure",
        "a::more::Other = [more] outside::deep::Thing",
        "a::more::Shape = [more] trait: Send",
        "a::more::Shape::area() = [more] fn(&self) -> u8",
        "a::more::Shape::name() = [more] fn(&self) -> &str (provided)",
        "a::more::run() = [more] [unix] async fn<T>(of: &T) -> Result<(), T> where T: Shape",
    ];
    assert_eq!(found, wanted);
    for text in ["pub use other::*;", "pub struct A; impl A { unknown!(); }"] {
        assert!(std::panic::catch_unwind(|| listing(&Crate::of("a", text))).is_err(), "{text}");
    }
}

//! The modules of a crate, read from its files, with what stands in each. Follows `mod` as the compiler does, and leaves out
//! what is for tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::syntax::{conditions, is_for_tests, is_public};

/// A module by the names that lead to it from the root of its crate.
pub(super) type Module = Vec<String>;

/// What the sources of a crate say.
pub(super) struct Crate {
    /// Its name in paths.
    pub(super) name: String,
    /// Its modules, the root among them.
    pub(super) modules: BTreeMap<Module, Contents>,
}

/// What stands in a module.
#[derive(Default)]
pub(super) struct Contents {
    /// The builds in which it is there.
    pub(super) conditions: Vec<String>,
    pub(super) items: Vec<syn::Item>,
    pub(super) imports: Vec<Import>,
}

/// One name that a `use` brings into a module.
pub(super) struct Import {
    pub(super) name: String,
    pub(super) path: Vec<String>,
    pub(super) is_public: bool,
    /// Nothing if no user sees it.
    pub(super) conditions: Option<Vec<String>>,
}

impl Crate {
    /// Reads the crate whose root is `lib`.
    pub(super) fn read(name: &str, lib: &Path) -> Self {
        let mut of = Self { name: name.to_owned(), modules: BTreeMap::new() };
        let folder = lib.parent().unwrap();
        of.add(Vec::new(), folder, Vec::new(), parsed(lib).items);
        of
    }

    /// A crate of one text, without files.
    pub(super) fn of(name: &str, text: &str) -> Self {
        let mut of = Self { name: name.to_owned(), modules: BTreeMap::new() };
        of.add(Vec::new(), Path::new(""), Vec::new(), syn::parse_file(text).unwrap().items);
        of
    }

    /// Adds a module, whose own modules lie in `folder`.
    fn add(&mut self, module: Module, folder: &Path, when: Vec<String>, items: Vec<syn::Item>) {
        let mut contents = Contents { conditions: when.clone(), ..Contents::default() };
        for item in items {
            match &item {
                syn::Item::Mod(inner) if is_for_tests(&inner.attrs) => continue,
                syn::Item::Mod(inner) => {
                    // One that is hidden may hold what is shown elsewhere.
                    let own = conditions(&inner.attrs).unwrap_or_default();
                    let name = inner.ident.to_string();
                    let place = folder.join(&name);
                    let items = match &inner.content {
                        Some((_, items)) => items.clone(),
                        None => parsed(&file_of(&place)).items,
                    };
                    let path = [module.as_slice(), &[name]].concat();
                    self.add(path, &place, [when.as_slice(), &own].concat(), items);
                }
                syn::Item::Use(import) => {
                    let mut found = Vec::new();
                    names(&[], &import.tree, &mut found);
                    contents.imports.extend(found.into_iter().map(|(name, path)| Import {
                        name,
                        path,
                        is_public: is_public(&import.vis),
                        conditions: conditions(&import.attrs),
                    }));
                }
                _ => {}
            }
            contents.items.push(item);
        }
        self.modules.insert(module, contents);
    }
}

fn file_of(place: &Path) -> PathBuf {
    let beside = place.with_extension("rs");
    if beside.is_file() { beside } else { place.join("mod.rs") }
}

fn parsed(path: &Path) -> syn::File {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names that a tree of `use` brings, each with its path. Of what a `*` brings nothing is known here.
fn names(before: &[String], tree: &syn::UseTree, into: &mut Vec<(String, Vec<String>)>) {
    let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
    match tree {
        syn::UseTree::Path(path) => names(&with(&path.ident), &path.tree, into),
        syn::UseTree::Name(name) if name.ident == "self" => {
            into.push((before.last().unwrap().clone(), before.to_vec()));
        }
        syn::UseTree::Name(name) => into.push((name.ident.to_string(), with(&name.ident))),
        syn::UseTree::Rename(name) if name.ident == "self" => {
            into.push((name.rename.to_string(), before.to_vec()));
        }
        syn::UseTree::Rename(name) => into.push((name.rename.to_string(), with(&name.ident))),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| names(before, tree, into)),
        syn::UseTree::Glob(_) => into.push(("*".to_owned(), before.to_vec())),
    }
}

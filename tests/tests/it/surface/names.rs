//! What a name means in a module of a crate: an item of it, one of its modules, or something of another crate.

use super::sources::{Crate, Module};

/// What a path leads to. A name may be a module and a function at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Meaning {
    /// The item of this name, in this module.
    Item(Module, String),
    Module(Module),
    /// A path that begins with another crate, or with a name that every module knows.
    Outside(String),
}

impl Crate {
    /// What a path means that is written in `module`.
    pub(super) fn meanings(&self, module: &[String], path: &[String]) -> Vec<Meaning> {
        let mut at = module.to_vec();
        let mut rest = path;
        let mut is_ours = false;
        while let Some((first, others)) = rest.split_first() {
            match first.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => drop(at.pop()),
                _ => break,
            }
            (rest, is_ours) = (others, true);
        }
        let outside = || vec![Meaning::Outside(path.join("::"))];
        let Some((first, others)) = rest.split_first() else { return vec![Meaning::Module(at)] };
        let found = self.named(&at, first, path);
        if found.is_empty() {
            assert!(!is_ours, "{}: {} is nowhere", self.name, path.join("::"));
            return outside();
        }
        if others.is_empty() {
            return found;
        }
        let further = found.into_iter().flat_map(|meaning| match meaning {
            Meaning::Module(inner) => {
                let path: Vec<String> = [&["self".to_owned()], others].concat();
                self.meanings(&inner, &path)
            }
            Meaning::Outside(before) => vec![Meaning::Outside(format!("{before}::{}", others.join("::")))],
            // A variant, or what is associated with a type.
            Meaning::Item(..) => Vec::new(),
        });
        let further: Vec<_> = further.collect();
        if further.is_empty() { outside() } else { further }
    }

    /// What `name` alone means in a module; `asked` is the path that is looked for.
    fn named(&self, module: &[String], name: &str, asked: &[String]) -> Vec<Meaning> {
        let Some(contents) = self.modules.get(module) else { return Vec::new() };
        let mut found = Vec::new();
        let inner = [module, &[name.to_owned()]].concat();
        if self.modules.contains_key(&inner) {
            found.push(Meaning::Module(inner));
        }
        if contents.items.iter().any(|item| name_of(item).is_some_and(|own| own == name)) {
            found.push(Meaning::Item(module.to_vec(), name.to_owned()));
        }
        // An import of the path that is looked for says nothing more about it.
        for import in contents.imports.iter().filter(|import| import.name == name && import.path != asked) {
            found.extend(self.meanings(module, &import.path));
        }
        found.sort();
        found.dedup();
        found
    }
}

/// The name of an item that has one; modules are known by themselves.
pub(super) fn name_of(item: &syn::Item) -> Option<&syn::Ident> {
    match item {
        syn::Item::Const(item) => Some(&item.ident),
        syn::Item::Enum(item) => Some(&item.ident),
        syn::Item::Fn(item) => Some(&item.sig.ident),
        syn::Item::Static(item) => Some(&item.ident),
        syn::Item::Struct(item) => Some(&item.ident),
        syn::Item::Trait(item) => Some(&item.ident),
        syn::Item::Type(item) => Some(&item.ident),
        syn::Item::Union(item) => Some(&item.ident),
        syn::Item::Macro(item) => item.ident.as_ref(),
        _ => None,
    }
}

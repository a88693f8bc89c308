//! The imports of a crate's sources as a graph, and what is wrong with it. Reads the sources alone: expands no macro and
//! follows no re-export, so whoever imports a name from a façade imports the façade.
//!
//! A folder with its files is a node among its neighbours, and so is each file, `mod.rs` too: it stands beside the files
//! that it declares. Tests, simulations and fuzz entries do not count, because no reader of shipped code passes them.

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens;
use syn::visit::{self, Visit};

/// The most files that may import each other in a circle.
const LARGEST_CIRCLE: usize = 3;

/// Which file of a crate imports which: both by their paths from `src`.
pub(super) struct Imports(pub(super) BTreeMap<String, BTreeSet<String>>);

impl Imports {
    /// Reads `sources`, which are the files of one `src` by their paths from it, with their texts.
    pub(super) fn read(sources: &BTreeMap<String, String>) -> Self {
        let modules: BTreeMap<Vec<String>, &str> =
            sources.keys().map(|file| (module_of(file), file.as_str())).collect();
        let of_file = |(file, text): (&String, &String)| {
            let source = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
            let mut paths = Paths { module: module_of(file), known: &modules, found: BTreeSet::new() };
            paths.visit_file(&source);
            paths.found.remove(file.as_str());
            (file.clone(), paths.found)
        };
        let mut imports: BTreeMap<String, BTreeSet<String>> = sources.iter().map(of_file).collect();
        let shipped: BTreeSet<String> = reachable(&imports, sources);
        imports.retain(|file, _| shipped.contains(file));
        imports.values_mut().for_each(|used| used.retain(|file| shipped.contains(file)));
        Self(imports)
    }

    /// The circles that may not be: those with a folder in them, and those of too many files.
    pub(super) fn circles(&self) -> Vec<String> {
        let mut folders: BTreeSet<&str> = BTreeSet::from([""]);
        for file in self.0.keys() {
            folders.extend(file.match_indices('/').map(|(end, _)| &file[..end]));
        }
        folders.into_iter().flat_map(|folder| self.circles_in(folder)).collect()
    }

    fn circles_in(&self, folder: &str) -> Vec<String> {
        let mut graph: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (file, used) in &self.0 {
            let Some(from) = neighbour(folder, file) else { continue };
            let to = used.iter().filter_map(|used| neighbour(folder, used)).filter(|to| *to != from);
            graph.entry(from).or_default().extend(to);
        }
        let is_file = |node: &&str| node.ends_with(".rs");
        let bad = |circle: &Vec<&str>| circle.len() > LARGEST_CIRCLE || !circle.iter().all(is_file);
        let found = circles(&graph).into_iter().filter(bad);
        found.map(|circle| format!("in {folder:?}: {}", circle.join(", "))).collect()
    }

    /// The imports against `order`, whose layers are files and folders of `src`: each may use those in its own layer and in
    /// the ones before. A name that is missing is against it, too.
    pub(super) fn against(&self, order: &[&[&str]]) -> Vec<String> {
        let place = |file: &str| {
            let node = neighbour("", file).unwrap_or_default();
            order.iter().position(|layer| layer.contains(&node))
        };
        let mut found = Vec::new();
        for (file, used) in &self.0 {
            let Some(own) = place(file) else {
                found.push(format!("{file} is in no layer"));
                continue;
            };
            let upward = used.iter().filter(|used| place(used).is_none_or(|other| other > own));
            found.extend(upward.map(|used| format!("{file} uses {used}")));
        }
        found
    }
}

/// The module that a file is, by its path.
fn module_of(file: &str) -> Vec<String> {
    let stem = file.trim_end_matches(".rs");
    let mut parts: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        parts.pop();
    }
    parts
}

/// What `file` is in `folder`: its name if it lies there, the folder in which it lies otherwise.
fn neighbour<'a>(folder: &str, file: &'a str) -> Option<&'a str> {
    let rest = match folder {
        "" => file,
        folder => file.strip_prefix(folder)?.strip_prefix('/')?,
    };
    Some(rest.split_once('/').map_or(rest, |(first, _)| first))
}

/// The files that the crate consists of when it is shipped: those that its roots declare outside of tests.
fn reachable(
    imports: &BTreeMap<String, BTreeSet<String>>,
    sources: &BTreeMap<String, String>,
) -> BTreeSet<String> {
    let by_module: BTreeMap<Vec<String>, &String> =
        imports.keys().map(|file| (module_of(file), file)).collect();
    let mut open: Vec<String> = ["lib.rs", "main.rs"]
        .map(str::to_owned)
        .into_iter()
        .filter(|root| sources.contains_key(root))
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(file) = open.pop() {
        let source = syn::parse_file(&sources[&file]).unwrap_or_else(|error| panic!("{file}: {error}"));
        for item in &source.items {
            if let syn::Item::Mod(module) = item
                && module.content.is_none()
                && !is_for_tests(&module.attrs)
            {
                let mut path = module_of(&file);
                path.push(module.ident.to_string());
                open.extend(by_module.get(&path).map(|file| (*file).clone()));
            }
        }
        seen.insert(file);
    }
    seen
}

/// Whether `attributes` keep an item out of what is shipped.
pub(super) fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    let texts = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    let mut texts = texts.map(|attribute| attribute.meta.to_token_stream().to_string());
    texts.any(|text| {
        let positive = !text.contains("not");
        positive
            && ["test", "fuzzing"]
                .iter()
                .any(|word| text.split(|c: char| !c.is_alphanumeric()).any(|it| it == *word))
    })
}

/// Finds the files that the paths of a file lead to.
struct Paths<'a> {
    module: Vec<String>,
    known: &'a BTreeMap<Vec<String>, &'a str>,
    found: BTreeSet<String>,
}

impl Paths<'_> {
    /// Takes a path as it is written, from the module that it is written in.
    fn path(&mut self, segments: &[String]) {
        let mut at = self.module.clone();
        let mut rest = segments;
        match rest.first().map(String::as_str) {
            Some("crate") => {
                at.clear();
                rest = &rest[1..];
            }
            Some("self") => rest = &rest[1..],
            Some("super") => {}
            // A path without a prefix is ours only if it leads to a module that this one declares.
            Some(name) => {
                at.push(name.to_owned());
                if !self.known.contains_key(&at) {
                    return;
                }
                rest = &rest[1..];
            }
            None => return,
        }
        while rest.first().is_some_and(|segment| segment == "super") {
            at.pop();
            rest = &rest[1..];
        }
        for segment in rest {
            at.push(segment.clone());
            if !self.known.contains_key(&at) {
                at.pop();
                break;
            }
        }
        self.found.extend(self.known.get(&at).map(|file| (*file).to_owned()));
    }

    fn tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.tree(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) => self.path(&with(&name.ident)),
            syn::UseTree::Rename(name) => self.path(&with(&name.ident)),
            syn::UseTree::Glob(_) => self.path(before),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(before, tree)),
        }
    }

    /// What a macro is given is no syntax yet: its paths are found among the tokens.
    fn tokens(&mut self, tokens: proc_macro2::TokenStream) {
        let text = tokens.to_string();
        for start in ["crate ::", "super ::"] {
            for (at, _) in text.match_indices(start) {
                let path = text[at..].split("::").map(str::trim);
                let segments: Vec<String> = path
                    .map_while(|segment| {
                        let word: String =
                            segment.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                        (!word.is_empty()).then_some(word)
                    })
                    .take(6)
                    .collect();
                self.path(&segments);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes: &[syn::Attribute] = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Struct(item) => &item.attrs,
            _ => &[],
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        // What stands in braces sees its surroundings by one `super` more.
        self.module.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if segments.len() > 1 {
            self.path(&segments);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, of: &'ast syn::Macro) {
        // What is quoted is code of another crate.
        let is_quote = of.path.segments.last().is_some_and(|name| name.ident.to_string().ends_with("quote"));
        if !is_quote {
            self.tokens(of.tokens.clone());
        }
    }
}

/// The groups of nodes that reach each other, with more than one node each.
fn circles<'a>(graph: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<Vec<&'a str>> {
    let reach = |from: &'a str| {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(node) = open.pop() {
            let next = graph.get(node).into_iter().flatten();
            open.extend(next.filter(|next| seen.insert(**next)));
        }
        seen
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> = graph.keys().map(|node| (*node, reach(node))).collect();
    let mut found: Vec<Vec<&str>> = Vec::new();
    for (node, seen) in &reached {
        let group: Vec<&str> = seen
            .iter()
            .copied()
            .filter(|other| reached.get(other).is_some_and(|back| back.contains(node)))
            .collect();
        if group.len() > 1 && !found.contains(&group) {
            found.push(group);
        }
    }
    found
}

//! Syntax as a listing shows it: on one line, spaced as people write it, with nothing that users do not see.

use quote::ToTokens;

/// For which builds an item is there, `[typed]` for a feature; nothing if no user sees the item.
pub(super) fn conditions(attributes: &[syn::Attribute]) -> Option<Vec<String>> {
    let is_hidden = attributes.iter().any(|attribute| spell(&attribute.meta) == "doc(hidden)");
    if is_hidden || is_for_tests(attributes) {
        return None;
    }
    let shown = conditions_of(attributes).map(|condition| {
        let feature = condition.strip_prefix("feature = \"").and_then(|rest| rest.strip_suffix('"'));
        format!("[{}]", feature.unwrap_or(&condition))
    });
    Some(shown.collect())
}

/// Whether an item is in no build that is shipped.
pub(super) fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    conditions_of(attributes).any(|condition| {
        let mut words = condition.split(|c: char| !c.is_alphanumeric());
        !condition.contains("not") && words.any(|word| word == "test" || word == "fuzzing")
    })
}

fn conditions_of(attributes: &[syn::Attribute]) -> impl Iterator<Item = String> {
    let texts = attributes.iter().map(|attribute| spell(&attribute.meta));
    texts.filter_map(|text| Some(text.strip_prefix("cfg(")?.strip_suffix(')')?.to_owned()))
}

pub(super) fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

pub(super) fn is_non_exhaustive(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("non_exhaustive"))
}

/// The traits that an item derives.
pub(super) fn derived(attributes: &[syn::Attribute]) -> Vec<String> {
    let lists = attributes.iter().filter(|attribute| attribute.path().is_ident("derive"));
    let traits = lists.flat_map(|list| {
        list.parse_args_with(syn::punctuated::Punctuated::<syn::Path, syn::Token![,]>::parse_terminated)
            .unwrap()
    });
    traits.map(|path| path.segments.last().unwrap().ident.to_string()).collect()
}

/// A function without its name: `fn(&self, path: impl Into<PathBuf>) -> Upload`.
pub(super) fn signature(of: &syn::Signature) -> String {
    let mut of = of.clone();
    for input in &mut of.inputs {
        match input {
            // Whether a function changes its own copy is nobody's business.
            syn::FnArg::Receiver(receiver) => receiver.mutability = None,
            syn::FnArg::Typed(typed) => {
                if let syn::Pat::Ident(name) = &mut *typed.pat {
                    name.mutability = None;
                }
            }
        }
    }
    of.ident = syn::Ident::new("NAME", proc_macro2::Span::call_site());
    spell(&of).replacen(" NAME", "", 1)
}

/// Any syntax, on one line.
pub(super) fn spell(of: &impl ToTokens) -> String {
    let mut text = of.to_token_stream().to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    for (from, to) in [
        (" ::", "::"),
        (":: ", "::"),
        ("& ", "&"),
        ("? ", "?"),
        (" ,", ","),
        (" ;", ";"),
        (" :", ":"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        ("[ ", "["),
        (" ]", "]"),
        (",)", ")"),
        (",>", ">"),
        ("->", " -> "),
        ("  ", " "),
        (":(", ": ("),
        (",(", ", ("),
        ("=(", "= ("),
        ("+(", "+ ("),
        ("+?", "+ ?"),
        ("dyn(", "dyn ("),
        (":&", ": &"),
        ("mut(", "mut ("),
    ] {
        text = text.replace(from, to);
    }
    text.replace("  ", " ").trim().trim_end_matches(',').to_owned()
}

#[test]
fn signatures_are_spelled_as_people_write_them() {
    for (written, shown) in [
        ("pub fn f(mut self, (a, b): (u8, &mut [u8]),) {}", "fn(self, (a, b): (u8, &mut [u8]))"),
        (
            "pub async fn f<'a, T: ?Sized + Send>(&'a mut self) -> Option<&'a T> {}",
            "async fn<'a, T: ?Sized + Send>(&'a mut self) -> Option<&'a T>",
        ),
        (
            "fn f<I>(ids: I) -> Vec<(u8, u8)> where I: IntoIterator, I::Item: Into<String>, {}",
            "fn<I>(ids: I) -> Vec<(u8, u8)> where I: IntoIterator, I::Item: Into<String>",
        ),
        (
            "fn f(done: impl FnMut(&Progress) -> bool + Send + 'static, mut x: Box<dyn (Fn())>) -> ! {}",
            "fn(done: impl FnMut(&Progress) -> bool + Send + 'static, x: Box<dyn (Fn())>) -> !",
        ),
    ] {
        let of: syn::ItemFn = syn::parse_str(written).unwrap();
        assert_eq!(signature(&of.sig), shown);
    }
    let of = |text: &str| {
        conditions(&syn::parse_str::<syn::ItemFn>(&format!("{text} fn f() {{}}")).unwrap().attrs)
    };
    assert_eq!(of("#[cfg(feature = \"typed\")]"), Some(vec!["[typed]".to_owned()]));
    assert_eq!(of("#[cfg(unix)]"), Some(vec!["[unix]".to_owned()]));
    assert_eq!(of("/// Text.\n#[cfg(not(test))]"), Some(vec!["[not(test)]".to_owned()]));
    assert_eq!([of("#[doc(hidden)]"), of("#[cfg(any(fuzzing, test))]")], [None, None]);
}

//! What the generator calls things: the rules of progenitor and typify, so that names that clash are found before.

use heck::{ToPascalCase, ToSnakeCase};

/// The name of a type, a variant or a builder.
pub(super) fn pascal(name: &str) -> String {
    identifier(name, str::to_pascal_case, "X")
}

/// The name of a field, a method or a setter.
pub(super) fn snake(name: &str) -> String {
    identifier(name, str::to_snake_case, "x")
}

fn identifier(name: &str, fold: fn(&str) -> String, start: &str) -> String {
    let allowed = |character: char| character.is_alphanumeric() || character == '_';
    let name = name.replace('\'', "");
    let folded = fold(&name.replace(|character| !allowed(character), "-"));
    let begun = match folded.chars().next() {
        Some(first) if first.is_alphabetic() || first == '_' => folded,
        _ => format!("{start}{folded}"),
    };
    let is_identifier = syn::parse_str::<syn::Ident>(&begun).is_ok() && begun != "gen";
    if is_identifier { begun } else { format!("{begun}_") }
}

/// Whether a word has anything that a name in Rust can be made of.
pub(super) fn says_something(word: &str) -> bool {
    word.chars().any(char::is_alphanumeric)
}

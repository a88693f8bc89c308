//! What the generator calls things: the rules of progenitor and typify, so that names that clash are found before.

use heck::{ToPascalCase, ToSnakeCase};

/// The name of a type, a variant or a builder.
#[must_use]
pub fn pascal(name: &str) -> String {
    identifier(name, str::to_pascal_case, "X")
}

/// The name of a field, a method or a setter.
#[must_use]
pub fn snake(name: &str) -> String {
    identifier(name, str::to_snake_case, "x")
}

fn identifier(name: &str, fold: fn(&str) -> String, start: &str) -> String {
    // The generator's own names for the two that have no letter and are common.
    let name = match name {
        "+1" => "plus1",
        "-1" => "minus1",
        other => other,
    };
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

/// `name`, or the first of `name2`, `name3` … that is not taken.
#[must_use]
pub fn free(name: String, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2_u32..).map(|number| format!("{name}{number}"));
    std::iter::once(name.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(name)
}

/// Whether a word has anything that a name in Rust can be made of.
#[must_use]
pub fn says_something(word: &str) -> bool {
    word.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_as_the_generator_does() {
        for (name, type_name, field) in [
            ("vaultPlus", "VaultPlus", "vault_plus"),
            ("URLInfo", "UrlInfo", "url_info"),
            ("filter[promoId]", "FilterPromoId", "filter_promo_id"),
            ("x-bc", "XBc", "x_bc"),
            ("type", "Type", "type_"),
            ("Self", "Self_", "self_"),
            ("720p", "X720p", "x720p"),
            ("+1", "Plus1", "plus1"),
            ("-1", "Minus1", "minus1"),
            ("+", "X", "x"),
            ("it's", "Its", "its"),
            ("", "X", "x"),
        ] {
            assert_eq!((pascal(name).as_str(), snake(name).as_str()), (type_name, field), "{name}");
        }
    }
}

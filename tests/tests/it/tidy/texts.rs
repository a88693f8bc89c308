//! What the libraries say to people: it is for every program, so it names no command and no flag of the command `ofauth`,
//! which adds its own advice.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;

use super::imports::is_for_tests;
use super::layers::imports;
use super::read;

/// The sources whose texts C, Go and Rust programs show, without what is generated.
const LIBRARIES: &[&str] = &[
    "crates/ofauth-operations",
    "crates/ofauth-webhooks",
    "crates/ofauth-api",
    "crates/ofauth",
    "crates/ofauth-ffi",
];

#[test]
fn the_libraries_name_no_command_and_no_flag() {
    let mut found = Vec::new();
    for folder in LIBRARIES {
        let shipped = imports(folder).0.into_keys().filter(|file| !file.ends_with("generated.rs"));
        for path in shipped.map(|file| format!("{folder}/src/{file}")) {
            let texts = literals(&read(&path));
            found.extend(
                texts.into_iter().filter(|text| names_the_command(text)).map(|text| (path.clone(), text)),
            );
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn commands_and_flags_are_seen_in_every_literal_but_in_documentation_and_tests() {
    for source in [
        "const A: &str = \"run `ofauth sessions forget`\";",
        "fn f() { format!(\"give --state-dir {}\", 1) }",
        "fn f() { g(h!(\"(--proxy)\")) }",
    ] {
        assert!(literals(source).iter().any(|text| names_the_command(text)), "{source}");
    }
    for source in [
        "/// The flag `--proxy` of `ofauth upload`.\nfn f() {}",
        "//! `ofauth upload`",
        "fn f() { g(\"a -- b, ofauth::call, -----BEGIN\") }",
        "#[cfg(test)] mod tests { const A: &str = \"--proxy\"; }",
    ] {
        assert!(!literals(source).iter().any(|text| names_the_command(text)), "{source}");
    }
}

fn names_the_command(text: &str) -> bool {
    let is_flag = |word: &str| {
        let word = word.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '-');
        word.strip_prefix("--").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    text.contains("`ofauth ") || text.split_whitespace().any(is_flag)
}

/// The literals of a source that are shipped.
fn literals(source: &str) -> Vec<String> {
    let source = syn::parse_file(source).unwrap();
    let mut found = Vec::new();
    for item in source.items {
        if !matches!(&item, syn::Item::Mod(module) if is_for_tests(&module.attrs)) {
            collect(item.to_token_stream(), &mut found);
        }
    }
    found
}

fn collect(tokens: TokenStream, into: &mut Vec<String>) {
    let mut is_attribute = false;
    for token in tokens {
        match token {
            TokenTree::Literal(literal) => into.push(literal.to_string()),
            // What stands behind `#` is no text of the program.
            TokenTree::Group(group) if !(is_attribute && group.delimiter() == Delimiter::Bracket) => {
                collect(group.stream(), into);
            }
            TokenTree::Punct(punct) if matches!(punct.as_char(), '#' | '!') => {
                is_attribute |= punct.as_char() == '#';
                continue;
            }
            _ => {}
        }
        is_attribute = false;
    }
}

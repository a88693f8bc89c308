//! The JSON that the command prints of its own accord: the objects, their fields, and what each field holds.
//!
//! Read from the types in `output/` of the command, whose shapes serde writes: an attribute of serde that is not known here
//! fails. What the service answers, and is passed on, is not the command's.

use std::collections::{BTreeMap, BTreeSet};

use syn::{Fields, Item, Type};
use xtask::source;

use super::syntax::{derived, spell};

/// Where the types are.
const SOURCES: &[&str] = &[
    "crates/ofauth-cli/src/output/events.rs",
    "crates/ofauth-cli/src/output/records.rs",
    "crates/ofauth-cli/src/name.rs",
];

/// Words that scripts compare with: the field, and the type of the library whose `as_str` has them.
const WORDS: &[(&str, &str, &str)] = &[
    ("kind", "crates/ofauth-operations/src/error.rs", "ErrorKind"),
    ("SessionRecord.state", "crates/ofauth/src/journal/listing.rs", "JournalState"),
];

#[test]
fn the_json_of_the_command_is_what_was_accepted() {
    let read = |path: &&str| std::fs::read_to_string(source::root().unwrap().join(path)).unwrap();
    let mut lines = listing(&SOURCES.iter().map(read).collect::<Vec<_>>());
    for (field, path, name) in WORDS {
        let words = words(&read(path), name);
        assert!(words.len() > 2, "{name} has words");
        lines.extend(words.into_iter().map(|word| format!("{field} \"{word}\" = word")));
    }
    ofauth_surface::check("json", lines);
}

/// What serde may be told of a field.
const FIELD: &[&str] = &["flatten", "skip_serializing_if"];

/// The types that serde writes, by their names.
type Types = BTreeMap<String, Item>;

fn listing(sources: &[String]) -> Vec<String> {
    let items = sources.iter().flat_map(|text| syn::parse_file(text).unwrap().items);
    let types: Types = items
        .filter_map(|item| {
            let (name, attributes) = match &item {
                Item::Struct(item) => (&item.ident, &item.attrs),
                Item::Enum(item) => (&item.ident, &item.attrs),
                _ => return None,
            };
            let is_written = derived(attributes).iter().any(|name| name == "Serialize");
            is_written.then(|| (name.to_string(), item.clone()))
        })
        .collect();
    let flattened = flattened(&types);
    let mut lines = Vec::new();
    for (name, item) in &types {
        match item {
            // Its fields stand where it is flattened.
            Item::Struct(of) if flattened.contains(&of.ident.to_string()) => {}
            Item::Struct(of) => {
                let all = attributes(&of.attrs, &["rename_all"]);
                lines.push(format!("{name} = object"));
                fields(&types, name, &of.fields, all.contains_key("rename_all"), &mut lines);
            }
            Item::Enum(of) => {
                let all = attributes(&of.attrs, &["tag", "rename_all", "rename_all_fields"]);
                assert_eq!(all.get("rename_all").map(String::as_str), Some("lowercase"), "{name}");
                for variant in &of.variants {
                    let own = attributes(&variant.attrs, &["rename"]);
                    let word = own.get("rename").cloned();
                    let word = word.unwrap_or_else(|| variant.ident.to_string().to_lowercase());
                    lines.push(format!("{word} = object with \"{}\": \"{word}\"", all["tag"]));
                    fields(&types, &word, &variant.fields, all.contains_key("rename_all_fields"), &mut lines);
                }
            }
            _ => {}
        }
    }
    lines
}

/// The types whose fields stand in those of others.
fn flattened(types: &Types) -> BTreeSet<String> {
    let fields = types.values().flat_map(|item| match item {
        Item::Struct(of) => of.fields.iter().collect::<Vec<_>>(),
        Item::Enum(of) => of.variants.iter().flat_map(|variant| &variant.fields).collect(),
        _ => Vec::new(),
    });
    let is_flat = |field: &&syn::Field| attributes(&field.attrs, FIELD).contains_key("flatten");
    fields.filter(is_flat).map(|field| last_name(&field.ty)).collect()
}

fn last_name(of: &Type) -> String {
    match of {
        Type::Path(of) => of.path.segments.last().unwrap().ident.to_string(),
        other => panic!("{}: only a type with a name can be flattened", spell(other)),
    }
}

/// The attributes that serde has for something, each with its text. `known` are those that this module understands.
fn attributes(of: &[syn::Attribute], known: &[&str]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for attribute in of.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        let read = attribute.parse_nested_meta(|meta| {
            let name = spell(&meta.path);
            assert!(known.contains(&name.as_str()), "serde({name}): say here what it does to a line");
            let text = match meta.value() {
                Ok(value) => value.parse::<syn::LitStr>()?.value(),
                Err(_) => String::new(),
            };
            found.insert(name, text);
            Ok(())
        });
        read.unwrap();
    }
    found
}

fn fields(types: &Types, of: &str, fields: &Fields, is_camel: bool, lines: &mut Vec<String>) {
    for field in fields {
        let own = attributes(&field.attrs, FIELD);
        if own.contains_key("flatten") {
            let Item::Struct(inner) = &types[&last_name(&field.ty)] else {
                panic!("{of}: only a struct can be flattened")
            };
            let all = attributes(&inner.attrs, &["rename_all"]);
            self::fields(types, of, &inner.fields, all.contains_key("rename_all"), lines);
            continue;
        }
        let name = field.ident.as_ref().unwrap().to_string();
        let name = name.trim_start_matches("r#");
        let name = if is_camel { camel(name) } else { name.to_owned() };
        let what = match (holds(types, &field.ty), own.contains_key("skip_serializing_if")) {
            (what, true) => format!("{}, may be left out", what.trim_end_matches(" or null")),
            (what, false) => what,
        };
        lines.push(format!("{of}.{name} = {what}"));
    }
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| text + &word[..1].to_uppercase() + &word[1..])
}

/// What a field of a type holds.
fn holds(types: &Types, of: &Type) -> String {
    let of = match of {
        Type::Reference(of) => return holds(types, &of.elem),
        Type::Slice(of) => return list(&holds(types, &of.elem)),
        Type::Path(of) => of.path.segments.last().unwrap(),
        other => panic!("{}: say here what it is in JSON", spell(other)),
    };
    let inner = || match &of.arguments {
        syn::PathArguments::AngleBracketed(arguments) => {
            let mut types_of = arguments.args.iter().filter_map(|argument| match argument {
                syn::GenericArgument::Type(of) => Some(holds(types, of)),
                _ => None,
            });
            types_of.next().unwrap()
        }
        _ => panic!("{}: of what?", spell(of)),
    };
    match of.ident.to_string().as_str() {
        "str" | "String" => "text".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "whole number".to_owned(),
        "f64" => "number".to_owned(),
        "bool" => "true or false".to_owned(),
        "Value" => "anything".to_owned(),
        "Cow" => inner(),
        "Option" => format!("{} or null", inner()),
        "Vec" => list(&inner()),
        name if types.contains_key(name) => name.to_owned(),
        name => panic!("{name}: say here what it is in JSON"),
    }
}

fn list(of: &str) -> String {
    if of.contains(' ') { format!("list of ({of})") } else { format!("list of {of}") }
}

/// The texts that `as_str` of a type has.
fn words(text: &str, name: &str) -> Vec<String> {
    let items = syn::parse_file(text).unwrap().items.into_iter();
    let members = items.flat_map(|item| match item {
        Item::Impl(item) if item.trait_.is_none() && spell(&item.self_ty) == name => item.items,
        _ => Vec::new(),
    });
    let function = members.into_iter().find_map(|member| match member {
        syn::ImplItem::Fn(member) if member.sig.ident == "as_str" => Some(member),
        _ => None,
    });
    let body = spell(&function.unwrap_or_else(|| panic!("{name} has no as_str")).block);
    body.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn what_serde_writes_is_what_is_listed() {
    let text = r##"
        #[derive(Serialize)]
        #[serde(tag = "event", rename_all = "lowercase", rename_all_fields = "camelCase")]
        enum Event<'a> {
            Uploaded { #[serde(flatten)] file: Name<'a>, r#type: Option<&'a str>, etags: Vec<Option<&'a str>>, parts: Vec<Part> },
            #[serde(rename = "not_tried")]
            NotTried { is_retryable: bool },
        }
        #[derive(Debug, Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Name<'a> { file: Option<Cow<'a, str>>, #[serde(skip_serializing_if = "Option::is_none")] file_base64: Option<String> }
        #[derive(Serialize)]
        struct Part { size_of_it: u64, seconds: f64, rest: &'static Value }
        struct Other;
    "##;
    let mut lines = listing(&[text.to_owned()]);
    lines.sort();
    assert_eq!(
        lines,
        [
            "Part = object",
            "Part.rest = anything",
            "Part.seconds = number",
            "Part.size_of_it = whole number",
            "not_tried = object with \"event\": \"not_tried\"",
            "not_tried.isRetryable = true or false",
            "uploaded = object with \"event\": \"uploaded\"",
            "uploaded.etags = list of (text or null)",
            "uploaded.file = text or null",
            "uploaded.fileBase64 = text, may be left out",
            "uploaded.parts = list of Part",
            "uploaded.type = text or null",
        ]
    );
    for attribute in ["default", "skip", "untagged"] {
        let text = text.replacen("#[serde(flatten)]", &format!("#[serde({attribute})]"), 1);
        assert!(std::panic::catch_unwind(|| listing(&[text])).is_err(), "{attribute}");
    }
}

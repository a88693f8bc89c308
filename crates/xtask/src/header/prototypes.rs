//! What a C header declares, as data.
//!
//! Reads what our own header is made of: constants, typedefs, structs and prototypes. It is no parser of C: macros,
//! arrays and conditions are not understood.

use std::iter;

use anyhow::{Context, Result, bail};

/// A function or the type of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The type of its result, such as `const char *`.
    pub result: String,
    /// Its parameters in order.
    pub parameters: Vec<Parameter>,
}

/// A parameter of a function, or a field of a struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its type, such as `const char *const *`.
    pub r#type: String,
    /// Its name.
    pub name: String,
}

/// One declaration of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declaration {
    /// `#define NAME value`.
    Constant {
        /// Its name.
        name: String,
        /// What stands behind it.
        value: String,
    },
    /// `typedef struct name name;`: a type that only the library knows.
    Opaque {
        /// Its name.
        name: String,
    },
    /// `typedef struct name { ... } name;`.
    Struct {
        /// Its name.
        name: String,
        /// Its fields in order.
        fields: Vec<Parameter>,
    },
    /// `typedef type name;`.
    Alias(Parameter),
    /// `typedef result (*name)(...);`.
    Callback(Function),
    /// A prototype.
    Function(Function),
}

/// The functions that a header declares, in its order. What is not understood is left out; a header that this package
/// wrote has nothing of that kind.
#[must_use]
pub fn functions(header: &str) -> Vec<Function> {
    let all = parts(header).filter_map(|part| match declaration(&part) {
        Ok(Declaration::Function(function)) => Some(function),
        _ => None,
    });
    all.collect()
}

/// Everything that a header declares: the constants first, then the rest in its order.
pub fn declarations(header: &str) -> Result<Vec<Declaration>> {
    let text = without_comments(header);
    let constants = text.lines().filter_map(|line| {
        // A guard has no value.
        let (name, value) = line.strip_prefix("#define ")?.trim().split_once(' ')?;
        Some(Ok(Declaration::Constant { name: name.to_owned(), value: value.trim().to_owned() }))
    });
    let others = parts(header).map(|part| declaration(&part));
    constants.chain(others).collect()
}

/// The words and signs of each declaration that ends with a semicolon.
fn parts(header: &str) -> impl Iterator<Item = Vec<String>> {
    let text = without_comments(header).replace("extern \"C\" {", "");
    let code: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let is_mark = |token: &String| matches!(token.as_str(), "OFAUTH_API" | "OFAUTH_NODISCARD");
    let mut tokens = tokens(&code.join("\n")).into_iter().filter(move |token| !is_mark(token));
    iter::from_fn(move || {
        let mut part = Vec::new();
        let mut depth = 0_usize;
        for token in tokens.by_ref() {
            match token.as_str() {
                "{" => depth += 1,
                // The end of `extern "C" {` closes what this reader did not see opened.
                "}" if depth == 0 => continue,
                "}" => depth -= 1,
                ";" if depth == 0 => return Some(part),
                _ => {}
            }
            part.push(token);
        }
        (!part.is_empty()).then_some(part)
    })
}

fn without_comments(header: &str) -> String {
    let mut pieces = header.split("/*");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once("*/").map_or("", |(_, code)| code))
}

fn tokens(code: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut in_word = false;
    for sign in code.chars() {
        let is_word = sign.is_ascii_alphanumeric() || sign == '_';
        match tokens.last_mut() {
            Some(last) if is_word && in_word => last.push(sign),
            _ if !sign.is_whitespace() => tokens.push(sign.to_string()),
            _ => {}
        }
        in_word = is_word;
    }
    tokens
}

fn declaration(part: &[String]) -> Result<Declaration> {
    let words: Vec<&str> = part.iter().map(String::as_str).collect();
    let read = || match words.as_slice() {
        ["typedef", "struct", name, again] if name == again => {
            Ok(Declaration::Opaque { name: (*name).to_owned() })
        }
        ["typedef", "struct", name, "{", fields @ .., "}", again] if name == again => {
            let fields = fields.split(|word| *word == ";").filter(|field| !field.is_empty());
            let fields = fields.map(parameter).collect::<Result<_>>()?;
            Ok(Declaration::Struct { name: (*name).to_owned(), fields })
        }
        ["typedef", rest @ ..] => match rest.iter().position(|word| *word == "(") {
            None => Ok(Declaration::Alias(parameter(rest)?)),
            Some(open) => match rest.split_at(open) {
                (result, ["(", "*", name, ")", "(", parameters @ .., ")"]) => {
                    Ok(Declaration::Callback(function(result, name, parameters)?))
                }
                _ => bail!("this is no type of a function"),
            },
        },
        other => {
            let open = other.iter().position(|word| *word == "(").context("this is no prototype")?;
            match other.split_at(open) {
                ([result @ .., name], ["(", parameters @ .., ")"]) => {
                    Ok(Declaration::Function(function(result, name, parameters)?))
                }
                _ => bail!("this is no prototype"),
            }
        }
    };
    read().with_context(|| words.join(" "))
}

fn function(result: &[&str], name: &str, parameters: &[&str]) -> Result<Function> {
    let parameters = match parameters {
        [] | ["void"] => Vec::new(),
        some => some.split(|word| *word == ",").map(parameter).collect::<Result<_>>()?,
    };
    Ok(Function { name: name.to_owned(), result: type_name(result)?, parameters })
}

fn parameter(words: &[&str]) -> Result<Parameter> {
    let (name, of) = words.split_last().context("a parameter has a type and a name")?;
    Ok(Parameter { r#type: type_name(of)?, name: (*name).to_owned() })
}

/// A type in one way of writing, however the header breaks its lines.
fn type_name(words: &[&str]) -> Result<String> {
    let mut text = String::new();
    for word in words.iter().filter(|word| **word != "struct") {
        let is_word = word.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_');
        if !is_word && *word != "*" {
            bail!("a type with {word:?} is not understood");
        }
        if !text.is_empty() && !text.ends_with('*') {
            text.push(' ');
        }
        text.push_str(word);
    }
    if text.is_empty() {
        bail!("a type is missing");
    }
    Ok(text)
}

//! The text of the C header, from the sources of `crates/ofauth-ffi`.
//!
//! cbindgen translates; this module lays out: first what the header teaches (`header-intro.txt`), then the types, then
//! the modules in an order that can be read, each with its documentation, constants and functions. It checks that no
//! exported function was left out.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use cbindgen::{
    Builder, Config, DocumentationLength, DocumentationStyle, ItemType, Language, SortKey, Style,
};

use super::modules::{self, Module};
use super::prototypes::{Declaration, Function, declarations};
use crate::artefact::Artefact;

/// Where the header lies, from the root of the repository.
pub const PATH: &str = "include/ofauth.h";

const SOURCE: &str = "crates/ofauth-ffi/src/lib.rs";
const INTRO: &str = "crates/ofauth-ffi/header-intro.txt";

/// The modules as the header has them: what comes first in a program comes first. `lib.rs` cannot say it, because rustfmt
/// sorts it.
const ORDER: &[&str] = &[
    "version",
    "status",
    "error",
    "config",
    "log",
    "client",
    "cancel",
    "waiting",
    "upload",
    "progress",
    "notice",
    "run",
    "result",
    "batch",
    "batched",
    "request",
    "call",
    "pages",
    "media_wait",
    "vault_lists",
    "download",
    "link",
    "cache_settings",
    "response",
    "journal",
    "webhook",
];

/// What stands before each function, which programs may define otherwise.
const MACROS: &str = r#"/**
 * Stands before every function. If your platform needs something else, define it before you include the header. On Windows,
 * define OFAUTH_STATIC for the static library.
 */
#ifndef OFAUTH_API
#  if defined(_WIN32) && !defined(OFAUTH_STATIC)
#    define OFAUTH_API __declspec(dllimport)
#  elif defined(__GNUC__) && !defined(_WIN32)
#    define OFAUTH_API __attribute__((visibility("default")))
#  else
#    define OFAUTH_API
#  endif
#endif

/**
 * Makes the compiler warn if the status of a function that makes or sends something is ignored. To switch that off, define it
 * as empty before you include the header.
 */
#ifndef OFAUTH_NODISCARD
#  if (defined(__cplusplus) && __cplusplus >= 201703L) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
#    define OFAUTH_NODISCARD [[nodiscard]]
#  elif defined(__GNUC__)
#    define OFAUTH_NODISCARD __attribute__((warn_unused_result))
#  else
#    define OFAUTH_NODISCARD
#  endif
#endif"#;

/// The header of the repository at `root`, with its path.
pub fn artefact(root: &Path) -> Result<Artefact> {
    let intro = std::fs::read_to_string(root.join(INTRO)).with_context(|| format!("cannot read {INTRO}"))?;
    let text = text(&root.join(SOURCE), ORDER, &intro, env!("CARGO_PKG_VERSION"))?;
    Ok(Artefact { path: PATH.into(), text })
}

/// The header of a crate.
///
/// `source` is its `lib.rs`, `order` names each module that exports something, `intro` is what the header says first,
/// `version` that of the library.
pub fn text(source: &Path, order: &[&str], intro: &str, version: &str) -> Result<String> {
    let modules = ordered(modules::read(source)?, order)?;
    let types = translate(source, &[ItemType::Structs, ItemType::OpaqueItems, ItemType::Typedefs])?;
    let mut items = named(translate(source, &[ItemType::Constants])?)?;
    items.extend(named(translate(source, &[ItemType::Functions])?)?);

    let mut parts = vec![
        opening(intro)?,
        "#ifndef OFAUTH_H\n#define OFAUTH_H".to_owned(),
        "#include <stddef.h>\n#include <stdint.h>".to_owned(),
        version_macros(version),
        MACROS.to_owned(),
        "#ifdef __cplusplus\nextern \"C\" {\n#endif".to_owned(),
        group("types", "Types", ""),
    ];
    parts.extend(types);
    parts.push(END_OF_GROUP.to_owned());
    for module in &modules {
        parts.push(group(&module.name, &module.title, &module.text));
        parts.extend(in_order(module, &mut items)?);
        parts.push(END_OF_GROUP.to_owned());
    }
    if let Some(name) = items.keys().next() {
        bail!("{name} is in no module that {SOURCE} declares");
    }
    parts.push("#ifdef __cplusplus\n} /* extern \"C\" */\n#endif".to_owned());
    parts.push("#endif /* OFAUTH_H */".to_owned());
    let text = parts.join("\n\n") + "\n";
    // What reads the header later leaves out what it does not understand; here that is an error.
    declarations(&text).context("the header that came out")?;
    Ok(text)
}

/// The modules that export something, in the wanted order.
fn ordered(modules: Vec<Module>, order: &[&str]) -> Result<Vec<Module>> {
    let place = |module: Module| match order.iter().position(|name| module.name == *name) {
        Some(place) => Ok((place, module)),
        None => {
            bail!("the module `{}` exports something; give it a place in ORDER of {}", module.name, file!())
        }
    };
    let exporting = modules.into_iter().filter(|module| !module.names.is_empty());
    let mut placed = exporting.map(place).collect::<Result<Vec<_>>>()?;
    placed.sort_by_key(|(place, _)| *place);
    Ok(placed.into_iter().map(|(_, module)| module).collect())
}

/// What cbindgen makes of one kind of items, with a plain text each.
fn translate(source: &Path, kinds: &[ItemType]) -> Result<Vec<String>> {
    let mut config = Config {
        language: Language::C,
        style: Style::Both,
        no_includes: true,
        usize_is_size_t: true,
        documentation_style: DocumentationStyle::Doxy,
        documentation_length: DocumentationLength::Full,
        line_length: 100,
        tab_width: 4,
        sort_by: SortKey::None,
        ..Config::default()
    };
    config.export.item_types = kinds.to_vec();
    let bindings = Builder::new().with_config(config).with_src(source).generate();
    let bindings = bindings.with_context(|| format!("cbindgen does not understand {}", source.display()))?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    let text = String::from_utf8(text).context("what cbindgen wrote")?;
    Ok(text.split("\n\n").map(tidy).filter(|item| !item.is_empty()).collect())
}

/// One item as a reader of C expects it: no links and fences of the Rust documentation, short comments on one line, and the
/// names of types without `struct`, which their typedefs make superfluous.
fn tidy(item: &str) -> String {
    let item = indented(item.trim()).replace("[`", "`").replace("`]", "`");
    let lines: Vec<&str> = item.lines().collect();
    let mut tidy = Vec::new();
    let mut rest = lines.as_slice();
    while let [line, after @ ..] = rest {
        rest = after;
        tidy.push(match after {
            [text, end, others @ ..] if line.trim() == "/**" && end.trim() == "*/" => {
                rest = others;
                line.replace("/**", &format!("/** {} */", text.trim().trim_start_matches("* ")))
            }
            _ if line.trim_start().starts_with(['/', '*']) || line.starts_with("typedef struct ") => {
                (*line).to_owned()
            }
            _ => line.replace("struct ", ""),
        });
    }
    tidy.join("\n")
}

/// The same comment with its code between fences indented, as the header's other comments have it.
fn indented(item: &str) -> String {
    let mut is_code = false;
    let mut lines = Vec::new();
    for line in item.lines() {
        match line.trim_start().strip_prefix("* ") {
            Some(text) if text.starts_with("```") => is_code = !is_code,
            Some(text) if is_code => lines.push(line.replacen(text, &format!("    {text}"), 1)),
            _ => lines.push(line.to_owned()),
        }
    }
    lines.join("\n")
}

/// Constants and functions by name.
fn named(items: Vec<String>) -> Result<BTreeMap<String, String>> {
    let name = |item: &String| match declarations(item)?.as_slice() {
        [Declaration::Constant { name, .. }] => Ok(name.clone()),
        [Declaration::Function(function)] => Ok(function.name.clone()),
        other => bail!("one constant or function was expected, not {other:?}"),
    };
    items.into_iter().map(|item| Ok((name(&item)?, item))).collect()
}

/// Takes the items of a module, in its order.
fn in_order(module: &Module, items: &mut BTreeMap<String, String>) -> Result<Vec<String>> {
    let take = |name: &String| {
        let item = items.remove(name).with_context(|| {
            format!("cbindgen left out {name} of the module `{}`; does it know its types?", module.name)
        })?;
        marked(&item)
    };
    module.names.iter().map(take).collect()
}

/// A function with the macros that stand before it.
fn marked(item: &str) -> Result<String> {
    let Some(Declaration::Function(function)) = declarations(item)?.pop() else { return Ok(item.to_owned()) };
    let marks = if makes_or_sends(&function) { "OFAUTH_NODISCARD OFAUTH_API" } else { "OFAUTH_API" };
    let start = item.find("*/").map_or(0, |end| end + "*/".len());
    let (comment, prototype) = item.split_at(start);
    // One line for each parameter, so that what stands before them moves none.
    Ok(format!("{comment}\n{marks}\n{}", prototype.trim_start()))
}

/// Whether something is lost if nobody looks at what the function returns.
fn makes_or_sends(function: &Function) -> bool {
    let is_of = |name: &str| function.parameters.iter().any(|parameter| parameter.name == name);
    function.result == "ofauth_status" && (is_of("out") || is_of("client"))
}

/// The comment at the top.
fn opening(intro: &str) -> Result<String> {
    let mut text = String::from(
        "/* @generated by `cargo xtask codegen` from crates/ofauth-ffi. Do not edit. */\n\n/**\n * @file\n",
    );
    for (index, line) in intro.trim_end().lines().enumerate() {
        ensure!(
            !line.contains("*/") && !line.contains("/*"),
            "{INTRO}:{}: a comment of C cannot hold the marks of another; use // in programs",
            index + 1
        );
        text.push_str(format!(" * {line}").trim_end());
        text.push('\n');
    }
    Ok(text + " */")
}

const END_OF_GROUP: &str = "/** @} */";

/// The start of a section: a group for doxygen, a heading for people.
fn group(name: &str, title: &str, text: &str) -> String {
    let rule = "-".repeat(94_usize.saturating_sub(title.len()));
    let lines = text.lines().map(|line| format!(" * {line}").trim_end().to_owned() + "\n");
    let text = if text.is_empty() { String::new() } else { format!(" *\n{}", lines.collect::<String>()) };
    format!("/* -- {title} {rule} */\n\n/**\n * @defgroup ofauth_{name} {title}\n{text} * @{{\n */")
}

fn version_macros(version: &str) -> String {
    let mut numbers = version.split(['.', '-', '+']);
    let mut number = || numbers.next().unwrap_or("0");
    format!(
        "/** The version of this header; `ofauth_version` is that of the library. */\n\
         #define OFAUTH_VERSION \"{version}\"\n\
         #define OFAUTH_VERSION_MAJOR {}\n\
         #define OFAUTH_VERSION_MINOR {}\n\
         #define OFAUTH_VERSION_PATCH {}",
        number(),
        number(),
        number()
    )
}

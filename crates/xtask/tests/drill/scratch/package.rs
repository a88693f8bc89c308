//! Writes the package: manifest, lock, the hand-written files that a generated client stands on, and a module a case.
//!
//! In the crate of the client there is one generated client and one table. Here there are many, so each file that names
//! them is copied once for each case and named after it; all others are there once. The texts say `crate::…`, which is
//! all that has to be changed.

use std::fmt::Write;

use super::*;

/// Files whose lints are their own crate's business.
const LENIENT: &str = "#![allow(warnings)]\n";

/// The tables as the case's own module has them.
const FIND: &str = "
pub fn find(id: &str) -> Option<&'static crate::ofauth_operations::operation::Operation> {
    OPERATIONS.iter().find(|operation| operation.id == id)
}
";

/// Writes everything but the list of cases.
pub(super) fn write(
    root: &Path,
    package: &Path,
    cases: &[&Case],
    clients: &BTreeMap<String, Made>,
    base: &str,
) {
    let source = package.join("src");
    let _ = fs::remove_dir_all(source.join("cases"));
    fs::create_dir_all(source.join("cases")).unwrap();
    put(&package.join("Cargo.toml"), &manifest(root));
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    operations(root, &source.join("ofauth_operations"));
    let (shared, own) = client_files(root);
    for (name, text) in &shared {
        put(&source.join(name), &text.replace("ofauth_operations::", "crate::ofauth_operations::"));
    }
    let mut main =
        format!("{LENIENT}#[path = \"cases/list_NUMBER.rs\"]\nmod cases;\nmod ofauth_operations;\n");
    for name in shared.keys() {
        writeln!(main, "pub mod {};", name.trim_end_matches(".rs")).unwrap();
    }
    main.push_str("pub use ofauth_operations::{operation, Error, ErrorKind};\n");
    main.push_str("pub use crate::{id::Id, nullable::Nullable, secret::Secret, transport::Transport};\n");
    // In the middle of a file its first lines are a comment like others.
    main.push_str(&include_str!("runner.rs").replace("//! ", "// "));
    for number in 0..PROGRAMS {
        put(&source.join(format!("drill_{number}.rs")), &main.replace("NUMBER", &number.to_string()));
    }
    for case in cases {
        one(&source.join("cases").join(&case.id), case, &clients[&case.id], &own, base);
    }
}

/// Writes which program has which cases.
pub(super) fn list(package: &Path, parts: &[&[&Case]]) {
    for number in 0..PROGRAMS {
        let cases = parts.get(number).copied().unwrap_or_default();
        let mut text = String::new();
        for case in cases {
            writeln!(text, "pub mod {};", case.id).unwrap();
        }
        text.push_str("pub fn all() -> Vec<(&'static str, fn(String) -> crate::Calling)> {\n    vec![\n");
        for case in cases {
            for index in 0..case.calls.len() {
                let id = &case.id;
                writeln!(text, "        (\"{id}_{index}\", |url| Box::pin({id}::call::call_{index}(url))),")
                    .unwrap();
            }
        }
        text.push_str("    ]\n}\n");
        put(&package.join(format!("src/cases/list_{number}.rs")), &text);
    }
}

fn one(folder: &Path, case: &Case, made: &Made, own: &BTreeMap<String, String>, base: &str) {
    fs::create_dir_all(folder).unwrap();
    let mut modules =
        String::from("pub mod call;\npub mod generated;\npub mod operations;\npub mod schemas;\n");
    let here = |text: &str| {
        let text = text.replace("ofauth_operations::", "crate::ofauth_operations::");
        let mut text = text.replace(
            "crate::ofauth_operations::operations",
            &format!("crate::cases::{}::operations", case.id),
        );
        for name in own.keys().map(String::as_str).chain(["generated.rs"]) {
            let name = name.trim_end_matches(".rs");
            text = text.replace(&format!("crate::{name}::"), &format!("crate::cases::{}::{name}::", case.id));
            text = text.replace(&format!("crate::{name};"), &format!("crate::cases::{}::{name};", case.id));
        }
        text
    };
    for (name, text) in own {
        writeln!(modules, "mod {};", name.trim_end_matches(".rs")).unwrap();
        put(&folder.join(name), &here(text));
    }
    let code: Vec<&str> = case.calls.iter().flat_map(codes).collect();
    // One case has all of the base, and that is where it is compiled.
    let is_base = case.form.as_deref() == Some("base");
    let client = if is_base { made.client.clone() } else { trim::trim(&made.client, base, &code.join(" ")) };
    put(&folder.join("generated.rs"), &here(&client));
    put(&folder.join("operations.rs"), &format!("{}{FIND}", made.table));
    put(&folder.join("schemas.rs"), &made.schemas);
    put(&folder.join("mod.rs"), &modules);
    let mut calls = String::from("use super::generated::{types, Client};\nuse crate::*;\n");
    for (index, call) in case.calls.iter().enumerate() {
        let code = &call.code;
        let reads: Vec<String> =
            call.reads.iter().map(|(code, _)| format!("format!(\"{{:?}}\", {code})")).collect();
        let reads = reads.join(", ");
        write!(
            calls,
            "pub async fn call_{index}(url: String) -> Told {{
    let client = Client::new(&url, transport());
    match {code}.send().await {{
        Ok(answer) => Told::answer(::serde_json::to_value(&*answer), vec![{reads}]),
        Err(error) => Told::error(&error),
    }}
}}
"
        )
        .unwrap();
    }
    put(&folder.join("call.rs"), &calls);
}

fn codes(call: &Call) -> impl Iterator<Item = &str> {
    std::iter::once(call.code.as_str()).chain(call.reads.iter().map(|(code, _)| code.as_str()))
}

/// The hand-written files of the client's crate: those that are there once, and those that name what is generated.
fn client_files(root: &Path) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let mut shared = BTreeMap::new();
    for entry in fs::read_dir(root.join("crates/ofauth-api/src")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !["lib.rs", "generated.rs"].contains(&name.as_str()) {
            assert!(path.is_file(), "{name} is a folder, which the drill does not know yet");
            let text = fs::read_to_string(&path).unwrap();
            // Documentation names whatever it likes.
            let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            shared.insert(name, code.join("\n"));
        }
    }
    let mut own = BTreeMap::new();
    let mut named: BTreeSet<String> = BTreeSet::from(["generated".to_owned(), "Client".to_owned()]);
    loop {
        let uses = |text: &str| named.iter().any(|name| text.contains(&format!("crate::{name}")));
        let moved: Vec<String> =
            shared.iter().filter(|(_, text)| uses(text)).map(|(name, _)| name.clone()).collect();
        if moved.is_empty() {
            return (shared, own);
        }
        for name in moved {
            let text = shared.remove(&name).unwrap();
            named.insert(name.trim_end_matches(".rs").to_owned());
            own.insert(name, text);
        }
    }
}

/// The crate of the table, as a module, without the table.
fn operations(root: &Path, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let from = root.join("crates/ofauth-operations/src");
    for entry in fs::read_dir(&from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_file() && !["operations.rs", "schemas.rs"].contains(&name.as_str()) {
            let text = fs::read_to_string(&path).unwrap().replace("crate::", "crate::ofauth_operations::");
            let text: Vec<&str> = text
                .lines()
                .filter(|line| !["pub mod operations;", "pub mod schemas;"].contains(line))
                .collect();
            let name = if name == "lib.rs" { "mod.rs" } else { &name };
            put(&folder.join(name), &text.join("\n"));
        }
    }
}

/// The dependencies of the client's crate, for use and for its tests, by the versions of the workspace.
fn manifest(root: &Path) -> String {
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let section = |text: &str, name: &str| {
        let (_, rest) = text.split_once(&format!("[{name}]\n")).unwrap_or_else(|| panic!("no [{name}]"));
        let (section, _) = rest.split_once("\n[").unwrap_or((rest, ""));
        section.to_owned()
    };
    let (workspace, client) = (read("Cargo.toml"), read("crates/ofauth-api/Cargo.toml"));
    let mut dependencies: BTreeMap<String, String> = BTreeMap::new();
    for name in ["dependencies", "dev-dependencies"] {
        for line in section(&client, name).lines().filter(|line| !line.starts_with("ofauth")) {
            if let Some((name, _)) = line.split_once(['.', ' ']) {
                dependencies.insert(name.to_owned(), line.to_owned());
            }
        }
    }
    let dependencies: Vec<String> = dependencies.into_values().collect();
    let programs: String = (0..PROGRAMS)
        .map(|number| format!("[[bin]]\nname = \"drill_{number}\"\npath = \"src/drill_{number}.rs\"\n\n"))
        .collect();
    let versions: Vec<String> = section(&workspace, "workspace.dependencies")
        .lines()
        .filter(|line| !line.contains("path ="))
        .map(str::to_owned)
        .collect();
    format!(
        "[package]\nname = \"drill\"\nversion = \"0.0.0\"\nedition = \"2024\"\nautobins = false\n\n{programs}[dependencies]\n{}\n\n[workspace]\n\n\
         [workspace.dependencies]\n{}\n\n[profile.dev]\n{}\n\n[profile.dev.package.drill]\ndebug = false\nincremental = false\n",
        dependencies.join("\n"),
        versions.join("\n"),
        section(&workspace, "profile.dev").lines().find(|line| line.starts_with("debug")).unwrap_or_default(),
    )
}

/// Writes a file if its text is another.
fn put(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

//! The rules of this repository that no compiler checks: who may use whom, how long a file may be, what every manifest
//! must look like, and that what the documents refer to exists. [`layers`] looks into the crates, [`names`] at what their
//! files are called, [`signatures`] at what they show, [`features`] at what their features switch, [`manifests`] at what
//! a registry is told, [`counts`] at the numbers in the documents.
//!
//! Reads the checkout and what cargo says of it; builds and runs nothing else.

mod features;
mod imports;
mod layers;
mod manifests;
mod names;
mod signatures;
mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The packages of this workspace, and which of them each may depend on, for any purpose. A new package needs a line,
/// and a reader who agrees with it.
const MAY_USE: &[(&str, &[&str])] = &[
    ("ofauth-operations", &[]),
    // A receiver of webhooks needs nothing else of ours.
    ("ofauth-webhooks", &[]),
    ("ofauth-api", &["ofauth-operations"]),
    ("ofauth", &["ofauth-api", "ofauth-operations", "ofauth-webhooks"]),
    ("ofauth-ffi", &["ofauth"]),
    // Builds the C library and holds no code.
    ("ofauth-capi", &["ofauth-ffi"]),
    // Independent on purpose: a server that shared types with its client would share its mistakes.
    ("ofauth-sandbox", &[]),
    // Its tests play against the servers of `ofauth-tests`.
    ("ofauth-cli", &["ofauth", "ofauth-sandbox", "ofauth-surface", "ofauth-tests"]),
    ("ofauth-surface", &[]),
    ("xtask", &["ofauth-surface", "ofauth-webhooks"]),
    ("ofauth-tests", &["ofauth", "ofauth-api", "ofauth-cli", "ofauth-sandbox", "ofauth-surface", "xtask"]),
];

/// The one package that may use `unsafe`: pointers of C are its job.
const UNSAFE: &str = "ofauth-ffi";

/// Packages from outside that only one of ours may depend on.
const RESERVED: &[(&str, &str)] =
    &[("progenitor", "xtask"), ("cbindgen", "xtask"), ("progenitor-client", "ofauth-api")];

/// The most lines of a file written by hand.
const LONGEST_FILE: usize = 500;

/// The command of the README that a newcomer types first.
const FIRST_COMMAND: &str = "cargo run --package ofauth-cli -- upload samples/clip.mp4 --sandbox --sandbox-part-size 64KiB --post \"Hello\"";

fn root() -> PathBuf {
    xtask::source::root().unwrap()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// One package of this workspace.
struct Package {
    name: String,
    version: String,
    manifest: PathBuf,
    dependencies: Vec<String>,
}

/// What cargo says of each package.
fn metadata() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    serde_json::from_value(metadata["packages"].take()).unwrap()
}

fn packages() -> Vec<Package> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let package = |package: &Value| Package {
        name: text(&package["name"]),
        version: text(&package["version"]),
        manifest: text(&package["manifest_path"]).into(),
        dependencies: package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|of| text(&of["name"]))
            .collect(),
    };
    metadata().iter().map(package).collect()
}

/// What is wrong with the dependencies of `name`.
fn wrong_dependencies(name: &str, dependencies: &[String]) -> Vec<String> {
    let Some((_, allowed)) = MAY_USE.iter().find(|(package, _)| *package == name) else {
        return vec![format!("{name} is not in the table: say which packages it may use")];
    };
    let ours: BTreeSet<&str> = MAY_USE.iter().map(|(package, _)| *package).collect();
    let may = |used: &str| match RESERVED.iter().find(|(package, _)| *package == used) {
        Some((_, owner)) => *owner == name,
        None => !ours.contains(used) || allowed.contains(&used),
    };
    dependencies.iter().filter(|used| !may(used)).map(|used| format!("{name} must not use {used}")).collect()
}

#[test]
fn packages_use_only_what_is_below_them() {
    let found: Vec<_> = packages()
        .iter()
        .flat_map(|package| wrong_dependencies(&package.name, &package.dependencies))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
    let bad = |name: &str, used: &str| !wrong_dependencies(name, &[used.to_owned()]).is_empty();
    assert!(bad("ofauth-sandbox", "ofauth-api") && bad("ofauth-api", "ofauth") && bad("newcomer", "serde"));
    assert!(bad("ofauth", "progenitor") && !bad("xtask", "progenitor") && !bad("ofauth", "serde"));
}

#[test]
fn every_package_takes_versions_and_lints_from_the_root() {
    let root_manifest = read("Cargo.toml");
    assert!(root_manifest.contains("\nunsafe_code = \"forbid\"\n"), "the workspace forbids unsafe code");
    for package in packages() {
        let manifest = std::fs::read_to_string(&package.manifest).unwrap();
        let found = match package.name.as_str() {
            UNSAFE => wrong_lints_of_the_unsafe_one(&root_manifest, &manifest),
            _ => wrong_manifest(&manifest),
        };
        assert!(found.is_empty(), "{}: {found:#?}", package.manifest.display());
    }
    let lax = "[lints.rust]\nunsafe_op_in_unsafe_fn = \"deny\"\n[lints.clippy]\n";
    assert!(wrong_lints_of_the_unsafe_one(&root_manifest, lax).len() > 5);
    assert_eq!(wrong_manifest("[package]\n[dependencies]\nserde = \"1\"\n").len(), 2);
    assert_eq!(
        wrong_manifest("[lints]\nworkspace = true\n[dev-dependencies]\nx.workspace = true\n").len(),
        0
    );
}

/// Cargo knows no lints of the workspace but one, so the one crate that may be unsafe repeats them.
fn wrong_lints_of_the_unsafe_one(root_manifest: &str, manifest: &str) -> Vec<String> {
    let root = root_manifest.split("[workspace.lints").skip(1);
    let tables = root.map(|table| table.split("\n[").next().unwrap_or_default());
    let lints = tables.flat_map(str::lines).filter(|line| line.contains(" = "));
    let wanted =
        lints.filter(|line| !line.starts_with("unsafe_code")).chain(["unsafe_op_in_unsafe_fn = \"deny\""]);
    let mut found: Vec<_> = wanted
        .filter(|lint| !manifest.lines().any(|line| line == *lint))
        .map(|lint| format!("it does not have the lint {lint}"))
        .collect();
    found.extend(wrong_dependencies_of(manifest));
    found
}

fn wrong_manifest(manifest: &str) -> Vec<String> {
    let mut found = wrong_dependencies_of(manifest);
    if !manifest.contains("[lints]\nworkspace = true\n") {
        found.push("it does not inherit the lints of the workspace".to_owned());
    }
    found
}

fn wrong_dependencies_of(manifest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_dependencies = false;
    for line in manifest.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with('[') {
            in_dependencies = line.trim_end_matches(']').ends_with("dependencies");
        } else if in_dependencies && !line.contains("workspace = true") {
            found.push(format!("a dependency does not come from the root manifest: {line}"));
        }
    }
    found
}

/// The files under `directory` that people write: not generated, not of the API document, not of a build.
fn files(directory: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let skipped = ["target", "node_modules", "openapi"].contains(&name.as_str())
            || (name.starts_with('.') && name != ".ci" && name != ".cargo");
        if path.is_dir() && !skipped {
            files(&path, into);
        } else if path.is_file() {
            into.push(path);
        }
    }
}

/// The texts that people write, with their paths from the root.
fn written_by_hand() -> BTreeMap<String, String> {
    let mut paths = Vec::new();
    files(&root(), &mut paths);
    let texts = paths.into_iter().filter_map(|path| {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        Some((name, std::fs::read_to_string(&path).ok()?))
    });
    texts.filter(|(name, text)| is_by_hand(name, text)).collect()
}

fn is_by_hand(name: &str, text: &str) -> bool {
    const KINDS: &[&str] =
        &["rs", "md", "toml", "sh", "py", "c", "h", "cc", "cpp", "hpp", "go", "js", "mjs", "ts", "cmake"];
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    let kind = extension.is_some_and(|extension| KINDS.contains(&extension)) || name == ".ci/run";
    kind && !text.lines().take(5).any(|line| line.contains("@generated"))
}

#[test]
fn files_are_short() {
    let written = written_by_hand();
    assert!(written.contains_key("crates/ofauth/src/lib.rs") && written.contains_key(".ci/run"));
    assert!(!written.contains_key("crates/ofauth-api/src/generated.rs"), "generated files do not count");
    let long = |text: &str| text.lines().count() > LONGEST_FILE;
    let found: Vec<_> = written.iter().filter(|(_, text)| long(text)).map(|(name, _)| name).collect();
    assert!(found.is_empty(), "longer than {LONGEST_FILE} lines: {found:#?}");
}

#[test]
fn nothing_is_left_to_do() {
    // Put together here, so that this file does not hold what it looks for.
    let marks = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["to", "do!"], ["unimple", "mented!"]]
        .map(|mark| mark.concat());
    let left = |text: &str| {
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '!'));
        words.filter(|word| marks.iter().any(|mark| word == mark)).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(left(&format!("// {}: later", marks[0])), [marks[0].as_str()]);
    assert_eq!(left(&format!("    {}();", marks[3])), [marks[3].as_str()]);
    for (name, text) in written_by_hand() {
        let found = left(&text);
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

#[test]
fn what_the_command_says_leaves_by_one_gate() {
    let says = |text: &str| {
        // Who asks a terminal for its size says nothing.
        let text = text.replace("Term::stdout()", "").replace("Term::stderr()", "");
        ["stdout()", "stderr()", "print!(", "println!("].iter().any(|way| text.contains(way))
    };
    let written = written_by_hand();
    let sources = written.iter().filter(|(name, _)| name.starts_with("crates/ofauth-cli/src/"));
    let found: Vec<_> = sources.filter(|(_, text)| says(text)).map(|(name, _)| name).collect();
    assert_eq!(found, ["crates/ofauth-cli/src/terminal/mod.rs"], "write by way of it");
}

#[test]
fn every_module_says_what_it_is_for() {
    // The tests of a module may lie in a file of their own, which the module includes.
    let is_part = |name: &str| name.ends_with("_tests.rs");
    for (name, text) in written_by_hand() {
        let is_module = name.ends_with(".rs") && !is_part(&name);
        let says = text.starts_with("//! ") || text.starts_with("#![doc = include_str!(");
        assert!(!is_module || says, "{name} does not begin with its documentation");
    }
}

/// Later lines of tokio read `TOKIO_UNSTABLE_SHARDED_BLOCKING_QUEUE` for every runtime, and a program that calls `setenv`
/// meanwhile crashes in it. This line is maintained for long and reads nothing.
#[test]
fn tokio_stays_on_the_line_that_reads_no_environment() {
    let lock = read("Cargo.lock");
    let versions: Vec<_> = lock
        .split("[[package]]\n")
        .filter_map(|package| package.strip_prefix("name = \"tokio\"\nversion = \"")?.split('"').next())
        .collect();
    assert_eq!(versions.len(), 1, "{versions:?}");
    assert!(
        versions[0].starts_with("1.51."),
        "tokio {}: read what it takes from the environment first",
        versions[0]
    );
}

#[test]
fn the_readme_begins_with_commands_that_exist() {
    let readme = read("README.md");
    assert!(
        readme.lines().any(|line| line == FIRST_COMMAND),
        "the first command is not a line of the README"
    );
    let tests = readme.split("\n## Tests\n").nth(1).and_then(|rest| rest.split("\n## ").next());
    let last_block = tests.and_then(|section| section.trim_end().strip_suffix("\n```"));
    let last_line = last_block.and_then(|block| block.lines().last());
    assert_eq!(last_line, Some("cargo test --workspace"), "the end of the section Tests");
}

#[test]
fn the_page_on_the_command_has_its_exit_codes() {
    let source = read("crates/ofauth-cli/src/exit.rs");
    let help = source.split("TABLE: &str").nth(1).unwrap().split("\";").next().unwrap();
    // A meaning that is longer than a line goes on below itself.
    let help = help.replace("\n     ", " ");
    let page = read("docs/command.md");
    let section = page.split("## Exit codes\n").nth(1).unwrap().split("\n#").next().unwrap();
    let rows =
        section.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    let rows: Vec<_> = rows.filter(|(code, _)| code.parse::<u8>().is_ok()).collect();
    assert_eq!(rows.len(), help.lines().filter(|line| line.starts_with("  ")).count(), "{rows:?}");
    for (code, meaning) in rows {
        assert!(help.contains(&format!("  {code}  {meaning}\n")), "{code} {meaning}");
    }
    assert!(section.contains(help.lines().last().unwrap()), "what several files end with");
}

/// The picture of the README shows what users hold or meet, by name.
#[test]
fn the_picture_shows_every_package() {
    let picture = read("docs/house.svg");
    let unseen = ["ofauth-capi", "ofauth-surface", "ofauth-tests", "xtask"];
    let missing = |picture: &str| {
        let names = MAY_USE.iter().map(|(name, _)| *name).filter(|name| !unseen.contains(name));
        names.filter(|name| !picture.contains(name)).collect::<Vec<_>>()
    };
    assert_eq!(missing(&picture), [] as [&str; 0]);
    assert_eq!(missing(&picture.replace("ofauth-sandbox", "")), ["ofauth-sandbox"]);
}

#[test]
fn the_changelog_speaks_of_the_version() {
    let changelog = read("CHANGELOG.md");
    for package in packages() {
        assert!(changelog.contains(&package.version), "{} {} is not in it", package.name, package.version);
    }
}

/// Clones and worktrees that share a target directory share what is built in it: a path of the checkout that is built in
/// would lead to another one.
#[test]
fn no_program_has_the_path_of_its_checkout_in_it() {
    let built_in = ["CARGO_MANIFEST_DIR", "CARGO"].map(|name| format!("env!(\"{name}\")"));
    let mut paths = Vec::new();
    files(&root(), &mut paths);
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs")) {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(!built_in.iter().any(|it| text.contains(it)), "{}: ask when it runs", path.display());
    }
}

#[test]
fn links_of_the_documents_lead_somewhere() {
    let mut seen = 0;
    for (name, text) in written_by_hand().iter().filter(|(name, _)| name.ends_with(".md")) {
        let folder = root().join(name).parent().unwrap().to_owned();
        // Not in code, where a lambda of C++ looks like one.
        let prose: String = text.split("```").step_by(2).collect();
        for target in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap_or_default();
            if !path.is_empty() && !path.contains("://") {
                assert!(folder.join(path).exists(), "{name} links to {target}");
                seen += 1;
            }
        }
    }
    assert!(seen > 5, "the documents have links");
    for file in ["LICENSE-MIT", "LICENSE-APACHE", "deny.toml", "openapi/README.md", "samples/README.md"] {
        assert!(root().join(file).is_file(), "{file} is missing");
    }
}

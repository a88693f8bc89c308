//! What the manifests say to a registry: each package that may be published one day says what it is, and none is published
//! while the address of the repository is a placeholder.

use serde_json::{Value, json};

use super::{metadata, root};

/// What stands in `Cargo.toml` for the address of the repository, which is not known yet. Replace it there before
/// `publish = true`, and in SECURITY.md what refers to it; this test then wants nothing more.
const PLACEHOLDER: &str = "https://github.com/example/ofauth";

/// Packages that nobody but this repository uses.
const OURS_ALONE: &[&str] = &["xtask", "ofauth-surface", "ofauth-tests"];

/// Of the categories that crates.io has, those that are in use here.
const CATEGORIES: &[&str] = &[
    "api-bindings",
    "asynchronous",
    "command-line-utilities",
    "development-tools::testing",
    "external-ffi-bindings",
    "multimedia",
    "network-programming",
];

/// What a registry would refuse or a reader would miss.
fn wrong(package: &Value) -> Vec<String> {
    let name = package["name"].as_str().unwrap();
    let list = |field: &str| -> Vec<&str> {
        package[field].as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
    };
    let (keywords, categories) = (list("keywords"), list("categories"));
    let manifest = root().join(package["manifest_path"].as_str().unwrap());
    let readme = package["readme"].as_str().map(|readme| manifest.with_file_name(readme));
    let is_library =
        package["targets"].as_array().unwrap().iter().any(|target| target["kind"] == json!(["lib"]));
    let is_published = package["publish"] != json!([]);
    let rules = [
        (package["description"].as_str().is_some_and(|text| text.len() > 20), "has no description"),
        (package["repository"].is_string(), "takes no repository from the workspace"),
        (
            !is_published || package["repository"] != PLACEHOLDER,
            "is published: replace the placeholder of `repository`",
        ),
        (readme.is_some_and(|readme| readme.is_file()), "has no readme that is there"),
        (matches!(keywords.len(), 1..=5), "has no keywords, or more than five"),
        (keywords.iter().all(|word| word.len() <= 20 && !word.contains(' ')), "has a keyword that is none"),
        (matches!(categories.len(), 1..=5), "has no categories, or more than five"),
        (
            categories.iter().all(|category| CATEGORIES.contains(category)),
            "has a category that is not in the list",
        ),
        (package["rust_version"].is_string(), "names no rust-version"),
        (
            !is_library || package["metadata"]["docs"]["rs"]["all-features"] == true,
            "does not have docs.rs show all features",
        ),
    ];
    rules.iter().filter(|(is_kept, _)| !is_kept).map(|(_, what)| format!("{name} {what}")).collect()
}

#[test]
fn what_may_be_published_says_what_it_is() {
    let mut packages = metadata();
    packages.retain(|package| !OURS_ALONE.contains(&package["name"].as_str().unwrap()));
    let found: Vec<_> = packages.iter().flat_map(wrong).collect();
    assert!(found.is_empty(), "{found:#?}");

    let package = packages.into_iter().find(|package| package["name"] == "ofauth").unwrap();
    for (field, value) in [
        ("description", Value::Null),
        ("repository", Value::Null),
        ("readme", json!("NONE.md")),
        ("keywords", json!([])),
        ("keywords", json!(["two words"])),
        ("categories", json!(["no-such-category"])),
        ("rust_version", Value::Null),
        ("metadata", Value::Null),
    ] {
        let mut bad = package.clone();
        bad[field] = value;
        assert!(!wrong(&bad).is_empty(), "{field} is not looked at");
    }
}

/// Today the address of the repository is a placeholder, and nothing is published.
#[test]
fn nothing_is_published_while_the_repository_is_a_placeholder() {
    let package = metadata().into_iter().find(|package| package["name"] == "ofauth").unwrap();
    for (publish, repository, fits) in [
        (json!([]), PLACEHOLDER, true),
        (Value::Null, PLACEHOLDER, false),
        (json!(["crates-io"]), PLACEHOLDER, false),
        (Value::Null, "https://codeberg.org/someone/ofauth", true),
    ] {
        let mut package = package.clone();
        package["publish"] = publish;
        package["repository"] = repository.into();
        assert_eq!(wrong(&package).is_empty(), fits, "{repository}");
    }
}

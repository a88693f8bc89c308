//! The package that builds libofauth: both ways of installing it call the library the same.

use std::process::Command;

use serde_json::Value;
use xtask::header::{self, Declaration, declarations};
use xtask::source;

fn package() -> Value {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(source::root().unwrap())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut packages = metadata["packages"].as_array().unwrap().iter();
    packages.find(|package| package["name"] == "ofauth-capi").unwrap().clone()
}

#[test]
fn cargo_c_and_the_build_script_give_the_same_soname() {
    let package = package();
    let library = &package["metadata"]["capi"]["library"];
    assert_eq!(library["version_suffix_components"], 1);
    let version = library["version"].as_str().or(package["version"].as_str()).unwrap();
    let header = header::artefact(&source::root().unwrap()).unwrap().text;
    let abi = declarations(&header).unwrap().into_iter().find_map(|declaration| match declaration {
        Declaration::Constant { name, value } if name == "OFAUTH_ABI_VERSION" => Some(value),
        _ => None,
    });
    assert_eq!(
        version.split('.').next(),
        abi.as_deref(),
        "give package.metadata.capi.library of crates/ofauth-ffi/artifact a `version` whose first number is \
         OFAUTH_ABI_VERSION"
    );
}

#[test]
fn the_artifact_is_libraries_of_c_and_nothing_else() {
    let package = package();
    let libraries: Vec<&Value> = package["targets"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|target| target["kind"] != serde_json::json!(["custom-build"]))
        .collect();
    assert_eq!(libraries.len(), 1, "{libraries:#?}");
    // A Rust library among the kinds would make cargo drop link-time optimisation without a word.
    assert_eq!(libraries[0]["crate_types"], serde_json::json!(["cdylib", "staticlib"]));
    assert_eq!(libraries[0]["name"], "ofauth");
}

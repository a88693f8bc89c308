//! What the features of the library switch: which packages are in the tree of a program.

use std::collections::BTreeSet;
use std::process::Command;

use super::root;

/// What comes with the feature `typed` alone.
const TYPED: &[&str] = &["ofauth-api", "progenitor-client", "reqwest"];

/// The packages in what a package is built of, on this platform.
fn tree(package: &str, features: &[&str]) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--offline", "--edges", "normal", "--prefix", "none", "--package", package])
        .args(features)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn without_the_feature_typed_the_generated_client_and_reqwest_are_not_in_the_tree() {
    let with = tree("ofauth", &[]);
    assert!(TYPED.iter().all(|name| with.contains(*name)), "{with:?}");
    for (package, features) in [
        ("ofauth", &["--no-default-features"][..]),
        ("ofauth", &["--no-default-features", "--features", "blocking"]),
        ("ofauth-capi", &[]),
        ("ofauth-cli", &[]),
    ] {
        let without = tree(package, features);
        assert!(without.contains("ofauth-operations"), "{package}: {without:?}");
        let found: Vec<_> = TYPED.iter().filter(|name| without.contains(**name)).collect();
        assert!(found.is_empty(), "{package} {features:?}: {found:?}");
    }
    let data = tree("ofauth-operations", &[]);
    assert_eq!(data.into_iter().collect::<Vec<_>>(), ["ofauth-operations"], "data depends on nothing");
}

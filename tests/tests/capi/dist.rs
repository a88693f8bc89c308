//! The tarball, unpacked at another place: what is in it works from wherever it lies.

use crate::examples::{Linking, all_work};
use crate::run::{command, run, scratch};
use crate::tree::{Tree, tree};

async fn unpacked(into: &std::path::Path) -> Tree {
    let mut tar = command("tar");
    run(tar.arg("-xzf").arg(tree().tarball()).arg("-C").arg(into), 60).await.succeeds();
    let entries: Vec<_> = std::fs::read_dir(into).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(entries.len(), 1, "one directory: {entries:?}");
    tree().moved_to(entries[0].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tarball_works_from_anywhere() {
    let at = scratch();
    let tree = unpacked(at.path()).await;
    all_work(&tree, Linking::Dynamic).await;
    all_work(&tree, Linking::Static).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_package_of_cmake_works_from_anywhere() {
    let at = scratch();
    crate::cpp::example_works(&unpacked(at.path()).await).await;
}

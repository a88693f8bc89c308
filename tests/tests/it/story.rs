//! From a link to a download and a verified webhook, told in Rust and killed at each request. See [`ofauth_tests::story`].

use ofauth_tests::story;

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_told_in_rust_and_nothing_happens_twice() {
    let clip = xtask::source::root().unwrap().join("samples/clip.mp4");
    story::told(&clip, story::at(env!("CARGO_BIN_EXE_story"))).await;
}

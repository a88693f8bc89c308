//! From a link to a download and a verified webhook, told in C, C++ and Go and killed at each request. See
//! [`ofauth_tests::story`].

use ofauth_tests::story::told;

use crate::built::Built;
use crate::program::{Program, Way};
use crate::server::clip;

#[tokio::test(flavor = "multi_thread")]
async fn in_c() {
    let Some(program) = Program::compile("story", Way::Plain).await else { return };
    told(&clip(), move || program.command(None, &[])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_cpp() {
    let program = Built::from_cpp("story").await;
    told(&clip(), move || program.command()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_go() {
    let Some(program) = Built::from_go("story").await else { return };
    told(&clip(), move || program.command()).await;
}

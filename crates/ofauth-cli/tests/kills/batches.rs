//! Batches that are killed: several files in parallel, over connections of their own each.

use fastrand::Rng;

use crate::bytes::kill_at_bytes;
use crate::figures::{Figures, chance};
use crate::scene::{Content, Setting, Stage};

/// Six files of different sizes, so that some are done long before others, three at a time.
async fn kill_batches(flags: &'static [&'static str], share: u32, figures: &Figures, rng: &mut Rng) {
    let (plain, tls) = (Stage::new(64 << 10, false).await, Stage::new(64 << 10, true).await);
    let contents = [2, 9, 3, 6, 2, 7].map(|parts| Content::random(parts * (64 << 10) - 77, rng));
    let six = Setting { contents: contents.into(), connections: 4, flags };
    let settings = [(&plain, six.clone()), (&plain, six.over(1)), (&tls, six.over(8))];
    kill_at_bytes(&settings, share, figures, rng).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_six_files() {
    let (figures, mut rng) = (Figures::of("six files"), chance("six files"));
    kill_batches(&["--files", "3"], 8, &figures, &mut rng).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_skip_what_is_there() {
    let (figures, mut rng) = (Figures::of("six files, skipping"), chance("six files, skipping"));
    kill_batches(&["--files", "3", "--skip-existing"], 4, &figures, &mut rng).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_end_in_a_post() {
    let (figures, mut rng) = (Figures::of("six files, post"), chance("six files, post"));
    kill_batches(&["--files", "3", "--post", "Six"], 4, &figures, &mut rng).await;
}

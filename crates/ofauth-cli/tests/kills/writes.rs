//! Kills at each write of the journal, one after the other: its begin, its records, the flag in its header, its
//! removal, what the command has done so far, and what is remembered of uploads.

use fastrand::Rng;

use crate::figures::{Figures, chance};
use crate::scene::{Content, Scene, Setting, Stage, Strike};

/// No upload here changes its files so often.
const MANY: u32 = 100;

/// Kills uploads at the first change, at the second, and so on, until one ends before its change comes.
async fn kill_at_each_write(stage: &Stage, setting: &Setting, figures: &Figures, rng: &mut Rng) {
    for number in 1..MANY {
        let mut scene = Scene::new(stage, setting, figures);
        let (again, seen) = scene.kill(Strike::Write(number)).await;
        if again && rng.bool() {
            // Some once more, where the second run writes.
            scene.kill(Strike::Write(rng.u32(1..=seen.max(4)))).await;
        }
        scene.end().await;
        if seen < number {
            return;
        }
    }
    panic!("an upload changes the files of its state {MANY} times");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_file_in_parts() {
    let (figures, mut rng) = (Figures::of("writes, parts"), chance("writes, parts"));
    let stage = Stage::new(64 << 10, false).await;
    let setting = Setting::one(Content::random(3 * (64 << 10), &mut rng), 2);
    kill_at_each_write(&stage, &setting, &figures, &mut rng).await;
    assert!(figures.kills() >= 10, "fewer writes than a journal has: {figures}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_file_in_one_piece() {
    let (figures, mut rng) = (Figures::of("writes, one piece"), chance("writes, one piece"));
    let stage = Stage::new(64 << 10, false).await;
    let setting = Setting::one(Content::random(40_000, &mut rng), 2);
    kill_at_each_write(&stage, &setting, &figures, &mut rng).await;
    assert!(figures.kills() >= 8, "fewer writes than a journal has: {figures}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_files() {
    let (figures, mut rng) = (Figures::of("writes, two files"), chance("writes, two files"));
    let stage = Stage::new(64 << 10, false).await;
    let contents = [100_000, 70_000].map(|size| Content::random(size, &mut rng));
    let setting = Setting { contents: contents.into(), connections: 1, flags: &["--files", "2"] };
    kill_at_each_write(&stage, &setting, &figures, &mut rng).await;
    assert!(figures.kills() >= 15, "fewer writes than two journals have: {figures}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_files_and_their_post() {
    let (figures, mut rng) = (Figures::of("writes, post"), chance("writes, post"));
    let stage = Stage::new(64 << 10, false).await;
    let contents = [100_000, 70_000].map(|size| Content::random(size, &mut rng));
    let flags = &["--files", "2", "--post", "Two"];
    let setting = Setting { contents: contents.into(), connections: 1, flags };
    kill_at_each_write(&stage, &setting, &figures, &mut rng).await;
    assert!(figures.kills() >= 15, "fewer writes than two journals have: {figures}");
}

//! Kills at random bytes of what is sent and of what is answered.

use fastrand::Rng;

use crate::figures::{Figures, chance, kills};
use crate::scene::{Content, Scene, Setting, Stage};

/// How often in a row a command is killed before it is left alone.
const IN_A_ROW: u32 = 3;

/// Goes round the settings until there were so many kills.
pub(crate) async fn kill_at_bytes(
    settings: &[(&Stage, Setting)],
    share: u32,
    figures: &Figures,
    rng: &mut Rng,
) {
    let mut totals = Vec::new();
    for (stage, setting) in settings {
        totals.push(Scene::new(stage, setting, figures).rehearse().await);
    }
    for ((stage, setting), totals) in settings.iter().zip(totals).cycle() {
        if figures.kills() >= kills(share) {
            return;
        }
        let mut scene = Scene::new(stage, setting, figures);
        for _ in 0..rng.u32(1..=IN_A_ROW) {
            let strike = scene.somewhere(totals, rng);
            if !scene.kill(strike).await.0 {
                break;
            }
        }
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_files_in_small_parts() {
    let (figures, mut rng) = (Figures::of("64 KiB parts"), chance("64 KiB parts"));
    let (plain, tls) = (Stage::new(64 << 10, false).await, Stage::new(64 << 10, true).await);
    let file = Setting::one(Content::random(23 * (64 << 10) + 12_345, &mut rng), 4);
    let settings = [
        (&plain, file.over(1)),
        (&plain, file.clone()),
        (&tls, file.clone()),
        (&plain, file.over(8)),
        (&tls, file.over(8)),
    ];
    kill_at_bytes(&settings, 14, &figures, &mut rng).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_files_in_large_parts() {
    let (figures, mut rng) = (Figures::of("5 MiB parts"), chance("5 MiB parts"));
    let (plain, tls) = (Stage::new(5 << 20, false).await, Stage::new(5 << 20, true).await);
    let file = Setting::one(Content::random(9 * (5 << 20) + 1, &mut rng), 4);
    let settings =
        [(&plain, file.clone()), (&plain, file.over(1)), (&tls, file.clone()), (&plain, file.over(8))];
    kill_at_bytes(&settings, 8, &figures, &mut rng).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_files_in_one_piece() {
    let (figures, mut rng) = (Figures::of("one piece"), chance("one piece"));
    let (plain, tls) = (Stage::new(5 << 20, false).await, Stage::new(5 << 20, true).await);
    let [small, large, other] =
        [1000, 3 << 20, 300_000].map(|size| Setting::one(Content::random(size, &mut rng), 4));
    let settings = [(&plain, small), (&plain, large), (&tls, other)];
    kill_at_bytes(&settings, 10, &figures, &mut rng).await;
}

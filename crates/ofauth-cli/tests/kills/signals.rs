//! What else stops a command or stands in its way: Ctrl-C, SIGTERM, a process that stands still, a second command.

use std::time::Duration;

use fastrand::Rng;
use rustix::process::Signal;

use crate::figures::{Figures, chance};
use crate::line::{Gate, Mark, Side, Traffic};
use crate::process::Target;
use crate::scene::{Content, Scene, Setting, Stage, Strike};

const PART: u64 = 64 << 10;

/// A file in parts.
fn file(rng: &mut Rng) -> Setting {
    Setting::one(Content::random(20 * PART as usize, rng), 4)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_stops_the_command_and_the_next_run_goes_on() {
    let (figures, mut rng) = (Figures::of("signals"), chance("signals"));
    let stage = Stage::new(PART, false).await;
    for signal in [Signal::INT, Signal::TERM, Signal::INT, Signal::TERM] {
        let mut scene = Scene::new(&stage, &file(&mut rng), &figures);
        // Behind the first part and before the last, so that it is an interruption.
        let byte = rng.u64(2 * PART..18 * PART);
        // Held, so that it cannot end before it hears of the signal.
        let mark = Mark { side: Side::Sent, byte, then: Gate::Held };
        let stopped = scene.run(Strike::Byte(mark, signal)).await.run.ends_with(3);
        assert!(stopped.err.contains("stopping") && stopped.out.is_empty(), "{}", stopped.err);
        scene.stopped().await;
        scene.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_command_is_told_of_the_first_which_goes_on() {
    let (figures, mut rng) = (Figures::of("two commands"), chance("two commands"));
    let stage = Stage::new(PART, false).await;
    let scene = Scene::new(&stage, &file(&mut rng), &figures);
    let mark = Mark { side: Side::Sent, byte: 5 * PART, then: Gate::Held };
    let (first, traffic) = (Target::default(), Traffic::new(Some(mark), || {}));
    let ending = scene.start(&first, &traffic);
    traffic.held().await;
    let second = scene.run(Strike::Never).await.run.ends_with(3);
    assert!(second.err.contains("another process is uploading"), "{}", second.err);
    traffic.release();
    let first = ending.await.ends_with(0);
    scene.end_with(first).await;
}

/// Longer than the 10 s after which the engine takes its process to have stood still.
const STILL: Duration = Duration::from_secs(11);

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stood_still_goes_on() {
    let (figures, mut rng) = (Figures::of("stood still"), chance("stood still"));
    let stage = Stage::new(PART, false).await;
    let mut scene = Scene::new(&stage, &file(&mut rng), &figures);
    let mark = Mark { side: Side::Sent, byte: 7 * PART, then: Gate::Open };
    let target = Target::default();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let stop = std::sync::Mutex::new(Some(stop));
    let struck = target.clone();
    let traffic = Traffic::new(Some(mark), move || {
        struck.signal(Signal::STOP);
        stop.lock().unwrap().take().unwrap().send(()).unwrap();
    });
    let ending = tokio::spawn(scene.start(&target, &traffic));
    stopped.await.unwrap();
    tokio::time::sleep(STILL).await;
    target.signal(Signal::CONT);
    let ended = ending.await.unwrap().ends_with(0);
    // Parts that were under way may be started over, as after a kill.
    scene.stopped().await;
    scene.end_with(ended).await;
}

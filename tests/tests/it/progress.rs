//! What the progress function of an upload is told.

use std::sync::{Arc, Mutex};

use ofauth::{Phase, Progress};
use ofauth_tests::{Answer, Play, Step};

use crate::support::{KIB, MIB, Together, client, data, parts, single, video};

#[tokio::test(flavor = "multi_thread")]
async fn progress_never_goes_back_and_is_whole_only_at_the_end() {
    let mut together = Together::default();
    for several in [false, true] {
        for faulty in [false, true] {
            together.add(format!("several: {several}, faulty: {faulty}"), async move {
                let guide = if several { parts(512 * KIB) } else { single() };
                let site = guide
                    .script(move |visit| match visit.step {
                        Step::Part(2) | Step::Single if faulty && visit.attempt == 1 => Play::Cut(300 * KIB),
                        Step::Part(3) if faulty && visit.session == 0 && visit.attempt == 1 => {
                            Play::Answer(Answer::new(503))
                        }
                        Step::Part(7) if faulty && visit.session == 0 => Play::Answer(Answer::new(404)),
                        Step::Complete if faulty && visit.attempt == 1 => Play::Answer(Answer::new(500)),
                        _ => Play::Guide,
                    })
                    .start()
                    .await;
                let total = 16 * MIB;
                let seen: Arc<Mutex<Vec<Progress>>> = Arc::default();
                let sink = Arc::clone(&seen);
                let upload =
                    video(&client(&site), &data(total)).on_progress(move |p| sink.lock().unwrap().push(*p));
                let uploaded = upload.await.unwrap();
                let seen = seen.lock().unwrap();
                let (first, last) = (seen.first().unwrap(), seen.last().unwrap());
                assert_eq!((first.phase, first.handed_over, first.total), (Phase::Starting, 0, total));
                assert_eq!((last.phase, last.handed_over, last.acknowledged), (Phase::Done, total, total));
                assert_eq!(
                    (last.parts_done, last.parts_total),
                    (last.parts_total, if several { 32 } else { 1 })
                );
                assert_eq!(last.retries, uploaded.retries());
                assert_eq!(last.sent_again, uploaded.sent_again());
                for pair in seen.windows(2) {
                    assert!(pair[0].handed_over <= pair[1].handed_over, "{pair:?}");
                    assert!(
                        pair[0].acknowledged <= pair[1].acknowledged
                            && pair[0].parts_done <= pair[1].parts_done
                    );
                    assert!(pair[0].retries <= pair[1].retries && pair[0] != pair[1]);
                }
                for progress in seen.iter() {
                    assert!(progress.acknowledged <= progress.handed_over && progress.handed_over <= total);
                    assert_eq!(progress.acknowledged == total, progress.phase == Phase::Done, "{progress:?}");
                }
                assert_eq!(faulty, last.retries > 0);
                assert_eq!(faulty && several, last.sent_again > 0);
            });
        }
    }
    together.run(40).await;
}

//! What happens to uploads beside their progress, told as the user reads it: on the bar, as lines, or as events.
//!
//! Retries and waits for the rate limit may be many. A bar shows them; where there is none, one of them is told in a while,
//! and scripts get them all.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ofauth::unversioned::display_safe::one_line;
use ofauth::{Notice, Step};

use super::Output;
use super::events::Event;
use crate::name::Name;

/// Lines about retries and waits are at least this far apart.
const APART: Duration = Duration::from_secs(10);

/// Tells notices of all uploads of a command. Clones are one.
#[derive(Debug, Clone)]
pub(crate) struct Notices {
    out: Output,
    began: Instant,
    sparse: Arc<Mutex<Sparse>>,
}

/// Lets some lines pass.
#[derive(Debug, Default)]
struct Sparse {
    last: Option<Duration>,
}

impl Notices {
    /// Notices that go to this output.
    pub(crate) fn new(out: &Output) -> Self {
        Self { out: out.clone(), began: Instant::now(), sparse: Arc::default() }
    }

    /// Tells a notice of a file's upload.
    pub(crate) fn tell(&self, name: &Name, notice: &Notice) {
        let is_passing = matches!(notice, Notice::Retrying { .. } | Notice::RateLimited { .. });
        if is_passing && self.out.screen().shows_bars() {
            return;
        }
        if self.out.is_json()
            && let Some(event) = event(name, notice, &step_of(notice))
        {
            return self.out.side_event(&event);
        }
        let now = self.began.elapsed();
        if !is_passing || self.sparse.lock().unwrap_or_else(PoisonError::into_inner).lets_pass(now) {
            self.out.note(&format!("{name}: {}", one_line(&notice.to_string())));
        }
    }
}

/// The words for what is tried again; empty if nothing is.
fn step_of(notice: &Notice) -> String {
    match notice {
        Notice::Retrying { step, .. } => step.to_string(),
        _ => String::new(),
    }
}

/// The event of a notice that is one for scripts.
fn event<'a>(name: &'a Name, notice: &'a Notice, step: &'a str) -> Option<Event<'a>> {
    match notice {
        Notice::Retrying { step: failed, why, status, tries, tries_at_most, wait, .. } => {
            Some(Event::Retrying {
                file: name.fields(),
                step,
                part: match failed {
                    Step::Part(number) => Some(*number),
                    _ => None,
                },
                error: why,
                status: *status,
                tries: *tries,
                tries_at_most: *tries_at_most,
                wait: seconds(*wait),
            })
        }
        Notice::RateLimited { wait } => Some(Event::Waiting { file: name.fields(), wait: seconds(*wait) }),
        _ => None,
    }
}

/// Seconds, to the millisecond.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

impl Sparse {
    /// Whether a line may be told now.
    fn lets_pass(&mut self, now: Duration) -> bool {
        let passes = self.last.is_none_or(|last| now.saturating_sub(last) >= APART);
        if passes {
            self.last = Some(now);
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn of_many_lines_one_is_told_in_a_while() {
        let mut sparse = Sparse::default();
        let told: Vec<u64> =
            (0..100).filter(|tick| sparse.lets_pass(Duration::from_millis(tick * 500))).collect();
        assert_eq!(told, [0, 20, 40, 60, 80]);
    }

    #[test]
    fn scripts_read_what_is_tried_again_and_what_is_waited_for() {
        let name = Name::from(Path::new("a.mp4"));
        let json = |notice: &Notice| {
            event(&name, notice, &step_of(notice)).map(|event| serde_json::to_string(&event).unwrap())
        };
        let retrying = Notice::Retrying {
            step: Step::Part(5),
            why: "HTTP 500".into(),
            status: Some(500),
            tries: 3,
            tries_at_most: 8,
            wait: Duration::from_millis(4200),
        };
        assert_eq!(
            json(&retrying).unwrap(),
            r#"{"event":"retrying","file":"a.mp4","step":"part 5","part":5,"error":"HTTP 500","status":500,"tries":3,"triesAtMost":8,"wait":4.2}"#
        );
        let waiting = Notice::RateLimited { wait: Duration::from_secs(58) };
        assert_eq!(json(&waiting).unwrap(), r#"{"event":"waiting","file":"a.mp4","wait":58.0}"#);
        assert_eq!(json(&Notice::AlreadyFinished), None);
    }
}

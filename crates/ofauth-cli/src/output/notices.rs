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
    /// When the last line about a retry or a wait was told.
    last: Arc<Mutex<Option<Instant>>>,
}

impl Notices {
    /// Notices that go to this output.
    pub(crate) fn new(out: &Output) -> Self {
        Self { out: out.clone(), last: Arc::default() }
    }

    /// Tells a notice of a file's upload.
    pub(crate) fn tell(&self, name: &Name, notice: &Notice) {
        let is_passing = matches!(notice, Notice::Retrying { .. } | Notice::RateLimited { .. });
        if is_passing && self.out.screen().shows_bars() {
            return;
        }
        if self.out.is_json()
            && let Some(event) = event(name, notice)
        {
            return self.out.side_event(&event);
        }
        let last = || self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_passing || lets_pass(&mut last(), Instant::now()) {
            let text = match notice {
                // The record is that of the same command.
                Notice::AlreadyRecorded => "uploaded by an earlier run of this command".into(),
                notice => notice.to_string(),
            };
            self.out.note(&format!("{name}: {}", one_line(&text)));
        }
    }
}

/// The event of a notice that is one for scripts.
fn event<'a>(name: &'a Name, notice: &'a Notice) -> Option<Event<'a>> {
    match notice {
        Notice::Retrying { step, why, status, tries, tries_at_most, wait, .. } => Some(Event::Retrying {
            file: name.fields(),
            step: step.to_string(),
            part: match step {
                Step::Part(number) => Some(*number),
                _ => None,
            },
            error: why,
            status: *status,
            tries: *tries,
            tries_at_most: *tries_at_most,
            wait: seconds(*wait),
        }),
        Notice::RateLimited { wait } => Some(Event::Waiting { file: name.fields(), wait: seconds(*wait) }),
        _ => None,
    }
}

/// Seconds, to the millisecond.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

/// Whether a line may be told now, which is then the last one.
fn lets_pass(last: &mut Option<Instant>, now: Instant) -> bool {
    let passes = last.is_none_or(|last| now.saturating_duration_since(last) >= APART);
    if passes {
        *last = Some(now);
    }
    passes
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn of_many_lines_one_is_told_in_a_while() {
        let (mut last, began) = (None, Instant::now());
        let told: Vec<u64> =
            (0..100).filter(|tick| lets_pass(&mut last, began + Duration::from_millis(tick * 500))).collect();
        assert_eq!(told, [0, 20, 40, 60, 80]);
    }

    #[test]
    fn scripts_read_what_is_tried_again_and_what_is_waited_for() {
        let name = Name::from(Path::new("a.mp4"));
        let json = |notice: &Notice| event(&name, notice).map(|event| serde_json::to_string(&event).unwrap());
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

//! What an upload waits for, in words for its progress bar. Pure: the time is passed in.

use std::time::Duration;

use ofauth::{Notice, Phase, Progress, Step};

use super::duration::rounded;
use super::rate::STANDSTILL;

/// What is known of the waiting of one upload.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waits {
    seen: Option<Seen>,
    /// When bytes or parts last changed.
    moved: Duration,
    /// The last step that failed and is tried again.
    retry: Option<Retry>,
    /// Until when the rate limit holds everything back.
    limited_until: Option<Duration>,
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) phase: Phase,
    pub(crate) handed_over: u64,
    pub(crate) total: u64,
    pub(crate) parts_done: u32,
    pub(crate) parts_total: u32,
}

#[derive(Debug, Clone)]
struct Retry {
    step: Step,
    why: String,
    tries: u32,
    tries_at_most: u32,
    until: Duration,
    /// The parts that were done then: once there is another, this is old news.
    parts_done: u32,
}

impl From<&Progress> for Seen {
    fn from(progress: &Progress) -> Self {
        Self {
            phase: progress.phase,
            handed_over: progress.handed_over,
            total: progress.total,
            parts_done: progress.parts_done,
            parts_total: progress.parts_total,
        }
    }
}

impl Seen {
    /// Parts that wait for the service's answer, if nothing else is left to do.
    fn unconfirmed(&self) -> Option<u32> {
        let all_sent =
            self.handed_over >= self.total && matches!(self.phase, Phase::Sending | Phase::Waiting);
        all_sent.then(|| self.parts_total.saturating_sub(self.parts_done).max(1))
    }
}

impl Waits {
    /// Takes in the progress of the upload.
    pub(crate) fn progress(&mut self, now: Duration, seen: &Seen) {
        let state = |seen: &Seen| (seen.phase, seen.handed_over, seen.parts_done);
        if self.seen.as_ref().map(state) != Some(state(seen)) {
            self.moved = now;
        }
        if seen.phase == Phase::Sending {
            self.limited_until = None;
        }
        self.seen = Some(*seen);
    }

    /// Takes in a notice of the upload.
    pub(crate) fn notice(&mut self, now: Duration, notice: &Notice) {
        match notice {
            Notice::Retrying { step, why, tries, tries_at_most, wait, .. } => {
                self.retry = Some(Retry {
                    step: *step,
                    why: why.clone(),
                    tries: *tries,
                    tries_at_most: *tries_at_most,
                    until: now.saturating_add(*wait),
                    parts_done: self.parts_done(),
                });
            }
            Notice::RateLimited { wait } | Notice::LongWait { wait } => {
                self.limited_until = Some(now.saturating_add(*wait));
            }
            _ => {}
        }
    }

    /// Whether the upload does nothing but wait for the rate limit.
    pub(crate) fn is_rate_limited(&self, now: Duration) -> bool {
        self.phase() == Some(Phase::Waiting) || self.limited_until.is_some_and(|until| until > now)
    }

    /// How long the rate limit holds everything back, if that is known.
    pub(crate) fn rate_limit_left(&self, now: Duration) -> Option<Duration> {
        self.limited_until.and_then(|until| until.checked_sub(now))
    }

    /// What will be tried again after a pause, in wordings from long to short.
    pub(crate) fn announced(&self, now: Duration) -> Vec<String> {
        let retry = self.retry.as_ref().filter(|retry| retry.until > now);
        retry.map(|retry| retry.announced(now)).unwrap_or_default()
    }

    /// What is waited for, in wordings from long to short; nothing while bytes flow. `left` is how long the rest takes,
    /// if that is known.
    pub(crate) fn wordings(&self, now: Duration, left: Option<Duration>) -> Vec<String> {
        let announced = self.announced(now);
        if !announced.is_empty() {
            return announced;
        }
        if self.is_rate_limited(now) {
            return rate_limit(self.rate_limit_left(now), left);
        }
        if let Some(retry) = self.retry.as_ref().filter(|retry| self.is_under_way(retry)) {
            return retry.under_way();
        }
        match (self.phase(), self.seen.and_then(|seen| seen.unconfirmed())) {
            (Some(Phase::Starting), _) => words(["opening the upload session", "opening"]),
            (Some(Phase::Completing), _) => words(["waiting for the service to complete", "completing"]),
            (_, Some(1)) => words(["waiting for the answer to the last part", "confirming"]),
            (_, Some(parts)) => vec![
                format!("waiting for the answers to {parts} parts"),
                format!("confirming {parts} parts"),
                "confirming".into(),
            ],
            (Some(Phase::Sending), _) => standstill(now.saturating_sub(self.moved)),
            _ => Vec::new(),
        }
    }

    /// Whether a try after a failure is all that the upload waits for.
    fn is_under_way(&self, retry: &Retry) -> bool {
        let unconfirmed = self.seen.is_some_and(|seen| seen.unconfirmed().is_some());
        retry.parts_done == self.parts_done()
            && match self.phase() {
                Some(Phase::Starting) => retry.step == Step::Open,
                Some(Phase::Completing) => retry.step == Step::Complete,
                _ => unconfirmed && matches!(retry.step, Step::Part(_) | Step::File),
            }
    }

    fn phase(&self) -> Option<Phase> {
        self.seen.map(|seen| seen.phase)
    }

    fn parts_done(&self) -> u32 {
        self.seen.map_or(0, |seen| seen.parts_done)
    }
}

impl Retry {
    /// That it will be tried again.
    fn announced(&self, now: Duration) -> Vec<String> {
        let Self { step, why, tries, tries_at_most, .. } = self;
        let when = match self.until.saturating_sub(now) {
            soon if soon.as_millis() < 1000 => "again at once".to_owned(),
            wait => format!("again in {}", rounded(wait)),
        };
        vec![
            format!("{step}: {why}, try {tries} of {tries_at_most}, {when}"),
            format!("{step}: {why}, {when}"),
            format!("{step} {when}"),
            "retrying".into(),
        ]
    }

    /// That it is being tried again.
    fn under_way(&self) -> Vec<String> {
        let Self { step, why, tries_at_most, .. } = self;
        let this = self.tries.saturating_add(1);
        let what = match step {
            Step::Part(number) => format!("retrying part {number}"),
            step => format!("{step} again"),
        };
        vec![
            format!("{what} after {why}, try {this} of {tries_at_most}"),
            format!("{what}, try {this} of {tries_at_most}"),
            what,
            "retrying".into(),
        ]
    }
}

/// That the rate limit is waited for: how long if that is known, or when all will be done where requests are paced.
pub(crate) fn rate_limit(wait: Option<Duration>, left: Option<Duration>) -> Vec<String> {
    let known = match (wait.filter(|wait| wait.as_secs() > 0), left) {
        (Some(wait), _) => rounded(wait),
        (None, Some(left)) => format!("{} left", rounded(left)),
        (None, None) => return words(["waiting for the rate limit", "rate limit"]),
    };
    vec![format!("waiting for the rate limit, {known}"), format!("rate limit, {known}"), "rate limit".into()]
}

/// That nothing moves, once it is so long that a user begins to wonder.
pub(crate) fn standstill(still: Duration) -> Vec<String> {
    if still < STANDSTILL {
        return Vec::new();
    }
    let still = rounded(still);
    vec![format!("nothing has moved for {still}"), format!("still for {still}")]
}

/// Wordings without anything to fill in.
pub(crate) fn words<const N: usize>(wordings: [&str; N]) -> Vec<String> {
    wordings.map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn seen(phase: Phase, handed_over: u64, parts_done: u32) -> Seen {
        Seen { phase, handed_over, total: 100, parts_done, parts_total: 10 }
    }

    fn retrying(step: Step, wait: u64) -> Notice {
        // The enum of the library cannot be extended here, but its variants can be made.
        Notice::Retrying {
            step,
            why: "HTTP 500".into(),
            status: Some(500),
            tries: 3,
            tries_at_most: 8,
            wait: seconds(wait),
        }
    }

    fn first(waits: &Waits, now: u64) -> String {
        waits.wordings(seconds(now), None).into_iter().next().unwrap_or_default()
    }

    #[test]
    fn every_phase_says_what_it_waits_for() {
        for (phase, handed_over, parts_done, text) in [
            (Phase::Starting, 0, 0, "opening the upload session"),
            (Phase::Sending, 50, 5, ""),
            (Phase::Waiting, 50, 5, "waiting for the rate limit"),
            (Phase::Sending, 100, 8, "waiting for the answers to 2 parts"),
            (Phase::Sending, 100, 9, "waiting for the answer to the last part"),
            (Phase::Completing, 100, 10, "waiting for the service to complete"),
            (Phase::Done, 100, 10, ""),
        ] {
            let mut waits = Waits::default();
            waits.progress(seconds(1), &seen(phase, handed_over, parts_done));
            assert_eq!(first(&waits, 1), text, "{phase:?}");
        }
    }

    #[test]
    fn a_retry_is_counted_down_and_then_under_way() {
        let mut waits = Waits::default();
        waits.progress(seconds(1), &seen(Phase::Sending, 100, 9));
        waits.notice(seconds(1), &retrying(Step::Part(5), 4));
        assert_eq!(first(&waits, 1), "part 5: HTTP 500, try 3 of 8, again in 4 s");
        assert_eq!(first(&waits, 3), "part 5: HTTP 500, try 3 of 8, again in 2 s");
        assert_eq!(first(&waits, 5), "retrying part 5 after HTTP 500, try 4 of 8");
        waits.progress(seconds(6), &seen(Phase::Completing, 100, 10));
        assert_eq!(first(&waits, 6), "waiting for the service to complete");
        waits.notice(seconds(6), &retrying(Step::Complete, 1));
        assert_eq!(first(&waits, 8), "completing the upload again after HTTP 500, try 4 of 8");
    }

    #[test]
    fn a_retry_among_parts_that_move_is_told_while_it_is_due_and_no_longer() {
        let mut waits = Waits::default();
        waits.progress(seconds(1), &seen(Phase::Sending, 50, 5));
        waits.notice(seconds(1), &retrying(Step::Part(5), 2));
        assert_ne!(first(&waits, 2), "");
        waits.progress(seconds(4), &seen(Phase::Sending, 60, 6));
        assert_eq!(first(&waits, 4), "");
    }

    #[test]
    fn the_rate_limit_is_counted_down_or_tells_the_end() {
        let mut waits = Waits::default();
        waits.progress(seconds(1), &seen(Phase::Waiting, 50, 5));
        assert_eq!(
            waits.wordings(seconds(1), Some(seconds(900))),
            ["waiting for the rate limit, 15 min left", "rate limit, 15 min left", "rate limit"]
        );
        waits.notice(seconds(1), &Notice::RateLimited { wait: seconds(58) });
        assert_eq!(first(&waits, 11), "waiting for the rate limit, 48 s");
        waits.progress(seconds(60), &seen(Phase::Sending, 50, 5));
        assert!(!waits.is_rate_limited(seconds(60)));
    }

    #[test]
    fn a_standstill_is_told_in_time() {
        let mut waits = Waits::default();
        waits.progress(seconds(1), &seen(Phase::Sending, 50, 5));
        waits.progress(seconds(3), &seen(Phase::Sending, 50, 5));
        assert_eq!(first(&waits, 5), "");
        assert_eq!(first(&waits, 12), "nothing has moved for 11 s");
    }
}

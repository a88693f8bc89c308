//! How fast the bucket of a connection refills, as far as the service's answers prove it.
//!
//! Pure. Two kinds of services are told apart. From headers a lower bound of the rate follows, which only has to hold
//! between two answers, because every answer says anew how many tokens are left. Without headers the accepted
//! requests between two refusals are the only measure, so the pace has to be probed: a little faster now and then, a
//! little slower after each refusal. Levels and waits are [`super::bucket`]'s.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::clock::Moment;
use super::observation::tokens;
use crate::http::rate_limit_headers::RateLimitHeaders;

/// No service is believed to refill faster, in tokens per second.
const FASTEST: f64 = 10_000.0;
/// Two resets must be so far apart for their difference to say something: either is rounded to seconds, and so may
/// be the server's clock that it is measured against.
const RESETS_APART: f64 = 5.0;
/// The sum of those roundings, in seconds.
const ROUNDED: f64 = 2.0;
/// No reset is believed to be further away, in seconds: a month.
const LONGEST_RESET: f64 = 31.0 * 24.0 * 3600.0;
/// How long a stretch is measured before the next one begins.
const STRETCH: Duration = Duration::from_secs(300);
/// The least share of the proven rate that is used, however often the service refuses.
const LEAST_TRUST: f64 = 1.0 / 16.0;
/// How trust grows back with each accepted request.
const REGAIN: f64 = 1.05;

/// When a request that was answered began and ended, and what else is known of that time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) sent: Moment,
    pub(super) answered: Moment,
    /// Requests under way when the answer came, this one excepted.
    pub(super) under_way: usize,
    /// Others that were accepted while this one was under way.
    pub(super) overlapping: usize,
}

/// Tokens that were left, and the seconds until the bucket is full, as one answer gave them.
type LimitReading = (f64, f64);

/// Where a stretch of measuring began.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Anchor {
    sent: Moment,
    answered: Moment,
    remaining: f64,
    /// Requests accepted since, of those that were sent since.
    accepted: u32,
}

/// The refill rate of a bucket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Rate {
    /// Lower bounds, in tokens per second, 0 = nothing known: from resets, from what was granted.
    slope: f64,
    gained: f64,
    /// A guess, in tokens per second, that takes the limit for the bucket's size. A refusal soon after another ends it.
    guess: Option<f64>,
    /// The share of the above that is used.
    pub(super) trust: f64,
    /// The service counts in fixed windows: the tokens come back all at once at the reset.
    windowed: bool,
    fullest: Option<LimitReading>,
    emptiest: Option<LimitReading>,
    anchor: Option<Anchor>,
    /// An accepted request was answered with the tokens that are left, so nothing has to be probed.
    pub(super) numbers: bool,
    pace: Option<Pace>,
}

impl Default for Rate {
    fn default() -> Self {
        Self {
            slope: 0.0,
            gained: 0.0,
            guess: Some(0.0),
            trust: 1.0,
            windowed: false,
            fullest: None,
            emptiest: None,
            anchor: None,
            numbers: false,
            pace: None,
        }
    }
}

impl Rate {
    /// Tokens per second that may be counted on; 0 if nothing is known or they do not come bit by bit.
    pub(super) fn per_second(&self) -> f64 {
        let proven = if self.windowed { 0.0 } else { self.proven() };
        match &self.pace {
            _ if proven > 0.0 => proven * self.trust,
            Some(pace) if !self.numbers => pace.per_second,
            _ => 0.0,
        }
    }

    /// An upper bound for short times, to tell what somebody else took from what flowed in.
    pub(super) fn at_most(&self) -> f64 {
        let proven = self.proven();
        if proven > 0.0 { proven * 1.5 } else { 5.0 }
    }

    /// Whether the service showed a limit, in numbers or by a refusal.
    pub(super) fn is_learned(&self) -> bool {
        self.numbers || self.pace.is_some()
    }

    fn proven(&self) -> f64 {
        self.slope.max(self.gained).max(self.guess.unwrap_or_default())
    }

    /// Whether every number is one that this module could have written.
    pub(super) fn is_sound(&self) -> bool {
        let positive = |number: f64| (0.0..=FASTEST).contains(&number);
        let reading = |reading: &Option<LimitReading>| {
            reading.is_none_or(|(left, reset)| (0.0..1e12).contains(&left) && (0.0..1e12).contains(&reset))
        };
        positive(self.slope)
            && positive(self.gained)
            && self.guess.is_none_or(positive)
            && (LEAST_TRUST..=1.0).contains(&self.trust)
            && reading(&self.fullest)
            && reading(&self.emptiest)
            && self.anchor.is_none_or(|anchor| (0.0..1e12).contains(&anchor.remaining))
            && self.pace.as_ref().is_none_or(|pace| pace.is_sound())
    }

    /// The clock went back: moments must not lie ahead.
    pub(super) fn clock_was_set_back(&mut self, now: Moment) {
        // A stretch cannot be measured by two clocks.
        self.anchor = None;
        if let Some(pace) = &mut self.pace {
            (pace.since, pace.accepted) = (now, 0);
        }
    }

    /// Takes in an accepted request.
    pub(super) fn accepted(&mut self, span: Span, said: RateLimitHeaders) {
        self.trust = (self.trust * REGAIN).min(1.0);
        if let Some(pace) = &mut self.pace {
            pace.accepted(span.sent);
        }
        if let Some(anchor) = &mut self.anchor
            && span.sent > anchor.answered
        {
            anchor.accepted = anchor.accepted.saturating_add(1);
        }
        if let Some(remaining) = said.remaining.map(tokens) {
            self.numbers = true;
            self.saw(remaining, said);
            self.measure(span, remaining);
        }
    }

    /// Takes in a refusal. `surprising`: it was believed that a token was there. `again`: nothing was accepted since
    /// the last one, so this one says how long the bucket stays empty and nothing of the pace before.
    pub(super) fn refused(
        &mut self,
        now: Moment,
        said: RateLimitHeaders,
        hold: Duration,
        surprising: bool,
        again: bool,
    ) {
        if surprising {
            // One refusal may be somebody else's doing.
            if self.trust < 1.0 {
                self.guess = None;
            }
            self.trust = (self.trust / 2.0).max(LEAST_TRUST);
        }
        match &mut self.pace {
            Some(pace) if surprising && !again => pace.refused(now),
            Some(_) => {}
            None => self.pace = Some(Pace::after(hold, now)),
        }
        if let Some(remaining) = said.remaining {
            self.saw(tokens(remaining), said);
        }
    }

    /// Learns from tokens and reset of one answer, and from how both changed since others.
    fn saw(&mut self, remaining: f64, said: RateLimitHeaders) {
        let reset = said.reset.map(|reset| reset.as_secs_f64().min(LONGEST_RESET));
        if let (Some(reset), Some(limit), Some(guess)) = (reset, said.limit, &mut self.guess)
            // A reset of a second or two is mostly rounding.
            && reset >= RESETS_APART
        {
            *guess = guess.max((tokens(limit) - remaining - 1.0) / (reset + 1.0)).clamp(0.0, FASTEST);
        }
        let seen = (remaining, reset.unwrap_or_default());
        if reset.is_some() {
            for known in [self.fullest, self.emptiest].into_iter().flatten() {
                self.compare(seen, known);
            }
        }
        if self.fullest.is_none_or(|known| known.0 <= remaining) {
            self.fullest = Some(seen);
        }
        if self.emptiest.is_none_or(|known| known.0 >= remaining) {
            self.emptiest = Some(seen);
        }
    }

    fn compare(&mut self, one: LimitReading, other: LimitReading) {
        let (fuller, emptier) = if one.0 >= other.0 { (one, other) } else { (other, one) };
        let (tokens, seconds) = (fuller.0 - emptier.0, emptier.1 - fuller.1);
        if tokens >= 2.0 && seconds <= -ROUNDED && !self.windowed {
            // A bucket with fewer tokens is full later, not earlier.
            tracing::debug!("the rate limit counts in fixed windows");
            self.windowed = true;
        }
        if seconds >= RESETS_APART {
            let bound = (tokens - 1.0) / (seconds + ROUNDED);
            self.slope = self.slope.max(bound).min(FASTEST);
        }
    }

    /// Learns from what was granted over a stretch: that and what is left must have been there or flowed in.
    fn measure(&mut self, span: Span, remaining: f64) {
        if let Some(anchor) = self.anchor {
            if span.sent <= anchor.answered {
                // The service may have counted it before the stretch began.
                return;
            }
            let seconds = span.answered.seconds_since(anchor.sent);
            // What overlaps may not have been counted yet when the service wrote its answer.
            let surely = f64::from(anchor.accepted) - span.overlapping as f64;
            let bound = (remaining - anchor.remaining - 1.0 + surely) / seconds.max(1.0);
            if bound.is_finite() {
                self.gained = self.gained.max(bound).min(FASTEST);
            }
            if span.answered.since(anchor.answered) < STRETCH {
                return;
            }
        }
        // A stretch that begins with nothing under way is measured best, but to begin late is worse.
        if self.anchor.is_none() || span.under_way == 0 {
            self.anchor = Some(Anchor { sent: span.sent, answered: span.answered, remaining, accepted: 0 });
        }
    }
}

/// The probed pace of a service that sends no numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Pace {
    per_second: f64,
    /// How much faster the next probe is, and after how many accepted requests it comes.
    gain: f64,
    window: u32,
    streak: u32,
    /// A refusal, which is when the bucket was empty, and what was accepted since.
    since: Moment,
    accepted: u32,
}

impl Pace {
    /// Just below the measured rate, so that the bucket fills a little.
    const BELOW: f64 = 0.98;
    const FIRST_GAIN: f64 = 1.0;
    const LEAST_GAIN: f64 = 0.02;
    const LONGEST_WINDOW: u32 = 128;
    /// Accepted requests that make a measure, and those that make one good enough to begin the next.
    const MEASURE: u32 = 8;
    const GOOD_MEASURE: u32 = 64;
    /// A token every half hour.
    const SLOWEST: f64 = 1.0 / 1800.0;

    /// The first guess: a token for each wait that the service asks for.
    fn after(hold: Duration, now: Moment) -> Self {
        let per_second = 1.0 / hold.as_secs_f64().max(0.1);
        let per_second = per_second.clamp(Self::SLOWEST, FASTEST);
        Self { per_second, gain: Self::FIRST_GAIN, window: 2, streak: 0, since: now, accepted: 0 }
    }

    fn is_sound(&self) -> bool {
        (Self::SLOWEST..=FASTEST).contains(&self.per_second) && (0.0..=1.0).contains(&self.gain)
    }

    fn accepted(&mut self, sent: Moment) {
        if sent <= self.since {
            return;
        }
        self.accepted = self.accepted.saturating_add(1);
        self.streak = self.streak.saturating_add(1);
        if self.streak >= self.window {
            self.streak = 0;
            self.per_second = (self.per_second * (1.0 + self.gain)).min(FASTEST);
            // No refusal for so long: the rate may be far above.
            self.gain = (self.gain * 1.5).min(Self::FIRST_GAIN);
        }
    }

    fn refused(&mut self, now: Moment) {
        self.streak = 0;
        if self.accepted < Self::MEASURE {
            self.per_second = (self.per_second * 0.7).max(Self::SLOWEST);
            return;
        }
        let measured = f64::from(self.accepted) / now.seconds_since(self.since).max(0.001);
        self.per_second = self.per_second.min(measured * Self::BELOW).max(Self::SLOWEST);
        self.gain = (self.gain / 2.0).max(Self::LEAST_GAIN);
        self.window = self.window.saturating_mul(2).min(Self::LONGEST_WINDOW);
        if self.accepted >= Self::GOOD_MEASURE {
            (self.since, self.accepted) = (now, 0);
        }
    }
}

//! The bucket of one connection as this side knows it: a lower bound of the tokens that are left.
//!
//! Pure: the time is an argument. The bound counts every request as spent from the moment it is granted, so it is
//! never above what the service has once all requests under way have arrived. An answer with `X-RateLimit-Remaining`
//! proves such a bound as well: what was left, less every request that the service may not have counted yet. The
//! higher of two valid bounds is the better one; a bound that an answer contradicts, because somebody else took
//! tokens, is given up for what the answer proves. Between answers the bound grows at the rate that
//! [`super::rate`] knows. Waiting is done by whoever asks.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::clock::Moment;
use super::limit::{Budget, RateLimit};
use super::observation::{MOST_TOKENS, Observation, Token, tokens};
use super::rate::{Rate, Span};
use crate::http::rate_limit_headers::RateLimitHeaders;
use crate::limits::LONGEST_WAIT;

/// A request that is under way longer counts as arrived: its process may be gone.
const LONGEST_UNDER_WAY: Duration = Duration::from_secs(15 * 60);
/// Records of requests that are kept at most.
const MOST_RECORDS: usize = 1024;
/// The lowest level: so many refused or unanswered requests are believed to be still to come.
const LOWEST: f64 = -(MOST_RECORDS as f64);
/// The burst that a service is believed to allow that refuses and says nothing.
const BLIND_BURST: f64 = 10.0;
/// An upper bound is exceeded by so little through rounding alone.
const SLACK: f64 = 0.5;
/// The first hold after a refusal that names no time, doubled at each further one in a row.
const FIRST_HOLD: Duration = Duration::from_millis(500);
const LONGEST_HOLD: Duration = Duration::from_secs(30);
/// Holds of the length that the service itself asked for before they begin to grow.
const FRUITLESS_HOLDS: u32 = 4;
/// When nothing is known of the rate: how long after a request that got no answer the next one tries.
const UNKNOWN_REFILL: Duration = Duration::from_secs(10);
const PROBE: Duration = Duration::from_secs(1);
/// A second for a reset that was rounded down.
const ROUNDED: Duration = Duration::from_secs(1);
/// How far the clocks of processes on one machine may be apart.
const CLOCKS_APART: Duration = Duration::from_secs(5);
/// What is older says nothing about the present.
const OUTDATED: Duration = Duration::from_secs(24 * 3600);
/// The longest time that is told.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// What is known of a bucket.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Bucket {
    /// Tokens that will be left at least once every request under way has taken its own. `None`: no limit is known.
    level: Option<f64>,
    /// The moment that the level is of.
    at: Moment,
    /// The most tokens that were seen, so the bucket holds that many.
    most: f64,
    /// The most tokens as the service says it, for those who ask.
    #[serde(default)]
    said: Option<u64>,
    /// When each request that has no answer yet was sent.
    under_way: Vec<Moment>,
    /// When accepted requests were answered, as far back as one under way was sent.
    taken: VecDeque<Moment>,
    /// Requests sent before this overlap with more than is recorded.
    forgotten: Moment,
    /// Nothing is granted before this.
    hold: Option<Moment>,
    /// The service asked for a longer hold than anybody waits, or has refused everything for so long.
    #[serde(default)]
    closed: bool,
    /// When there may be a token again although nothing is known of the rate.
    refilled: Moment,
    /// Refusals in a row, and when the last was answered.
    refusals: u32,
    refused: Moment,
    /// How long nothing was sent for these refusals, all holds together.
    #[serde(default)]
    held_in_all: Duration,
    /// A refusal came without numbers from a service that sends numbers elsewhere, so every request counts.
    counts_silently: bool,
    rate: Rate,
    /// The limit that the caller stated, which is no part of what processes share.
    #[serde(skip)]
    pub(super) given: Option<RateLimit>,
}

impl Bucket {
    pub(super) fn new(given: Option<RateLimit>, now: Moment) -> Self {
        let level = given.map(RateLimit::burst);
        Self { level, at: now, most: level.unwrap_or_default(), refilled: now, given, ..Self::default() }
    }

    /// Whether this can be what another process wrote a while ago, and not damage or another time's clock.
    pub(super) fn is_sound(&self, now: Moment) -> bool {
        let past = |moment: &Moment| *moment <= now.plus(CLOCKS_APART);
        self.level.is_some_and(|level| (LOWEST..=MOST_TOKENS).contains(&level))
            && (0.0..=MOST_TOKENS).contains(&self.most)
            && past(&self.at)
            && now.since(self.at) < OUTDATED
            && past(&self.forgotten)
            && past(&self.refused)
            && self.under_way.len() <= MOST_RECORDS
            && self.taken.len() <= MOST_RECORDS
            && self.under_way.iter().chain(&self.taken).all(past)
            && self.hold.is_none_or(|until| until.since(now) <= LONGEST_WAIT.saturating_add(CLOCKS_APART))
            && self.rate.is_sound()
    }

    /// Goes on with what another process knows of the same bucket: `self` is from it, `own` is of this process, which
    /// sent so many requests that the other does not know of. Those count as spent; the next answer puts that right.
    pub(super) fn join(&mut self, own: &Self, alone: u32, now: Moment) {
        self.given = own.given;
        self.advance(now);
        if let Some(level) = &mut self.level {
            let spent = *level - f64::from(alone).min(self.most);
            *level = own.level.map_or(spent, |own| own.min(spent)).max(LOWEST);
        }
        self.hold = self.hold.max(own.hold);
        self.closed |= own.closed;
        self.under_way.extend(&own.under_way);
        self.taken.extend(&own.taken);
        self.prune();
    }

    /// Whether the service showed the limit, and not only the caller.
    pub(super) fn is_learned(&self) -> bool {
        self.rate.is_learned()
    }

    /// Whether there is a limit at all, as far as is known.
    pub(super) fn is_limited(&self) -> bool {
        self.level.is_some()
    }

    /// Tokens per second that may be counted on, 0 if unknown.
    fn per_second(&self) -> f64 {
        match self.given {
            Some(given) => given.per_second() * self.rate.trust,
            None => self.rate.per_second(),
        }
    }

    /// The tokens that the bucket holds at least. One that lets requests through holds one, even if none was ever seen
    /// to be left.
    fn holds(&self) -> f64 {
        self.most.max(1.0)
    }

    /// Brings the level up to `now`.
    fn advance(&mut self, now: Moment) {
        if now < self.at {
            self.clock_was_set_back(now);
        }
        let grown = now.seconds_since(self.at) * self.per_second();
        self.at = now;
        let before = self.under_way.len();
        self.under_way.retain(|sent| *sent <= now && now.since(*sent) < LONGEST_UNDER_WAY);
        for _ in self.under_way.len()..before {
            self.taken.push_back(now);
        }
        if self.hold.is_some_and(|until| until <= now || until.since(now) > LONGEST_WAIT) {
            (self.hold, self.closed) = (None, false);
        }
        let Some(level) = self.level else { return };
        // A full bucket takes nothing in, and it stays full until the requests under way arrive.
        let full = self.holds() - self.under_way.len() as f64;
        self.level = Some(level.max((level + grown).min(full)).max(LOWEST));
    }

    /// What happened, happened before the present, whatever clock it was measured with.
    fn clock_was_set_back(&mut self, now: Moment) {
        let back = self.at.since(now);
        self.hold = self.hold.map(|until| until.minus(back));
        self.refilled = self.refilled.minus(back);
        let earlier = [&mut self.forgotten, &mut self.refused];
        for moment in self.taken.iter_mut().chain(earlier) {
            *moment = (*moment).min(now);
        }
        self.rate.clock_was_set_back(now);
        self.at = now;
    }

    /// How long until a request may be sent; zero: now.
    pub(super) fn wait(&mut self, now: Moment) -> Duration {
        let hold = self.held(now);
        let Some(level) = self.level else { return hold };
        hold.max(self.until(1.0 - level, now)).min(LONGEST_WAIT)
    }

    /// How long nothing is sent after a refusal.
    pub(super) fn held(&mut self, now: Moment) -> Duration {
        self.advance(now);
        self.hold.map_or(Duration::ZERO, |until| until.since(now))
    }

    /// Whether it is of no use to wait: the service asked for longer than anybody does, or has refused for so long.
    pub(super) fn is_closed(&self) -> bool {
        self.closed && self.hold.is_some()
    }

    /// The time in which `missing` tokens flow in.
    fn until(&self, missing: f64, now: Moment) -> Duration {
        if missing <= 0.0 {
            return Duration::ZERO;
        }
        let rate = self.per_second();
        if rate <= 0.0 {
            // Then one request goes to see.
            return self.refilled.since(now);
        }
        // A microsecond more, so that rounding does not wake anybody for nothing.
        let exact = Duration::try_from_secs_f64(missing / rate).unwrap_or(FOR_EVER);
        exact.saturating_add(Duration::from_micros(1)).min(FOR_EVER)
    }

    /// How long `requests` more take at least, as far as is known.
    pub(super) fn time_for(&mut self, requests: u64, now: Moment) -> Duration {
        let hold = self.held(now);
        let Some(level) = self.level else { return hold };
        if requests == 0 { Duration::ZERO } else { hold.max(self.until(requests as f64 - level, now)) }
    }

    /// What is known; nothing if no limit is.
    pub(super) fn budget(&mut self, now: Moment) -> Option<Budget> {
        let next = self.wait(now);
        let level = self.level?;
        // What no bucket holds becomes the largest number; what is owed becomes zero.
        let left = if next.is_zero() { level.floor() as u64 } else { 0 };
        let limit = match self.given {
            Some(given) => u64::from(given.burst.get()),
            None => self.said.unwrap_or(self.holds().ceil() as u64),
        };
        Some(Budget { limit: limit.max(left), left, next })
    }

    /// Spends a token, whether there is one or not. Returns whether it was believed to be there.
    pub(super) fn grant(&mut self, now: Moment) -> bool {
        self.advance(now);
        if self.under_way.len() >= MOST_RECORDS {
            self.under_way.remove(0);
            self.forgotten = now;
        }
        self.under_way.push(now);
        if self.refilled <= now {
            self.refilled = now.plus(UNKNOWN_REFILL);
        }
        let Some(level) = &mut self.level else { return false };
        let there = *level >= 1.0;
        *level = (*level - 1.0).max(LOWEST);
        there
    }

    /// Takes in how a request ended.
    pub(super) fn take_in(&mut self, ended: Observation, now: Moment) {
        self.advance(now);
        let known = self.arrived(ended.sent);
        match ended.token {
            Token::Unused if known => self.give_back(),
            Token::Unknown if known => self.taken.push_back(now),
            Token::Unused | Token::Unknown => {}
            Token::Taken | Token::Uncertain | Token::Refused => self.answered(ended, known, now),
        }
        self.prune();
    }

    /// `known`: the request was on the list of those under way.
    fn answered(&mut self, ended: Observation, known: bool, now: Moment) {
        let Observation { sent, believed, token, headers: said } = ended;
        self.said = said.limit.or(self.said);
        let span = Span {
            sent,
            answered: now,
            under_way: self.under_way.len(),
            overlapping: self.taken.iter().filter(|moment| **moment >= sent).count(),
        };
        if token != Token::Refused && span.sent >= self.refused {
            (self.refusals, self.held_in_all) = (0, Duration::ZERO);
        }
        match token {
            Token::Refused => self.refused(span, said, believed && known),
            // This service normally says what remains: an answer without it was not counted.
            Token::Taken if said.remaining.is_none() && self.expects_numbers() => {
                if known {
                    self.give_back();
                }
            }
            _ => {
                if token == Token::Taken {
                    self.rate.accepted(span, said);
                }
                if let Some(remaining) = said.remaining {
                    self.observe(span, tokens(remaining), said);
                }
                if known {
                    self.taken.push_back(now);
                }
            }
        }
    }

    /// Whether an answer without numbers says something by that.
    fn expects_numbers(&self) -> bool {
        self.given.is_none() && self.rate.numbers && !self.counts_silently
    }

    /// Takes in how many tokens the service says were left.
    fn observe(&mut self, span: Span, remaining: f64, said: RateLimitHeaders) {
        let proven = remaining - span.under_way as f64 - span.overlapping as f64;
        let flowed = span.answered.seconds_since(span.sent) * self.rate.at_most();
        let at_most = remaining + 1.0 + flowed;
        if self.given.is_none() {
            self.most = self.most.max(remaining);
            self.refilled = span.answered.plus(said.reset.map_or(PROBE, refilled_after));
        }
        let level = match self.level {
            Some(level) if level > at_most + SLACK => proven,
            // A limit that the caller stated is not exceeded because the service allows more.
            Some(level) if self.given.is_some() || span.sent < self.forgotten => level.min(at_most),
            Some(level) => level.max(proven).min(at_most),
            None => proven,
        };
        self.level = Some(level.clamp(LOWEST, MOST_TOKENS));
    }

    /// Takes in a refusal: holds everything back for a while, and closes once that was half an hour in all.
    fn refused(&mut self, span: Span, said: RateLimitHeaders, believed: bool) {
        // Requests that were on their way when another was refused tell nothing new.
        let new = span.sent >= self.refused;
        if new {
            self.refusals = self.refusals.saturating_add(1);
        }
        let hold = self.hold_for(said);
        if new {
            self.held_in_all = self.held_in_all.saturating_add(hold);
        }
        self.refused = span.answered;
        self.hold = self.hold.max(Some(span.answered.plus(hold)));
        let is_enough = self.held_in_all > LONGEST_WAIT;
        self.closed |= is_enough || said.retry_after.is_some_and(|asked| asked > LONGEST_WAIT);
        self.counts_silently |= said.remaining.is_none() && self.expects_numbers();
        self.rate.refused(span.answered, said, hold, believed && new, self.refusals > 1);
        if self.given.is_none() && self.most < 1.0 {
            self.most = BLIND_BURST;
        }
        self.refilled = span.answered.plus(said.reset.map_or(hold, refilled_after));
        // It took no token; but there was none.
        let proven = -(span.under_way as f64) - span.overlapping as f64;
        let mut level = self.level.map_or(proven, |level| (level + 1.0).min(proven));
        if said.retry_after.is_some() && said.remaining.is_none() {
            // The service itself says when there is one again.
            level = level.max(1.0 - hold.as_secs_f64() * self.per_second());
        }
        self.level = Some(level.clamp(LOWEST, 1.0));
    }

    /// How long nothing is sent after a refusal.
    fn hold_for(&self, said: RateLimitHeaders) -> Duration {
        let step = self.refusals.saturating_sub(1);
        let grown =
            |step: u32| FIRST_HOLD.saturating_mul(2_u32.saturating_pow(step.min(16))).min(LONGEST_HOLD);
        let hold = match said.retry_after {
            Some(asked) if step < FRUITLESS_HOLDS => asked.max(Duration::from_millis(1)),
            Some(asked) => asked.max(grown(step.saturating_sub(FRUITLESS_HOLDS))),
            None => said.reset.map_or(grown(step), |reset| grown(step).min(reset.max(FIRST_HOLD))),
        };
        hold.min(LONGEST_WAIT)
    }

    fn give_back(&mut self) {
        let holds = self.holds();
        if let Some(level) = &mut self.level {
            *level = (*level + 1.0).min(holds.max(*level));
        }
    }

    /// Takes a request off the list of those under way. `false` if it is not there: then it counts as taken already.
    fn arrived(&mut self, sent: Moment) -> bool {
        let found = self.under_way.iter().position(|moment| *moment == sent);
        found.map(|at| self.under_way.swap_remove(at)).is_some()
    }

    /// Forgets what no request under way overlaps with.
    fn prune(&mut self) {
        let oldest = self.under_way.iter().min().copied();
        self.taken.retain(|moment| oldest.is_some_and(|oldest| *moment >= oldest));
        while self.taken.len() > MOST_RECORDS {
            self.forgotten = self.taken.pop_front().unwrap_or(self.at);
        }
    }
}

/// How long until a bucket is full that says so.
fn refilled_after(reset: Duration) -> Duration {
    reset.saturating_add(ROUNDED).min(LONGEST_WAIT)
}

#[cfg(test)]
#[path = "bucket_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "bucket_bounds_tests.rs"]
mod bounds_tests;

//! What must hold of a rate limiter whatever a service says about its limit, and whatever another process wrote; see
//! [`crate::fuzzing`].
//!
//! The input is a script, a line each:
//!
//! ```text
//! limit 60 90    as if the caller had stated 60 requests a minute, 90 at once; only before everything else
//! +250           time goes on by 250 ms; -250: the clock is set back
//! send           a request, sent at once if it may be, else after the time that it has to wait
//! now            a request that does not wait
//! name: value    a header of the next answer
//! 429            the oldest request that is under way is answered so, with the headers since the last answer
//! lost, unsent   it is never answered; it did not leave
//! share          the bucket goes to another process and comes back, together with one that knows nothing
//! {...}          the bucket as another process wrote it
//! ```

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use ofauth_operations::operation::RetryClass;

use crate::error::{Error, ErrorKind};
use crate::fuzzing::header;
use crate::http::outcome::Failure;
use crate::http::rate_limit_headers::{RateLimitHeaders, server_time};
use crate::http::retry::Tries;
use crate::limits::LONGEST_WAIT;
use crate::rate_limiter::bucket::Bucket;
use crate::rate_limiter::clock::Moment;
use crate::rate_limiter::limit::RateLimit;
use crate::rate_limiter::limiter::token;
use crate::rate_limiter::observation::{Observation, Token};
use crate::rate_limiter::samples::answered;

/// Where the clocks begin, in seconds since 1970.
const START: u64 = 1_700_000_000;
/// A script's clock goes on by so much at once, at most.
const LONGEST_STEP: u64 = 2 * 24 * 3600 * 1000;

/// Runs a script. Returns whether a limit is known at its end.
pub(crate) fn script(input: &[u8]) -> bool {
    let mut lines = input.split(|byte| *byte == b'\n').peekable();
    let given = lines.next_if(|line| line.starts_with(b"limit ")).and_then(limit);
    let mut run = Run::new(given);
    for line in lines {
        match header(line) {
            Some((name, value)) if !line.starts_with(b"{") => run.tell(name, value),
            _ => run.line(line),
        }
        run.check();
    }
    run.bucket.is_limited()
}

fn limit(line: &[u8]) -> Option<RateLimit> {
    let mut numbers = str::from_utf8(line).ok()?.split(' ').skip(1).map(str::parse);
    RateLimit::new(numbers.next()?.ok()?, numbers.next()?.ok()?)
}

struct Run {
    given: Option<RateLimit>,
    bucket: Bucket,
    /// Milliseconds since 1970.
    clock: u64,
    under_way: VecDeque<(Moment, bool)>,
    /// The bucket knows of requests that the script did not send.
    is_foreign: bool,
    headers: HeaderMap,
    tries: Tries,
}

impl Run {
    fn new(given: Option<RateLimit>) -> Self {
        let clock = START * 1000;
        Self {
            given,
            bucket: Bucket::new(given, moment(clock)),
            clock,
            under_way: VecDeque::new(),
            is_foreign: false,
            headers: HeaderMap::new(),
            tries: Tries::new(true),
        }
    }

    fn now(&self) -> Moment {
        moment(self.clock)
    }

    fn tell(&mut self, name: HeaderName, value: HeaderValue) {
        // Fails only if there are too many.
        _ = self.headers.try_append(name, value);
    }

    fn line(&mut self, line: &[u8]) {
        match line {
            [b'+', digits @ ..] => self.clock = self.clock.saturating_add(millis(digits)),
            [b'-', digits @ ..] => self.clock = self.clock.saturating_sub(millis(digits)),
            b"send" => self.wait_and_send(),
            b"now" => self.send(),
            b"lost" => self.end(Token::Unknown),
            b"unsent" => self.end(Token::Unused),
            b"share" => self.share(),
            [b'{', ..] => {
                let stored = serde_json::from_slice::<Bucket>(line).ok();
                if let Some(stored) = stored.filter(|stored| stored.is_sound(self.now())) {
                    self.join(stored);
                    self.is_foreign = true;
                }
            }
            line => {
                if let Some(status) = str::from_utf8(line).ok().and_then(|line| line.parse().ok()) {
                    self.answer(status);
                }
            }
        }
    }

    fn wait_and_send(&mut self) {
        let wait = self.bucket.wait(self.now());
        self.clock += u64::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(u64::MAX);
        let left = self.bucket.wait(self.now());
        // Whoever waited so long has waited long enough, unless that was the longest time at once, or requests under
        // way may still arrive and find the bucket as full as it can be.
        let is_idle = self.under_way.is_empty() && !self.is_foreign;
        assert!(
            left.is_zero() || wait >= LONGEST_WAIT || !is_idle,
            "{left:?} after {wait:?}: {:?}",
            self.bucket
        );
        self.send();
    }

    fn send(&mut self) {
        let now = self.now();
        let believed = self.bucket.grant(now);
        self.under_way.push_back((now, believed));
    }

    fn end(&mut self, token: Token) {
        let now = self.now();
        if let Some((sent, _)) = self.under_way.pop_front() {
            self.bucket.take_in(Observation::unanswered(sent, token), now);
        }
    }

    fn answer(&mut self, status: u16) {
        let headers = std::mem::take(&mut self.headers);
        let present = SystemTime::UNIX_EPOCH + Duration::from_millis(self.clock);
        let read = RateLimitHeaders::read(&headers, present);
        self.check_headers(read);
        _ = server_time(&headers);
        let now = self.now();
        if let Some((sent, believed)) = self.under_way.pop_front() {
            let token = token(&answered(status, &headers, present));
            self.bucket.take_in(Observation { sent, believed, token, headers: read }, now);
        }
    }

    /// No call waits longer than is allowed, or less than it was asked to.
    fn check_headers(&mut self, headers: RateLimitHeaders) {
        let error = Error::new(ErrorKind::Server, "busy");
        let failure = Failure::refused(503, error, headers, true);
        let pause = self.tries.pause(&failure, RetryClass::Repeatable, 0.5);
        assert!(pause.is_none_or(|pause| pause <= LONGEST_WAIT), "{headers:?}: {pause:?}");
        let asked = headers.retry_after.unwrap_or_default();
        assert!(pause.is_none_or(|pause| pause >= asked), "{headers:?}: {pause:?}");
    }

    /// What is written is believed by whoever reads it, and says the same.
    fn share(&mut self) {
        if !self.bucket.is_limited() {
            return;
        }
        let text = serde_json::to_vec(&self.bucket);
        let stored = text.ok().and_then(|text| serde_json::from_slice::<Bucket>(&text).ok());
        let sound = stored.filter(|stored| stored.is_sound(self.now()));
        let Some(stored) = sound else { unreachable!("another process does not believe {:?}", self.bucket) };
        self.join(stored);
    }

    fn join(&mut self, mut stored: Bucket) {
        let own = Bucket::new(self.given, self.now());
        stored.join(&own, 0, self.now());
        self.bucket = stored;
    }

    /// Whatever happened: the wait is bounded, nobody who waits spins, and every number is one.
    fn check(&mut self) {
        let now = self.now();
        let wait = self.bucket.wait(now);
        assert!(wait <= LONGEST_WAIT, "{wait:?}: {:?}", self.bucket);
        assert!(wait.is_zero() || wait >= Duration::from_micros(1), "{wait:?}: {:?}", self.bucket);
        assert!(!self.bucket.is_limited() || self.bucket.is_sound(now), "{:?}", self.bucket);
        let some = self.bucket.time_for(10, now);
        let more = self.bucket.time_for(u64::MAX, now);
        assert!(some <= more, "{some:?} for 10 requests, {more:?} for all: {:?}", self.bucket);
    }
}

fn moment(clock: u64) -> Moment {
    Moment::after_epoch(Duration::from_millis(clock))
}

fn millis(digits: &[u8]) -> u64 {
    let text = str::from_utf8(digits).ok();
    text.and_then(|text| text.parse::<u64>().ok()).unwrap_or_default().min(LONGEST_STEP)
}

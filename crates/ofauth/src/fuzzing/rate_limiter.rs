//! What must hold of a budget whatever a service says about its limit, and whatever another process wrote; see
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

use crate::fuzzing::header;
use crate::http::rate_limit_headers::{WaitHint, server_time};
use crate::http::retry::{self, Patience, Verdict};
use crate::limits::LONGEST_WAIT;
use crate::rate_limiter::bucket::Bucket;
use crate::rate_limiter::clock::Moment;
use crate::rate_limiter::limit::RateLimit;
use crate::rate_limiter::limiter::{Event, said, taken};

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
    patience: Patience,
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
            patience: Patience::new(true),
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
            b"lost" => self.end(|sent| Event::Lost { sent }),
            b"unsent" => self.end(|sent| Event::NotSent { sent }),
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

    fn end(&mut self, event: impl FnOnce(Moment) -> Event) {
        let now = self.now();
        if let Some((sent, _)) = self.under_way.pop_front() {
            event(sent).apply(&mut self.bucket, now);
        }
    }

    fn answer(&mut self, status: u16) {
        let headers = std::mem::take(&mut self.headers);
        let present = SystemTime::UNIX_EPOCH + Duration::from_millis(self.clock);
        let said = said(&headers, present);
        self.check_hint(WaitHint::read(&headers, present), status);
        assert!([said.limit, said.remaining].into_iter().flatten().all(|tokens| tokens >= 0.0), "{said:?}");
        _ = server_time(&headers);
        let now = self.now();
        if let Some((sent, believed)) = self.under_way.pop_front() {
            let event = Event::Answered { sent, taken: taken(status), said, believed };
            event.apply(&mut self.bucket, now);
        }
    }

    /// No single call and no part waits longer than is allowed, or less than it was asked to.
    fn check_hint(&mut self, hint: WaitHint, status: u16) {
        let wait = retry::wait(u32::from(status), hint, 0.5);
        assert!(hint.retry_after.is_none_or(|asked| wait >= asked.min(LONGEST_WAIT)), "{hint:?}: {wait:?}");
        let verdict = if status == 429 { Verdict::Wait } else { Verdict::Again };
        let pause = self.patience.pause(verdict, hint, false, 0.5);
        assert!(pause.is_none_or(|pause| pause <= LONGEST_WAIT), "{hint:?}: {pause:?}");
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

//! RateLimiters against a simulated service under paused time: how long many requests take, and how many are refused.
//!
//! The service is exact: one bucket, refilled continuously, that takes a token when a request arrives. What it tells
//! of that, and how, is the variation.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};

use crate::rate_limiter::clock::Clock;
use crate::rate_limiter::{Permit, RateLimit, RateLimiter, shared};

/// The service's wall clock at the start, in seconds: 2026-11-22, and a fraction so that roundings show.
const EPOCH: f64 = 1_795_305_600.4;
/// Init, 954 parts, complete.
const REQUESTS: u32 = 956;

/// What `X-RateLimit-Reset` holds.
#[derive(Debug, Clone, Copy)]
enum Reset {
    Absent,
    RoundedUp,
    RoundedDown,
    Epoch,
    EpochMillis,
}

/// What the service sends.
#[derive(Debug, Clone, Copy)]
enum Headers {
    None,
    RetryAfter,
    /// `X-RateLimit-*`: whether the limit is the burst or the rate, the form of the reset, and whether the numbers
    /// are those of the arrival or of the answer.
    Numbers {
        limit_is_burst: bool,
        reset: Reset,
        when_answered: bool,
    },
}

/// A service and its users.
#[derive(Debug, Clone, Copy)]
struct Setting {
    headers: Headers,
    per_second: f64,
    burst: f64,
    /// Tokens at the start.
    filled: f64,
    /// A fixed window of so many seconds instead of a bucket.
    window: Option<f64>,
    requests: u32,
    at_once: usize,
    /// Seconds that a request takes, from and to.
    takes: (f64, f64),
    /// The share of that after which it takes its token, at most.
    arrives: f64,
    /// Another party takes so many tokens at a time, at random, with a mean pause of so many seconds.
    others: Option<(f64, f64)>,
    seed: u64,
}

impl Setting {
    fn new(headers: Headers) -> Self {
        Self {
            headers,
            per_second: 1.0,
            burst: 90.0,
            filled: 90.0,
            window: None,
            requests: REQUESTS,
            at_once: 8,
            takes: (0.05, 5.0),
            arrives: 0.0,
            others: None,
            seed: 1,
        }
    }

    /// The shortest time in which a bucket like this lets all requests through.
    fn optimum(&self) -> f64 {
        (f64::from(self.requests) - self.filled) / self.per_second
    }
}

struct Service {
    setting: Setting,
    start: Instant,
    /// Tokens and the second they are of.
    bucket: Mutex<(f64, f64)>,
    taken_by_others: AtomicU32,
}

impl Service {
    fn new(setting: Setting) -> Self {
        Self {
            setting,
            start: Instant::now(),
            bucket: Mutex::new((setting.filled, 0.0)),
            taken_by_others: AtomicU32::new(0),
        }
    }

    /// Takes tokens if they are there. Returns how many are left.
    fn take(&self, wanted: f64) -> Result<f64, f64> {
        let now = self.start.elapsed().as_secs_f64();
        let Setting { per_second, burst, window, .. } = self.setting;
        let mut bucket = self.bucket.lock().unwrap();
        match window {
            None => bucket.0 = (bucket.0 + (now - bucket.1) * per_second).min(burst),
            Some(length) if (now / length).floor() > (bucket.1 / length).floor() => bucket.0 = burst,
            Some(_) => {}
        }
        bucket.1 = now;
        if bucket.0 + 1e-9 < wanted {
            return Err(bucket.0);
        }
        bucket.0 -= wanted;
        Ok(bucket.0)
    }

    fn answer(&self, left: f64, status: u16) -> HeaderMap {
        let now = self.start.elapsed().as_secs_f64();
        let Setting { per_second, burst, window, headers, .. } = self.setting;
        let mut map = HeaderMap::new();
        let mut set = |name: &'static str, value: f64| {
            map.insert(HeaderName::from_static(name), HeaderValue::from_str(&format!("{value}")).unwrap());
        };
        match headers {
            Headers::None => {}
            Headers::RetryAfter if status == 429 => set("retry-after", ((1.0 - left) / per_second).ceil()),
            Headers::RetryAfter => {}
            Headers::Numbers { limit_is_burst, reset, .. } => {
                set("x-ratelimit-limit", if limit_is_burst { burst } else { (per_second * 60.0).round() });
                set("x-ratelimit-remaining", left.floor());
                let seconds = match window {
                    None => (burst - left) / per_second,
                    Some(length) => length - now % length,
                };
                match reset {
                    Reset::Absent => {}
                    Reset::RoundedUp => set("x-ratelimit-reset", seconds.ceil()),
                    Reset::RoundedDown => set("x-ratelimit-reset", seconds.floor()),
                    Reset::Epoch => set("x-ratelimit-reset", (EPOCH + now + seconds).ceil()),
                    Reset::EpochMillis => {
                        set("x-ratelimit-reset", ((EPOCH + now + seconds) * 1000.0).floor());
                    }
                }
            }
        }
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs((EPOCH + now) as u64);
        map.insert("date", HeaderValue::from_str(&httpdate::fmt_http_date(date)).unwrap());
        map
    }

    /// One request, from its permit to its answer. Returns whether it was accepted.
    async fn request(&self, permit: Permit, takes: f64, arrives: f64) -> bool {
        sleep(Duration::from_secs_f64(takes * arrives)).await;
        let taken = self.take(1.0);
        let (Ok(left) | Err(left)) = taken;
        let at_arrival = self.answer(left, if taken.is_ok() { 200 } else { 429 });
        if taken.is_err() {
            permit.answered(429, &at_arrival);
            return false;
        }
        sleep(Duration::from_secs_f64(takes * (1.0 - arrives))).await;
        let headers = match self.setting.headers {
            Headers::Numbers { when_answered: true, .. } => {
                let (Ok(left) | Err(left)) = self.take(0.0);
                self.answer(left, 200)
            }
            _ => at_arrival,
        };
        permit.answered(200, &headers);
        true
    }
}

/// What came of a run.
#[derive(Debug)]
struct Outcome {
    seconds: f64,
    refused: u32,
    /// Requests within any second, at most.
    busiest: u32,
    /// Tokens that somebody else took.
    others: f64,
}

/// Sends all requests through the budgets in turn, and those again that are refused.
fn run(setting: Setting, budgets: impl FnOnce(Instant) -> Vec<Arc<RateLimiter>>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(async {
        let service = Arc::new(Service::new(setting));
        let budgets = budgets(service.start);
        let (left, refused) = (Arc::new(AtomicU32::new(setting.requests)), Arc::new(AtomicU32::new(0)));
        let seconds = Arc::new(Mutex::new(HashMap::<u64, u32>::new()));
        let others = setting.others.map(|(most, pause)| {
            let (service, mut random) = (Arc::clone(&service), fastrand::Rng::with_seed(setting.seed ^ 7));
            tokio::spawn(async move {
                loop {
                    sleep(Duration::from_secs_f64(pause * 2.0 * random.f64())).await;
                    for _ in 0..(most * random.f64()).ceil() as u32 {
                        if service.take(1.0).is_ok() {
                            service.taken_by_others.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            })
        });
        let workers = (0..setting.at_once).map(|worker| {
            let budget = Arc::clone(&budgets[worker % budgets.len()]);
            let (service, left, refused) = (Arc::clone(&service), Arc::clone(&left), Arc::clone(&refused));
            let seconds = Arc::clone(&seconds);
            let mut random = fastrand::Rng::with_seed(setting.seed.wrapping_mul(1000) + worker as u64);
            tokio::spawn(async move {
                let take = |left: u32| left.checked_sub(1);
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                    loop {
                        let permit = budget.acquire(None).await.unwrap();
                        *seconds.lock().unwrap().entry(service.start.elapsed().as_secs()).or_default() += 1;
                        let (from, to) = setting.takes;
                        let takes = from + (to - from) * random.f64();
                        if service.request(permit, takes, setting.arrives * random.f64()).await {
                            break;
                        }
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        });
        for worker in workers.collect::<Vec<_>>() {
            worker.await.unwrap();
        }
        if let Some(others) = others {
            others.abort();
        }
        let busiest = seconds.lock().unwrap().values().copied().max().unwrap_or_default();
        let seconds = service.start.elapsed().as_secs_f64();
        let others = f64::from(service.taken_by_others.load(Ordering::Relaxed));
        Outcome { seconds, refused: refused.load(Ordering::Relaxed), busiest, others }
    })
}

fn one_budget(given: Option<RateLimit>) -> impl FnOnce(Instant) -> Vec<Arc<RateLimiter>> {
    move |_| vec![Arc::new(RateLimiter::new(given, Clock::starting_now(), None))]
}

fn numbers(limit_is_burst: bool, reset: Reset, when_answered: bool) -> Headers {
    Headers::Numbers { limit_is_burst, reset, when_answered }
}

/// RateLimiters that share a file, as those of two processes do.
fn two_budgets(directory: &std::path::Path) -> impl FnOnce(Instant) -> Vec<Arc<RateLimiter>> {
    let file = shared::path(directory, "http://127.0.0.1/", b"conn_simulated");
    move |start| {
        let clock = Clock::Since { start, epoch: Duration::from_secs_f64(EPOCH) };
        (0..2).map(|_| Arc::new(RateLimiter::new(None, clock, Some(file.clone())))).collect()
    }
}

fn all_numbers() -> impl Iterator<Item = Headers> {
    let resets = [Reset::Absent, Reset::RoundedUp, Reset::RoundedDown, Reset::Epoch, Reset::EpochMillis];
    let both = [false, true];
    resets.into_iter().flat_map(move |reset| {
        both.into_iter().flat_map(move |limit| both.map(move |answered| numbers(limit, reset, answered)))
    })
}

/// Nothing is refused, and everything is through in little more than the shortest time.
fn assert_optimal(setting: Setting, budgets: impl FnOnce(Instant) -> Vec<Arc<RateLimiter>>) {
    let outcome = run(setting, budgets);
    let ratio = outcome.seconds / setting.optimum();
    assert!(outcome.refused == 0 && ratio <= 1.02, "{ratio}: {outcome:?} for {setting:?}");
}

#[test]
fn with_numbers_nothing_is_refused_and_nothing_is_lost() {
    for headers in all_numbers() {
        assert_optimal(Setting::new(headers), one_budget(None));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn with_numbers_in_any_form_and_any_order(
        headers in prop::sample::select(all_numbers().collect::<Vec<_>>()),
        takes in prop::sample::select(vec![(0.05, 0.5), (0.05, 5.0), (5.0, 5.0)]),
        arrives in prop::sample::select(vec![0.0, 0.1, 1.0]),
        at_once in 1_usize..=8,
        seed in any::<u64>(),
    ) {
        // The line itself must be able to carry a request a second.
        prop_assume!(f64::from(u32::try_from(at_once).unwrap()) > (takes.0 + takes.1) / 2.0 * 1.3);
        assert_optimal(Setting { takes, arrives, at_once, seed, ..Setting::new(headers) }, one_budget(None));
    }
}

#[test]
fn ten_a_second() {
    for seed in 0..3 {
        let headers = numbers(true, Reset::RoundedUp, false);
        let setting = Setting { per_second: 10.0, takes: (0.01, 0.3), seed, ..Setting::new(headers) };
        assert_optimal(setting, one_budget(None));
    }
}

#[test]
fn two_processes_keep_within_one_bucket() {
    for (seed, headers) in
        [(1, numbers(true, Reset::RoundedUp, false)), (2, numbers(false, Reset::Epoch, true))]
    {
        let directory = tempfile::tempdir().unwrap();
        assert_optimal(Setting { seed, ..Setting::new(headers) }, two_budgets(directory.path()));
    }
}

#[test]
fn a_bucket_that_somebody_else_drains_too() {
    for seed in 0..4 {
        let headers = numbers(seed % 2 == 0, Reset::RoundedUp, false);
        let setting = Setting { others: Some((5.0, 30.0)), seed, ..Setting::new(headers) };
        let outcome = run(setting, one_budget(None));
        let optimum = setting.optimum() + outcome.others / setting.per_second;
        let ratio = outcome.seconds / optimum;
        println!("{ratio:.3} of the optimum, {} refused", outcome.refused);
        assert!(outcome.others > 30.0 && outcome.refused <= 30 && ratio <= 1.05, "{ratio}: {outcome:?}");
    }
}

#[test]
fn refusals_alone_teach_the_pace() {
    for headers in [Headers::RetryAfter, Headers::None] {
        for (per_second, takes) in [(1.0, (0.05, 5.0)), (10.0, (0.01, 0.3))] {
            let setting = Setting { per_second, takes, ..Setting::new(headers) };
            let outcome = run(setting, one_budget(None));
            let ratio = outcome.seconds / setting.optimum();
            println!("{headers:?} {per_second}/s: {ratio:.3} of the optimum, {} refused", outcome.refused);
            assert!(ratio <= 1.15 && outcome.refused <= 25, "{ratio}: {outcome:?} for {setting:?}");
        }
    }
}

#[test]
fn without_limit_nothing_waits() {
    for headers in [Headers::None, Headers::RetryAfter] {
        let setting = Setting { burst: 1e9, filled: 1e9, takes: (1.0, 1.0), ..Setting::new(headers) };
        let outcome = run(setting, one_budget(None));
        // 956 requests, 8 at a time, a second each.
        assert!(outcome.seconds < 120.2 && outcome.refused == 0, "{outcome:?}");
    }
}

/// Nothing here is made for such a service; it must come to its end without hammering.
#[test]
fn a_service_with_fixed_windows_instead_of_a_bucket() {
    for (headers, most_refused, most) in [
        (numbers(true, Reset::RoundedUp, false), 20, 1.1),
        (numbers(true, Reset::RoundedDown, true), 20, 1.1),
        (numbers(true, Reset::EpochMillis, false), 20, 1.1),
        (numbers(false, Reset::Absent, false), 120, 1.1),
        (Headers::None, 80, 1.5),
    ] {
        let setting = Setting { window: Some(60.0), burst: 60.0, filled: 60.0, ..Setting::new(headers) };
        let outcome = run(setting, one_budget(None));
        let ratio = outcome.seconds / setting.optimum();
        println!(
            "{headers:?}: {ratio:.3} of the optimum, {} refused, {} a second",
            outcome.refused, outcome.busiest
        );
        assert!(
            outcome.refused <= most_refused && ratio <= most && outcome.busiest <= 30,
            "{ratio}: {outcome:?}"
        );
    }
}

#[test]
fn a_stated_limit_needs_no_word_of_the_service() {
    let given = RateLimit::new(60, 90);
    let setting = Setting::new(Headers::None);
    assert_optimal(setting, one_budget(given));
    // Stated too high: refusals teach better.
    let outcome = run(setting, one_budget(RateLimit::new(90, 90)));
    assert!(outcome.refused <= 60 && outcome.seconds <= setting.optimum() * 1.15, "{outcome:?}");
    // Stated too low: it is kept, whatever the service would allow.
    let generous = Setting { burst: 1e6, filled: 1e6, ..Setting::new(numbers(true, Reset::RoundedUp, true)) };
    let outcome = run(generous, one_budget(given));
    assert!(outcome.seconds >= setting.optimum(), "{outcome:?}");
}

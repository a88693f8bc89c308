use proptest::prelude::*;

use crate::rate_limiter::bucket::*;

fn at(millis: u64) -> Moment {
    Moment::after_epoch(Duration::from_millis(millis))
}

fn numbers(remaining: f64, reset: u64) -> RateLimitHeaders {
    let reset = Some(Duration::from_secs(reset));
    RateLimitHeaders { limit: Some(90), remaining: Some(remaining as u64), reset, retry_after: None }
}

fn answered(
    bucket: &mut Bucket,
    sent: Moment,
    now: Moment,
    token: Token,
    headers: RateLimitHeaders,
    believed: bool,
) {
    bucket.take_in(Observation { sent, believed, token, headers }, now);
}

/// The service's own bucket.
struct True {
    per_second: f64,
    burst: f64,
    tokens: f64,
    at: f64,
}

impl True {
    fn take(&mut self, now: f64, wanted: f64) -> bool {
        self.tokens = (self.tokens + (now - self.at) * self.per_second).min(self.burst);
        self.at = now;
        let there = self.tokens >= wanted;
        self.tokens -= if there { wanted } else { 0.0 };
        there
    }

    fn said(&self, form: u8) -> RateLimitHeaders {
        let seconds = (self.burst - self.tokens) / self.per_second;
        let rounded = if form & 1 == 0 { seconds.ceil() } else { seconds.floor() };
        let rate = (self.per_second * 60.0).floor().min(self.burst);
        RateLimitHeaders {
            limit: Some(if form & 2 == 0 { self.burst } else { rate } as u64),
            remaining: Some(self.tokens as u64),
            reset: (form & 4 == 0).then(|| Duration::from_secs_f64(rounded)),
            retry_after: None,
        }
    }
}

/// A request that the service has not seen, has seen, or that was answered.
struct Request {
    sent: Moment,
    believed: bool,
    said: Option<RateLimitHeaders>,
}

#[derive(Debug, Clone, Copy)]
enum Act {
    /// Time passes, in milliseconds.
    Pass(u64),
    /// A request is sent if the bucket says that there is a token for it.
    Send,
    /// A request under way arrives.
    Arrive(usize),
    /// The answer to one that arrived comes back; whether it holds the numbers of this instant.
    Answer(usize, bool),
    /// The answer to one that arrived is lost.
    Lose(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => (0_u64..3_000).prop_map(Act::Pass),
        6 => Just(Act::Send),
        6 => any::<usize>().prop_map(Act::Arrive),
        6 => (any::<usize>(), any::<bool>()).prop_map(|(which, now)| Act::Answer(which, now)),
        1 => any::<usize>().prop_map(Act::Lose),
    ];
    prop::collection::vec(act, 1..600)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    /// With true headers, a request that is granted by a bucket with a known level is never one too many, in whatever
    /// order requests arrive and answers come back.
    #[test]
    fn no_more_is_granted_than_there_is(
        acts in acts(),
        per_minute in 6.0..1200.0_f64,
        burst in 5.0..100.0_f64,
        filled in 0.0..1.0_f64,
        form in 0_u8..8,
    ) {
        let mut service = True { per_second: per_minute / 60.0, burst: burst.floor(), tokens: (burst * filled).floor().max(1.0), at: 1.0 };
        let mut bucket = Bucket::new(None, at(1_000));
        let mut millis = 1_000_u64;
        let (mut under_way, mut arrived) = (Vec::<Request>::new(), Vec::<Request>::new());
        for act in acts {
            let (now, seconds) = (at(millis), millis as f64 / 1000.0);
            match act {
                Act::Pass(more) => millis += more,
                // The first request goes alone, or nothing could be known of those beside it.
                Act::Send => {
                    let idle = under_way.is_empty() && arrived.is_empty();
                    if (idle || bucket.is_limited()) && bucket.wait(now).is_zero() {
                        let believed = bucket.grant(now);
                        under_way.push(Request { sent: now, believed, said: None });
                    }
                }
                Act::Arrive(which) if !under_way.is_empty() => {
                    let mut request = under_way.swap_remove(which % under_way.len());
                    let there = service.take(seconds, 1.0);
                    prop_assert!(there || !request.believed, "refused at {seconds}: {bucket:?}");
                    if there {
                        request.said = Some(service.said(form));
                        arrived.push(request);
                    } else {
                        let said = RateLimitHeaders { retry_after: Some(Duration::from_secs(1)), ..service.said(form) };
                        answered(&mut bucket, request.sent, now, Token::Refused, said, request.believed);
                    }
                }
                Act::Answer(which, current) if !arrived.is_empty() => {
                    let request = arrived.swap_remove(which % arrived.len());
                    service.take(seconds, 0.0);
                    let said = if current { service.said(form) } else { request.said.unwrap() };
                    answered(&mut bucket, request.sent, now, Token::Taken, said, request.believed);
                }
                Act::Lose(which) if !arrived.is_empty() => {
                    let request = arrived.swap_remove(which % arrived.len());
                    bucket.take_in(Observation::unanswered(request.sent, Token::Unknown), now);
                }
                _ => {}
            }
        }
    }

    /// Whatever a service says and a clock does, no wait is long, no number is mad, and what would be written could be
    /// read again.
    #[test]
    fn nonsense_does_no_harm(
        steps in prop::collection::vec((0_u64..40_000_000, 0_u8..5, nonsense(), any::<bool>()), 1..80),
        given in prop::option::of((1_u32..100_000, 1_u32..100_000)),
    ) {
        let given = given.and_then(|(per_minute, burst)| RateLimit::new(per_minute, burst));
        let mut bucket = Bucket::new(given, at(5));
        for (millis, what, said, believed) in steps {
            let (sent, now) = (at(millis / 2), at(millis));
            match what {
                0 => answered(&mut bucket, sent, now, Token::Taken, said, believed),
                1 => answered(&mut bucket, sent, now, Token::Uncertain, said, believed),
                2 => answered(&mut bucket, sent, now, Token::Refused, said, believed),
                3 => bucket.take_in(Observation::unanswered(sent, Token::Unknown), now),
                _ => { bucket.grant(now); }
            }
            prop_assert!(bucket.wait(now) <= LONGEST_WAIT);
            prop_assert!(bucket.time_for(1_000_000, now) <= FOR_EVER);
            prop_assert!(bucket.per_second().is_finite() && bucket.per_second() >= 0.0);
            prop_assert!(!bucket.is_limited() || bucket.is_sound(now), "{bucket:?}");
        }
    }

    /// A limit that was stated holds over any stretch, whatever the service says.
    #[test]
    fn a_stated_limit_is_never_exceeded(
        steps in prop::collection::vec((0_u64..2_000, 1_usize..20, nonsense()), 1..100),
        per_minute in 1_u32..2_000,
        burst in 1_u32..100,
    ) {
        let given = RateLimit::new(per_minute, burst).unwrap();
        let mut bucket = Bucket::new(Some(given), at(0));
        let (mut millis, mut granted) = (0, 0.0);
        for (pause, wanted, said) in steps {
            millis += pause;
            let now = at(millis);
            for _ in 0..wanted {
                if bucket.wait(now).is_zero() {
                    granted += 1.0;
                    let believed = bucket.grant(now);
                    answered(&mut bucket, now, now, Token::Taken, said, believed);
                }
            }
            let allowed = f64::from(burst) + f64::from(per_minute) * millis as f64 / 60_000.0;
            prop_assert!(granted <= allowed + 1e-3, "{granted} of {allowed}");
        }
    }
}

fn nonsense() -> impl Strategy<Value = RateLimitHeaders> {
    let number = || {
        prop::option::of(prop_oneof![Just(0.0), Just(MOST_TOKENS), 0.0..100.0_f64, 0.0..1e9_f64])
            .prop_map(|number| number.map(|number| number as u64))
    };
    let time = || prop::option::of(prop_oneof![0_u64..200, any::<u64>()].prop_map(Duration::from_secs));
    (number(), number(), time(), time()).prop_map(|(limit, remaining, reset, retry_after)| RateLimitHeaders {
        limit,
        remaining,
        reset,
        retry_after,
    })
}

#[test]
fn nothing_is_known_at_first() {
    let mut bucket = Bucket::new(None, at(0));
    for _ in 0..10_000 {
        assert_eq!(bucket.wait(at(0)), Duration::ZERO);
        assert!(!bucket.grant(at(0)));
    }
    assert_eq!(bucket.time_for(1_000_000, at(0)), Duration::ZERO);
    assert!(!bucket.is_limited());
}

#[test]
fn a_service_without_limit_never_makes_one() {
    let mut bucket = Bucket::new(None, at(0));
    for millis in 0..5_000 {
        let believed = bucket.grant(at(millis));
        let taken = if millis % 9 == 0 { Token::Uncertain } else { Token::Taken };
        answered(&mut bucket, at(millis), at(millis), taken, RateLimitHeaders::default(), believed);
    }
    assert!(!bucket.is_limited());
}

#[test]
fn the_level_follows_what_the_service_says_both_ways() {
    let mut bucket = Bucket::new(None, at(0));
    let one = |bucket: &mut Bucket, millis: u64, remaining: f64, reset: u64| {
        let believed = bucket.grant(at(millis));
        answered(bucket, at(millis), at(millis + 10), Token::Taken, numbers(remaining, reset), believed);
        bucket.level.unwrap()
    };
    assert_eq!(one(&mut bucket, 0, 50.0, 40), 50.0);
    assert_eq!(one(&mut bucket, 100, 20.0, 70), 20.0, "somebody else took tokens");
    assert_eq!(one(&mut bucket, 200, 60.0, 30), 60.0, "a pause of somebody else's clock");
}

#[test]
fn an_old_answer_does_not_raise_the_level() {
    let mut bucket = Bucket::new(None, at(0));
    let old = bucket.grant(at(0));
    for millis in [10, 20, 30, 40] {
        let believed = bucket.grant(at(millis));
        let left = 6.0 - millis as f64 / 10.0;
        answered(&mut bucket, at(millis), at(millis + 5), Token::Taken, numbers(left, 84), believed);
    }
    // Of before the four others.
    answered(&mut bucket, at(0), at(50), Token::Taken, numbers(6.0, 84), old);
    assert!(bucket.level.unwrap() <= 2.1, "{bucket:?}");
}

#[test]
fn a_refusal_holds_everything_for_as_long_as_it_asks() {
    let refuse = |retry_after: Option<u64>, times: u64| {
        let mut bucket = Bucket::new(None, at(0));
        let said = RateLimitHeaders {
            retry_after: retry_after.map(Duration::from_secs),
            ..RateLimitHeaders::default()
        };
        let mut now = 0;
        for _ in 0..times {
            bucket.grant(at(now));
            answered(&mut bucket, at(now), at(now), Token::Refused, said, true);
            now += 60_000 * 31;
        }
        bucket.hold_for(said)
    };
    assert_eq!(refuse(Some(7), 1), Duration::from_secs(7));
    assert_eq!(refuse(Some(0), 1), Duration::from_millis(1));
    assert_eq!(refuse(Some(86_400), 1), LONGEST_WAIT);
    assert_eq!(refuse(None, 1), FIRST_HOLD);
    assert_eq!(refuse(None, 3), FIRST_HOLD * 4);
    assert_eq!(refuse(None, 50), LONGEST_HOLD);
    assert_eq!(refuse(Some(0), 50), LONGEST_HOLD, "a service that asks for nothing and goes on refusing");
}

#[test]
fn requests_that_do_not_count_are_free() {
    let mut bucket = Bucket::new(None, at(0));
    let believed = bucket.grant(at(0));
    answered(&mut bucket, at(0), at(1), Token::Taken, numbers(3.0, 87), believed);
    for millis in 10..200 {
        assert_eq!(bucket.wait(at(millis)), Duration::ZERO, "parts that are answered without numbers");
        let believed = bucket.grant(at(millis));
        answered(&mut bucket, at(millis), at(millis), Token::Taken, RateLimitHeaders::default(), believed);
    }
    // Until one of them is refused.
    let believed = bucket.grant(at(300));
    answered(&mut bucket, at(300), at(301), Token::Refused, RateLimitHeaders::default(), believed);
    assert!(bucket.wait(at(301)) >= FIRST_HOLD);
    assert!(bucket.counts_silently);
}

#[test]
fn a_bucket_that_was_only_seen_empty_fills_again() {
    let mut bucket = Bucket::new(None, at(0));
    let believed = bucket.grant(at(0));
    answered(&mut bucket, at(0), at(1), Token::Taken, numbers(0.0, 90), believed);
    let wait = bucket.wait(at(1));
    assert!(wait > Duration::ZERO && wait < Duration::from_secs(2), "{wait:?}");
    assert_eq!(bucket.wait(at(1).plus(wait)), Duration::ZERO);
}

#[test]
fn a_clock_that_is_set_back_changes_little() {
    let mut bucket = Bucket::new(RateLimit::new(60, 5), at(10_000_000));
    for _ in 0..5 {
        assert!(bucket.grant(at(10_000_000)));
    }
    let wait = bucket.wait(at(10_000_000));
    assert!(wait > Duration::from_millis(900) && wait < Duration::from_millis(1100));
    assert!(bucket.wait(at(1_000)) < Duration::from_millis(1100));
    assert!(bucket.is_sound(at(1_000)));
}

#[test]
fn a_budget_is_what_is_known() {
    let nothing = &mut Bucket::new(None, at(0));
    assert_eq!(nothing.budget(at(0)), None);
    let stated = &mut Bucket::new(RateLimit::new(60, 2), at(0));
    let budget = |bucket: &mut Bucket, now| {
        bucket.budget(at(now)).map(|now| (now.limit, now.left, now.next.as_millis()))
    };
    assert_eq!(budget(stated, 0), Some((2, 2, 0)));
    let silent = RateLimitHeaders::default();
    for _ in 0..2 {
        stated.grant(at(0));
    }
    for _ in 0..2 {
        answered(stated, at(0), at(0), Token::Taken, silent, true);
    }
    assert_eq!(budget(stated, 500), Some((2, 0, 500)));
    assert_eq!(budget(stated, 1001), Some((2, 1, 0)));
    // What the service says, also where it says that more is left than its limit.
    for (said, left, limit) in [(Some(90), 40, 90), (None, 40, 41), (Some(60), 80, 81)] {
        let bucket = &mut Bucket::new(None, at(0));
        bucket.grant(at(0));
        let headers = RateLimitHeaders { limit: said, ..numbers(f64::from(left), 10) };
        answered(bucket, at(0), at(100), Token::Taken, headers, true);
        let budget = bucket.budget(at(100)).unwrap();
        assert_eq!((budget.left, budget.next), (u64::from(left as u32), Duration::ZERO));
        assert!(budget.limit >= budget.left && budget.limit <= limit, "{budget:?}");
    }
}

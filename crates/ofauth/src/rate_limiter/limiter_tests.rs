use futures_util::FutureExt as _;
use tokio::task::yield_now;

use http::HeaderMap;

use crate::rate_limiter::limiter::*;

fn given(per_minute: u32, burst: u32) -> Arc<RateLimiter> {
    Arc::new(RateLimiter::new(RateLimit::new(per_minute, burst), Clock::starting_now(), None))
}

fn learning() -> Arc<RateLimiter> {
    Arc::new(RateLimiter::new(None, Clock::starting_now(), None))
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

#[tokio::test(start_paused = true)]
async fn permits_come_in_the_order_they_were_asked_for() {
    let budget = given(60, 1);
    let order = Arc::new(Mutex::new(Vec::new()));
    let start = Instant::now();
    let asking = (0..10).map(|number| {
        let (budget, order) = (Arc::clone(&budget), Arc::clone(&order));
        tokio::spawn(async move {
            budget.acquire(None).await.unwrap().answered(200, &HeaderMap::new());
            order.lock().unwrap().push(number);
        })
    });
    for asked in asking.collect::<Vec<_>>() {
        asked.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..10).collect::<Vec<_>>());
    let took = start.elapsed();
    assert!(took >= Duration::from_secs(9) && took < Duration::from_millis(9_100), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_wait_spends_nothing_and_lets_the_next_one_through() {
    let budget = given(60, 1);
    budget.acquire(None).await.unwrap().answered(200, &HeaderMap::new());
    let start = Instant::now();
    for _ in 0..5 {
        let waited = tokio::time::timeout(Duration::from_millis(100), budget.acquire(None)).await;
        assert!(waited.is_err());
        assert!(!budget.is_waiting());
    }
    budget.acquire(None).await.unwrap().answered(200, &HeaderMap::new());
    assert!(start.elapsed() < Duration::from_millis(1_010), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_did_not_leave_is_given_back_and_what_was_lost_is_not() {
    let budget = given(1, 3);
    budget.acquire(None).await.unwrap().not_sent();
    drop(budget.acquire(None).await.unwrap());
    budget.acquire(None).await.unwrap().not_sent();
    drop(budget.acquire(None).await.unwrap());
    budget.acquire(None).await.unwrap().answered(500, &HeaderMap::new());
    assert!(budget.acquire(None).now_or_never().is_none(), "three of three were spent");
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_woken_by_better_news() {
    let budget = learning();
    let slow = budget.acquire(None).await.unwrap();
    budget
        .acquire(None)
        .await
        .unwrap()
        .answered(429, &headers(&[("retry-after", "0"), ("x-ratelimit-remaining", "0")]));
    let low = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "600"), ("x-ratelimit-limit", "3")];
    budget.acquire(None).await.unwrap().answered(200, &headers(&low));
    let waiting = tokio::spawn({
        let budget = Arc::clone(&budget);
        async move { drop(budget.acquire(None).await.unwrap().answered(200, &HeaderMap::new())) }
    });
    while !budget.is_waiting() {
        yield_now().await;
    }
    let before = Instant::now();
    slow.answered(200, &headers(&[("x-ratelimit-remaining", "50"), ("x-ratelimit-reset", "40")]));
    waiting.await.unwrap();
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    assert!(!budget.is_waiting());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_half_an_hour() {
    let budget = learning();
    let half_an_hour = headers(&[("retry-after", "1800")]);
    budget.acquire(None).await.unwrap().answered(429, &half_an_hour);
    let start = Instant::now();
    let permit = budget.acquire(None).await.unwrap();
    assert!(start.elapsed() <= LONGEST_WAIT + Duration::from_secs(1), "{:?}", start.elapsed());
    permit.answered(429, &half_an_hour);
    let start = Instant::now();
    assert!(budget.acquire(None).await.is_err(), "half an hour of refusals is enough");
    assert!(start.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn refusals_in_a_row_are_waited_for_half_an_hour_in_all() {
    for (asked, most) in [("0", 200), ("60", 31), ("600", 4)] {
        let budget = learning();
        let start = Instant::now();
        let mut refused = 0;
        while let Ok(permit) = budget.acquire(None).await {
            permit.answered(429, &headers(&[("retry-after", asked)]));
            refused += 1;
            assert!(refused <= most, "{asked}: {:?}", start.elapsed());
        }
        assert!(start.elapsed() <= LONGEST_WAIT + Duration::from_secs(1), "{asked}: {:?}", start.elapsed());
        assert!(start.elapsed() >= LONGEST_WAIT / 2, "{asked}: {:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_not_waited_for_until_it_is_too_late() {
    let budget = learning();
    let until =
        |seconds| Some(Until { at: Instant::now() + Duration::from_secs(seconds), what: "the timeout" });
    assert!(budget.too_long(until(1)).is_none());
    budget.acquire(until(1)).await.unwrap().answered(429, &headers(&[("retry-after", "60")]));
    let start = Instant::now();
    for (seconds, is_too_long) in [(59, true), (61, false)] {
        assert_eq!(budget.too_long(until(seconds)).is_some(), is_too_long, "{seconds}");
    }
    let error = budget.acquire(until(59)).await.unwrap_err().into_error("try");
    assert!(error.to_string().contains("a wait past the timeout"), "{error}");
    assert!(start.elapsed().is_zero());
    drop(budget.acquire(until(61)).await.unwrap());
    assert!(start.elapsed() >= Duration::from_secs(60), "{:?}", start.elapsed());
    // What the budget paces is not a refusal: nobody knows that it would be too late.
    let paced = given(60, 1);
    drop(paced.acquire(None).await.unwrap());
    drop(paced.acquire(until(0)).await.unwrap());
}

/// Of a service that says nothing else of its limit.
#[tokio::test(start_paused = true)]
async fn after_one_refusal_it_goes_on_when_the_service_said_and_soon_as_fast_as_before() {
    let budget = learning();
    let mut under_way = Vec::new();
    for _ in 0..4 {
        under_way.push(budget.acquire(None).await.unwrap());
    }
    let start = Instant::now();
    under_way.pop().unwrap().answered(429, &headers(&[("retry-after", "5")]));
    for permit in under_way {
        permit.answered(200, &HeaderMap::new());
    }
    for _ in 0..60 {
        budget.acquire(None).await.unwrap().answered(200, &HeaderMap::new());
        assert!(start.elapsed() >= Duration::from_secs(5), "{:?}", start.elapsed());
    }
    eprintln!("60 requests took {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_longer_wait_ends_those_who_wait_and_for_half_an_hour_those_who_come() {
    let budget = learning();
    let permit = budget.acquire(None).await.unwrap();
    budget.acquire(None).await.unwrap().answered(429, &headers(&[("retry-after", "60")]));
    let waiting = tokio::spawn({
        let budget = Arc::clone(&budget);
        async move { budget.acquire(None).await.map(drop) }
    });
    while !budget.is_waiting() {
        yield_now().await;
    }
    let start = Instant::now();
    permit.answered(429, &headers(&[("retry-after", "1801")]));
    let refusal = waiting.await.unwrap().unwrap_err().into_error("send the part");
    assert_eq!(refusal.kind(), ErrorKind::RateLimited);
    assert!(refusal.is_retryable() && refusal.to_string().contains("half an hour"), "{refusal}");
    assert!(budget.acquire(None).await.is_err());
    assert_eq!(start.elapsed(), Duration::ZERO);
    sleep(LONGEST_WAIT).await;
    budget.acquire(None).await.unwrap().answered(200, &HeaderMap::new());
}

#[tokio::test(start_paused = true)]
async fn the_time_for_further_requests() {
    assert_eq!(learning().time_for(1_000_000), Duration::ZERO, "no limit is known");
    let budget = given(60, 10);
    assert_eq!(budget.time_for(10), Duration::ZERO);
    assert_eq!(budget.time_for(100).as_secs(), 90);
    for _ in 0..10 {
        budget.acquire(None).await.unwrap().answered(200, &HeaderMap::new());
    }
    assert_eq!(budget.time_for(0), Duration::ZERO);
    assert_eq!(budget.time_for(100).as_secs(), 100);
}

#[tokio::test]
async fn connections_and_routes_are_told_apart() {
    let budgets = RateLimiters::new(RateLimit::new(60, 1), None, "https://api.test/", Threads::default());
    let (one, two) = (HeaderValue::from_static("conn_1"), HeaderValue::from_static("conn_2"));
    assert!(Arc::ptr_eq(&budgets.of(&one), &budgets.of(&one)));
    assert!(!Arc::ptr_eq(&budgets.of(&one), &budgets.of(&two)));
    for (url, limited) in [
        ("https://api.test/v2/access/uploads/init", true),
        ("https://api.test/prefix/v2/access/posts", true),
        ("https://api.test/v2/vault-plus/media", false),
        ("https://api.test/v2/account/whoami", false),
        ("https://api.test/v2/accessories/", false),
    ] {
        let url = Url::parse(url).unwrap();
        let of = |connection| budgets.for_request(&url, connection);
        assert_eq!(Arc::ptr_eq(&of(Some(&one)), &budgets.of(&one)), limited, "{url}");
        assert!(!Arc::ptr_eq(&of(None), &of(None)), "each has its own");
    }
    let debug = format!("{budgets:?} {:?} {:?}", budgets.of(&one), budgets.of(&one).acquire(None).await);
    assert!(!debug.contains("conn_1"), "{debug}");
}

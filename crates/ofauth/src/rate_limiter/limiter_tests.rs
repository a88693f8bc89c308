use futures_util::FutureExt as _;
use tokio::task::yield_now;

use crate::rate_limiter::limiter::*;

fn given(per_minute: u32, burst: u32) -> Arc<Budget> {
    Arc::new(Budget::new(RateLimit::new(per_minute, burst), Clock::starting_now(), None))
}

fn learning() -> Arc<Budget> {
    Arc::new(Budget::new(None, Clock::starting_now(), None))
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
            budget.acquire().await.unwrap().answered(200, &HeaderMap::new());
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
    budget.acquire().await.unwrap().answered(200, &HeaderMap::new());
    let start = Instant::now();
    for _ in 0..5 {
        let waited = tokio::time::timeout(Duration::from_millis(100), budget.acquire()).await;
        assert!(waited.is_err());
        assert!(!budget.is_waiting());
    }
    budget.acquire().await.unwrap().answered(200, &HeaderMap::new());
    assert!(start.elapsed() < Duration::from_millis(1_010), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_did_not_leave_is_given_back_and_what_was_lost_is_not() {
    let budget = given(1, 3);
    budget.acquire().await.unwrap().not_sent();
    drop(budget.acquire().await.unwrap());
    budget.acquire().await.unwrap().not_sent();
    drop(budget.acquire().await.unwrap());
    budget.acquire().await.unwrap().answered(500, &HeaderMap::new());
    assert!(budget.acquire().now_or_never().is_none(), "three of three were spent");
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_woken_by_better_news() {
    let budget = learning();
    let slow = budget.acquire().await.unwrap();
    budget
        .acquire()
        .await
        .unwrap()
        .answered(429, &headers(&[("retry-after", "0"), ("x-ratelimit-remaining", "0")]));
    let low = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "600"), ("x-ratelimit-limit", "3")];
    budget.acquire().await.unwrap().answered(200, &headers(&low));
    let waiting = tokio::spawn({
        let budget = Arc::clone(&budget);
        async move { drop(budget.acquire().await.unwrap().answered(200, &HeaderMap::new())) }
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
    budget.acquire().await.unwrap().answered(429, &half_an_hour);
    for _ in 0..3 {
        let start = Instant::now();
        let permit = budget.acquire().await.unwrap();
        assert!(start.elapsed() <= LONGEST_WAIT + Duration::from_secs(1), "{:?}", start.elapsed());
        permit.answered(429, &half_an_hour);
    }
}

/// Of a service that says nothing else of its limit.
#[tokio::test(start_paused = true)]
async fn after_one_refusal_it_goes_on_when_the_service_said_and_soon_as_fast_as_before() {
    let budget = learning();
    let mut under_way = Vec::new();
    for _ in 0..4 {
        under_way.push(budget.acquire().await.unwrap());
    }
    let start = Instant::now();
    under_way.pop().unwrap().answered(429, &headers(&[("retry-after", "5")]));
    for permit in under_way {
        permit.answered(200, &HeaderMap::new());
    }
    for _ in 0..60 {
        budget.acquire().await.unwrap().answered(200, &HeaderMap::new());
        assert!(start.elapsed() >= Duration::from_secs(5), "{:?}", start.elapsed());
    }
    eprintln!("60 requests took {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_longer_wait_ends_those_who_wait_and_for_half_an_hour_those_who_come() {
    let budget = learning();
    let permit = budget.acquire().await.unwrap();
    budget.acquire().await.unwrap().answered(429, &headers(&[("retry-after", "60")]));
    let waiting = tokio::spawn({
        let budget = Arc::clone(&budget);
        async move { budget.acquire().await.map(drop) }
    });
    while !budget.is_waiting() {
        yield_now().await;
    }
    let start = Instant::now();
    permit.answered(429, &headers(&[("retry-after", "1801")]));
    let refusal = waiting.await.unwrap().unwrap_err().refusal("send the part");
    assert_eq!(refusal.kind(), ErrorKind::RateLimited);
    assert!(refusal.is_retryable() && refusal.to_string().contains("half an hour"), "{refusal}");
    assert!(budget.acquire().await.is_err());
    assert_eq!(start.elapsed(), Duration::ZERO);
    sleep(LONGEST_WAIT).await;
    budget.acquire().await.unwrap().answered(200, &HeaderMap::new());
}

#[tokio::test(start_paused = true)]
async fn the_time_for_further_requests() {
    assert_eq!(learning().time_for(1_000_000), Duration::ZERO, "no limit is known");
    let budget = given(60, 10);
    assert_eq!(budget.time_for(10), Duration::ZERO);
    assert_eq!(budget.time_for(100).as_secs(), 90);
    for _ in 0..10 {
        budget.acquire().await.unwrap().answered(200, &HeaderMap::new());
    }
    assert_eq!(budget.time_for(0), Duration::ZERO);
    assert_eq!(budget.time_for(100).as_secs(), 100);
}

#[tokio::test]
async fn connections_and_routes_are_told_apart() {
    let budgets = Budgets::new(RateLimit::new(60, 1), None, "https://api.test/", Threads::default());
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
        assert_eq!(budgets.for_request(&url, Some(&one)).is_some(), limited, "{url}");
        assert!(budgets.for_request(&url, None).is_none());
    }
    let debug = format!("{budgets:?} {:?} {:?}", budgets.of(&one), budgets.of(&one).acquire().await);
    assert!(!debug.contains("conn_1"), "{debug}");
}

use std::sync::Arc;

use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use tokio::time::Instant;

use crate::http::rate_limit_headers::RateLimitHeaders;
use crate::limits::LONGEST_WAIT;
use crate::rate_limiter::clock::Clock;
use crate::rate_limiter::limiter::RateLimiter;
use crate::rate_limiter::observation::{Observation, Token};
use crate::rate_limiter::shared::*;

const EPOCH: Duration = Duration::from_secs(1_795_305_600);

fn now() -> Moment {
    Moment::after_epoch(EPOCH)
}

/// A budget as a process would have it that starts now.
fn process(file: &Path) -> Arc<RateLimiter> {
    let clock = Clock::Since { start: Instant::now(), epoch: EPOCH };
    Arc::new(RateLimiter::new(None, clock, Some(file.to_owned())))
}

fn remaining(tokens: u32) -> HeaderMap {
    let numbers = [("limit", 90), ("remaining", tokens), ("reset", 90 - tokens)];
    let header = |(name, number): (&str, u32)| {
        (format!("x-ratelimit-{name}").parse().unwrap(), HeaderValue::from(number))
    };
    numbers.into_iter().map(header).collect()
}

fn low_bucket() -> Bucket {
    let mut bucket = Bucket::new(None, now());
    let said = RateLimitHeaders {
        limit: Some(90),
        remaining: Some(2),
        reset: Some(Duration::from_secs(88)),
        ..RateLimitHeaders::default()
    };
    for _ in 0..3 {
        let believed = bucket.grant(now());
        bucket.take_in(Observation { sent: now(), believed, token: Token::Taken, headers: said }, now());
    }
    bucket.grant(now());
    bucket
}

#[tokio::test(start_paused = true)]
async fn a_later_process_knows_what_an_earlier_one_used_up() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("deep/down/bucket.rate");
    let first = process(&file);
    first.acquire(None).await.unwrap().answered(200, &remaining(2));
    drop(first);
    let second = process(&file);
    for _ in 0..2 {
        second.acquire(None).await.unwrap().answered(200, &HeaderMap::new());
        second.acquire(None).await.unwrap().answered(200, &remaining(1));
    }
    let start = Instant::now();
    let third = process(&file);
    drop(third.acquire(None).await.unwrap());
    drop(third.acquire(None).await.unwrap());
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(900) && waited < Duration::from_secs(3), "{waited:?}");
}

/// Each has sent a request before either knows of a limit.
#[tokio::test(start_paused = true)]
async fn two_that_begin_at_once_spend_no_token_twice() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bucket.rate");
    let (first, second) = (process(&file), process(&file));
    let (one, two) = (first.acquire(None).await.unwrap(), second.acquire(None).await.unwrap());
    one.answered(200, &remaining(89));
    let mut under_way = Vec::new();
    for _ in 0..8 {
        under_way.push(first.acquire(None).await.unwrap());
    }
    two.answered(200, &remaining(88));
    while let Some(permit) = second.acquire(None).now_or_never() {
        under_way.push(permit.unwrap());
    }
    assert_eq!(under_way.len(), 88);
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_was_stated_is_kept_by_those_who_state_it_alone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bucket.rate");
    let clock = Clock::Since { start: Instant::now(), epoch: EPOCH };
    let stating = || Arc::new(RateLimiter::new(RateLimit::new(1, 2), clock, Some(file.clone())));
    for _ in 0..2 {
        stating().acquire(None).await.unwrap().answered(200, &HeaderMap::new());
    }
    assert!(stating().acquire(None).now_or_never().is_none(), "two of two are spent");
    let other = process(&file);
    for _ in 0..100 {
        other.acquire(None).now_or_never().unwrap().unwrap().answered(200, &HeaderMap::new());
    }
}

/// A link in the state directory, whoever put it there.
#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn what_a_link_names_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (file, victim) = (directory.path().join("bucket.rate"), directory.path().join("victim"));
    std::fs::write(&victim, "mine").unwrap();
    std::os::unix::fs::symlink(&victim, &file).unwrap();
    let budget = process(&file);
    budget.acquire(None).await.unwrap().answered(200, &remaining(3));
    budget.acquire(None).await.unwrap().answered(200, &remaining(2));
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "mine");
}

#[tokio::test(start_paused = true)]
async fn a_client_without_limit_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let budget = process(&directory.path().join("sub/bucket.rate"));
    for _ in 0..100 {
        budget.acquire(None).await.unwrap().answered(200, &HeaderMap::new());
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_running_client_hears_of_the_limit_that_another_found() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bucket.rate");
    let clock = Clock::Since { start: Instant::now(), epoch: EPOCH };
    let [one, two] = [0, 1].map(|_| Arc::new(RateLimiter::new(None, clock, Some(file.clone()))));
    one.acquire(None).await.unwrap().answered(200, &HeaderMap::new());
    two.acquire(None).await.unwrap().answered(200, &remaining(0));
    tokio::time::sleep(LOOK_EVERY).await;
    assert!(one.time_for(90) < Duration::from_secs(1));
    drop(one.acquire(None).await.unwrap());
    assert!(one.time_for(90) > Duration::from_secs(80), "{:?}", one.time_for(90));
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_is_never_released_is_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bucket.rate");
    let budget = process(&file);
    budget.acquire(None).await.unwrap().answered(200, &remaining(50));
    let lock = open(&file).unwrap();
    lock.lock().unwrap();
    let start = Instant::now();
    budget.acquire(None).await.unwrap().answered(200, &remaining(20));
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    drop(lock);
    drop(budget.acquire(None).await.unwrap());
    assert!(budget.time_for(90) > Duration::from_secs(60), "the answer was told when the lock was free");
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_cannot_be_written_is_given_up() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let budget = process(&file.path().join("bucket.rate"));
    for left in (0..5).rev() {
        budget.acquire(None).await.unwrap().answered(200, &remaining(left));
    }
    assert!(budget.time_for(50) > Duration::from_secs(40), "it goes on by itself");
}

#[test]
fn the_file_is_private_and_says_nothing_of_the_connection() {
    let directory = tempfile::tempdir().unwrap();
    let path = path(&directory.path().join("state"), "https://api.test/", b"conn_abc123");
    let mut keeper = SharedBucket::new(RateLimit::new(60, 10), Clock::Wall, Some(path.clone()));
    keeper.grant(true, 0).unwrap();
    assert!(!path.to_string_lossy().contains("conn_abc123"));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("conn_") && text.starts_with("OFAUTHB1\n{"), "{text}");
    for other in [
        crate::rate_limiter::shared::path(directory.path(), "https://api.test/", b"conn_abc124"),
        crate::rate_limiter::shared::path(directory.path(), "https://api.test/v", b"conn_abc123"),
    ] {
        assert_ne!(other.file_name(), path.file_name());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }
}

#[test]
fn what_is_written_is_read_and_shrinks() {
    let mut file = tempfile::tempfile().unwrap();
    write(&mut file, &low_bucket()).unwrap();
    let long = file.metadata().unwrap().len();
    assert!(read(&mut file, None, now()).unwrap().is_some());
    let given = RateLimit::new(1, 1);
    write(&mut file, &Bucket::new(given, now())).unwrap();
    assert!(file.metadata().unwrap().len() < long);
    assert!(read(&mut file, given, now()).unwrap().is_some());
    assert!(read(&mut file, None, now()).unwrap().is_none(), "what one caller stated is nobody else's limit");
    write(&mut file, &low_bucket()).unwrap();
    // From the future, and from long ago.
    assert!(read(&mut file, None, Moment::after_epoch(EPOCH - Duration::from_secs(60))).unwrap().is_none());
    assert!(
        read(&mut file, None, Moment::after_epoch(EPOCH + Duration::from_secs(90_000))).unwrap().is_none()
    );
}

/// Puts a text where the file is, and asks for a permit. Returns how long the bucket says to wait.
fn wait_with(text: &[u8]) -> Duration {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bucket.rate");
    std::fs::write(&path, text).unwrap();
    let clock = Clock::Since { start: Instant::now(), epoch: EPOCH };
    let mut keeper = SharedBucket::new(None, clock, Some(path));
    match keeper.grant(false, 0) {
        Ok(_) => Duration::ZERO,
        Err(Denied::For { wait, .. }) => wait,
        Err(denied) => panic!("{denied:?}"),
    }
}

#[test]
fn a_torn_or_flipped_file_does_no_harm() {
    let whole = written(&low_bucket()).unwrap();
    for length in 0..whole.len() {
        assert_eq!(wait_with(&whole[..length]), Duration::ZERO, "cut at {length}");
    }
    for at in 0..whole.len() {
        for bit in [1, 16] {
            let mut flipped = whole.clone();
            flipped[at] ^= bit;
            assert!(wait_with(&flipped) <= LONGEST_WAIT, "bit {bit} of byte {at}");
        }
    }
    for text in ["", "{}", "[]", "null", "OFAUTHB1", "OFAUTHB1null", "\u{0}\u{0}\u{0}"] {
        assert_eq!(wait_with(text.as_bytes()), Duration::ZERO, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    /// Numbers of a file that are changed at will make no wait long, and nothing that could not be written again.
    #[test]
    fn mad_numbers_in_a_file_do_no_harm(which in any::<prop::sample::Index>(), number in prop_oneof![
        Just("1e999".to_owned()), Just("-1e300".to_owned()), Just("18446744073709551615".to_owned()),
        Just("null".to_owned()), Just("-0.0".to_owned()), any::<i64>().prop_map(|number| number.to_string()),
    ]) {
        let whole = String::from_utf8(written(&low_bucket()).unwrap()).unwrap();
        let starts: Vec<_> = whole.match_indices(':').map(|(at, _)| at + 1).collect();
        let start = starts[which.index(starts.len())];
        let end = whole[start..].find([',', '}', ']']).map_or(whole.len(), |at| start + at);
        let text = format!("{}{number}{}", &whole[..start], &whole[end..]);
        prop_assert!(wait_with(text.as_bytes()) <= LONGEST_WAIT, "{text}");
    }
}

/// A budget that was written once is used by every later version, or left as it is.
#[test]
fn samples_are_read_or_left_alone_by_their_version() {
    let current = std::fs::read("../../tests/data/state/request-budget-1").unwrap();
    let of_version = |version: u8| [&current[..7], &[version], &current[8..]].concat();
    for (bytes, is_read, is_kept) in [
        (current.clone(), true, false),
        (current[..8].to_vec(), false, false),
        (current[..5].to_vec(), false, false),
        (of_version(b'0'), false, true),
        (of_version(b'2'), false, true),
        (of_version(0), false, true),
    ] {
        let shown = bytes[..bytes.len().min(8)].escape_ascii().to_string();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bucket.rate");
        std::fs::write(&path, &bytes).unwrap();
        let mut file = open(&path).unwrap();
        match read(&mut file, None, now()) {
            Ok(bucket) => assert_eq!((bucket.is_some(), is_kept), (is_read, false), "{shown}"),
            Err(error) => {
                let text = error.to_string();
                assert!(
                    is_kept && text.contains("format version") && text.contains("remove the file"),
                    "{text}"
                );
            }
        }
        // A limit of its own is always told to the others, if the file can be used.
        let clock = Clock::Since { start: Instant::now(), epoch: EPOCH };
        let mut keeper = SharedBucket::new(RateLimit::new(60, 10), clock, Some(path.clone()));
        keeper.grant(true, 0).unwrap();
        assert_eq!(std::fs::read(&path).unwrap() == bytes, is_kept, "{shown}");
    }
}

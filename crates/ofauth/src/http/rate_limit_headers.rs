//! What a service says about its rate limit: `Retry-After` in both forms and the `X-RateLimit-*` headers, with or
//! without their `X-`.
//!
//! Pure: the present is an argument. Pacing before a refusal is not done here.

use std::time::{Duration, SystemTime};

use http::HeaderMap;

/// A number at or above this is a moment since 1970, below it a number of seconds from now (2001-09-09).
const EPOCH_FROM: u64 = 1_000_000_000;
/// A number at or above this is a moment in milliseconds (2001-09-09).
const EPOCH_MILLIS_FROM: u64 = 1_000_000_000_000;

/// Longer than anybody waits; every clock can still add it.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// What an answer says of the rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RateLimitHeaders {
    /// `Retry-After`: do not come back earlier.
    pub(crate) retry_after: Option<Duration>,
    /// `X-RateLimit-Reset`: by then the bucket is full again, so there is no need to wait longer.
    pub(crate) reset: Option<Duration>,
    /// `X-RateLimit-Limit`: what the bucket holds or what flows into it; that is not documented.
    pub(crate) limit: Option<u64>,
    /// `X-RateLimit-Remaining`: whole requests that are left.
    pub(crate) remaining: Option<u64>,
}

impl RateLimitHeaders {
    /// Reads the headers of an answer. A moment is measured against the server's own clock when it sends one.
    pub(crate) fn read(headers: &HeaderMap, now: SystemTime) -> Self {
        let now = server_time(headers).unwrap_or(now);
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let from_now = |at: SystemTime| at.duration_since(now).unwrap_or_default();
        let retry_after = text("retry-after").and_then(|text| match Number::read(text) {
            Some(number) => Some(Duration::from_secs(number.rounded_up())),
            None => httpdate::parse_http_date(text).ok().map(from_now),
        });
        let number = |names: [&str; 2]| names.into_iter().find_map(text).and_then(Number::read);
        let reset = number(["x-ratelimit-reset", "ratelimit-reset"]);
        let at = |since_epoch| SystemTime::UNIX_EPOCH.checked_add(since_epoch).map_or(CENTURY, from_now);
        let reset = reset.map(|number| match number.rounded_up() {
            number @ 0..EPOCH_FROM => Duration::from_secs(number),
            number @ EPOCH_FROM..EPOCH_MILLIS_FROM => at(Duration::from_secs(number)),
            number => at(Duration::from_millis(number)),
        });
        let whole = |names: [&str; 2]| number(names).map(|number| number.whole);
        Self {
            retry_after: retry_after.map(|time| time.min(CENTURY)),
            reset: reset.map(|time| time.min(CENTURY)),
            limit: whole(["x-ratelimit-limit", "ratelimit-limit"]),
            remaining: whole(["x-ratelimit-remaining", "ratelimit-remaining"]),
        }
    }
}

/// A number in a header: digits, and perhaps a point and more of them. One too large for its type is as large as can be.
#[derive(Debug, Clone, Copy)]
struct Number {
    whole: u64,
    /// Whether something stands behind the point.
    has_fraction: bool,
}

impl Number {
    fn read(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        Some(Self {
            whole: whole.parse().unwrap_or(u64::MAX),
            has_fraction: fraction.bytes().any(|digit| digit != b'0'),
        })
    }

    fn rounded_up(self) -> u64 {
        self.whole.saturating_add(self.has_fraction.into())
    }
}

/// The server's clock, from its `Date` header.
pub(crate) fn server_time(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(http::header::DATE)?.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &str)]) -> RateLimitHeaders {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let headers =
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        RateLimitHeaders::read(&headers, now)
    }

    #[test]
    fn retry_after_in_both_forms() {
        assert_eq!(read(&[("retry-after", "7")]).retry_after, Some(Duration::from_secs(7)));
        // 1 700 000 000 is 2023-11-14 22:13:20.
        assert_eq!(
            read(&[("retry-after", "Tue, 14 Nov 2023 22:13:50 GMT")]).retry_after,
            Some(Duration::from_secs(30))
        );
        assert_eq!(
            read(&[("retry-after", "Mon, 14 Nov 2022 22:13:50 GMT")]).retry_after,
            Some(Duration::ZERO)
        );
        assert_eq!(
            read(&[
                ("retry-after", "Mon, 02 Jan 2023 00:00:09 GMT"),
                ("date", "Mon, 02 Jan 2023 00:00:00 GMT")
            ])
            .retry_after,
            Some(Duration::from_secs(9)),
            "the server's own clock counts"
        );
        for nonsense in ["", "soon", "-1", "1e3", ".5", "1,5", "+7", "7 s", "1.2.3", "0x10", "NaN", "inf"] {
            assert_eq!(read(&[("retry-after", nonsense)]).retry_after, None, "{nonsense}");
        }
        for (number, seconds) in [("0", 0), ("3.7", 4), ("3.0", 3), ("0.001", 1), ("5.", 5), ("007", 7)] {
            assert_eq!(
                read(&[("retry-after", number)]).retry_after,
                Some(Duration::from_secs(seconds)),
                "{number}"
            );
        }
        for huge in ["99999999999", "99999999999999999999", "99999999999999999999.9"] {
            let century = Some(Duration::from_secs(3_153_600_000));
            assert_eq!(read(&[("retry-after", huge)]).retry_after, century, "{huge}");
        }
    }

    #[test]
    fn quotas_with_and_without_their_prefix() {
        let quota = |pairs: &[(&'static str, &str)]| {
            let headers = read(pairs);
            (headers.limit, headers.remaining)
        };
        assert_eq!(
            quota(&[("X-RateLimit-Limit", "90"), ("x-ratelimit-remaining", " 7")]),
            (Some(90), Some(7))
        );
        assert_eq!(quota(&[("RateLimit-Limit", "60"), ("ratelimit-remaining", "0")]), (Some(60), Some(0)));
        assert_eq!(quota(&[]), (None, None));
        for (number, whole) in [("1.5", 1), ("0.9", 0), ("99999999999999999999", u64::MAX)] {
            assert_eq!(quota(&[("x-ratelimit-remaining", number)]), (None, Some(whole)), "{number}");
        }
        for nonsense in ["", "-1", "many", "1e3"] {
            assert_eq!(quota(&[("x-ratelimit-remaining", nonsense)]), (None, None), "{nonsense}");
        }
    }

    #[test]
    fn reset_as_seconds_epoch_and_epoch_milliseconds() {
        for (text, seconds) in
            [("0", 0), ("12.5", 13), ("1700000030", 30), ("1700000030000", 30), ("1600000000", 0)]
        {
            assert_eq!(
                read(&[("x-ratelimit-reset", text)]).reset,
                Some(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        assert_eq!(read(&[("x-ratelimit-reset", "99999999999999999999")]).reset, Some(CENTURY));
        for nonsense in ["", "later", "-3", "NaN", "inf", "1e300"] {
            assert_eq!(read(&[("x-ratelimit-reset", nonsense)]).reset, None, "{nonsense}");
        }
    }
}

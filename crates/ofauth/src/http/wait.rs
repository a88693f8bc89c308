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

/// What an answer says about waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct WaitHint {
    /// `Retry-After`: do not come back earlier.
    pub(crate) retry_after: Option<Duration>,
    /// `X-RateLimit-Reset`: by then the bucket is full again, so there is no need to wait longer.
    pub(crate) reset: Option<Duration>,
}

impl WaitHint {
    /// Reads the headers of an answer. A moment is measured against the server's own clock when it sends one.
    pub(crate) fn read(headers: &HeaderMap, now: SystemTime) -> Self {
        let now = server_time(headers).unwrap_or(now);
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let retry_after = text("retry-after").and_then(|text| match text.parse::<u64>() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => {
                httpdate::parse_http_date(text).ok().map(|at| at.duration_since(now).unwrap_or_default())
            }
        });
        let reset = text("x-ratelimit-reset").or_else(|| text("ratelimit-reset"));
        let reset = reset.and_then(|text| text.parse::<f64>().ok()).and_then(|value| {
            if !(0.0..1e18).contains(&value) {
                return None;
            }
            // Truncation is meant: the range is checked and a second's fraction does not matter.
            let number = value as u64;
            match number {
                0..EPOCH_FROM => Some(Duration::from_secs(number)),
                EPOCH_FROM..EPOCH_MILLIS_FROM => Some(until(Duration::from_secs(number), now)),
                _ => Some(until(Duration::from_millis(number), now)),
            }
        });
        Self { retry_after, reset }
    }
}

/// How much of a rate limit an answer says is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Quota {
    /// `X-RateLimit-Limit`: what the bucket holds or what flows into it; that is not documented.
    pub(crate) limit: Option<u64>,
    /// `X-RateLimit-Remaining`: whole requests that are left.
    pub(crate) remaining: Option<u64>,
}

impl Quota {
    /// Reads the headers of an answer.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let number = |names: [&str; 2]| {
            let value = names.into_iter().find_map(|name| headers.get(name))?;
            value.to_str().ok()?.trim().parse().ok()
        };
        Self {
            limit: number(["x-ratelimit-limit", "ratelimit-limit"]),
            remaining: number(["x-ratelimit-remaining", "ratelimit-remaining"]),
        }
    }
}

/// The server's clock, from its `Date` header.
pub(crate) fn server_time(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(http::header::DATE)?.to_str().ok()?).ok()
}

fn until(since_epoch: Duration, now: SystemTime) -> Duration {
    SystemTime::UNIX_EPOCH
        .checked_add(since_epoch)
        .and_then(|at| at.duration_since(now).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(pairs: &[(&'static str, &str)]) -> WaitHint {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let headers =
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        WaitHint::read(&headers, now)
    }

    #[test]
    fn retry_after_in_both_forms() {
        assert_eq!(hint(&[("retry-after", "7")]).retry_after, Some(Duration::from_secs(7)));
        // 1 700 000 000 is 2023-11-14 22:13:20.
        assert_eq!(
            hint(&[("retry-after", "Tue, 14 Nov 2023 22:13:50 GMT")]).retry_after,
            Some(Duration::from_secs(30))
        );
        assert_eq!(
            hint(&[("retry-after", "Mon, 14 Nov 2022 22:13:50 GMT")]).retry_after,
            Some(Duration::ZERO)
        );
        assert_eq!(
            hint(&[
                ("retry-after", "Mon, 02 Jan 2023 00:00:09 GMT"),
                ("date", "Mon, 02 Jan 2023 00:00:00 GMT")
            ])
            .retry_after,
            Some(Duration::from_secs(9)),
            "the server's own clock counts"
        );
        for nonsense in ["", "soon", "-1", "1e3", "99999999999999999999"] {
            assert_eq!(hint(&[("retry-after", nonsense)]).retry_after, None, "{nonsense}");
        }
    }

    #[test]
    fn quotas_with_and_without_their_prefix() {
        let quota = |pairs: &[(&'static str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            let quota = Quota::read(&pairs.collect());
            (quota.limit, quota.remaining)
        };
        assert_eq!(
            quota(&[("X-RateLimit-Limit", "90"), ("x-ratelimit-remaining", " 7")]),
            (Some(90), Some(7))
        );
        assert_eq!(quota(&[("RateLimit-Limit", "60"), ("ratelimit-remaining", "0")]), (Some(60), Some(0)));
        assert_eq!(quota(&[]), (None, None));
        for nonsense in ["", "-1", "1.5", "many", "99999999999999999999"] {
            assert_eq!(quota(&[("x-ratelimit-remaining", nonsense)]), (None, None), "{nonsense}");
        }
    }

    #[test]
    fn reset_as_seconds_epoch_and_epoch_milliseconds() {
        for (text, seconds) in
            [("0", 0), ("12.5", 12), ("1700000030", 30), ("1700000030000", 30), ("1600000000", 0)]
        {
            assert_eq!(
                hint(&[("x-ratelimit-reset", text)]).reset,
                Some(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        for nonsense in ["", "later", "-3", "NaN", "inf", "1e300"] {
            assert_eq!(hint(&[("x-ratelimit-reset", nonsense)]).reset, None, "{nonsense}");
        }
    }
}

//! What may be written as the value of an option: sizes, times, numbers and addresses. One form each, in all commands.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use ofauth::MAX_CONCURRENCY;

/// A size such as `64KiB`, `8GiB` or `1048576`, not 0.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    match text.parse::<bytesize::ByteSize>() {
        Ok(size) if size.as_u64() > 0 => Ok(size.as_u64()),
        Ok(_) => Err("must be more than 0".into()),
        Err(_) => Err("not a size: write bytes or a unit, such as 1048576, 64KiB or 8GiB".into()),
    }
}

/// A whole number from 1 to [`MAX_CONCURRENCY`]: of files, or of parts, that are sent in parallel.
pub(crate) fn in_parallel(text: &str) -> Result<u16, String> {
    let number =
        text.trim().parse().ok().filter(|number| (1..=MAX_CONCURRENCY).contains(&usize::from(*number)));
    number.ok_or_else(|| format!("not a number from 1 to {MAX_CONCURRENCY}"))
}

/// An address to listen on. `localhost`, or a port alone, is one of this machine.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let here = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let port = text.strip_prefix("localhost:").unwrap_or(text).parse();
    port.map(here).or_else(|_| text.parse()).map_err(|_| {
        "not an address: write an IP address and a port, or a port of this machine, such as 127.0.0.1:8080 or 8080".into()
    })
}

/// A time, not 0: seconds such as `30` or `0.5`, or with units such as `90s`, `5m30s` or `1h 30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let time = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => text.parse::<jiff::SignedDuration>().ok().and_then(|time| time.try_into().ok()),
    };
    time.filter(|time| !time.is_zero()).ok_or_else(|| {
        "not a time above 0: write seconds, or numbers with the units ms, s, m and h, such as 30, 90s, 5m30s or 2h".into()
    })
}

/// A moment: in RFC 3339, as `2027-01-31T09:00:00Z`, or from now on, as `+2h`.
pub(crate) fn instant(text: &str) -> Result<SystemTime, String> {
    let moment = match text.strip_prefix('+') {
        Some(time) => duration(time).ok().and_then(|time| SystemTime::now().checked_add(time)),
        None => text.parse::<jiff::Timestamp>().ok().map(SystemTime::from),
    };
    moment.ok_or_else(|| "not a moment: write it as 2027-01-31T09:00:00Z, or from now on as +2h".into())
}

/// Requests a minute, written `60/min` or `5/s`.
pub(crate) fn rate(text: &str) -> Result<u32, String> {
    let per_minute = text.split_once('/').and_then(|(count, unit)| {
        let count: u32 = count.trim().parse().ok()?;
        match unit.trim() {
            "min" | "m" | "minute" => Some(count),
            "s" | "second" => count.checked_mul(60),
            _ => None,
        }
    });
    per_minute
        .filter(|rate| *rate > 0)
        .ok_or_else(|| "not a rate: write requests and a unit, such as 60/min or 5/s".into())
}

/// A collection and how many items it has: `fans=250`.
pub(crate) fn seed(text: &str) -> Result<(String, u64), String> {
    let parts =
        text.split_once('=').and_then(|(name, count)| Some((name.trim(), count.trim().parse().ok()?)));
    let parts = parts.filter(|(name, _)| !name.is_empty());
    parts.map(|(name, count)| (name.to_owned(), count)).ok_or_else(|| {
        "not a collection and a number: write them as in fans=250, several of them with commas between".into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for text in ["127.0.0.1:80", "localhost:80", "80"] {
            assert_eq!(address(text).unwrap().to_string(), "127.0.0.1:80", "{text}");
        }
        assert_eq!(address("[::1]:0").unwrap().to_string(), "[::1]:0");
        for text in ["", "host:80", "127.0.0.1", "65536", "localhost"] {
            assert!(address(text).unwrap_err().contains("IP address and a port"), "{text}");
        }
    }

    #[test]
    fn seeds() {
        assert_eq!(seed("fans=250"), Ok(("fans".to_owned(), 250)));
        for text in ["", "fans", "fans=", "=5", "fans=many", "fans=-1"] {
            assert!(seed(text).unwrap_err().contains("fans=250"), "{text}");
        }
    }

    #[test]
    fn numbers_of_what_goes_in_parallel() {
        assert_eq!([in_parallel("1"), in_parallel("64")], [Ok(1), Ok(64)]);
        for text in ["", "0", "65", "abc", "1.5", "-1"] {
            assert!(in_parallel(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
        assert_eq!(instant("1970-01-02T00:00:00Z"), Ok(at));
        assert_eq!(instant("1970-01-02T01:00:00+01:00"), Ok(at));
        assert!(instant("+2h").unwrap() > SystemTime::now());
        for text in ["", "+", "2h", "tomorrow", "2027-01-31", "+-1h"] {
            assert!(instant(text).unwrap_err().contains("+2h"), "{text}");
        }
    }

    #[test]
    fn rates() {
        for (text, per_minute) in [("60/min", 60), ("5/s", 300), ("1 / minute", 1)] {
            assert_eq!(rate(text), Ok(per_minute), "{text}");
        }
        for wrong in ["", "60", "0/min", "-1/s", "60/h", "min", "4294967295/s"] {
            assert!(rate(wrong).unwrap_err().contains("60/min"), "{wrong}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("1048576", 1_048_576),
            ("64KiB", 65_536),
            ("64 KiB", 65_536),
            ("8GiB", 8 << 30),
            ("4M", 4_000_000),
            ("4MB", 4_000_000),
            ("4mib", 4 << 20),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for wrong in ["0", "-1", "many", ""] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times() {
        for (text, seconds) in [
            ("30", 30.0),
            ("0.5", 0.5),
            ("90s", 90.0),
            ("1m", 60.0),
            ("5min", 300.0),
            ("2h", 7200.0),
            ("1h30m", 5400.0),
            ("1h 30m", 5400.0),
            ("5m30s", 330.0),
            ("5m 30s", 330.0),
            ("5 minutes 30 seconds", 330.0),
            ("500ms", 0.5),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
        let overflowing = ["1e30", "99999999999999999999", "99999999999999999999s", "9223372036854775807h"];
        let negative = ["-1", "-5m", "5m ago"];
        let others = ["0", "0s", "0h 0m", "NaN", "inf", "1x", "1d", "", "soon", "m", "5m30"];
        for wrong in [&overflowing[..], &negative, &others].concat() {
            assert!(duration(wrong).unwrap_err().contains("the units ms, s, m and h"), "{wrong}");
        }
    }
}

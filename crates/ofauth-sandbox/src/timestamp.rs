//! Moments as answers write them. Those of the sandbox are microseconds since 1970.

use jiff::Timestamp;

/// A moment as answers write it.
pub(crate) fn moment(microseconds: i64) -> String {
    let time = Timestamp::from_microsecond(microseconds).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// A moment with its milliseconds, as `expiresAt` has it.
pub(crate) fn precise(microseconds: i64) -> String {
    let time = Timestamp::from_microsecond(microseconds).unwrap_or_default();
    format!("{time:.3}")
}

/// A moment as the markers of pages write it: seconds with six digits after the point.
pub(crate) fn marker(microseconds: i64) -> String {
    format!("{}.{:06}", microseconds.div_euclid(1_000_000), microseconds.rem_euclid(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_markers_have_the_documented_forms() {
        assert_eq!(moment(1_777_457_928_000_001), "2026-04-29T10:18:48+00:00");
        assert_eq!(precise(1_777_457_928_831_001), "2026-04-29T10:18:48.831Z");
        assert_eq!(marker(1_777_457_928_000_001), "1777457928.000001");
        assert_eq!(marker(0), "0.000000");
        assert_eq!(marker(-1), "-1.999999");
    }
}

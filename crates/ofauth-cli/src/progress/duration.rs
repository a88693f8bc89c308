//! How long something takes, in the narrow column of a progress bar. Sentences have both units
//! ([`Time`](ofauth::system::Time)); here the first is enough, and its width is known.

use std::time::Duration;

/// The duration in the largest unit that fits, whole: `119 s`, `2 min`, `7 h`.
pub(crate) fn rounded(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_fits() {
        let told = |seconds| rounded(Duration::from_secs(seconds));
        assert_eq!(
            [0, 119, 120, 7199, 7200, 90_000].map(told),
            ["0 s", "119 s", "2 min", "119 min", "2 h", "25 h"]
        );
    }
}

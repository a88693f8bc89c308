//! How the facts of an interrupted upload are written, in the table and one by one. Pure.

use std::time::SystemTime;

use bytesize::ByteSize;
use jiff::Timestamp;
use ofauth::JournaledUpload;
use ofauth::system::Time;

/// The state in words.
pub(super) fn state_of(session: &JournaledUpload) -> String {
    if session.in_use { "in use".into() } else { session.state.as_str().replace('_', " ") }
}

/// The size in the largest unit.
pub(super) fn size(bytes: u64) -> String {
    ByteSize(bytes).display().iec().to_string()
}

/// How long it is until then.
pub(super) fn until(then: Option<SystemTime>, now: SystemTime) -> String {
    let Some(then) = then else { return "-".into() };
    then.duration_since(now).map_or_else(|_| "expired".into(), |left| format!("in {}", Time(left)))
}

/// The moment in ISO 8601, to the second.
pub(super) fn moment(at: Option<SystemTime>) -> Option<String> {
    let at = Timestamp::try_from(at?).ok()?;
    Timestamp::from_second(at.as_second()).ok().map(|at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let after = |seconds| until(Some(now + Duration::from_secs(seconds)), now);
        assert_eq!([after(119), after(120), after(7200)], ["in 119 s", "in 2 min", "in 2 h"]);
        assert_eq!(until(Some(now - Duration::from_secs(1)), now), "expired");
        assert_eq!(until(None, now), "-");
        assert_eq!(moment(Some(now + Duration::from_millis(7))).as_deref(), Some("1970-01-12T13:46:40Z"));
    }
}

//! When seeded things happened: numbers and moments, one computed from the other.
//!
//! All of it is the same in every sandbox, so that what a test saw once it sees again.

/// The moment of the document's examples and of the newest seeded item, 2026-04-29T10:18:48.831Z, in microseconds.
pub(crate) const NEWEST: i64 = 1_777_457_928_831_000;

/// The usual time between two items, and the time that all of a large collection fall into, in microseconds.
const STEP: u64 = 97 * 60 * 1_000_000;
const SPAN: u64 = 8 * 365 * 24 * 60 * 60 * 1_000_000;

/// A number that looks like chance and is always the same for `number` and `salt`.
pub(crate) fn chance(number: u64, salt: u64) -> u64 {
    // The mixing of SplitMix64.
    let mut mixed =
        number.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(salt.wrapping_mul(0xD1B5_4A32_D192_ED03));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// When the item with this number, counted from the oldest, came into a collection that began with `count`.
pub(crate) fn moment_of(number: u64, count: u64) -> i64 {
    let step = STEP.min(SPAN / count.max(1)).max(4);
    let age = count.saturating_sub(1).saturating_sub(number);
    // Less than a step, so that the order stays. The newest has the moment itself.
    let earlier = if age == 0 { 0 } else { chance(number, 1) % (step / 2) };
    let age = age.saturating_mul(step).saturating_add(earlier);
    NEWEST.saturating_sub(i64::try_from(age).unwrap_or(i64::MAX))
}

/// How many of the `count` items came before `moment`.
pub(crate) fn count_before(moment: i64, count: u64) -> u64 {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if moment_of(middle, count) < moment { low = middle + 1 } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_rise_with_the_numbers() {
        for count in [1, 2, 250, 10_000] {
            let moments: Vec<i64> = (0..count).map(|number| moment_of(number, count)).collect();
            assert!(moments.is_sorted_by(|earlier, later| earlier < later), "{count}");
            assert_eq!(moments.last(), Some(&NEWEST));
            for (number, moment) in (0..).zip(&moments) {
                assert_eq!(count_before(*moment, count), number);
                assert_eq!(count_before(moment + 1, count), number + 1);
            }
        }
    }

    #[test]
    fn the_largest_collection_has_distinct_moments() {
        let count = 100_000_000;
        for number in [0, 1, 5000, count - 2] {
            assert!(moment_of(number, count) < moment_of(number + 1, count));
        }
        assert!(moment_of(0, count) > NEWEST - 2 * i64::try_from(SPAN).unwrap());
    }
}

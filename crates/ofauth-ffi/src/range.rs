//! Numbers from C that have a range, with an error that names the argument and the range.

use crate::error::ofauth_error;
use crate::pointer::Result;
use crate::status::OFAUTH_ERR_INVALID_ARGUMENT;

/// `value`, if it is 1 to `max`.
pub(crate) fn checked(name: &str, value: u32, max: usize) -> Result<usize> {
    let in_range = usize::try_from(value).ok().filter(|value| (1..=max).contains(value));
    in_range.ok_or_else(|| {
        ofauth_error::new(OFAUTH_ERR_INVALID_ARGUMENT, &format!("{name} is {value}: use 1 to {max}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_in_the_range() {
        for inside in [1, 64] {
            assert!(checked("parts", inside, 64).is_ok_and(|parts| parts == inside as usize));
        }
        for outside in [0, 65, u32::MAX] {
            let error = checked("parts", outside, 64).unwrap_err();
            let wanted = format!("parts is {outside}: use 1 to 64");
            assert_eq!(error.message().to_str().unwrap(), wanted);
        }
    }
}

//! Numbers as JSON Schema has them: `12.0` and `12` are the same integer, in a body, a query and a path.

use serde_json::{Number, Value};

/// Above this, floating point cannot tell whole numbers apart.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The whole number that a JSON value is.
pub(crate) fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => whole_number(number),
        _ => None,
    }
}

/// The whole number that a text in a path or a query is.
pub(crate) fn whole_text(text: &str) -> Option<i128> {
    text.parse::<i64>().ok().map(i128::from).or_else(|| whole_number(&number_text(text)?))
}

/// A whole number as JSON; none if it needs more than 64 bits.
pub(crate) fn to_json(number: i128) -> Option<Value> {
    i64::try_from(number).map(Value::from).or_else(|_| u64::try_from(number).map(Value::from)).ok()
}

/// The number that a text in a path or a query is.
pub(crate) fn number_text(text: &str) -> Option<Number> {
    // JSON would also take spaces around it.
    serde_json::from_str(text).ok().filter(|_| text.trim() == text)
}

fn whole_number(number: &Number) -> Option<i128> {
    let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    integer.or_else(|| {
        let value = number.as_f64().filter(|value| value.fract() == 0.0 && value.abs() <= EXACT)?;
        // Whole and at most 2^53: nothing is cut off.
        Some(value as i128)
    })
}

/// Whether two JSON values are the same, however their numbers are written.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    one == other || whole(one).is_some_and(|number| whole(other) == Some(number))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_number_may_have_a_fraction_of_zero() {
        for (value, expected) in [
            (json!(12), Some(12)),
            (json!(12.0), Some(12)),
            (json!(-3.0), Some(-3)),
            (json!(1e3), Some(1000)),
            (json!(u64::MAX), Some(i128::from(u64::MAX))),
            (json!(12.5), None),
            (json!(1e300), None),
            (json!("12"), None),
            (json!(null), None),
        ] {
            assert_eq!(whole(&value), expected, "{value}");
        }
        for (text, expected) in [("12", Some(12)), ("12.0", Some(12)), ("-1.0", Some(-1)), ("007", Some(7))] {
            assert_eq!(whole_text(text), expected, "{text}");
        }
        for text in ["", "12.5", "x", " 12", "12 ", "NaN", "inf", "0x10", "1_000"] {
            assert_eq!(whole_text(text), None, "{text:?}");
        }
        assert!(
            same(&json!(1), &json!(1.0)) && same(&json!("a"), &json!("a")) && !same(&json!(1), &json!(2))
        );
    }
}

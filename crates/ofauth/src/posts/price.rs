//! Prices, exact to the cent.

use std::fmt;
use std::str::FromStr;

use serde_json::{Number, Value};

use crate::error::{Error, Result, invalid};

/// A price in US dollars, to the cent.
///
/// ```
/// use ofauth::Price;
///
/// assert_eq!("4.99".parse::<Price>()?, Price::from_cents(499));
/// assert_eq!(Price::from_cents(500).to_string(), "5.00");
/// # Ok::<(), ofauth::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(u32);

impl Price {
    /// A price in cents. The service accepts 0 (free) to 20 000.
    pub const fn from_cents(cents: u32) -> Self {
        Self(cents)
    }

    /// The price in cents.
    pub const fn cents(self) -> u32 {
        self.0
    }

    /// The number that the API takes: dollars.
    pub(super) fn to_json(self) -> Value {
        match self.0.is_multiple_of(100) {
            true => Value::from(self.0 / 100),
            // Two decimals come out as they went in: JSON gets the shortest text that stands for the number.
            false => Number::from_f64(f64::from(self.0) / 100.0).map_or(Value::Null, Value::Number),
        }
    }
}

/// Dollars with up to two decimals, such as `5` or `4.99`.
impl FromStr for Price {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            invalid(format!("{text:?} is not a price: write dollars without a currency, such as 5 or 4.99"))
        };
        let (dollars, cents) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(dollars) || !digits(cents) || cents.len() > 2 {
            return Err(wrong());
        }
        let tens = if cents.len() == 1 { 10 } else { 1 };
        let (dollars, cents): (u32, u32) =
            (dollars.parse().map_err(|_| wrong())?, cents.parse().map_err(|_| wrong())?);
        let cents = dollars.checked_mul(100).and_then(|whole| whole.checked_add(cents.checked_mul(tens)?));
        cents.map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_exact_in_every_form() {
        for (text, cents, shown) in [
            ("5", 500, "5.00"),
            ("0", 0, "0.00"),
            ("4.99", 499, "4.99"),
            ("0.1", 10, "0.10"),
            ("200.07", 20_007, "200.07"),
        ] {
            let price: Price = text.parse().unwrap();
            assert_eq!((price.cents(), price.to_string().as_str()), (cents, shown));
        }
        for wrong in ["", ".5", "5.", "-1", "1e2", "4.999", "5 $", "NaN", "42949672.96", "99999999999"] {
            assert!(wrong.parse::<Price>().is_err(), "{wrong}");
        }
        for cents in 0..=20_000 {
            let (json, price) = (Price(cents).to_json().to_string(), Price(cents));
            assert_eq!(json.parse::<Price>().unwrap(), price, "{json}");
        }
    }
}

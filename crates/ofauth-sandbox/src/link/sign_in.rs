//! The documented sign-ins of the sandbox, and what one attempt with them is worth. Pure: nothing is counted here.

/// The domains of the accounts that exist, and whether a code is asked for after the password.
const DOMAINS: &[(&str, bool)] = &[
    ("creator.sandbox.com", false),
    ("creator-otp.sandbox.com", true),
    ("fan.sandbox.com", false),
    ("fan-otp.sandbox.com", true),
];

const PASSWORD: &str = "good-password";
const CODE: &str = "123456";

/// An account with this name is locked, whatever its domain.
const LOCKED: &str = "locked";

/// What somebody typed. A text that is empty was left out.
#[derive(Clone, Copy, Default)]
pub(crate) struct Attempt<'a> {
    pub(crate) email: &'a str,
    pub(crate) password: &'a str,
    pub(crate) code: &'a str,
}

// What users type is a secret.
impl std::fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attempt")
    }
}

/// What an address and a password are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Password {
    /// They are those of an account.
    Right {
        /// Whether a code is needed, too.
        needs_code: bool,
    },
    Wrong,
    Locked,
}

impl Attempt<'_> {
    /// Holds address and password against the documented accounts.
    pub(crate) fn password(self) -> Password {
        let (name, domain) = self.email.trim().rsplit_once('@').unwrap_or_default();
        let account = DOMAINS.iter().find(|(known, _)| domain.eq_ignore_ascii_case(known));
        match account {
            Some(_) if name.eq_ignore_ascii_case(LOCKED) => Password::Locked,
            Some((_, needs_code)) if !name.is_empty() && self.password == PASSWORD => {
                Password::Right { needs_code: *needs_code }
            }
            _ => Password::Wrong,
        }
    }

    /// Whether the code is the right one; none if it was left out.
    pub(crate) fn code(self) -> Option<bool> {
        let code = self.code.trim();
        (!code.is_empty()).then(|| code == CODE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_accounts_can_sign_in() {
        let right = |needs_code| Password::Right { needs_code };
        for (email, password, wanted) in [
            ("any@creator.sandbox.com", PASSWORD, right(false)),
            ("x.y@creator-otp.sandbox.com", PASSWORD, right(true)),
            ("a@fan.sandbox.com", PASSWORD, right(false)),
            (" A@FAN-OTP.sandbox.com ", PASSWORD, right(true)),
            ("any@creator.sandbox.com", "bad-password", Password::Wrong),
            ("any@creator.sandbox.com", "", Password::Wrong),
            ("@creator.sandbox.com", PASSWORD, Password::Wrong),
            ("any@example.com", PASSWORD, Password::Wrong),
            ("creator.sandbox.com", PASSWORD, Password::Wrong),
            ("locked@creator.sandbox.com", PASSWORD, Password::Locked),
        ] {
            assert_eq!(Attempt { email, password, code: "" }.password(), wanted, "{email}");
        }
        for (code, wanted) in [("", None), (" 123456 ", Some(true)), ("000000", Some(false))] {
            assert_eq!(Attempt { code, ..Attempt::default() }.code(), wanted, "{code}");
        }
    }
}

//! Ids of media, as callers give them: which can be used, and how errors name several. Pure.

use std::collections::HashSet;

use crate::error::{Result, invalid};
use crate::media_form::MediaForm;

/// Errors name so many.
const MOST_NAMED: usize = 10;

/// Reads ids of media of the vault: numbers above 0. Each is kept once, in the order given.
pub(crate) fn vault_ids<I>(ids: I) -> Result<Vec<u64>>
where
    I: IntoIterator,
    I::Item: Into<String>,
{
    let mut seen = HashSet::new();
    let mut read = Vec::new();
    for id in ids {
        let id: String = id.into();
        let number = id.trim().parse().ok().filter(|number| (1..=i64::MAX as u64).contains(number));
        let number: u64 = number.ok_or_else(|| {
            let remedy = match MediaForm::known(id.trim()) {
                Some(MediaForm::Reference) => "it is the reference of an upload; the vault gives the media an id of its own, which the operation list_vault_media shows",
                _ => "give a number such as 4492994399",
            };
            invalid(format!("{:?} is not the id of a media of the vault: {remedy}", shortened(&id)))
        })?;
        if seen.insert(number) {
            read.push(number);
        }
    }
    Ok(read)
}

/// Several ids in an error.
pub(crate) fn named(ids: &[&str]) -> String {
    let mut text = ids.iter().take(MOST_NAMED).map(|id| shortened(id)).collect::<Vec<_>>().join(", ");
    if ids.len() > MOST_NAMED {
        text.push_str(&format!(" and {} more", ids.len().saturating_sub(MOST_NAMED)));
    }
    text
}

/// The beginning of an id, which may be anything that a caller gave.
fn shortened(id: &str) -> String {
    const LONGEST: usize = 64;
    let mut short: String = id.chars().take(LONGEST).collect();
    if short.len() < id.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_the_vault_are_numbers() {
        assert_eq!(vault_ids(["7", "4492994399", " 7 ", "07"]).unwrap(), [7, 4_492_994_399]);
        for (bad, said) in [
            ("", "give a number"),
            ("0", "give a number"),
            ("-1", "give a number"),
            ("1.5", "give a number"),
            ("9223372036854775808", "give a number"),
            ("https://x/y", "give a number"),
            ("upload:550e8400", "the reference of an upload"),
            ("ofauth_upload_abc", "the reference of an upload"),
        ] {
            let text = vault_ids([bad]).unwrap_err().to_string();
            assert!(text.contains(said), "{text}");
        }
        let long = vault_ids(["x".repeat(100_000)]).unwrap_err().to_string();
        assert!(long.len() < 300, "{} bytes", long.len());
    }

    #[test]
    fn several_are_named_and_the_rest_is_counted() {
        assert_eq!(named(&["1", "2"]), "1, 2");
        assert_eq!(named(&["1"; 12]), "1, 1, 1, 1, 1, 1, 1, 1, 1, 1 and 2 more");
    }
}

//! Whether the document allows the value of a parameter: its words, ranges, lengths and forms. Pure.
//!
//! It looks at the texts that would be sent, so a number given as text is a number here.

use jiff::{Timestamp, civil};
use ofauth_operations::operation::{Kind, Parameter};

/// Says what is allowed instead, if `texts`, the value of `parameter` as it would be sent, is not.
pub(crate) fn remedy(parameter: &Parameter, texts: &[String]) -> Option<String> {
    let limits = &parameter.limits;
    if parameter.kind == Kind::Array
        && let Some(range) = outside(texts.len() as f64, whole(limits.min_items), whole(limits.max_items))
    {
        return Some(format!("give {range} values"));
    }
    texts.iter().find_map(|text| one(parameter, text))
}

fn one(parameter: &Parameter, text: &str) -> Option<String> {
    let limits = &parameter.limits;
    if !parameter.values.is_empty() && !parameter.values.contains(&text) {
        return Some(format!("use {}", words(parameter.values)));
    }
    match parameter.kind {
        Kind::Integer | Kind::Number => {
            // What is compared is far from where this loses digits.
            let range = text.parse().ok().and_then(|number: f64| {
                outside(number, limits.minimum.map(|end| end as f64), limits.maximum.map(|end| end as f64))
            });
            range.map(|range| format!("use {range}"))
        }
        Kind::String | Kind::Id => {
            let length = text.chars().count() as f64;
            let range = outside(length, whole(limits.min_length), whole(limits.max_length));
            if let Some(range) = range {
                return Some(format!("use {range} characters"));
            }
            let (is_right, form) = match limits.format {
                Some("date-time") => (text.parse::<Timestamp>().is_ok(), "2026-01-31T12:00:00Z"),
                Some("date") => (text.parse::<civil::Date>().is_ok(), "2026-01-31"),
                _ => return None,
            };
            (!is_right).then(|| format!("use the form {form}"))
        }
        _ => None,
    }
}

fn whole(end: Option<u64>) -> Option<f64> {
    end.map(|end| end as f64)
}

/// The range in words, if a number is not in it.
fn outside(number: f64, least: Option<f64>, most: Option<f64>) -> Option<String> {
    let is_inside = least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most);
    match (least, most) {
        _ if is_inside => None,
        (Some(least), Some(most)) => Some(format!("{least} to {most}")),
        (Some(least), None) => Some(format!("{least} or more")),
        (None, Some(most)) => Some(format!("{most} or less")),
        (None, None) => None,
    }
}

/// `a, b or c`.
fn words(values: &[&str]) -> String {
    match values {
        [several @ .., last] if !several.is_empty() => format!("{} or {last}", several.join(", ")),
        values => values.join(""),
    }
}

#[cfg(test)]
mod tests {
    use ofauth_operations::operations::find;

    use super::*;

    fn of(operation: &str, name: &str, values: &[&str]) -> Option<String> {
        let parameters = find(operation).unwrap().parameters;
        let parameter = parameters.iter().find(|parameter| parameter.name == name).unwrap();
        remedy(parameter, &values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_allowed_has_no_remedy_and_the_rest_names_it() {
        for (operation, name, value, wanted) in [
            ("list_vault_media", "limit", "1", None),
            ("list_vault_media", "limit", "40", None),
            ("list_vault_media", "limit", "41", Some("use 1 to 40")),
            ("list_vault_media", "limit", "0", Some("use 1 to 40")),
            ("list_vault_media", "limit", "-5", Some("use 1 to 40")),
            ("list_vault_media", "limit", "18446744073709551615", Some("use 1 to 40")),
            ("list_vault_media", "offset", "-1", Some("use 0 or more")),
            ("list_vault_media", "sortDirection", "asc", None),
            ("list_vault_media", "sort", "most_liked", None),
            (
                "list_vault_media",
                "sort",
                "most-liked",
                Some("use recent, oldest, most_liked or highest_tips"),
            ),
            ("list_vault_media", "sortDirection", "up", Some("use asc or desc")),
            ("list_chat_messages", "limit", "11", Some("use 1 to 10")),
            ("list_subscribers", "type", "some", Some("use all, active, expired or latest")),
            ("get_post", "postId", "", Some("use 1 or more characters")),
            ("list_chargebacks", "startDate", "2026-01-31T12:00:00Z", None),
            ("list_chargebacks", "startDate", "2026-01-31T12:00:00.5+02:00", None),
            ("list_chargebacks", "startDate", "2026-01-31", Some("use the form 2026-01-31T12:00:00Z")),
            ("list_chargebacks", "startDate", "yesterday", Some("use the form 2026-01-31T12:00:00Z")),
        ] {
            assert_eq!(of(operation, name, &[value]).as_deref(), wanted, "{operation} {name}={value}");
        }
    }
}

//! Names that are not known, and those that may have been meant; and how much of a text is shown.

/// How many names are listed where none is close.
const LISTED: usize = 12;

/// How much of a text is shown. No name of the API is longer, and none is looked for that would be.
const SHOWN: usize = 80;

/// A text of a request, short enough for a line.
pub(crate) fn shown(text: &str) -> String {
    if text.is_empty() {
        return "\"\"".to_owned();
    }
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// What follows a complaint about `unknown`: the name that was meant, or else what there is.
pub(crate) fn hint<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(meant) = nearest(unknown, &known) {
        return format!("; did you mean {meant}?");
    }
    let listed = known.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
    match known.len() {
        0 => String::new(),
        count if count > LISTED => format!("; known are {listed} and {} more", count - LISTED),
        _ => format!("; known are {listed}"),
    }
}

/// The name that is spelled almost like `unknown`, if there is one.
fn nearest<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    if unknown.len() > SHOWN {
        return None;
    }
    let plain = |name: &str| name.replace(['_', '-', '[', ']'], "").to_lowercase();
    let wanted = plain(unknown);
    let distance = |name: &str| {
        let name = plain(name);
        // `filesize` for `size`, `sort` for `sortBy`.
        let within = name.len().min(wanted.len()) > 2 && (name.contains(&wanted) || wanted.contains(&name));
        if within { 1 } else { strsim::damerau_levenshtein(&name, &wanted) }
    };
    let closest = known.iter().map(|name| (distance(name), *name)).min_by_key(|(distance, _)| *distance);
    // Up to a third of the letters may be wrong.
    closest.filter(|(distance, name)| *distance <= name.len() / 3).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::{hint, shown};

    #[test]
    fn long_texts_are_cut_off_and_not_compared() {
        let long = "limit".repeat(1_000_000);
        assert_eq!((shown("é"), shown("")), ("é".to_owned(), "\"\"".to_owned()));
        assert_eq!(shown(&long).chars().count(), 81);
        assert_eq!(hint(&long, ["limit"]), "; known are limit");
    }

    #[test]
    fn the_closest_name_is_meant() {
        let known = ["limit", "offset", "sortBy", "sortDirection", "size"];
        for (unknown, meant) in [
            ("lmit", "limit"),
            ("Limit", "limit"),
            ("sort_by", "sortBy"),
            ("offest", "offset"),
            ("filesize", "size"),
            ("sortby", "sortBy"),
        ] {
            assert_eq!(hint(unknown, known), format!("; did you mean {meant}?"), "{unknown}");
        }
        assert_eq!(hint("page", ["limit", "offset"]), "; known are limit, offset");
        assert_eq!(hint("page", []), "");
        let many: Vec<String> = (0..20).map(|number| format!("field{number}")).collect();
        assert!(hint("x", many.iter().map(String::as_str)).ends_with("field11 and 8 more"));
    }
}

//! The redirect URL with which a browser goes back to the application: what became of the session is in its query.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is in a value.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What became of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Outcome<'a> {
    pub(crate) status: &'a str,
    pub(crate) connection_id: Option<&'a str>,
    pub(crate) client_reference_id: Option<&'a str>,
    pub(crate) step: Option<&'a str>,
    pub(crate) error_code: Option<&'a str>,
}

/// The URL with the outcome in its query, behind what is there already and before the fragment.
pub(crate) fn with(url: &str, outcome: Outcome<'_>) -> String {
    let (before, fragment) = url.split_once('#').map_or((url, None), |(url, rest)| (url, Some(rest)));
    let pairs = [
        ("status", Some(outcome.status)),
        ("connection_id", outcome.connection_id),
        ("client_reference_id", outcome.client_reference_id),
        ("step", outcome.step),
        ("error_code", outcome.error_code),
    ];
    let pairs = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let query: Vec<String> =
        pairs.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, ESCAPED))).collect();
    let sign = match before.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, query)) if query.ends_with('&') => "",
        Some(_) => "&",
    };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{before}{sign}{}{fragment}", query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_goes_into_the_query() {
        let outcome = Outcome { status: "success", connection_id: Some("conn_1"), ..Outcome::default() };
        let failed = Outcome {
            status: "error",
            client_reference_id: Some("a b&c"),
            step: Some("2fa"),
            error_code: Some("2fa_failed"),
            ..Outcome::default()
        };
        for (url, outcome, wanted) in [
            ("https://a.example/x", outcome, "https://a.example/x?status=success&connection_id=conn_1"),
            ("https://a.example?", outcome, "https://a.example?status=success&connection_id=conn_1"),
            ("app://x?a=1#top", outcome, "app://x?a=1&status=success&connection_id=conn_1#top"),
            (
                "https://a.example/x",
                failed,
                "https://a.example/x?status=error&client_reference_id=a%20b%26c&step=2fa&error_code=2fa_failed",
            ),
        ] {
            assert_eq!(with(url, outcome), wanted);
        }
    }
}

//! The query string of a request.

use percent_encoding::percent_decode_str;

/// The value of a query parameter that is there once.
pub(crate) fn value(query: &str, name: &str) -> Option<String> {
    values(query, name).into_iter().next()
}

/// The values of a query parameter; arrays repeat it, as `name` or as `name[]`.
pub(crate) fn values(query: &str, name: &str) -> Vec<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('=').or(Some((pair, ""))));
    let decoded = pairs.map(|(name, value)| (decode(name), decode(value)));
    decoded.filter(|(found, _)| found.trim_end_matches("[]") == name).map(|(_, value)| value).collect()
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

//! The query string of a request.

use percent_encoding::percent_decode_str;

/// The names and values of a query, decoded, in their order.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    let written = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = written.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

/// The first value of a query parameter.
pub(crate) fn value(query: &str, name: &str) -> Option<String> {
    values(query, name).into_iter().next()
}

/// The values of a query parameter; arrays repeat it, as `name`, or in older clients as `name[]`.
pub(crate) fn values(query: &str, name: &str) -> Vec<String> {
    let is_called = |found: &str| found == name || found.strip_suffix("[]") == Some(name);
    pairs(query).into_iter().filter(|(found, _)| is_called(found)).map(|(_, value)| value).collect()
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_taken_apart() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            pairs("a=1&&a=b+c%26&filter%5Bonline%5D=1&alone"),
            [pair("a", "1"), pair("a", "b c&"), pair("filter[online]", "1"), pair("alone", "")]
        );
        assert_eq!(pairs(""), []);
        assert_eq!((value("a=1&a=2", "a"), value("a=1", "b")), (Some("1".to_owned()), None));
        assert_eq!(values("a=1&a[]=2&ab=3", "a"), ["1", "2"]);
    }
}

//! `NO_PROXY`: which servers are reached without the proxy, by curl's rules.
//!
//! The list is separated by commas, blanks or both. A name matches itself and what ends in a dot and it, whatever the
//! case, and with dots before or behind; an address matches itself, and a network (`10.0.0.0/8`) the addresses in it.
//! A `*` that stands alone matches everything. Beyond curl, and as in Go and Python, an entry may end in a port, and
//! then matches that port only. Names are not looked up.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Whether the list names the server of `url`.
pub(crate) fn names(list: &str, url: &Url) -> bool {
    if list.trim() == "*" {
        return true;
    }
    list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()).any(|entry| {
        let (entry, port) = without_port(entry);
        port.is_none_or(|port| url.port_or_known_default() == Some(port)) && is_named(entry, url)
    })
}

/// The entry and its port. An IPv6 address has one only behind brackets.
fn without_port(entry: &str) -> (&str, Option<u16>) {
    let parsed = entry.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    match parsed {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (entry, None),
    }
}

fn is_named(entry: &str, url: &Url) -> bool {
    let (address, bits) = match entry.split_once('/') {
        Some((address, bits)) => match bits.parse() {
            Ok(bits) => (address, Some(bits)),
            Err(_) => return false,
        },
        None => (entry, None),
    };
    match url.host() {
        Some(Host::Domain(name)) => bits.is_none() && ends_in(name, entry),
        Some(Host::Ipv4(host)) => address
            .parse::<Ipv4Addr>()
            .is_ok_and(|network| share(host.to_bits().into(), network.to_bits().into(), bits, 32)),
        Some(Host::Ipv6(host)) => {
            let address = address.trim_start_matches('[').trim_end_matches(']');
            address
                .parse::<Ipv6Addr>()
                .is_ok_and(|network| share(host.to_bits(), network.to_bits(), bits, 128))
        }
        None => false,
    }
}

/// Whether a name is the entry or below it.
fn ends_in(name: &str, entry: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let entry = entry.strip_suffix('.').unwrap_or(entry);
    let entry = entry.strip_prefix('.').unwrap_or(entry).to_ascii_lowercase();
    // Names in URLs are in lower case.
    name.strip_suffix(entry.as_str())
        .is_some_and(|above| !entry.is_empty() && (above.is_empty() || above.ends_with('.')))
}

/// Whether two addresses of `all` bits begin with the same ones. As in curl, `/0` asks for all of them.
fn share(host: u128, network: u128, bits: Option<u32>, all: u32) -> bool {
    let bits = bits.filter(|bits| *bits > 0).unwrap_or(all);
    all.checked_sub(bits).is_some_and(|behind| (host ^ network).checked_shr(behind).unwrap_or(0) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_as_curl_reads_it() {
        for (list, url, named) in [
            ("api.test", "https://api.test", true),
            ("api.test", "https://v2.api.test", true),
            (".api.test", "https://api.test", true),
            (".api.test", "https://v2.api.test", true),
            ("api.test.", "https://api.test", true),
            (".api.test.", "https://v2.api.test", true),
            ("api.test", "https://api.test.", true),
            ("API.Test", "https://api.test", true),
            ("api.test", "https://notapi.test", false),
            ("v2.api.test", "https://api.test", false),
            ("test", "https://api.test", true),
            ("est", "https://api.test", false),
            ("x api.test", "https://api.test", true),
            ("x,api.test", "https://api.test", true),
            ("x ,\tapi.test ,, y", "https://api.test", true),
            (" api.test ", "https://api.test", true),
            ("", "https://api.test", false),
            (",", "https://api.test", false),
            (".", "https://api.test", false),
            ("*", "https://api.test", true),
            (" * ", "https://10.0.0.1", true),
            ("x,*", "https://api.test", false),
            ("*.api.test", "https://v2.api.test", false),
            ("https://api.test", "https://api.test", false),
            ("10.1.2.3", "https://10.1.2.3", true),
            ("10.1.2.3", "https://10.1.2.30", false),
            ("2.3", "https://10.1.2.3", false),
            ("10.0.0.0/8", "https://10.1.2.3", true),
            ("10.0.0.0/8", "https://11.1.2.3", false),
            ("10.1.2.3/32", "https://10.1.2.3", true),
            ("10.1.2.3/31", "https://10.1.2.2", true),
            ("10.1.2.3/33", "https://10.1.2.3", false),
            ("10.1.2.3/x", "https://10.1.2.3", false),
            ("0.0.0.0/0", "https://10.1.2.3", false),
            ("10.0.0.0/8", "https://api.test", false),
            ("[fd00::1]", "https://[fd00::1]", true),
            ("fd00::1", "https://[fd00::1]", true),
            ("FD00:0:0::1", "https://[fd00::1]", true),
            ("fd00::2", "https://[fd00::1]", false),
            ("fd00::/8", "https://[fdff::1]", true),
            ("fd00::/16", "https://[fdff::1]", false),
            ("fd00::1/129", "https://[fd00::1]", false),
            ("api.test:443", "https://api.test", true),
            ("api.test:8443", "https://api.test", false),
            ("api.test:8443", "https://v2.api.test:8443", true),
            ("10.1.2.3:80", "https://10.1.2.3", false),
            ("10.1.2.3:443", "https://10.1.2.3", true),
            ("[fd00::1]:443", "https://[fd00::1]", true),
            ("[fd00::1]:80", "https://[fd00::1]", false),
            ("api.test:port", "https://api.test", false),
        ] {
            assert_eq!(names(list, &url.parse().unwrap()), named, "{list:?} {url}");
        }
    }
}

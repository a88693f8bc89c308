//! What the headers of a request say about its signature: by which scheme, when, and which signatures. Nothing is checked
//! against a secret here.

use std::time::Duration;

use crate::encoding::{from_base64, from_hex};
use crate::error::{Error, ErrorKind};
use crate::scheme::{Scheme, Signed};

/// The header of the documented scheme.
pub(crate) const OFAUTH: &str = "OFAuth-Signature";
/// The headers of the scheme of svix: id, time, signatures. The second names are those of Standard Webhooks.
pub(crate) const SVIX: [&str; 3] = ["svix-id", "svix-timestamp", "svix-signature"];
const STANDARD: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];

/// The one version of signatures that either scheme has with a shared secret.
const VERSION: &str = "v1";
/// How long a signature is: SHA-256.
const SIGNATURE_SIZE: usize = 32;

/// What one set of headers claims.
#[derive(Debug, PartialEq)]
pub(crate) struct Claim {
    pub(crate) scheme: Scheme,
    /// The header with the signatures, for errors.
    pub(crate) header: &'static str,
    pub(crate) id: Option<String>,
    /// As it is signed.
    pub(crate) timestamp: String,
    /// The same, since 1970.
    pub(crate) time: Duration,
    /// Each has the size of SHA-256. At least one.
    pub(crate) signatures: Vec<Vec<u8>>,
}

impl Claim {
    pub(crate) fn signed(&self) -> Signed<'_> {
        Signed { id: self.id.as_deref(), timestamp: &self.timestamp }
    }
}

/// The headers that matter, in the order of their arrival.
pub(crate) struct Headers(Vec<(&'static str, Vec<u8>)>);

impl Headers {
    pub(crate) fn read<N: AsRef<str>, V: AsRef<[u8]>>(headers: impl IntoIterator<Item = (N, V)>) -> Self {
        let known = |name: &str| {
            let mut names = [OFAUTH].into_iter().chain(SVIX).chain(STANDARD);
            names.find(|known| known.eq_ignore_ascii_case(name.trim()))
        };
        let headers = headers.into_iter();
        Self(
            headers
                .filter_map(|(name, value)| Some((known(name.as_ref())?, value.as_ref().to_vec())))
                .collect(),
        )
    }

    /// What each set of headers claims whose signature is there, or why it cannot be read. The documented scheme comes first.
    pub(crate) fn claims(&self) -> Vec<Result<Claim, Error>> {
        let ofauth = self.has(OFAUTH).then(|| self.ofauth());
        let others = [SVIX, STANDARD].into_iter().filter(|names| names.iter().any(|name| self.has(name)));
        ofauth.into_iter().chain(others.map(|names| self.svix(names))).collect()
    }

    fn ofauth(&self) -> Result<Claim, Error> {
        // Lines of one header are one list.
        let text = self.values(OFAUTH)?.join(",");
        let fields = || {
            text.split(',')
                .filter_map(|field| field.split_once('='))
                .map(|(key, value)| (key.trim(), value.trim()))
        };
        let of = |wanted: &'static str| {
            fields().filter(move |(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
        };
        let timestamp = one(of("t"), &format!("the time `t=` of {OFAUTH}"))?;
        Ok(Claim {
            scheme: Scheme::OFAuth,
            header: OFAUTH,
            id: None,
            time: seconds(timestamp, OFAUTH)?,
            timestamp: timestamp.to_owned(),
            signatures: signatures(of(VERSION), OFAUTH)?,
        })
    }

    fn svix(&self, names: [&'static str; 3]) -> Result<Claim, Error> {
        let [id_name, time_name, header] = names;
        for name in names {
            if self.values(name)?.iter().all(|value| value.is_empty()) {
                let text =
                    format!("the header {name} is missing beside others of its kind: did a proxy drop it?");
                return Err(Error::new(ErrorKind::Missing, text));
            }
        }
        let id = one(self.values(id_name)?.into_iter(), id_name)?;
        check_id(id)?;
        let timestamp = one(self.values(time_name)?.into_iter(), time_name)?;
        let text = self.values(header)?.join(" ");
        Ok(Claim {
            scheme: Scheme::Svix,
            header,
            id: Some(id.to_owned()),
            time: seconds(timestamp, time_name)?,
            timestamp: timestamp.to_owned(),
            signatures: signatures(versioned(&text), header)?,
        })
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| *known == name)
    }

    /// The values of all headers with this name.
    fn values(&self, name: &str) -> Result<Vec<&str>, Error> {
        let values = self.0.iter().filter(|(known, _)| *known == name);
        let texts = values.map(|(_, value)| str::from_utf8(value).map(str::trim));
        texts.collect::<Result<_, _>>().map_err(|_| malformed(format!("the header {name} is not text")))
    }
}

/// No header of a signature is there.
pub(crate) fn none() -> Error {
    let [.., svix] = SVIX;
    let [.., standard] = STANDARD;
    let text = format!(
        "there is no signature header: none of {OFAUTH}, {svix} and {standard}. The request is not from the service, or \
         something on the way dropped its headers"
    );
    Error::new(ErrorKind::Missing, text)
}

/// Refuses an id with a dot, as Standard Webhooks does: dots are between id, time and body in what is signed.
pub(crate) fn check_id(id: &str) -> Result<(), Error> {
    match id.contains('.') {
        true => Err(malformed("the id of the webhook has a dot, which ids of the service never have")),
        false => Ok(()),
    }
}

fn malformed(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Malformed, text)
}

/// The one value, however often it is said.
fn one<'a>(mut values: impl Iterator<Item = &'a str>, what: &str) -> Result<&'a str, Error> {
    let first = values.next().filter(|value| !value.is_empty());
    let first = first.ok_or_else(|| malformed(format!("{what} is missing or empty: was the header cut?")))?;
    match values.all(|value| value == first) {
        true => Ok(first),
        false => Err(malformed(format!("{what} is there more than once, with different values"))),
    }
}

fn seconds(text: &str, header: &str) -> Result<Duration, Error> {
    let number = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let seconds = number.and_then(|text| text.parse().ok()).map(Duration::from_secs);
    seconds.ok_or_else(|| malformed(format!("the time in {header} is not a number of seconds since 1970")))
}

/// The signatures of our version in `v1,<signature> v1,<signature> v2,...`. Commas separate as blanks do, for a list that
/// came as several headers may have been joined with them.
fn versioned(text: &str) -> impl Iterator<Item = &str> {
    let mut version = None;
    let words = text.split([' ', '\t', ',']).filter(|word| !word.is_empty());
    words.filter_map(move |word| {
        let is_version = word.len() <= 4
            && word
                .strip_prefix(['v', 'V'])
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if is_version {
            version = Some(word);
            return None;
        }
        version.take().filter(|version| version.eq_ignore_ascii_case(VERSION)).map(|_| word)
    })
}

/// Those that may be signatures at all.
fn signatures<'a>(texts: impl Iterator<Item = &'a str>, header: &str) -> Result<Vec<Vec<u8>>, Error> {
    let texts: Vec<_> = texts.collect();
    let sized = |bytes: &Vec<u8>| bytes.len() == SIGNATURE_SIZE;
    let read = |text: &&str| {
        let text = text.as_bytes();
        from_hex(text).filter(sized).or_else(|| from_base64(text).filter(sized))
    };
    let found: Vec<_> = texts.iter().filter_map(read).collect();
    match (texts.is_empty(), found.is_empty()) {
        (true, _) => Err(malformed(format!("{header} has no signature of version {VERSION}"))),
        (_, true) => Err(malformed(format!(
            "no signature in {header} is {SIGNATURE_SIZE} bytes in hex or base64: was the header cut?"
        ))),
        _ => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn claims(headers: &[(&str, &str)]) -> Vec<Result<Claim, ErrorKind>> {
        let headers = Headers::read(headers.iter().copied());
        headers.claims().into_iter().map(|claim| claim.map_err(|error| error.kind())).collect()
    }

    /// How many signatures were read.
    fn count(headers: &[(&str, &str)]) -> Result<usize, ErrorKind> {
        let mut claims = claims(headers);
        assert_eq!(claims.len(), 1, "{headers:?}");
        claims.remove(0).map(|claim| claim.signatures.len())
    }

    #[test]
    fn the_documented_header_is_a_list_of_fields() {
        for (value, wanted) in [
            (format!("t=5,v1={HEX}"), Ok(1)),
            (format!(" t = 5 , v1 = {BASE64} , v0=x, v2={HEX}, junk"), Ok(1)),
            (format!("T=5,V1={},v1={BASE64},t=5", HEX.to_uppercase()), Ok(2)),
            (format!("v1={HEX},v1=cut,t=5"), Ok(1)),
            (format!("v1={HEX}"), Err(ErrorKind::Malformed)),
            (format!("t=,v1={HEX}"), Err(ErrorKind::Malformed)),
            (format!("t=5,t=6,v1={HEX}"), Err(ErrorKind::Malformed)),
            (format!("t=+5,v1={HEX}"), Err(ErrorKind::Malformed)),
            (format!("t=5.0,v1={HEX}"), Err(ErrorKind::Malformed)),
            (format!("t=99999999999999999999,v1={HEX}"), Err(ErrorKind::Malformed)),
            (format!("t=5,v1={}", &HEX[..40]), Err(ErrorKind::Malformed)),
            (format!("t=5,v2={HEX}"), Err(ErrorKind::Malformed)),
            ("t=5".into(), Err(ErrorKind::Malformed)),
            (String::new(), Err(ErrorKind::Malformed)),
        ] {
            assert_eq!(count(&[("ofauth-SIGNATURE", &value)]), wanted, "{value}");
        }
        let doubled = [(OFAUTH, format!("t=5,v1={HEX}")), (OFAUTH, format!("t=5,v1={BASE64}"))];
        assert_eq!(count(&doubled.each_ref().map(|(name, value)| (*name, value.as_str()))), Ok(2));
    }

    #[test]
    fn signatures_of_svix_are_a_list_with_versions() {
        let of =
            |value: &str| count(&[("Svix-Id", "msg_1"), ("SVIX-TIMESTAMP", "5"), ("svix-signature", value)]);
        for (value, wanted) in [
            (format!("v1,{BASE64}"), Ok(1)),
            (format!("v1,{BASE64} v1,{HEX} v1a,{BASE64} v2,{BASE64}"), Ok(2)),
            (format!("v1,{BASE64}, v1,{BASE64},v1,{BASE64}"), Ok(3)),
            (BASE64.into(), Err(ErrorKind::Malformed)),
            (format!("v2,{BASE64}"), Err(ErrorKind::Malformed)),
            (format!("v1,{}", &BASE64[..20]), Err(ErrorKind::Malformed)),
            ("v1,".into(), Err(ErrorKind::Malformed)),
            ("".into(), Err(ErrorKind::Missing)),
        ] {
            assert_eq!(of(&value), wanted, "{value}");
        }
    }

    #[test]
    fn a_set_of_headers_is_whole_and_says_one_thing() {
        let signature = format!("v1,{BASE64}");
        let all =
            [("webhook-id", "a"), ("webhook-timestamp", "5"), ("webhook-signature", signature.as_str())];
        assert_eq!(count(&all), Ok(1));
        for missing in 0..3 {
            let mut some = all.to_vec();
            some.remove(missing);
            assert_eq!(count(&some), Err(ErrorKind::Missing), "{missing}");
        }
        for (name, value, wanted) in [
            ("webhook-id", "a", Ok(1)),
            ("webhook-id", "b", Err(ErrorKind::Malformed)),
            ("webhook-timestamp", "6", Err(ErrorKind::Malformed)),
            ("webhook-signature", "v1,cut", Ok(1)),
            ("svix", "", Ok(1)),
        ] {
            assert_eq!(count(&[&all[..], &[(name, value)]].concat()), wanted, "{name}: {value}");
        }
        let dotted = [("webhook-id", "a.5"), all[1], all[2]];
        assert_eq!(count(&dotted), Err(ErrorKind::Malformed));
        assert_eq!(claims(&[("host", "a")]), []);
        let ofauth = format!("t=5,v1={HEX}");
        let both = claims(&[&all[..], &[(OFAUTH, ofauth.as_str())]].concat());
        let schemes: Vec<_> = both.into_iter().map(|claim| claim.unwrap().scheme).collect();
        assert_eq!(schemes, [Scheme::OFAuth, Scheme::Svix]);
        let strange = Headers::read([(OFAUTH, b"t=5,v1=\xff")]).claims();
        assert_eq!(strange[0].as_ref().unwrap_err().kind(), ErrorKind::Malformed);
    }
}

//! What the fuzz target in `fuzz/` calls: a request from outside is verified, and what must hold of the result is asserted.

use std::time::{Duration, SystemTime};

use crate::{Event, Scheme, Verifier, sign};

const SECRET: &str = "whsec_Y2FuYXJ5LXNlY3JldA==";

/// Lines `name: value`, an empty line, and a body. Accepted: the body is an event.
///
/// The headers are not genuine, whatever they say; but the body is, under headers of ours.
pub fn request(input: &[u8]) -> bool {
    let end = input.windows(2).position(|two| two == b"\n\n").unwrap_or(input.len());
    let (head, rest) = input.split_at_checked(end).unwrap_or_default();
    let body = rest.get(2..).unwrap_or_default();
    let lines = head.split(|byte| *byte == b'\n').filter_map(|line| {
        let (name, value) = line.split_at_checked(line.iter().position(|byte| *byte == b':')?)?;
        Some((str::from_utf8(name).ok()?, value.get(1..)?.trim_ascii()))
    });
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_860_000);
    let Ok(verifier) = Verifier::new([SECRET]) else { unreachable!("there is a secret") };
    match verifier.verify(lines, body, now) {
        Ok(event) => unreachable!("nobody signed this: {event:?}"),
        Err(error) => assert!(!error.to_string().contains("canary"), "{error}"),
    }
    let parsed = Event::parse_unverified(body);
    for scheme in Scheme::ALL {
        let Ok(headers) = sign(*scheme, SECRET, body, now, "msg_1") else {
            unreachable!("there is a secret")
        };
        match (verifier.verify(headers, body, now), &parsed) {
            (Ok(event), Ok(parsed)) => {
                assert_eq!(
                    (event.scheme, &event.name, event.data()),
                    (Some(*scheme), &parsed.name, parsed.data())
                );
                assert!(!event.dedupe_key().is_empty());
                assert!(
                    serde_json::to_string(&event)
                        .is_ok_and(|json| serde_json::from_str::<serde_json::Value>(&json).is_ok())
                );
            }
            (Err(error), Err(parsed)) => assert_eq!(&error, parsed),
            (verified, parsed) => unreachable!("{verified:?}, but {parsed:?}"),
        }
    }
    parsed.is_ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_corpus_holds_what_is_accepted_and_what_is_not() {
        // Tests run in the directory of their package.
        let entries = std::fs::read_dir("../../fuzz/corpus/webhook").unwrap();
        let accepted: Vec<_> =
            entries.map(|entry| super::request(&std::fs::read(entry.unwrap().path()).unwrap())).collect();
        assert!(accepted.contains(&true) && accepted.contains(&false), "{accepted:?}");
    }
}

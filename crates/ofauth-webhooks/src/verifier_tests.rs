use proptest::prelude::*;

use super::*;
use crate::scheme::Scheme;
use crate::sign::sign;

const BODY: &[u8] = br#"{"type":"rules.updated","data":{}}"#;
const SECRET: &str = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ=";

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn kind(result: Result<Event, Error>) -> Result<Option<Scheme>, ErrorKind> {
    result.map(|event| event.scheme).map_err(|error| error.kind())
}

#[test]
fn the_tolerance_holds_either_way_and_to_the_second() {
    for scheme in Scheme::ALL {
        let headers = sign(*scheme, SECRET, BODY, at(1000), "msg_1").unwrap();
        let verifier = Verifier::new([SECRET]).unwrap();
        let of = |verifier: &Verifier, now| kind(verifier.verify(headers.clone(), BODY, now));
        for (now, wanted) in [
            (at(1300), Ok(Some(*scheme))),
            (at(1300) + Duration::from_nanos(1), Err(ErrorKind::TooOld)),
            (at(700), Ok(Some(*scheme))),
            (at(699), Err(ErrorKind::TooNew)),
            (SystemTime::UNIX_EPOCH - Duration::from_secs(5), Err(ErrorKind::TooNew)),
        ] {
            assert_eq!(of(&verifier, now), wanted, "{now:?}");
        }
        assert_eq!(of(&verifier.clone().tolerance(Duration::ZERO), at(1001)), Err(ErrorKind::TooOld));
        assert!(of(&verifier.tolerance(Duration::MAX), at(u32::MAX.into())).is_ok());
    }
}

#[test]
fn one_genuine_scheme_of_two_is_enough() {
    let verifier = Verifier::new([SECRET]).unwrap();
    let signed = |scheme, body: &[u8], second| sign(scheme, SECRET, body, at(second), "msg_1").unwrap();
    let of = |headers: Vec<_>| kind(verifier.verify(headers, BODY, at(1000)));
    let both = |ofauth: Vec<_>, svix: Vec<_>| of([ofauth, svix].concat());
    let [good, other] = [BODY, b"{}"];
    let (ofauth, svix) = (Scheme::OFAuth, Scheme::Svix);
    assert_eq!(both(signed(ofauth, good, 1000), signed(svix, other, 1000)), Ok(Some(ofauth)));
    assert_eq!(both(signed(ofauth, other, 1000), signed(svix, good, 1000)), Ok(Some(svix)));
    assert_eq!(both(signed(ofauth, other, 1000), signed(svix, good, 1)), Err(ErrorKind::TooOld));
    assert_eq!(both(signed(ofauth, good, 1), signed(svix, other, 1000)), Err(ErrorKind::TooOld));
    assert_eq!(both(signed(ofauth, good, 1000), signed(svix, good, 1000)), Ok(Some(svix)));
    assert_eq!(both(signed(ofauth, good, 1000), signed(svix, good, 1)), Ok(Some(ofauth)));
    let mut cut = signed(svix, good, 1000);
    cut.remove(0);
    assert_eq!(both(signed(ofauth, other, 1000), cut.clone()), Err(ErrorKind::Mismatch));
    assert_eq!(both(signed(ofauth, good, 1000), cut), Ok(Some(ofauth)));
    assert_eq!(of(Vec::new()), Err(ErrorKind::Missing));
}

/// Otherwise anyone could send an event again under a new id, beside its genuine signature.
#[test]
fn an_id_counts_only_if_it_was_signed() {
    let verifier = Verifier::new([SECRET]).unwrap();
    let plain = sign(Scheme::OFAuth, SECRET, BODY, at(1000), "").unwrap();
    let forged = [plain.clone(), sign(Scheme::Svix, "another", BODY, at(1000), "msg_2").unwrap()].concat();
    let beside = [plain.clone(), sign(Scheme::Svix, SECRET, BODY, at(1000), "msg_2").unwrap()].concat();
    let key = |headers| verifier.verify::<_, String>(headers, BODY, at(1000)).unwrap().dedupe_key();
    assert_eq!(key(plain), key(forged));
    let svix = sign(Scheme::Svix, SECRET, BODY, at(1000), "msg_2").unwrap();
    assert_eq!((key(svix), key(beside)), ("msg_2".to_owned(), "msg_2".to_owned()));
}

#[test]
fn nothing_is_genuine_without_a_secret() {
    for secrets in [&[][..], &["", "\n", "whsec_"]] {
        assert_eq!(Verifier::new(secrets).unwrap_err().kind(), ErrorKind::NoSecret);
    }
    let headers = sign(Scheme::Svix, SECRET, BODY, at(1), "a").unwrap();
    let verifier = Verifier::new(["", "whsec_", SECRET]).unwrap();
    assert!(verifier.verify(headers, BODY, at(1)).is_ok());
    assert_eq!(format!("{verifier:?}"), "Verifier { secrets: 1, tolerance: 300s, .. }");
}

#[test]
fn errors_show_neither_secret_nor_body() {
    let verifier = Verifier::new(["canary-secret"]).unwrap();
    for scheme in Scheme::ALL {
        let headers = sign(*scheme, "other", b"canary-body", at(1), "canary-id").unwrap();
        let error = verifier.verify(headers, b"canary-body", at(1)).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        let headers = sign(*scheme, "canary-secret", b"canary-body", at(1), "canary-id").unwrap();
        let error = verifier.verify(headers, b"canary-body", at(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable);
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}

proptest! {
    #[test]
    fn what_was_signed_is_genuine_and_what_was_changed_is_not(
        secret in "(whsec_)?[!-~]{1,40}",
        text in ".{0,40}",
        id in "[a-zA-Z0-9_]{1,20}",
        second in 0..10_000_000_000_u64,
        position in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let body = serde_json::json!({"type": "a", "data": text}).to_string().into_bytes();
        let verifier = Verifier::new([&secret]).unwrap();
        let mut changed = body.clone();
        changed[position.index(body.len())] ^= 1 << bit;
        for scheme in Scheme::ALL {
            let headers = sign(*scheme, &secret, &body, at(second), &id).unwrap();
            prop_assert_eq!(kind(verifier.verify(headers.clone(), &body, at(second))), Ok(Some(*scheme)));
            prop_assert_eq!(kind(verifier.verify(headers.clone(), &changed, at(second))), Err(ErrorKind::Mismatch));
            let other = Verifier::new([format!("{secret}!")]).unwrap();
            prop_assert_eq!(kind(other.verify(headers, &body, at(second))), Err(ErrorKind::Mismatch));
        }
    }

    #[test]
    fn no_header_and_no_body_is_too_odd(
        headers in prop::collection::vec((
            prop::sample::select(vec!["ofauth-signature", "svix-id", "svix-timestamp", "svix-signature", "webhook-id"]),
            prop::collection::vec(any::<u8>(), 0..80),
        ), 0..6),
        body in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let verifier = Verifier::new([SECRET]).unwrap();
        prop_assert!(verifier.verify(headers, &body, at(1000)).is_err());
        _ = Event::parse_unverified(&body);
    }
}

//! The table of webhooks, `tests/data/webhooks.json`, from Rust: what is genuine and what is not, and why. Others wrote its
//! signatures: see `tests/judges/webhook_vectors.py`.

use std::time::{Duration, SystemTime};

use ofauth::webhooks::{Error, ErrorKind, Event, Scheme, Verifier};
use ofauth_tests::webhooks::{Vector, vectors};
use serde_json::{Value, json};

fn verify(vector: &Vector) -> Result<Event, Error> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(vector.now);
    let headers = vector.headers.iter().map(|(name, value)| (name, value));
    Verifier::new(&vector.secrets)?.verify(headers, &vector.body, now)
}

/// What became of a request, as the table tells it.
fn told(vector: &Vector) -> Value {
    match verify(vector) {
        Ok(event) => vector.told(&serde_json::to_value(&event).unwrap()),
        Err(error) => json!({"error": error.kind().as_str()}),
    }
}

#[test]
fn every_vector_is_told_as_expected() {
    let vectors = vectors();
    assert!(vectors.len() > 150, "{}", vectors.len());
    let wrong: Vec<_> = vectors
        .iter()
        .map(|vector| (&vector.name, &vector.expect, told(vector)))
        .filter(|(_, expect, told)| *expect != told)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// So that none is left out by mistake.
#[test]
fn the_table_has_every_scheme_and_every_kind_of_error() {
    let vectors = vectors();
    let has = |expect: &dyn Fn(&Value) -> bool| vectors.iter().any(|vector| expect(&vector.expect));
    for scheme in Scheme::ALL {
        assert!(has(&|expect| expect["ok"]["scheme"] == scheme.as_str()), "{scheme}");
    }
    for kind in ErrorKind::ALL {
        assert!(has(&|expect| expect["error"] == kind.as_str()), "{kind:?}");
    }
}

#[test]
fn no_error_shows_a_secret_or_a_body() {
    for vector in vectors() {
        let Err(error) = verify(&vector) else { continue };
        let text = format!("{error} {error:?}");
        let hidden = vector.secrets.iter().map(|secret| secret.trim()).filter(|secret| secret.len() > 6);
        for hidden in hidden.chain(["conn_1", "user-42"]) {
            assert!(!text.contains(hidden), "{}: {text}", vector.name);
        }
    }
}

/// Headers of the crate that axum and hyper use need no conversion.
#[test]
fn a_header_map_fits_as_it_is() {
    let vector = vectors().into_iter().find(|vector| vector.name == "svix: genuine").unwrap();
    let mut headers = http::HeaderMap::new();
    for (name, value) in &vector.headers {
        headers.append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(vector.now);
    let verifier = Verifier::new(&vector.secrets).unwrap();
    assert!(verifier.verify(&headers, &vector.body, now).is_ok());
}

//! A webhook: headers that anyone can send, and a body that is not ours.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    ofauth_webhooks::fuzzing::request(input);
});

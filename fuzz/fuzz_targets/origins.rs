//! Base URLs, allowed origins, proxies, and the URLs of plans: who may see the key.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    ofauth::fuzzing::origins(input);
});

//! Rate limit headers, dates, and the request budget that is fed with them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    ofauth::fuzzing::headers(input);
});

//! Error bodies in every form: texts of bounded length, on one line, without the key.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    ofauth::fuzzing::api_error(input);
});

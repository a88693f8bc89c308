//! The bytes of a journal's file: what is believed is a beginning that is whole.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    ofauth::fuzzing::journal(input);
});

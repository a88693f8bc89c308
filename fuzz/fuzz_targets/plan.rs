//! Answers to init, with the headers of the older form: a plan is safe to follow or it is refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    ofauth::fuzzing::plan(input);
});

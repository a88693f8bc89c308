//! Answers to parts, single files and complete: success, refusal, or lost.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    ofauth::fuzzing::step(input);
});

//! The records of a journal, framed with the right checksums, which no mutation would find.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    ofauth::fuzzing::records(input);
});

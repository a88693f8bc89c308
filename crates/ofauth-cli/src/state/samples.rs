//! For tests: files of the state directory as they were once written, whole, cut and of other versions.

/// A file of `tests/data/state`.
pub(crate) fn sample(name: &str) -> Vec<u8> {
    std::fs::read(std::path::Path::new("../../tests/data/state").join(name)).unwrap()
}

/// What is left of a file that was cut while it was begun.
pub(crate) fn cut(sample: &[u8]) -> [Vec<u8>; 4] {
    [0, 3, 7, 8].map(|length| sample[..length].to_vec())
}

/// What is no file of the version that is known, and how it is refused.
pub(crate) fn refused(sample: &[u8]) -> [(Vec<u8>, &'static str); 6] {
    let of_version = |version: u8| [&sample[..7], &[version], &sample[8..]].concat();
    [
        (
            of_version(b'0'),
            "written in format version 0, and this software reads version 1: use the one that wrote it",
        ),
        (
            of_version(b'2'),
            "written in format version 2, and this software reads version 1: use the one that wrote it",
        ),
        (
            of_version(0xFF),
            "written in format version \\xff, and this software reads version 1: use the one that wrote it",
        ),
        // The lines without the version, and a file of another format.
        (sample[9..].to_vec(), "damaged, or not a file of ofauth"),
        (b"OFAUTHX1\n".to_vec(), "damaged, or not a file of ofauth"),
        (b"note".to_vec(), "damaged, or not a file of ofauth"),
    ]
}

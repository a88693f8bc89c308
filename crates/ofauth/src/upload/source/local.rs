//! Which file systems answer what is asked about an open file from memory.
//!
//! They do so even while their disk hangs. One that asks another machine or another process first, such as NFS or FUSE,
//! may keep the asking thread for ever.

use std::fs::File;

/// The magic numbers of file systems that ask nobody, from Linux' `magic.h`: bcachefs, Btrfs, EROFS, exFAT, ext2 to ext4,
/// F2FS, FAT, NTFS, overlayfs, ramfs, SquashFS, tmpfs, XFS, ZFS. Of others nothing is assumed.
#[cfg(target_os = "linux")]
const ASK_NOBODY: [u64; 14] = [
    0xca45_1a4e,
    0x9123_683e,
    0xe0f5_e1e2,
    0x2011_bab0,
    0xef53,
    0xf2f5_2010,
    0x4d44,
    0x7366_746e,
    0x794c_7630,
    0x8584_58f6,
    0x7371_7368,
    0x0102_1994,
    0x5846_5342,
    0x2fc1_2fc1,
];

/// Whether the file system of an open file answers from memory. Itself it may have to be waited for.
#[cfg(target_os = "linux")]
pub(crate) fn answers_from_memory(file: &File) -> bool {
    let about = rustix::fs::fstatfs(file);
    about.is_ok_and(|about| u64::try_from(about.f_type).is_ok_and(|magic| ASK_NOBODY.contains(&magic)))
}

/// Whether the file system of an open file answers from memory.
#[cfg(not(target_os = "linux"))]
pub(crate) fn answers_from_memory(_: &File) -> bool {
    false
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn what_other_processes_make_up_is_not_local() {
        assert!(!answers_from_memory(&File::open("/proc/self/status").unwrap()));
        assert!(answers_from_memory(&tempfile::tempfile().unwrap()));
    }
}

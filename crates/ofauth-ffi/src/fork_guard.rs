//! Detects that the process has forked since something was made, so that a child leaves alone what is its parent's.
//!
//! A forked child has all of the memory and none of the threads. Process ids do not tell the two apart where the child has
//! a namespace of its own; on Linux a page that the kernel empties on fork does, and costs no system call to ask.

use std::process;

/// Remembers the process that something was made in.
pub(crate) struct ForkGuard {
    #[cfg(target_os = "linux")]
    page: Option<page::Page>,
    process: u32,
}

impl ForkGuard {
    /// Remembers this process.
    pub(crate) fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            page: page::Page::new(),
            process: process::id(),
        }
    }

    /// Whether this is still the process that it was made in.
    pub(crate) fn in_same_process(&self) -> bool {
        #[cfg(target_os = "linux")]
        if let Some(page) = &self.page {
            return page.is_marked();
        }
        self.process == process::id()
    }
}

#[cfg(target_os = "linux")]
mod page {
    use std::ptr::{self, NonNull};

    use libc::{
        MADV_WIPEONFORK, MAP_ANONYMOUS, MAP_FAILED, MAP_PRIVATE, PROT_READ, PROT_WRITE, madvise, mmap, munmap,
    };

    /// The kernel rounds up to a page, whatever its size.
    const SIZE: usize = 1;
    const MARK: u8 = 1;

    /// A page that holds a mark, and nothing in a child.
    pub(super) struct Page(NonNull<u8>);

    // SAFETY: the mark is written once, before anybody else knows the page.
    unsafe impl Send for Page {}
    // SAFETY: as above.
    unsafe impl Sync for Page {}

    impl Page {
        /// None where the kernel does not offer it (before 4.14).
        pub(super) fn new() -> Option<Self> {
            let flags = MAP_PRIVATE | MAP_ANONYMOUS;
            // SAFETY: asks for new memory.
            let start = unsafe { mmap(ptr::null_mut(), SIZE, PROT_READ | PROT_WRITE, flags, -1, 0) };
            if start == MAP_FAILED {
                return None;
            }
            let page = Self(NonNull::new(start.cast())?);
            // SAFETY: the page is ours.
            if unsafe { madvise(start, SIZE, MADV_WIPEONFORK) } != 0 {
                return None;
            }
            // SAFETY: the page is ours and writable.
            unsafe { page.0.as_ptr().write(MARK) };
            Some(page)
        }

        pub(super) fn is_marked(&self) -> bool {
            // SAFETY: the page is there until it is dropped. Volatile, because the kernel changes it.
            unsafe { self.0.as_ptr().read_volatile() == MARK }
        }
    }

    impl Drop for Page {
        fn drop(&mut self) {
            // SAFETY: the page is ours, and nobody reads it any more.
            unsafe { munmap(self.0.as_ptr().cast(), SIZE) };
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_somewhere_else() {
        let fork_guard = ForkGuard::new();
        assert!(fork_guard.page.is_some(), "the kernel does not empty pages");
        assert!(fork_guard.in_same_process());
        // SAFETY: the child does nothing but look and end.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let code = i32::from(fork_guard.in_same_process());
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(code) };
        }
        let mut status = -1;
        // SAFETY: `status` is valid for writes.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert!(
            libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0,
            "the child takes itself for the parent"
        );
        assert!(fork_guard.in_same_process());
    }
}

//! The descriptors 0, 1 and 2, which programs take for their standard input, output and error.
//!
//! Where a program closed them, the next that is opened gets their numbers: a connection of this library would be written
//! to by whatever the program prints. So they are occupied first, with nothing behind them, as Rust and the loader of
//! privileged programs do it.

/// Opens what is closed of them, for good: by the time a client is freed they may be the program's own again.
#[cfg(unix)]
pub(crate) fn occupy() {
    for number in 0..=2 {
        // SAFETY: asks about a number.
        if unsafe { libc::fcntl(number, libc::F_GETFD) } != -1 {
            continue;
        }
        // SAFETY: the path ends with NUL. Those below are open, so this gets the number, unless another thread does.
        let opened = unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) };
        if opened > number {
            // SAFETY: it was opened here.
            unsafe { libc::close(opened) };
        }
    }
}

#[cfg(not(unix))]
pub(crate) fn occupy() {}

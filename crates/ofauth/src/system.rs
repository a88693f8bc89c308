//! What the system's errors mean, and how they and times are told: one place for the library and the command.
//!
//! Nothing here opens, reads or waits.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// The target of log lines about what a call waits for, so that a program can show these alone.
pub const CALLS: &str = "ofauth::call";

const FILES: &str = "raise the limit of open files (ulimit -n)";
const ALL_FILES: &str =
    "the whole system has no more open files: raise its limit (fs.file-max), or close programs";
const MEMORY: &str =
    "there is too little memory: raise the limit of this process or container, or close programs";
const PORTS: &str = "no local port is free for it, or this machine has no address of that kind (IPv6): wait for connections \
                     to end, or raise the range of ports (net.ipv4.ip_local_port_range)";
const THREADS: &str = "raise the limit of threads (ulimit -u, or the pids of the container)";

/// The limit to raise, if the system refused descriptors, memory or ports.
pub fn shortage(error: &io::Error) -> Option<&'static str> {
    sources(error).filter_map(|error| error.downcast_ref()).find_map(limit_of)
}

/// An error and all that it was caused by. An error that was put into one of the system's counts as its cause.
pub(crate) fn sources<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    fn cause<'a>(error: &&'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
        let error: &'a (dyn StdError + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    }
    std::iter::successors(Some(error), cause)
}

/// Whether a disk that is full or may not be written to is among the causes. A limit of file sizes is such a disk.
pub(crate) fn is_of_the_disk(error: &(dyn StdError + 'static)) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let is_one = |error: &(dyn StdError + 'static)| {
        // Those that concern several tasks are shared.
        let shared = error.downcast_ref::<Arc<io::Error>>().map(Arc::as_ref);
        let kind = error.downcast_ref().or(shared).map(io::Error::kind);
        matches!(kind, Some(StorageFull | QuotaExceeded | ReadOnlyFilesystem | FileTooLarge))
    };
    sources(error).any(is_one)
}

/// The limit to raise if the system refused a thread, whatever the reason that it gives.
pub fn thread_shortage(error: &io::Error) -> &'static str {
    shortage(error).unwrap_or(THREADS)
}

fn limit_of(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::OutOfMemory => Some(MEMORY),
        io::ErrorKind::AddrNotAvailable => Some(PORTS),
        _ => by_number(error.raw_os_error()?),
    }
}

#[cfg(unix)]
fn by_number(number: i32) -> Option<&'static str> {
    use rustix::io::Errno;
    match Errno::from_raw_os_error(number) {
        Errno::MFILE => Some(FILES),
        Errno::NFILE => Some(ALL_FILES),
        Errno::NOMEM | Errno::NOBUFS => Some(MEMORY),
        _ => None,
    }
}

#[cfg(windows)]
fn by_number(number: i32) -> Option<&'static str> {
    // ERROR_TOO_MANY_OPEN_FILES and WSAEMFILE; WSAENOBUFS.
    match number {
        4 | 10024 => Some(FILES),
        10055 => Some(MEMORY),
        _ => None,
    }
}

/// The system's own words without its number, beginning small, as they stand in the middle of a line.
pub fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" (os error ").map_or(text.as_str(), |(words, _)| words);
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        // An abbreviation stays one, and so does what others wrote.
        (Some(first), Some(second))
            if error.raw_os_error().is_some() && first.is_ascii_uppercase() && second.is_lowercase() =>
        {
            format!("{}{}", first.to_ascii_lowercase(), text.get(1..).unwrap_or_default())
        }
        _ => text.to_owned(),
    }
}

/// The error of an access to something that the system failed: `what` cannot be done, and what helps. Of a shortage
/// it is [`ErrorKind::Resources`], whose remedy is another one.
pub(crate) fn failed(kind: ErrorKind, what: impl fmt::Display, remedy: &str, error: io::Error) -> Error {
    let cause = words(&error);
    let made = match shortage(&error) {
        Some(short) => Error::new(ErrorKind::Resources, format!("{what} ({cause}): {short}")),
        None if remedy.is_empty() => Error::new(kind, format!("{what} ({cause})")),
        None => Error::new(kind, format!("{what} ({cause}): {remedy}")),
    };
    made.with_source(error)
}

/// How long something takes, as people read it: the two largest units that say something.
#[derive(Debug, Clone, Copy)]
pub struct Time(pub Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        const DAY: u64 = 24 * HOUR;
        let mut both = |first: u64, unit: &str, rest: u64, smaller: &str| match rest {
            0 => write!(f, "{first} {unit}"),
            _ => write!(f, "{first} {unit} {rest} {smaller}"),
        };
        let seconds = self.0.as_secs();
        match seconds {
            // Settings of less than a second, and fractions of a few, are told as they are.
            0 if self.0.subsec_millis() != 0 => write!(f, "{} ms", self.0.as_millis()),
            1..10 if self.0.subsec_millis() != 0 => write!(f, "{:.1} s", self.0.as_secs_f64()),
            0..120 => write!(f, "{seconds} s"),
            120..HOUR => both(seconds / MINUTE, "min", seconds % MINUTE, "s"),
            HOUR..DAY => both(seconds / HOUR, "h", seconds % HOUR / MINUTE, "min"),
            _ if seconds / DAY > 365 => f.write_str("more than a year"),
            _ => both(seconds / DAY, "d", seconds % DAY / HOUR, "h"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_units_that_say_something() {
        for (millis, told) in [
            (0, "0 s"),
            (300, "300 ms"),
            (1_500, "1.5 s"),
            (10_000, "10 s"),
            (119_900, "119 s"),
            (120_000, "2 min"),
            (150_000, "2 min 30 s"),
            (3_600_000, "1 h"),
            (26_468_000, "7 h 21 min"),
            (200_000_000, "2 d 7 h"),
            (u64::MAX, "more than a year"),
        ] {
            assert_eq!(Time(Duration::from_millis(millis)).to_string(), told);
        }
    }

    #[test]
    fn a_disk_that_takes_nothing_is_known_also_inside_of_others() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let of = |error: Error| is_of_the_disk(&error);
        assert!(of(failed(ErrorKind::Journal, "it cannot be written", "", full())));
        assert!(of(Error::new(ErrorKind::Journal, "x").with_source(Arc::new(full()))));
        assert!(of(failed(ErrorKind::Journal, "x", "", io::Error::other(full()))));
        assert!(!of(failed(ErrorKind::Journal, "x", "", io::Error::from(io::ErrorKind::NotFound))));
    }

    #[cfg(unix)]
    #[test]
    fn shortages_are_told_from_other_failures_also_inside_of_others() {
        use rustix::io::Errno;
        let of = |errno: Errno| io::Error::from_raw_os_error(errno.raw_os_error());
        for (errno, limit) in [
            (Errno::MFILE, "ulimit -n"),
            (Errno::NFILE, "fs.file-max"),
            (Errno::NOMEM, "memory"),
            (Errno::NOBUFS, "memory"),
            (Errno::ADDRNOTAVAIL, "ports"),
        ] {
            assert!(shortage(&of(errno)).unwrap().contains(limit), "{errno}");
            let inside = io::Error::other(of(errno));
            assert!(shortage(&inside).unwrap().contains(limit), "{errno}");
            let error = failed(ErrorKind::Source, "the file cannot be opened", "", of(errno));
            assert_eq!(error.kind(), ErrorKind::Resources);
            assert!(error.to_string().contains(limit), "{error}");
        }
        for errno in [Errno::NOENT, Errno::CONNREFUSED, Errno::NOSPC, Errno::AGAIN, Errno::FBIG] {
            assert_eq!(shortage(&of(errno)), None, "{errno}");
        }
        assert!(thread_shortage(&of(Errno::AGAIN)).contains("ulimit -u"));
        let error = failed(ErrorKind::Source, "it cannot be opened", "look at it", of(Errno::NOENT));
        assert_eq!(error.to_string(), "it cannot be opened (no such file or directory): look at it");
    }
}

//! The circuit breaker of a batch: what the failure of one file says about the others, and what comes of it. Pure: the time is
//! passed in, and waiting is the business of others.
//!
//! One rule: a cause that holds for every file ends the batch, and a service that is not there makes it wait. Then one
//! file is tried again and again, the others are held, and after [`PATIENCE`] the batch ends.

use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};
use crate::system::is_of_the_disk;

/// So many files in a row that the service did not serve are no accident of one of them.
const IN_A_ROW: u32 = 3;

/// How long a batch waits for the service: a router or a service that is started anew is back by then.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// The first pause between two tries of the one file, and the longest. They double.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What a failure of one file says about the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Nothing.
    File,
    /// Nothing, and the service was there: it answered.
    FileAnswered,
    /// The service could not be reached or could not serve. Others may fare better, or the same file in a while.
    Service(ErrorKind),
    /// All of them would fail the same way.
    All(ErrorKind),
}

impl Cause {
    /// The cause of an error. `moved` says whether the service acknowledged bytes of the file before.
    pub(crate) fn of(error: &Error, moved: bool) -> Self {
        match error.kind() {
            // The key, the settings, the proxy, the machine, the user who stops.
            kind @ (ErrorKind::Unauthorized
            | ErrorKind::Forbidden
            | ErrorKind::Cancelled
            | ErrorKind::Config
            | ErrorKind::Redirect
            | ErrorKind::UntrustedOrigin
            | ErrorKind::Proxy
            | ErrorKind::Resources) => Self::All(kind),
            ErrorKind::Journal if is_of_the_disk(error) => Self::All(ErrorKind::Journal),
            // The timeout of a file that is merely large.
            ErrorKind::Timeout if moved => Self::FileAnswered,
            kind @ (ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Server | ErrorKind::RateLimited) => {
                Self::Service(kind)
            }
            _ if error.status().is_some() => Self::FileAnswered,
            _ => Self::File,
        }
    }
}

/// How a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CircuitBreaker {
    /// Files are uploaded. So many failed in a row because of the service.
    Closed { in_a_row: u32 },
    /// The service is gone: one file, the probe, is tried again and again, and the others wait. Which one it is stands here
    /// alone, so that no other can take itself for it.
    HalfOpen { since: Instant, pause: Duration, probe: u64 },
    /// No further file is tried.
    Stopped(ErrorKind),
}

/// What becomes of a file that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// It stays so.
    Fail,
    /// It waits with the others, to be tried again when the service is back.
    Wait,
    /// It is the one that is tried again, after a pause.
    TryAgain(Duration),
}

/// A try that failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Try {
    pub(crate) cause: Cause,
    /// Which file was tried, by its number in the batch. A file has one try at a time.
    pub(crate) file: u64,
    /// What the file's own timeout leaves for another, if it has one.
    pub(crate) left: Option<Duration>,
}

impl CircuitBreaker {
    /// Before the first file.
    pub(crate) fn new() -> Self {
        Self::Closed { in_a_row: 0 }
    }

    /// Whether files are held back.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self, Self::HalfOpen { .. })
    }

    /// Whether this file is the one that is tried while the others wait.
    pub(crate) fn is_probe(&self, file: u64) -> bool {
        matches!(self, Self::HalfOpen { probe, .. } if *probe == file)
    }

    /// The service served a file.
    pub(crate) fn served(&mut self) {
        if !matches!(self, Self::Stopped(_)) {
            *self = Self::new();
        }
    }

    /// Nothing further is to be tried.
    pub(crate) fn end(&mut self, kind: ErrorKind) {
        // The first reason stays.
        if !matches!(self, Self::Stopped(_)) {
            *self = Self::Stopped(kind);
        }
    }

    /// A try failed.
    pub(crate) fn failed(&mut self, failed: Try, now: Instant) -> Then {
        match failed.cause {
            Cause::All(kind) => self.end(kind),
            Cause::FileAnswered => self.served(),
            // It was to find out whether the service is there, and has not: the next one is.
            Cause::File if self.is_probe(failed.file) => *self = Self::Closed { in_a_row: IN_A_ROW },
            Cause::File => {}
            Cause::Service(kind) => return self.not_served(kind, failed, now),
        }
        Then::Fail
    }

    fn not_served(&mut self, kind: ErrorKind, failed: Try, now: Instant) -> Then {
        let pause = match *self {
            Self::Stopped(_) => return Then::Fail,
            Self::Closed { in_a_row } if in_a_row.saturating_add(1) < IN_A_ROW => {
                *self = Self::Closed { in_a_row: in_a_row.saturating_add(1) };
                return Then::Fail;
            }
            Self::HalfOpen { probe, .. } if probe != failed.file => return Then::Wait,
            Self::Closed { .. } => FIRST_PAUSE,
            Self::HalfOpen { pause, .. } => pause.saturating_mul(2).min(LONGEST_PAUSE),
        };
        let since = if let Self::HalfOpen { since, .. } = *self { since } else { now };
        let is_patient = now.saturating_duration_since(since) < PATIENCE;
        if !is_patient || failed.left.is_some_and(|left| left <= pause) {
            self.end(kind);
            return Then::Fail;
        }
        *self = Self::HalfOpen { since, pause, probe: failed.file };
        Then::TryAgain(pause)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_of_failure_says_something_about_the_others() {
        use ErrorKind::*;
        let of_all =
            [Unauthorized, Forbidden, Cancelled, Config, Redirect, UntrustedOrigin, Proxy, Resources];
        let of_the_service = [Network, Timeout, Server, RateLimited];
        let of_the_file = [
            InvalidArgument,
            Source,
            SourceChanged,
            InvalidPlan,
            InvalidAnswer,
            Rejected,
            OutcomeUnknown,
            Internal,
            Journal,
            Busy,
        ];
        assert_eq!(of_all.len() + of_the_service.len() + of_the_file.len(), ErrorKind::ALL.len());
        let cause = |kind, moved| Cause::of(&Error::new(kind, "why"), moved);
        assert!(of_all.iter().all(|kind| cause(*kind, true) == Cause::All(*kind)));
        assert!(of_the_service.iter().all(|kind| cause(*kind, false) == Cause::Service(*kind)));
        assert!(of_the_file.iter().all(|kind| cause(*kind, false) == Cause::File));
        assert_eq!(cause(Timeout, true), Cause::FileAnswered, "a timeout of a large file");
        assert_eq!(cause(Network, true), Cause::Service(Network), "gone in the middle");
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let full = Error::new(Journal, "the journal cannot be written").with_source(full);
        assert_eq!(Cause::of(&full, false), Cause::All(Journal));
    }

    /// The last of the files in a row.
    const PROBE: u64 = IN_A_ROW as u64;

    fn gone(file: u64) -> Try {
        Try { cause: Cause::Service(ErrorKind::Network), file, left: None }
    }

    /// After so many files that were not served.
    fn after(failures: u64, now: Instant) -> CircuitBreaker {
        let mut breaker = CircuitBreaker::new();
        for file in 1..=failures {
            breaker.failed(gone(file), now);
        }
        breaker
    }

    #[test]
    fn a_batch_whose_service_is_gone_waits_with_one_file_and_then_ends() {
        let begin = Instant::now();
        let mut breaker = CircuitBreaker::new();
        assert_eq!([1, 2].map(|file| breaker.failed(gone(file), begin)), [Then::Fail; 2]);
        assert_eq!(
            breaker.failed(gone(PROBE), begin),
            Then::TryAgain(FIRST_PAUSE),
            "the third is tried again"
        );
        assert_eq!(breaker.failed(gone(4), begin), Then::Wait, "one that was under way");
        let mut now = begin;
        let mut tries = 0;
        while let Then::TryAgain(pause) = breaker.failed(gone(PROBE), now) {
            assert!(FIRST_PAUSE < pause && pause <= LONGEST_PAUSE);
            now += pause;
            tries += 1;
        }
        assert!((5..40).contains(&tries) && now < begin + PATIENCE + LONGEST_PAUSE, "{tries}");
        assert_eq!(breaker, CircuitBreaker::Stopped(ErrorKind::Network));
        assert_eq!(breaker.failed(gone(4), now), Then::Fail);
    }

    #[test]
    fn what_was_tried_alone_before_is_one_of_the_others_when_the_service_is_gone_again() {
        let now = Instant::now();
        let mut breaker = after(3, now);
        breaker.served();
        for file in 4..=6 {
            breaker.failed(gone(file), now);
        }
        let before = breaker;
        assert_eq!(breaker.failed(gone(PROBE), now), Then::Wait);
        breaker.failed(Try { cause: Cause::File, ..gone(PROBE) }, now);
        assert!(breaker == before && breaker.is_probe(6), "{breaker:?}");
    }

    #[test]
    fn an_answer_of_any_kind_shows_that_the_service_is_there() {
        let now = Instant::now();
        let answers: [fn(&mut CircuitBreaker, Instant); 2] = [
            |breaker, _| breaker.served(),
            |breaker, now| {
                let refused = Try { cause: Cause::FileAnswered, ..gone(9) };
                assert_eq!(breaker.failed(refused, now), Then::Fail);
            },
        ];
        for answer in answers {
            let mut breaker = CircuitBreaker::new();
            for _ in 0..10 {
                breaker.failed(gone(1), now);
                breaker.failed(gone(2), now);
                answer(&mut breaker, now);
                assert_eq!(breaker, CircuitBreaker::new(), "never three in a row");
            }
            let mut breaker = after(3, now);
            assert!(matches!(breaker, CircuitBreaker::HalfOpen { .. }));
            answer(&mut breaker, now);
            assert_eq!(breaker, CircuitBreaker::new(), "it goes on");
            breaker.end(ErrorKind::Cancelled);
            answer(&mut breaker, now);
            assert_eq!(breaker, CircuitBreaker::Stopped(ErrorKind::Cancelled), "what is over stays so");
        }
    }

    #[test]
    fn what_holds_for_all_ends_the_batch_at_once_and_a_file_that_may_not_wait_ends_the_wait() {
        let now = Instant::now();
        let table = [
            (0, Try { cause: Cause::All(ErrorKind::Unauthorized), ..gone(1) }, true),
            (3, Try { cause: Cause::All(ErrorKind::Cancelled), ..gone(4) }, true),
            (0, Try { cause: Cause::File, ..gone(1) }, false),
            (2, Try { left: Some(FIRST_PAUSE), ..gone(PROBE) }, true),
            (3, Try { left: Some(FIRST_PAUSE), ..gone(PROBE) }, true),
            (3, Try { cause: Cause::File, ..gone(PROBE) }, false),
            (3, Try { cause: Cause::File, ..gone(4) }, false),
        ];
        for (before, failed, ends) in table {
            let mut breaker = after(before, now);
            assert_eq!(breaker.failed(failed, now), Then::Fail, "{before} {failed:?}");
            assert_eq!(matches!(breaker, CircuitBreaker::Stopped(_)), ends, "{before} {failed:?}");
        }
    }

    fn causes() -> impl Strategy<Value = Cause> {
        prop_oneof![
            3 => Just(Cause::File),
            3 => Just(Cause::FileAnswered),
            6 => Just(Cause::Service(ErrorKind::Network)),
            1 => Just(Cause::All(ErrorKind::Unauthorized)),
        ]
    }

    proptest! {
        /// Who is tried while the others wait is one file until the wait ends, a wait has an end, and what has stopped stays so.
        #[test]
        fn one_file_is_tried_and_no_wait_is_for_ever(
            steps in prop::collection::vec((causes(), 0_u64..5, 0_u64..90), 0..200),
        ) {
            let mut now = Instant::now();
            let mut breaker = CircuitBreaker::new();
            for (cause, file, seconds) in steps {
                now += Duration::from_secs(seconds);
                let before = breaker;
                let then = breaker.failed(Try { cause, file, left: None }, now);
                match then {
                    Then::TryAgain(pause) => {
                        prop_assert!(!before.is_waiting() || before.is_probe(file), "a second one is tried: {before:?}");
                        prop_assert!(pause >= FIRST_PAUSE && pause <= LONGEST_PAUSE && breaker.is_probe(file));
                    }
                    Then::Wait => prop_assert!(breaker.is_waiting() && !breaker.is_probe(file), "nobody ends the wait"),
                    Then::Fail => prop_assert!(!breaker.is_probe(file), "nobody is tried: {before:?}"),
                }
                if let CircuitBreaker::HalfOpen { since, .. } = breaker {
                    prop_assert!(!breaker.is_probe(file) || now - since < PATIENCE);
                }
                if let CircuitBreaker::Stopped(_) = before {
                    prop_assert_eq!(breaker, before);
                }
            }
        }
    }
}

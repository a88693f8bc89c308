//! Which media are waited for, what was seen of each, and when the wait is over: pure.
//!
//! Where the media are looked for is the business of who polls.

use std::collections::HashMap;

use super::ids::named;
use crate::error::{Error, ErrorKind, Setting};

/// A medium that so many looks in a row did not find is not there. The pauses between them are half a minute in all.
pub(crate) const MOST_ABSENT: u32 = 6;

/// What a look saw of a medium.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Seen<T> {
    /// It is as it is wanted.
    Ready(T),
    /// It is there, and not yet as it is wanted.
    Pending,
    /// It, or what is wanted of it, is not there.
    Absent,
    /// It never will be.
    Failed,
}

/// How a look ended.
#[derive(Debug)]
pub(crate) enum Ended<T> {
    /// All are ready, in the order in which they were asked for.
    Done(Vec<T>),
    /// Look again, after the pause for so many looks that found nothing new.
    Again { quiet: u32 },
    /// It is no use to wait.
    Over(Error),
}

/// What is said of media that cannot be waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    pub(crate) failed: &'static str,
    pub(crate) absent: &'static str,
    pub(crate) late: &'static str,
    /// What is wrong where media are absent, if a program may know it by another name.
    pub(crate) about: Option<Setting>,
}

/// Media that are waited for.
#[derive(Debug)]
pub(crate) struct Watch<T> {
    /// In the order asked for, each once.
    ids: Vec<String>,
    states: HashMap<String, State<T>>,
    words: Words,
    quiet: u32,
    moved: bool,
    looks: u32,
}

#[derive(Debug)]
enum State<T> {
    /// Not ready when it was looked at last, and how many looks in a row did not find it.
    Open {
        seen: bool,
        absent: u32,
    },
    Ready(T),
    Failed,
}

impl<T> Watch<T> {
    /// A watch of these media, none of them twice.
    pub(crate) fn new(ids: Vec<String>, words: Words) -> Self {
        let open = |id: &String| (id.clone(), State::Open { seen: false, absent: 0 });
        let states = ids.iter().map(open).collect();
        Self { ids, states, words, quiet: 0, moved: false, looks: 0 }
    }

    /// Begins a look, and says how many were made before.
    pub(crate) fn begin_look(&mut self) -> u32 {
        for state in self.states.values_mut() {
            if let State::Open { seen, .. } = state {
                *seen = false;
            }
        }
        self.moved = false;
        let before = self.looks;
        self.looks = self.looks.saturating_add(1);
        before
    }

    /// The media that are not ready.
    pub(crate) fn open(&self) -> Vec<&String> {
        self.ids.iter().filter(|id| self.is_open(id, |_| true)).collect()
    }

    /// Whether this look still has to see a medium.
    pub(crate) fn is_unseen(&self) -> bool {
        self.ids.iter().any(|id| self.is_open(id, |seen| !seen))
    }

    fn is_open(&self, id: &str, of: impl FnOnce(bool) -> bool) -> bool {
        matches!(self.states.get(id), Some(State::Open { seen, .. }) if of(*seen))
    }

    /// Whether some open medium was not found by the look before this one.
    pub(crate) fn misses_one(&self) -> bool {
        self.states.values().any(|state| matches!(state, State::Open { absent: 1.., .. }))
    }

    /// Whether the next look that does not find a medium is the last.
    pub(crate) fn is_last_chance(&self) -> bool {
        let last = MOST_ABSENT.saturating_sub(1);
        self.states.values().any(|state| matches!(state, State::Open { absent, .. } if *absent >= last))
    }

    /// Takes in what this look sees of a medium. One that nobody waits for is passed over.
    pub(crate) fn see(&mut self, id: &str, found: impl FnOnce() -> Seen<T>) {
        let Some(state) = self.states.get_mut(id) else { return };
        let State::Open { seen, absent } = state else { return };
        *seen = true;
        match found() {
            Seen::Pending => {
                self.moved |= *absent > 0;
                *absent = 0;
            }
            // The end of the look counts it.
            Seen::Absent => *seen = false,
            Seen::Ready(media) => {
                self.moved = true;
                *state = State::Ready(media);
            }
            Seen::Failed => *state = State::Failed,
        }
    }

    /// Ends a look.
    pub(crate) fn end_look(&mut self) -> Ended<T> {
        let of = |wanted: fn(&State<T>) -> bool| -> Vec<&str> {
            let has = |id: &&String| self.states.get(*id).is_some_and(wanted);
            self.ids.iter().filter(has).map(String::as_str).collect()
        };
        let failed = of(|state| matches!(state, State::Failed));
        if !failed.is_empty() {
            return Ended::Over(told(ErrorKind::Rejected, self.words.failed, &failed));
        }
        for state in self.states.values_mut() {
            if let State::Open { seen: false, absent } = state {
                *absent = absent.saturating_add(1);
            }
        }
        let of = |wanted: fn(&State<T>) -> bool| -> Vec<&str> {
            let has = |id: &&String| self.states.get(*id).is_some_and(wanted);
            self.ids.iter().filter(has).map(String::as_str).collect()
        };
        let absent = of(|state| matches!(state, State::Open { absent: MOST_ABSENT.., .. }));
        if !absent.is_empty() {
            let error = told(ErrorKind::Rejected, self.words.absent, &absent);
            return Ended::Over(match self.words.about {
                Some(setting) => error.with_setting(setting),
                None => error,
            });
        }
        if of(|state| matches!(state, State::Open { .. })).is_empty() {
            return Ended::Done(self.take_ready());
        }
        self.quiet = if self.moved { 0 } else { self.quiet.saturating_add(1) };
        Ended::Again { quiet: self.quiet.saturating_sub(1) }
    }

    fn take_ready(&mut self) -> Vec<T> {
        let take = |id: &String| match self.states.remove(id) {
            Some(State::Ready(media)) => Some(media),
            _ => None,
        };
        self.ids.iter().filter_map(take).collect()
    }

    /// How many are ready, and of how many.
    pub(crate) fn progress(&self) -> (u64, u64) {
        let ready = self.states.values().filter(|state| matches!(state, State::Ready(_))).count();
        (ready as u64, self.ids.len() as u64)
    }

    /// The error of a wait that took too long, or was cancelled.
    pub(crate) fn given_up(&self, reached: ErrorKind) -> Error {
        let open: Vec<&str> = self.open().into_iter().map(String::as_str).collect();
        match reached {
            ErrorKind::Timeout => told(reached, self.words.late, &open),
            _ => told(reached, "the wait was cancelled; not ready:", &open),
        }
    }
}

/// An error about media, which it names.
fn told(kind: ErrorKind, words: &str, ids: &[&str]) -> Error {
    let (before, remedy) = words.split_once('|').unwrap_or((words, ""));
    let error = Error::new(kind, format!("{before} {}", named(ids)));
    match remedy {
        "" => error,
        remedy => error.with_next_step(remedy),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORDS: Words = Words { failed: "failed", absent: "absent|look", late: "late", about: None };

    fn watch(ids: &[&str]) -> Watch<u8> {
        Watch::new(ids.iter().map(|id| (*id).to_owned()).collect(), WORDS)
    }

    #[test]
    fn the_ready_come_in_the_order_asked_for() {
        let mut watch = watch(&["3", "1", "2"]);
        watch.begin_look();
        watch.see("1", || Seen::Ready(1));
        watch.see("9", || Seen::Ready(9));
        watch.see("2", || Seen::Pending);
        assert!(watch.is_unseen());
        watch.see("3", || Seen::Ready(3));
        assert!(!watch.is_unseen() && watch.open() == ["2"] && watch.progress() == (2, 3));
        assert!(matches!(watch.end_look(), Ended::Again { quiet: 0 }));
        watch.begin_look();
        watch.see("1", || unreachable!("it is ready"));
        watch.see("2", || Seen::Ready(2));
        let Ended::Done(all) = watch.end_look() else { panic!() };
        assert_eq!(all, [3, 1, 2]);
    }

    #[test]
    fn one_that_failed_or_is_never_found_ends_the_wait_with_its_name() {
        let mut watch = watch(&["1", "2"]);
        watch.begin_look();
        watch.see("2", || Seen::Failed);
        let Ended::Over(error) = watch.end_look() else { panic!() };
        assert_eq!(error.to_string(), "failed 2");
        let mut watch = self::watch(&["1", "2"]);
        for look in 1..=MOST_ABSENT {
            assert_eq!(watch.is_last_chance(), look == MOST_ABSENT);
            watch.begin_look();
            watch.see("2", || Seen::Pending);
            match watch.end_look() {
                Ended::Over(error) => {
                    assert_eq!((look, error.to_string()), (MOST_ABSENT, "absent 1; look".into()))
                }
                ended => assert!(look < MOST_ABSENT, "{ended:?}"),
            }
        }
    }

    proptest! {
        /// Whatever the looks see, the wait ends after a bounded number of looks that see nothing new, and never early.
        #[test]
        fn a_wait_ends_and_not_too_early(looks in prop::collection::vec(prop::collection::vec(0_u8..4, 3), 1..40)) {
            let ids = ["1", "2", "3"];
            let mut watch = watch(&ids);
            let (mut ready, mut absent) = ([false; 3], [0_u32; 3]);
            let mut quiet = 0;
            for look in looks {
                watch.begin_look();
                let (mut failed, mut moved) = (false, false);
                for (at, seen) in look.into_iter().enumerate() {
                    if ready[at] { continue }
                    match seen {
                        0 => { absent[at] += 1; continue }
                        1 => { moved |= absent[at] > 0; absent[at] = 0; watch.see(ids[at], || Seen::Pending) }
                        2 => { ready[at] = true; moved = true; watch.see(ids[at], || Seen::Ready(0)) }
                        _ => { failed = true; watch.see(ids[at], || Seen::Failed) }
                    }
                }
                let missing = (0..3).any(|at| !ready[at] && absent[at] >= MOST_ABSENT);
                match watch.end_look() {
                    Ended::Over(_) => { prop_assert!(failed || missing); break }
                    Ended::Done(all) => { prop_assert!(ready == [true; 3] && all.len() == 3 && !failed); break }
                    Ended::Again { quiet: told } => {
                        prop_assert!(!failed && !missing && ready != [true; 3]);
                        quiet = if moved { 0 } else { quiet + 1 };
                        prop_assert_eq!(told, u32::saturating_sub(quiet, 1));
                    }
                }
                prop_assert_eq!(watch.progress().0, ready.iter().filter(|it| **it).count() as u64);
            }
        }
    }
}

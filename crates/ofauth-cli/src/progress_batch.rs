//! One bar for many files: the bytes of all of them, and how many files are done.
//!
//! What is not uploaded, because it failed or was skipped, leaves the total: a full bar is what arrived. While every file
//! under way waits for the rate limit, the bar says so.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ofauth::{Phase, Progress};

use crate::meter::{Meter, time_left};
use crate::progress::{Bar, Behind, Screen};

/// The bar of a batch.
#[derive(Clone)]
pub(crate) struct BatchBar {
    bar: Bar,
    state: Arc<Mutex<State>>,
    started: Instant,
}

#[derive(Debug, Default)]
struct State {
    sum: Sum,
    under_way: UnderWay,
    meter: Meter,
}

/// The files that have begun and not ended.
#[derive(Debug, Default)]
struct UnderWay {
    files: u64,
    /// Of them, those that wait for the rate limit.
    waiting: u64,
}

/// How far all files are.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    files: u64,
    files_done: u64,
    total: u64,
    /// Bytes that are handed over, or that an earlier run had sent.
    position: u64,
    /// Bytes that this run has handed over, those of files that failed included.
    sent: u64,
}

/// One file's part of the bar. Clones are one.
#[derive(Clone)]
pub(crate) struct Share {
    of: BatchBar,
    size: u64,
    /// What the file has added to the sum.
    so_far: Arc<Mutex<SoFar>>,
}

/// How far a file is.
#[derive(Debug, Clone, Copy, Default)]
struct SoFar {
    position: u64,
    sent: u64,
    /// While it is under way: whether it waits for the rate limit.
    waits: Option<bool>,
}

impl BatchBar {
    /// Starts a bar for this many files and bytes.
    pub(crate) fn start(screen: &Screen, files: u64, total: u64) -> Self {
        let sum = Sum { files, total, ..Sum::default() };
        let state = State { sum, ..State::default() };
        Self {
            bar: screen.bar("all files", total),
            state: Arc::new(Mutex::new(state)),
            started: Instant::now(),
        }
    }

    /// The part of a file of `size` bytes, which the total has already.
    pub(crate) fn share(&self, size: u64) -> Share {
        Share { of: self.clone(), size, so_far: Arc::default() }
    }

    /// Leaves the bar on the screen, full if everything was uploaded.
    pub(crate) fn end(&self) {
        let sum = &self.state.lock().unwrap_or_else(PoisonError::into_inner).sum;
        if sum.position == sum.total && sum.files_done == sum.files {
            self.bar.finish();
        } else {
            self.bar.abandon();
        }
    }

    /// Takes in that a file went from one state to another.
    fn change(&self, before: SoFar, after: SoFar, change: impl FnOnce(&mut Sum)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { sum, under_way, meter } = &mut *state;
        change(sum);
        under_way.change(before.waits, after.waits);
        let now = self.started.elapsed();
        meter.add(now, sum.sent);
        let rate = meter.rate(now, sum.sent);
        let left = time_left(sum.total.saturating_sub(sum.position), rate);
        let count = match under_way.all_wait() {
            // In the place of the files, so that the line keeps its width.
            true => "rate limit".to_owned(),
            false => format!("{}/{} files", sum.files_done, sum.files),
        };
        self.bar.set(sum.shown(), sum.total, Behind { count, rate, left });
    }
}

impl UnderWay {
    /// A file that was in one state is in another.
    fn change(&mut self, before: Option<bool>, after: Option<bool>) {
        let moved =
            |count: u64, from: bool, to: bool| count.saturating_add(to.into()).saturating_sub(from.into());
        self.files = moved(self.files, before.is_some(), after.is_some());
        self.waiting = moved(self.waiting, before == Some(true), after == Some(true));
    }

    /// Whether there are some, and all of them wait for the rate limit.
    fn all_wait(&self) -> bool {
        self.files > 0 && self.waiting == self.files
    }
}

impl Sum {
    /// The position to show: never all of it before the last file is done.
    fn shown(&self) -> u64 {
        if self.files_done == self.files {
            self.position
        } else {
            self.position.min(self.total.saturating_sub(1))
        }
    }

    /// A file went on.
    fn advance(&mut self, before: SoFar, after: SoFar) {
        self.position = self.position.saturating_add(after.position.saturating_sub(before.position));
        self.sent = self.sent.saturating_add(after.sent.saturating_sub(before.sent));
    }

    /// A file that was to have `size` bytes was uploaded with `position` bytes.
    fn finish(&mut self, size: u64, position: u64) {
        self.files_done += 1;
        self.total = self.total.saturating_sub(size).saturating_add(position);
    }

    /// A file that came to `position` begins anew.
    fn restart(&mut self, position: u64) {
        self.position = self.position.saturating_sub(position);
    }

    /// A file of `size` bytes that came to `position` will not be uploaded.
    fn leave_out(&mut self, size: u64, position: u64) {
        self.files_done += 1;
        self.position = self.position.saturating_sub(position);
        self.total = self.total.saturating_sub(size);
    }
}

impl Share {
    /// Draws what the file's upload reports.
    pub(crate) fn show(&self, progress: &Progress) {
        let after = SoFar {
            position: progress.handed_over,
            // What an earlier run had sent is no speed of this one.
            sent: progress.handed_over.saturating_sub(progress.resumed),
            waits: Some(progress.phase == Phase::Waiting),
        };
        let before = std::mem::replace(&mut *self.so_far(), after);
        self.of.change(before, after, |sum| sum.advance(before, after));
    }

    /// The file is uploaded.
    pub(crate) fn finish(&self) {
        let (before, after) = self.stop();
        self.of.change(before, after, |sum| sum.finish(self.size, after.position));
    }

    /// The file is tried again, from what the service has of it.
    pub(crate) fn restart(&self) {
        let before = std::mem::take(&mut *self.so_far());
        self.of.change(before, SoFar::default(), |sum| sum.restart(before.position));
    }

    /// The user stopped the file. It stays in the total, and as far as it came.
    pub(crate) fn stop_here(&self) {
        let (before, after) = self.stop();
        self.of.change(before, after, |_| {});
    }

    /// The file failed or was skipped.
    pub(crate) fn leave_out(&self) {
        let (before, after) = self.stop();
        self.of.change(before, after, |sum| sum.leave_out(self.size, after.position));
    }

    /// The file is no longer under way.
    fn stop(&self) -> (SoFar, SoFar) {
        let mut so_far = self.so_far();
        let before = *so_far;
        so_far.waits = None;
        (before, *so_far)
    }

    fn so_far(&self) -> std::sync::MutexGuard<'_, SoFar> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(bytes: u64) -> SoFar {
        SoFar { position: bytes, sent: bytes, waits: Some(false) }
    }

    #[test]
    fn the_bar_is_full_once_everything_that_could_be_uploaded_is() {
        let mut sum = Sum { files: 3, total: 100, ..Sum::default() };
        sum.advance(at(0), at(60));
        sum.finish(60, 60);
        sum.advance(at(0), at(10));
        sum.leave_out(30, 10);
        assert_eq!((sum.shown(), sum.total), (60, 70));
        sum.advance(at(0), at(10));
        assert_eq!(sum.shown(), 69, "not full before the end is confirmed");
        sum.finish(10, 10);
        assert_eq!(sum, Sum { files: 3, files_done: 3, total: 70, position: 70, sent: 80 });
        assert_eq!(sum.shown(), 70);
    }

    #[test]
    fn what_an_earlier_run_sent_is_position_and_not_sent() {
        let resumed = |sent| SoFar { position: 80 + sent, sent, ..SoFar::default() };
        let mut sum = Sum { files: 1, total: 100, ..Sum::default() };
        sum.advance(at(0), resumed(0));
        sum.advance(resumed(0), resumed(10));
        assert_eq!((sum.position, sum.sent), (90, 10));
    }

    #[test]
    fn a_file_that_is_tried_again_is_not_counted_twice() {
        let mut sum = Sum { files: 1, total: 100, ..Sum::default() };
        sum.advance(at(0), at(60));
        sum.restart(60);
        sum.advance(at(0), at(100));
        sum.finish(100, 100);
        assert_eq!((sum.shown(), sum.total, sum.sent), (100, 100, 160));
    }

    #[test]
    fn the_rate_limit_is_named_while_all_files_wait_for_it() {
        let mut under_way = UnderWay::default();
        let mut change = |before, after| {
            under_way.change(before, after);
            under_way.all_wait()
        };
        assert!(!change(None, Some(false)), "one moves");
        assert!(!change(None, Some(true)), "one of two waits");
        assert!(change(Some(false), Some(true)));
        assert!(change(Some(true), None), "the other one waits");
        assert!(!change(Some(true), None), "nothing is under way");
    }

    #[test]
    fn a_file_of_another_size_than_was_counted_does_not_break_the_sum() {
        let mut sum = Sum { files: 1, total: 10, ..Sum::default() };
        sum.advance(at(0), at(25));
        sum.finish(10, 25);
        assert_eq!((sum.shown(), sum.total), (25, 25));
    }
}

//! One bar for many files: the bytes of all of them, and how many files are done.
//!
//! What is not uploaded, because it failed or was skipped, leaves the total: a full bar is what arrived.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ofauth::Progress;

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
    meter: Meter,
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
}

impl BatchBar {
    /// Starts a bar for this many files and bytes.
    pub(crate) fn start(screen: &Screen, files: u64, total: u64) -> Self {
        let sum = Sum { files, total, ..Sum::default() };
        let state = State { sum, meter: Meter::default() };
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

    fn change(&self, change: impl FnOnce(&mut Sum)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { sum, meter } = &mut *state;
        change(sum);
        let now = self.started.elapsed();
        meter.add(now, sum.sent);
        let rate = meter.rate(now, sum.sent);
        let left = time_left(sum.total.saturating_sub(sum.position), rate);
        let count = format!("{}/{} files", sum.files_done, sum.files);
        self.bar.set(sum.shown(), sum.total, Behind { count, rate, left });
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
        };
        let before = std::mem::replace(&mut *self.so_far(), after);
        self.of.change(|sum| sum.advance(before, after));
    }

    /// The file is uploaded.
    pub(crate) fn finish(&self) {
        let position = self.so_far().position;
        self.of.change(|sum| sum.finish(self.size, position));
    }

    /// The file failed or was skipped.
    pub(crate) fn leave_out(&self) {
        let position = self.so_far().position;
        self.of.change(|sum| sum.leave_out(self.size, position));
    }

    fn so_far(&self) -> std::sync::MutexGuard<'_, SoFar> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(bytes: u64) -> SoFar {
        SoFar { position: bytes, sent: bytes }
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
        let mut sum = Sum { files: 1, total: 100, ..Sum::default() };
        sum.advance(at(0), SoFar { position: 80, sent: 0 });
        sum.advance(SoFar { position: 80, sent: 0 }, SoFar { position: 90, sent: 10 });
        assert_eq!((sum.position, sum.sent), (90, 10));
    }

    #[test]
    fn a_file_of_another_size_than_was_counted_does_not_break_the_sum() {
        let mut sum = Sum { files: 1, total: 10, ..Sum::default() };
        sum.advance(at(0), at(25));
        sum.finish(10, 25);
        assert_eq!((sum.shown(), sum.total), (25, 25));
    }
}

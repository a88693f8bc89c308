//! One bar for many files: the bytes of all of them, and how many files are done.
//!
//! What is not uploaded, because it failed or was skipped, leaves the total: a full bar is what arrived. A file that was
//! stopped stays in it as far as it came. While every file under way waits for the rate limit, the bar says so, and what
//! will be tried again it says of the file that was last heard of.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ofauth::{Notice, Phase, Progress};

use super::line::{Count, Line};
use super::rate::{RecentRate, average};
use super::screen::{Bar, Screen, lock};
use super::waits::{Seen, Waits, rate_limit, standstill};
use crate::terminal::shorten;

/// So much of a file's name stands before what it waits for, in columns.
const NAME: usize = 16;

/// The bar of a batch.
#[derive(Clone)]
pub(crate) struct BatchBar {
    bar: Bar,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    began: Instant,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    sum: Sum,
    /// Bytes that were counted before the first began.
    largest: u64,
    under_way: UnderWay,
    recent_rate: RecentRate,
    /// Whether the service has taken anything of this run: before that, what was sent says nothing about the end.
    acknowledged: bool,
    /// The file that last had a step to try again, and what is known of that.
    noticed: Option<(String, Waits)>,
    /// How long all took, once it is over.
    took: Option<Duration>,
}

/// The files that have begun and not ended.
#[derive(Debug, Default)]
struct UnderWay {
    files: u64,
    /// Of them, those that wait for the rate limit.
    waiting: u64,
    /// Of them, those whose bytes are all sent.
    ending: u64,
    /// How long the rate limit holds them back, if known.
    limited_until: Option<Duration>,
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
    name: String,
    size: u64,
    /// What the file has added to the sum.
    so_far: Arc<Mutex<SoFar>>,
    waits: Arc<Mutex<Waits>>,
}

/// How far a file is.
#[derive(Debug, Clone, Copy, Default)]
struct SoFar {
    position: u64,
    sent: u64,
    /// What it does while it is under way.
    does: Option<Does>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Sends,
    /// It waits for the rate limit.
    Waits,
    /// All of its bytes are sent, and it waits for the service.
    Ends,
}

impl BatchBar {
    /// Starts a bar for this many files and bytes.
    pub(crate) fn start(screen: &Screen, files: u64, total: u64) -> Self {
        let sum = Sum { files, total, ..Sum::default() };
        let known = Mutex::new(Known { sum, largest: total, ..Known::default() });
        let state = Arc::new(State { began: Instant::now(), known });
        let asked = Arc::clone(&state);
        Self { bar: screen.bar(move || asked.line()), state }
    }

    /// The part of a file of `size` bytes, which the total has already. `name` is fit to be shown.
    pub(crate) fn share(&self, name: &str, size: u64) -> Share {
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let name = shorten::in_the_middle(name, NAME);
        Share { of: self.clone(), name, size, so_far: Arc::default(), waits: Arc::default() }
    }

    /// Leaves the bar on the screen, full if everything was uploaded. A bar of nothing is taken away.
    pub(crate) fn end(&self) {
        let took = self.state.began.elapsed();
        let mut known = lock(&self.state.known);
        known.took = Some(took);
        let is_empty = known.sum.total == 0;
        drop(known);
        if is_empty { self.bar.clear() } else { self.bar.leave() }
    }

    /// Takes in that a file went from one state to another.
    fn change(&self, before: SoFar, after: SoFar, change: impl FnOnce(&mut Sum)) {
        let mut known = lock(&self.state.known);
        let Known { sum, under_way, recent_rate, .. } = &mut *known;
        change(sum);
        under_way.change(before.does, after.does);
        recent_rate.add(self.state.began.elapsed(), sum.sent);
    }
}

impl State {
    /// What is to be drawn now.
    fn line(&self) -> Line {
        lock(&self.known).line(self.began.elapsed())
    }
}

impl Known {
    fn line(&self, now: Duration) -> Line {
        let sum = &self.sum;
        let line = Line {
            name: "all files".into(),
            position: sum.shown(),
            total: sum.total,
            largest: self.largest.max(sum.total),
            count: Some(Count { done: sum.files_done, total: sum.files, of: "files" }),
            ..Line::default()
        };
        if let Some(took) = self.took {
            return Line { rate: average(sum.sent, took), took: Some(took), ..line };
        }
        let left = self.recent_rate.left(now, sum.total.saturating_sub(sum.position));
        let left = left.filter(|_| self.acknowledged);
        Line { rate: self.recent_rate.rate(now), left, waits: self.waits(now, left), ..line }
    }

    fn waits(&self, now: Duration, left: Option<Duration>) -> Vec<String> {
        let under_way = &self.under_way;
        if under_way.all(under_way.waiting) {
            let wait = under_way.limited_until.and_then(|until| until.checked_sub(now));
            return rate_limit(wait, left);
        }
        if let Some((name, waits)) = &self.noticed {
            let announced = waits.announced(now);
            if let Some(longest) = announced.first() {
                return std::iter::once(format!("{name}, {longest}")).chain(announced).collect();
            }
        }
        if under_way.all(under_way.ending) {
            let files = under_way.files;
            let s = if files == 1 { "" } else { "s" };
            return vec![
                format!("waiting for the answers to {files} file{s}"),
                format!("confirming {files} file{s}"),
                "confirming".into(),
            ];
        }
        if under_way.files == 0 { Vec::new() } else { standstill(self.recent_rate.still(now)) }
    }
}

impl UnderWay {
    /// A file that did one thing does another.
    fn change(&mut self, before: Option<Does>, after: Option<Does>) {
        let moved =
            |count: u64, from: bool, to: bool| count.saturating_add(to.into()).saturating_sub(from.into());
        let is = |does| (before == Some(does), after == Some(does));
        self.files = moved(self.files, before.is_some(), after.is_some());
        self.waiting = moved(self.waiting, is(Does::Waits).0, is(Does::Waits).1);
        self.ending = moved(self.ending, is(Does::Ends).0, is(Does::Ends).1);
    }

    /// Whether there are some, and these are all of them.
    fn all(&self, files: u64) -> bool {
        self.files > 0 && files == self.files
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

    /// A file that came to `position` starts over.
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
    /// Takes in what the file's upload reports.
    pub(crate) fn show(&self, progress: &Progress) {
        lock(&self.waits).progress(self.of.state.began.elapsed(), &Seen::from(progress));
        lock(&self.of.state.known).acknowledged |= progress.acknowledged > progress.resumed;
        let all_sent = progress.handed_over >= progress.total;
        let after = SoFar {
            position: progress.handed_over,
            // What an earlier run had sent is no speed of this one.
            sent: progress.handed_over.saturating_sub(progress.resumed),
            does: Some(match progress.phase {
                Phase::Waiting => Does::Waits,
                _ if all_sent => Does::Ends,
                _ => Does::Sends,
            }),
        };
        let before = std::mem::replace(&mut *lock(&self.so_far), after);
        self.of.change(before, after, |sum| sum.advance(before, after));
    }

    /// Takes in a notice of the file's upload.
    pub(crate) fn notice(&self, notice: &Notice) {
        let now = self.of.state.began.elapsed();
        let mut waits = lock(&self.waits);
        waits.notice(now, notice);
        let mut known = lock(&self.of.state.known);
        match notice {
            Notice::Retrying { .. } => known.noticed = Some((self.name.clone(), waits.clone())),
            Notice::RateLimited { .. } | Notice::LongWait { .. } => {
                known.under_way.limited_until = waits.rate_limit_left(now).map(|left| now + left);
            }
            _ => {}
        }
    }

    /// The file is uploaded.
    pub(crate) fn finish(&self) {
        let (before, after) = self.end();
        self.of.change(before, after, |sum| sum.finish(self.size, after.position));
    }

    /// The file is tried again, from what the service has of it.
    pub(crate) fn restart(&self) {
        let before = std::mem::take(&mut *lock(&self.so_far));
        self.of.change(before, SoFar::default(), |sum| sum.restart(before.position));
    }

    /// The user stopped the file. It stays in the total, and as far as it came.
    pub(crate) fn stop_here(&self) {
        let (before, after) = self.end();
        self.of.change(before, after, |_| {});
    }

    /// The file failed or was skipped.
    pub(crate) fn leave_out(&self) {
        let (before, after) = self.end();
        self.of.change(before, after, |sum| sum.leave_out(self.size, after.position));
    }

    /// The file is no longer under way.
    fn end(&self) -> (SoFar, SoFar) {
        let mut so_far = lock(&self.so_far);
        let before = *so_far;
        so_far.does = None;
        let mut known = lock(&self.of.state.known);
        if known.noticed.as_ref().is_some_and(|(name, _)| *name == self.name) {
            known.noticed = None;
        }
        (before, *so_far)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(bytes: u64) -> SoFar {
        SoFar { position: bytes, sent: bytes, does: Some(Does::Sends) }
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
            under_way.all(under_way.waiting)
        };
        assert!(!change(None, Some(Does::Sends)), "one moves");
        assert!(!change(None, Some(Does::Waits)), "one of two waits");
        assert!(change(Some(Does::Sends), Some(Does::Waits)));
        assert!(change(Some(Does::Waits), None), "the other one waits");
        assert!(!change(Some(Does::Waits), None), "nothing is under way");
    }

    #[test]
    fn what_is_tried_again_is_told_with_its_file_and_the_end_as_it_was() {
        let batch = BatchBar::start(&Screen::new(true), 2, 100);
        let share = batch.share("d/clip.mp4", 60);
        share.notice(&Notice::Retrying {
            step: ofauth::Step::Open,
            why: "HTTP 503".into(),
            status: Some(503),
            tries: 1,
            tries_at_most: 5,
            wait: Duration::from_secs(30),
        });
        let waits = batch.state.line().waits;
        assert!(
            waits[0].starts_with("clip.mp4, opening the upload session: HTTP 503, try 1 of 5"),
            "{waits:?}"
        );
        share.leave_out();
        assert_eq!(batch.state.line().waits, [""; 0]);
        lock(&batch.state.known).took = Some(Duration::from_secs(4));
        let line = batch.state.line();
        assert_eq!((line.rate, line.left, line.total), (None, None, 40), "nothing was sent");
        lock(&batch.state.known).sum.sent = 4000;
        assert_eq!(batch.state.line().rate, Some(1000));
    }

    #[test]
    fn a_file_of_another_size_than_was_counted_does_not_break_the_sum() {
        let mut sum = Sum { files: 1, total: 10, ..Sum::default() };
        sum.advance(at(0), at(25));
        sum.finish(10, 25);
        assert_eq!((sum.shown(), sum.total), (25, 25));
    }
}

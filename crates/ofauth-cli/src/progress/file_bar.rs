//! The bar of one file: what its upload reports, made into a line.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use ofauth::{Notice, Phase, Progress};

use super::line::{Count, Line};
use super::rate::average;
use super::screen::{Bar, Screen, lock};
use super::waits::{Seen, Waits};

/// The bar of one file. Clones are one.
#[derive(Debug, Clone)]
pub(crate) struct FileBar {
    bar: Bar,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    began: Instant,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    line: Line,
    waits: Waits,
    /// Bytes that this run has sent: those of an earlier one are no speed.
    sent: u64,
    /// Whether the upload has ended, well or not.
    ended: bool,
}

impl FileBar {
    /// Starts a bar at 0 of `size` bytes. `name` is fit to be shown.
    pub(crate) fn start(screen: &Screen, name: &str, size: u64) -> Self {
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned();
        let line = Line { name, total: size, ..Line::default() };
        let known = Mutex::new(Known { line, waits: Waits::default(), sent: 0, ended: false });
        let state = Arc::new(State { began: Instant::now(), known });
        let asked = Arc::clone(&state);
        Self { bar: screen.bar(move || asked.line()), state }
    }

    /// Takes in what the upload reports.
    pub(crate) fn show(&self, progress: &Progress) {
        let now = self.state.began.elapsed();
        let Known { line, waits, sent, .. } = &mut *lock(&self.state.known);
        waits.progress(now, &Seen::from(progress));
        line.position = position(progress);
        line.total = progress.total;
        line.count = (progress.parts_total > 0).then(|| Count {
            done: progress.parts_done.into(),
            total: progress.parts_total.into(),
            of: "parts",
        });
        line.rate = Some(progress.rate).filter(|rate| *rate > 0);
        line.left = progress.eta;
        *sent = progress.handed_over.saturating_sub(progress.resumed);
    }

    /// Takes in a notice of the upload.
    pub(crate) fn notice(&self, notice: &Notice) {
        lock(&self.state.known).waits.notice(self.state.began.elapsed(), notice);
    }

    /// Leaves the full bar on the screen.
    pub(crate) fn finish(&self) {
        let took = self.state.began.elapsed();
        let mut known = lock(&self.state.known);
        (known.line.rate, known.line.took) = (average(known.sent, took), Some(took));
        known.ended = true;
        drop(known);
        self.bar.leave();
    }

    /// Leaves the bar on the screen as far as it came; one that did not move is taken away.
    pub(crate) fn abandon(&self) {
        let mut known = lock(&self.state.known);
        (known.line.rate, known.ended) = (None, true);
        let moved = known.line.position > 0;
        drop(known);
        if moved { self.bar.leave() } else { self.bar.clear() }
    }

    /// Takes the bar away, unless it is left on the screen already.
    pub(crate) fn clear(&self) {
        self.bar.clear();
    }
}

impl State {
    /// What is to be drawn now.
    fn line(&self) -> Line {
        let known = lock(&self.known);
        let mut line = known.line.clone();
        if known.ended {
            line.left = None;
        } else {
            line.waits = known.waits.wordings(self.began.elapsed(), line.left);
        }
        line
    }
}

/// The bytes to show as done: never all of them before the end is confirmed.
fn position(progress: &Progress) -> u64 {
    match progress.phase {
        Phase::Done => progress.total,
        _ => progress.handed_over.min(progress.total.saturating_sub(1)),
    }
}

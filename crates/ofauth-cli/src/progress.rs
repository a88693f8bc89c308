//! The progress bar of an upload, drawn on standard error if that is a terminal.
//!
//! The bar shows bytes handed to the network, and 100 % only once the service has confirmed the whole file. A
//! finished bar stays on the screen. On a pipe nothing is drawn.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use console::{Term, measure_text_width};
use indicatif::{BinaryBytes, HumanDuration, ProgressBar, ProgressState, ProgressStyle};
use ofauth::{Phase, Progress};

const TEMPLATE: &str = "{prefix} {wide_bar}{details}";

/// The bar itself is never narrower than this while a detail could make room for it.
const NARROWEST_BAR: usize = 8;

/// The terminal behind standard error, which shows at most one moving bar.
#[derive(Debug, Clone)]
pub(crate) struct Screen {
    visible: bool,
    moving: Arc<Mutex<Option<ProgressBar>>>,
}

impl Screen {
    /// The screen of this run; without a terminal, or if the user wants quiet, nothing is drawn on it.
    pub(crate) fn new(quiet: bool) -> Self {
        Self { visible: !quiet && std::io::stderr().is_terminal(), moving: Arc::default() }
    }

    /// Runs something that prints, with the moving bar out of its way.
    pub(crate) fn around<T>(&self, print: impl FnOnce() -> T) -> T {
        match &*self.moving.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Starts a bar at 0 of `size` bytes.
    pub(crate) fn bar(&self, name: &str, size: u64) -> Bar {
        let bar = if self.visible { ProgressBar::new(size) } else { ProgressBar::hidden() };
        let name = shortened(name, (terminal_width() / 4).clamp(SHORTEST_NAME, LONGEST_NAME));
        let behind = Arc::<Mutex<Behind>>::default();
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            let (used, behind) = (measure_text_width(&name) + 1 + NARROWEST_BAR, Arc::clone(&behind));
            let details = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let behind = behind.lock().unwrap_or_else(PoisonError::into_inner);
                let _ = out.write_str(&details(state, &behind, terminal_width().saturating_sub(used)));
            };
            bar.set_style(style.with_key("details", details));
        }
        bar.set_prefix(name);
        self.set_moving(Some(bar.clone()));
        Bar { bar, behind, screen: self.clone() }
    }

    fn set_moving(&self, bar: Option<ProgressBar>) {
        *self.moving.lock().unwrap_or_else(PoisonError::into_inner) = bar;
    }
}

/// What stands behind the bar besides the bytes.
#[derive(Debug, Default)]
pub(crate) struct Behind {
    /// How many parts or files are done.
    pub(crate) count: String,
    /// Bytes a second.
    pub(crate) rate: u64,
    /// How long the rest takes.
    pub(crate) left: Option<Duration>,
}

/// A bar that moves.
#[derive(Clone)]
pub(crate) struct Bar {
    bar: ProgressBar,
    behind: Arc<Mutex<Behind>>,
    screen: Screen,
}

impl Bar {
    /// Draws what the upload reports.
    pub(crate) fn show(&self, progress: &Progress) {
        let behind = Behind { count: parts(progress), rate: progress.rate, left: progress.eta };
        self.set(position(progress), progress.total, behind);
    }

    /// Draws this many bytes of `total`.
    pub(crate) fn set(&self, position: u64, total: u64, behind: Behind) {
        *self.behind.lock().unwrap_or_else(PoisonError::into_inner) = behind;
        self.bar.set_length(total);
        self.bar.set_position(position);
    }

    /// Leaves the full bar on the screen.
    pub(crate) fn finish(&self) {
        self.bar.finish();
        self.screen.set_moving(None);
    }

    /// Leaves the bar as far as it came on the screen.
    pub(crate) fn abandon(&self) {
        self.bar.abandon();
        self.screen.set_moving(None);
    }
}

/// The width of the terminal in columns; 80 if it does not say.
fn terminal_width() -> usize {
    usize::from(Term::stderr().size().1)
}

/// What stands behind the bar: as much as fits into `room` columns, the most wanted first.
fn details(state: &ProgressState, behind: &Behind, room: usize) -> String {
    let (done, total) = (state.pos(), state.len().unwrap_or(0));
    // In the order of the line, each with its rank.
    let fields = [
        (0, format!(" {:>3}%", percent(done, total))),
        (3, format!(" {}/{}", BinaryBytes(done), BinaryBytes(total))),
        (4, format!(" {}/s", BinaryBytes(behind.rate))),
        (1, if behind.count.is_empty() { String::new() } else { format!(" {}", behind.count) }),
        (2, rest(state, behind)),
    ];
    fitting(fields, room)
}

/// The fields that fit into `room` columns together, chosen by rank and joined in their order.
fn fitting<const N: usize>(fields: [(u8, String); N], room: usize) -> String {
    let mut by_rank: Vec<&(u8, String)> = fields.iter().collect();
    by_rank.sort_by_key(|(rank, _)| *rank);
    let mut left = room;
    let mut limit = u8::MAX;
    for (rank, text) in by_rank {
        match left.checked_sub(measure_text_width(text)) {
            Some(rest) => left = rest,
            None => {
                limit = *rank;
                break;
            }
        }
    }
    fields.iter().filter(|(rank, _)| *rank < limit).map(|(_, text)| text.as_str()).collect()
}

/// Whole percent, rounded down, so that 100 % means all of it.
fn percent(done: u64, total: u64) -> u128 {
    (u128::from(done) * 100).checked_div(u128::from(total)).unwrap_or(0)
}

/// The bytes to show as done: never all of them before the end is confirmed.
fn position(progress: &Progress) -> u64 {
    match progress.phase {
        Phase::Done => progress.total,
        _ => progress.handed_over.min(progress.total.saturating_sub(1)),
    }
}

/// The time that the rest takes, if it is known; nothing once the bar stands still.
fn rest(state: &ProgressState, behind: &Behind) -> String {
    match behind.left {
        Some(left) if !state.is_finished() => format!(", {:#} left", HumanDuration(left)),
        _ => String::new(),
    }
}

fn parts(progress: &Progress) -> String {
    match (progress.phase, progress.parts_total) {
        (_, 0) => String::new(),
        // In the place of the parts, so that the line keeps its width.
        (Phase::Waiting, _) => "rate limit".into(),
        (_, total) => format!("{}/{total} parts", progress.parts_done),
    }
}

/// A name gets a quarter of the line, within these bounds.
const SHORTEST_NAME: usize = 10;
/// See [`SHORTEST_NAME`].
const LONGEST_NAME: usize = 28;

/// The file's own name, its middle left out if it has more than `longest` characters.
fn shortened(name: &str, longest: usize) -> String {
    let name: Vec<char> = name.rsplit(['/', '\\']).next().unwrap_or(name).chars().collect();
    if name.len() <= longest {
        return name.into_iter().collect();
    }
    let end = longest * 2 / 5;
    let tail = name.iter().skip(name.len() - end);
    name.iter().take(longest - end - 1).chain(std::iter::once(&'…')).chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_meanwhile_comes_out() {
        let screen = Screen::new(true);
        let bar = screen.bar("clip.mp4", 10);
        assert_eq!(screen.around(|| 5), 5);
        bar.finish();
        assert_eq!(screen.around(|| 6), 6);
    }

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(shortened("a/b/clip.mp4", 10), "clip.mp4");
        assert_eq!(shortened("dir/a-very-long-name-for-a-clip.mp4", 10), "a-ver….mp4");
        let long = shortened("a-very-long-name-for-a-clip-that-goes-on-and-on.mp4", 28);
        assert_eq!(long, "a-very-long-name…-and-on.mp4");
        assert_eq!(long.chars().count(), 28);
    }

    #[test]
    fn the_least_wanted_fields_are_left_out_first() {
        let line = |room| {
            let fields = [(0, " 50%"), (2, " 1 KiB/2 KiB"), (1, " 6/12 parts")];
            fitting(fields.map(|(rank, text)| (rank, text.to_owned())), room)
        };
        assert_eq!(line(27), " 50% 1 KiB/2 KiB 6/12 parts");
        assert_eq!(line(26), " 50% 6/12 parts");
        assert_eq!(line(14), " 50%");
        assert_eq!(line(3), "");
    }
}

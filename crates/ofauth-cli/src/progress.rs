//! The progress bar of an upload, drawn on standard error if that is a terminal.
//!
//! The bar shows bytes handed to the network, and 100 % only once the service has confirmed the whole file. A
//! finished bar stays on the screen. On a pipe nothing is drawn.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};
use ofauth::{Phase, Progress};

const TEMPLATE: &str =
    "{prefix} {wide_bar} {confirmed} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {msg}{left}";

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
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style.with_key("confirmed", percent).with_key("left", time_left));
        }
        bar.set_prefix(shortened(name));
        self.set_moving(Some(bar.clone()));
        Bar { bar, screen: self.clone() }
    }

    fn set_moving(&self, bar: Option<ProgressBar>) {
        *self.moving.lock().unwrap_or_else(PoisonError::into_inner) = bar;
    }
}

/// The bar of one upload.
#[derive(Clone)]
pub(crate) struct Bar {
    bar: ProgressBar,
    screen: Screen,
}

impl Bar {
    /// Draws what the upload reports.
    pub(crate) fn show(&self, progress: &Progress) {
        self.bar.set_length(progress.total);
        self.bar.set_position(position(progress));
        self.bar.set_message(parts(progress));
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

/// Whole percent, rounded down, so that 100 % means all of it.
fn percent(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    let total = u128::from(state.len().unwrap_or(0));
    let share = (u128::from(state.pos()) * 100).checked_div(total).unwrap_or(0);
    let _ = write!(out, "{share:>3}%");
}

/// The bytes to show as done: never all of them before the end is confirmed.
fn position(progress: &Progress) -> u64 {
    match progress.phase {
        Phase::Done => progress.total,
        _ => progress.handed_over.min(progress.total.saturating_sub(1)),
    }
}

/// The time that the rest takes at the present rate; nothing once the bar stands still.
fn time_left(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    if !state.is_finished() && state.pos() > 0 {
        let _ = write!(out, ", {:#} left", HumanDuration(state.eta()));
    }
}

fn parts(progress: &Progress) -> String {
    if progress.parts_total == 0 {
        return String::new();
    }
    let mut text = format!("{}/{} parts", progress.parts_done, progress.parts_total);
    if progress.retries > 0 {
        let _ = write!(text, ", {} sent again", progress.retries);
    }
    text
}

/// Keeps a long name from pushing the bar off the line.
fn shortened(name: &str) -> String {
    const LONGEST: usize = 28;
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    // A terminal obeys control characters, which a file name may hold.
    let clean: Vec<char> = name.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    if clean.len() <= LONGEST {
        return clean.into_iter().collect();
    }
    let tail = clean.iter().skip(clean.len() - 12);
    clean.iter().take(LONGEST - 13).chain(std::iter::once(&'…')).chain(tail).collect()
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
        assert_eq!(shortened("a/b/clip.mp4"), "clip.mp4");
        let long = shortened("dir/a-very-long-name-for-a-clip-that-goes-on-and-on.mp4");
        assert_eq!(long.chars().count(), 28);
        assert!(
            long.starts_with("a-very-long-nam") && long.ends_with("on-and-on.mp4".get(1..).unwrap()),
            "{long}"
        );
        assert_eq!(shortened("a\u{1b}[2Jb"), "a?[2Jb");
    }
}

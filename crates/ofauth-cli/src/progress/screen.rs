//! The progress bar, drawn on standard error if that is a terminal; on a pipe nothing is drawn.
//!
//! What it says is somebody else's matter: whoever starts a bar is asked for its [`Line`] at each drawing. Here is how it
//! is drawn. After a drawing the cursor goes back to the start of the line, and before one everything from there to the
//! end of the screen is erased. So a line that the terminal broke in two when it became narrower is put right by the next
//! drawing, and what a key press echoed is painted over. A bar that is over gets a line end before anything else is said.

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};

use super::line::Line;
use crate::terminal::{Form, Stream};

/// A bar is drawn so often, also while nothing is reported: waits count down.
const EVERY: Duration = Duration::from_millis(100);
/// What has not changed is drawn again after so long, should somebody have painted over it.
const SAME: Duration = Duration::from_secs(1);

/// The terminal behind standard error, which shows at most one moving bar.
#[derive(Debug, Clone)]
pub(crate) struct Screen {
    visible: bool,
    moving: Arc<Mutex<Option<ProgressBar>>>,
}

impl Screen {
    /// The screen of this run; without a terminal, or if the user wants quiet, nothing is drawn on it.
    pub(crate) fn new(quiet: bool) -> Self {
        let visible = !quiet && Stream::Err.is_terminal() && takes_sequences();
        Self { visible, moving: Arc::default() }
    }

    /// Whether bars are drawn.
    pub(crate) fn shows_bars(&self) -> bool {
        self.visible
    }

    /// Runs something that prints, with the moving bar out of its way.
    pub(crate) fn around<T>(&self, print: impl FnOnce() -> T) -> T {
        match &*lock(&self.moving) {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Starts a bar, which asks for its line whenever it is drawn.
    pub(crate) fn bar(&self, line: impl Fn() -> Line + Send + Sync + 'static) -> Bar {
        let bar = if self.visible { drawn(line) } else { ProgressBar::hidden() };
        *lock(&self.moving) = Some(bar.clone());
        Bar { bar, screen: self.clone() }
    }

    /// Leaves the moving bar, if there is one, as it is: the process is about to end. Waits for nobody who prints.
    pub(crate) fn leave(&self) {
        let moving = self.moving.try_lock().ok().and_then(|mut moving| moving.take());
        if let Some(bar) = moving {
            self.leave_behind(&bar);
        }
    }

    fn leave_behind(&self, bar: &ProgressBar) {
        bar.finish();
        if self.visible {
            // Nothing can be done about a standard error that is gone.
            let _ = Stream::Err.write(b"\n", Form::Lines);
        }
    }
}

/// A bar that moves.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    bar: ProgressBar,
    screen: Screen,
}

impl Bar {
    /// Draws the bar a last time and leaves it on the screen, with a line end behind it.
    pub(crate) fn leave(&self) {
        // Nothing else is printed meanwhile.
        let mut moving = lock(&self.screen.moving);
        if moving.take().is_some() {
            self.screen.leave_behind(&self.bar);
        }
    }

    /// Takes the bar from the screen.
    pub(crate) fn clear(&self) {
        if lock(&self.screen.moving).take().is_some() {
            self.bar.finish_and_clear();
        }
    }
}

fn drawn(line: impl Fn() -> Line + Send + Sync + 'static) -> ProgressBar {
    let line = Arc::new(line);
    let text = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
        let _ = out.write_str(&line().text(columns()));
    };
    let target = ProgressDrawTarget::term_like(Box::<Canvas>::default());
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template("{line}") {
        bar.set_style(style.with_key("line", text));
    }
    bar.enable_steady_tick(EVERY);
    bar
}

/// The columns of the terminal that may be used; 79 if it does not say. The last one stays empty: a terminal that has
/// written it waits for the next character to begin a new line.
fn columns() -> usize {
    usize::from(Term::stderr().size().1).saturating_sub(1)
}

/// Whether a terminal understands how bars are drawn.
fn takes_sequences() -> bool {
    if cfg!(windows) {
        // Also asks the console to.
        return Term::stderr().features().colors_supported();
    }
    !console::is_dumb()
}

/// Where a bar is drawn: gathers one drawing and writes it at once.
#[derive(Debug, Default)]
struct Canvas {
    drawing: Mutex<String>,
    last: Mutex<Option<(String, Instant)>>,
}

impl Canvas {
    fn push(&self, text: std::fmt::Arguments<'_>) -> io::Result<()> {
        lock(&self.drawing).write_fmt(text).map_err(io::Error::other)
    }
}

impl TermLike for Canvas {
    fn width(&self) -> u16 {
        u16::try_from(columns()).unwrap_or(u16::MAX)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        if n == 0 { Ok(()) } else { self.push(format_args!("\x1b[{n}A")) }
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        if n == 0 { Ok(()) } else { self.push(format_args!("\x1b[{n}B")) }
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        if n == 0 { Ok(()) } else { self.push(format_args!("\x1b[{n}C")) }
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        if n == 0 { Ok(()) } else { self.push(format_args!("\x1b[{n}D")) }
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.push(format_args!("{text}\r\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        // What would fill the line up is erased already.
        if text.trim().is_empty() { Ok(()) } else { self.push(format_args!("{text}")) }
    }

    fn clear_line(&self) -> io::Result<()> {
        self.push(format_args!("\r\x1b[J"))
    }

    fn flush(&self) -> io::Result<()> {
        let drawing = std::mem::take(&mut *lock(&self.drawing));
        if drawing.is_empty() {
            return Ok(());
        }
        let (now, mut last) = (Instant::now(), lock(&self.last));
        if last.as_ref().is_some_and(|(same, at)| *same == drawing && now.duration_since(*at) < SAME) {
            return Ok(());
        }
        Stream::Err.write(format!("{drawing}\r").as_bytes(), Form::Drawing)?;
        *last = Some((drawing, now));
        Ok(())
    }
}

/// The state behind a mutex, also if who had it before panicked.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_meanwhile_comes_out() {
        let screen = Screen::new(true);
        let bar = screen.bar(Line::default);
        assert_eq!(screen.around(|| 5), 5);
        bar.leave();
        assert_eq!(screen.around(|| 6), 6);
    }
}

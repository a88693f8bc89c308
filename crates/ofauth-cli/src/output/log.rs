//! What the library logs, on standard error, around the progress bar.
//!
//! Without `-v` that is what a call waits for, in the words of the command. `-v` shows the library's own log: only events of
//! this workspace, each on one line. The library keeps the key and signed URLs out of them.

use std::fmt;
use std::io::{self, Write};

use ofauth::system::CALLS;
use ofauth::unversioned::display_safe::one_line;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::progress::screen::Screen;
use crate::terminal::{Form, Stream};

/// Starts to show events: once `-v` those of level info, twice those of level debug; without, what calls wait for, unless
/// it is to be `quiet`.
pub(crate) fn start(verbosity: u8, quiet: bool, screen: &Screen) {
    let level = match verbosity {
        0 => LevelFilter::OFF,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let around = Around(screen.clone());
    let calls = if verbosity > 0 || quiet { LevelFilter::OFF } else { LevelFilter::WARN };
    let waits = Waits(around.clone()).with_filter(Targets::new().with_target(CALLS, calls));
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || around.clone());
    let ours = Targets::new().with_target("ofauth", level).with_target("ofauth_sandbox", level);
    // Fails only if a subscriber is set already, and then that one shows the events.
    let _ = tracing_subscriber::registry().with(waits).with(lines.with_filter(ours)).try_init();
}

/// Shows the text of events, and nothing else of them.
struct Waits(Around);

impl<S: Subscriber> Layer<S> for Waits {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text(String::from("ofauth: "));
        event.record(&mut text);
        // Nobody has to hear it.
        let _ = self.0.clone().write(text.0.as_bytes());
    }
}

/// The text of an event, behind what is there already.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0.push_str(&format!("{value:?}"));
        }
    }
}

/// Writes to standard error while the bar is off the screen. An event comes as one write.
#[derive(Clone)]
struct Around(Screen);

impl Write for Around {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let line = one_line(text.trim_end_matches('\n')) + "\n";
        self.0.around(|| Stream::Err.write(line.as_bytes(), Form::Line)).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! `-v`: the library's own log on standard error, around the progress bar.
//!
//! Only events of this workspace are shown, each on one line. The library keeps the key and signed URLs out of them.

use std::io::{self, Write};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::progress::Screen;
use crate::terminal::{Form, Stream, one_line};

/// Starts to show events: once `-v` those of level info, twice those of level debug.
pub(crate) fn start(verbosity: u8, screen: &Screen) {
    let level = match verbosity {
        0 => return,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let screen = screen.clone();
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(move || Around { screen: screen.clone() });
    let ours = Targets::new().with_target("ofauth", level).with_target("ofauth_sandbox", level);
    // Fails only if a subscriber is set already, and then that one shows the events.
    let _ = tracing_subscriber::registry().with(ours).with(lines).try_init();
}

/// Writes to standard error while the bar is off the screen. An event comes as one write.
struct Around {
    screen: Screen,
}

impl Write for Around {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = one_line(String::from_utf8_lossy(bytes).trim_end_matches('\n')) + "\n";
        self.screen.around(|| Stream::Err.write(line.as_bytes(), Form::Line)).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

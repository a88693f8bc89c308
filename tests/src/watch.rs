//! Watches everything that is logged, by any crate and at any level, for texts that must never be there.
//!
//! The watch is on for the whole test process once [`start`] was called: a hit makes the test that caused it fail,
//! and is kept for [`hits`]. It knows a secret in all the forms of [`canary`](crate::canary).

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::canary::Canaries;

static FORBIDDEN: OnceLock<Canaries> = OnceLock::new();
static HITS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static LINES: AtomicUsize = AtomicUsize::new(0);

/// Starts the watch. Later calls change nothing.
pub fn start(forbidden: &[&str]) {
    FORBIDDEN.get_or_init(|| {
        tracing_subscriber::registry()
            .with(tracing_subscriber::filter::LevelFilter::TRACE)
            .with(tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Watch))
            .init();
        Canaries::new(forbidden)
    });
}

/// Lines that held a forbidden text.
pub fn hits() -> Vec<String> {
    HITS.lock().unwrap().clone()
}

/// Lines seen so far, to know that the watch sees anything.
pub fn lines() -> usize {
    LINES.load(Ordering::Relaxed)
}

/// Whether `text` holds a forbidden text in any form.
pub fn is_forbidden(text: &str) -> bool {
    FORBIDDEN.get().is_some_and(|forbidden| forbidden.find(text.as_bytes()).is_some())
}

#[derive(Clone, Copy)]
struct Watch;

impl io::Write for Watch {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES.fetch_add(1, Ordering::Relaxed);
        let text = String::from_utf8_lossy(line);
        if is_forbidden(&text) {
            HITS.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(text.into_owned());
            panic!("a secret was logged");
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Watch {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        *self
    }
}

//! Progress bars: what uploads report, drawn on standard error if that is a terminal.
//!
//! [`screen`] draws, and knows no upload; [`line`] is what stands in a bar. [`file_bar`] and [`batch_bar`] make lines of what
//! uploads report, with the words of [`waits`] and the speed of [`rate`].

pub(crate) mod batch_bar;
mod duration;
pub(crate) mod file_bar;
pub(crate) mod file_progress;
pub(crate) mod line;
mod rate;
pub(crate) mod screen;
mod waits;

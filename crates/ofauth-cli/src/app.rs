//! What every command needs: the global flags, the streams, and Ctrl-C.

use crate::args::Global;
use crate::interrupt::Interrupt;
use crate::output::Output;

/// The command that runs.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) flags: Global,
    pub(crate) out: Output,
    pub(crate) interrupt: Interrupt,
}

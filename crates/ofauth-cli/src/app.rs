//! What every command needs: the global flags, the streams, Ctrl-C, and what it shares with the same command for another
//! connection.

use ofauth::Client;

use crate::args::Global;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::state::State;

/// The command that runs.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) flags: Global,
    pub(crate) out: Output,
    pub(crate) interrupt: Interrupt,
    /// What is there already, if the command runs for one connection after another.
    pub(crate) shared: Option<Shared>,
}

/// What the same command for several connections has in common.
#[derive(Clone)]
pub(crate) struct Shared {
    /// The client, for whichever connection.
    pub(crate) client: Client,
    pub(crate) state: Option<State>,
    pub(crate) base_url: String,
}

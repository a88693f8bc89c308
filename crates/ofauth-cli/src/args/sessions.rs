//! The command line of `ofauth sessions`.
//!
//! This module only says what may be typed. What a value means is decided by the command.

use clap::Subcommand;

/// The commands below `ofauth sessions`.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// List the uploads that are not over
    List,
    /// Show everything about one of them
    Show {
        /// Its id, or the first four digits or more
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Remove journals, so that the next upload of those files starts over
    #[command(after_help = "\
One that is in use is not removed. If the outcome of an upload is unknown, look into the vault first: when the file is \
there, uploading it again makes it two.")]
    Forget {
        /// Their ids, or the first four digits or more
        #[arg(required_unless_present = "all", value_name = "ID")]
        ids: Vec<String>,
        /// Remove all that are not in use
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
}

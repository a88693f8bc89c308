//! The command line of `ofauth sessions`.
//!
//! This module only says what may be typed. What a value means is decided by the command.

use clap::Subcommand;

/// The commands below `ofauth sessions`.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// List interrupted and running uploads
    List,
    /// Show everything about one upload
    Show {
        /// Its id, or at least the first four digits
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Remove journals, so that these uploads start over next time
    #[command(after_help = "\
A journal in use is not removed. If the outcome of an upload is unknown, look into the vault first: if the file is there, \
uploading it again makes a second one.")]
    Forget {
        /// Their ids, or at least the first four digits of each
        #[arg(required_unless_present = "all", value_name = "ID")]
        ids: Vec<String>,
        /// Remove all journals that are not in use
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
}

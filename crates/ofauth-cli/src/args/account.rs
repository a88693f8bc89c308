//! The command lines of `ofauth link`, `connections` and `settings`.
//!
//! This module only says what may be typed. What a value means is decided by the commands.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueHint};

use super::values::duration;
use super::vault::Walk;

/// Flags of `ofauth link`.
#[derive(Debug, Args)]
#[command(after_help = "\
Says on standard error at which address the creator signs in, waits until that is done, and prints the id of the connection and \
nothing else to standard output. With --session, the same command can be run again after an interruption: it waits for the same \
session. With --json, the objects are linking, which has the address, and linked.

A page of the service does not tell this command about a wrong password or a refusal, but only the creator and the URL of \
--redirect-url: the wait then ends with the session, or the time of --timeout.

Examples:
  id=$(ofauth link --reference user-42 --session user-42.link)
  address=$(ofauth link --no-wait --session user-42.link)")]
pub(crate) struct LinkArgs {
    /// Your own id for the creator, which the connection keeps
    #[arg(long, value_name = "ID")]
    pub(crate) reference: Option<String>,
    /// Link through this client app, `app_...`
    #[arg(long, value_name = "ID")]
    pub(crate) client_app: Option<String>,
    /// Send the creator to this URL afterwards
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) redirect_url: Option<String>,
    /// Have the creator sign in to this connection again
    #[arg(long, value_name = "CONNECTION")]
    pub(crate) relink: Option<String>,
    /// Keep the session in this file, and go on with it if it is there
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) session: Option<PathBuf>,
    /// Also print the client secret of a session for a page of your own
    #[arg(long)]
    pub(crate) client_secret: bool,
    /// Print the address to standard output and end
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Give up after this time, such as 10m [default: as long as the session lasts]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}

/// The commands below `ofauth connections`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionsCommand {
    /// List all connections: id, status, user name and your reference
    List(Walk),
    /// Remove a connection for good
    Disconnect {
        /// The id of the connection
        id: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// End the session of a connection, so that its creator has to sign in again
    Invalidate {
        /// The id of the connection
        id: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// The commands below `ofauth settings`.
#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Print the settings of the connection as JSON
    Show {
        /// Those of the account, which new connections have
        #[arg(long)]
        account: bool,
    },
    /// Change settings; what deletes copies is said first
    #[command(after_help = "\
Names are those of the API. A change that deletes copies is said and asked for, or needs --yes.

Examples:
  ofauth settings update --set enabled=true --set cacheVideos=true
  ofauth settings update --account --body @settings.json")]
    Update {
        /// Those of the account, which new connections have
        #[arg(long)]
        account: bool,
        /// Change one setting, to JSON or plain text; may be repeated
        #[arg(long, value_name = "NAME=VALUE")]
        set: Vec<String>,
        /// Changes as the API takes them: JSON, a file as `@FILE`, or `-` for standard input
        #[arg(short, long, value_name = "JSON|@FILE|-")]
        body: Option<String>,
        /// Take all settings of its own from the connection
        #[arg(long, conflicts_with_all = ["account", "set", "body"])]
        reset: bool,
        /// Do not ask before copies are deleted
        #[arg(short, long)]
        yes: bool,
    },
}

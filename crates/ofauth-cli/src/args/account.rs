//! The flags of the commands about the organization's account: its connections, their settings and their request budgets.

use clap::{Args, Subcommand};

/// What may be done with connections.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionsCommand {
    /// List the linked accounts: id, status, name and reference, one a line
    #[command(after_help = "\
With --json, each line is the connection as the API describes it.

Example:
  ofauth connections list | cut -f 1")]
    List,
    /// End a connection for good; its owner has to link the account again
    Disconnect(EndArgs),
    /// End the session of a connection; it can be linked again under its id
    Invalidate(EndArgs),
}

/// Which connection is ended.
#[derive(Debug, Args)]
pub(crate) struct EndArgs {
    /// The id of the connection, `conn_...`
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Do not ask first
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// What may be done with settings.
#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Show the Vault+ settings of the connection, or of the account
    Show {
        /// Show those of the account, which are the defaults of its connections
        #[arg(long)]
        account: bool,
    },
    /// Change Vault+ settings of the connection, or of the account
    #[command(after_help = "\
A change that deletes copies says so first, and asks; without a terminal it needs --yes.

Examples:
  ofauth settings update --set enabled=true
  ofauth settings update --set 'videoQualities=[\"source\"]' --yes
  ofauth settings update --account --set cacheAudio=false")]
    Update(SettingsUpdateArgs),
}

/// Which settings are changed.
#[derive(Debug, Args)]
pub(crate) struct SettingsUpdateArgs {
    /// Change those of the account, which are the defaults of its connections
    #[arg(long)]
    pub(crate) account: bool,
    /// Set this to JSON or plain text, such as retentionDays=30; `enabled` is Vault+ itself; may be repeated
    #[arg(long, value_name = "NAME=VALUE", required_unless_present_any = ["body", "reset"])]
    pub(crate) set: Vec<String>,
    /// The change as JSON, as the API takes it
    #[arg(long, value_name = "JSON")]
    pub(crate) body: Option<String>,
    /// Go back to the settings of the account
    #[arg(long, conflicts_with = "account")]
    pub(crate) reset: bool,
    /// Do not ask first
    #[arg(short, long)]
    pub(crate) yes: bool,
}

//! The command line of `ofauth webhook`.
//!
//! This module only says what may be typed. What a value means is decided by the command.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::values::{address, duration};

/// The commands below `ofauth webhook`.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Verify one request, whose body is on standard input, and print its event as JSON
    #[command(after_help = "\
Ends with 0 if the request is genuine and recent, and with 1 and the reason if not. Needs no key and no network. The secret \
comes from --secret-file or from OFAUTH_WEBHOOK_SECRET.

Example:
  ofauth webhook verify --secret-file secret \\
      --header 'OFAuth-Signature: t=1,v1=00' < body")]
    Verify(VerifyArgs),
    /// Receive webhooks until Ctrl-C, print each event, and forward it
    #[command(after_help = "\
Prints its address first, and then a line for each event, each event once. With --forward-to, the same body and headers go \
to that URL, one event after another; an answer of 5xx, 408 or 429, or none, makes it try again for the time of --retry-for. \
When 64 MiB of events wait, it answers 503, so that the service sends them again. The secret comes from --secret-file or from \
OFAUTH_WEBHOOK_SECRET.

Example:
  ofauth webhook listen --port 4000 --secret-file secret \\
      --forward-to http://127.0.0.1:3000/webhooks")]
    Listen(ListenArgs),
    /// Sign an example of an event as the service does, and send it to an endpoint
    #[command(after_help = "\
Prints the status of the answer. Ends with 0 if that is 2xx. The secret comes from --secret-file or from \
OFAUTH_WEBHOOK_SECRET.

Example:
  ofauth webhook trigger connection.expired \\
      --to http://127.0.0.1:3000/webhooks --secret-file secret")]
    Trigger(TriggerArgs),
}

/// Where the signing secrets are.
#[derive(Debug, Args)]
pub(crate) struct Secrets {
    /// Read a signing secret from this file; several while they are rotated
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath)]
    pub(crate) secret_file: Vec<PathBuf>,
}

/// Flags of `ofauth webhook verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) secrets: Secrets,
    /// A header of the request; may be repeated
    #[arg(long, value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,
    /// Judge as if it were this time, in seconds since 1970
    #[arg(long, value_name = "UNIX_SECONDS")]
    pub(crate) at: Option<u64>,
}

/// Flags of `ofauth webhook listen`.
#[derive(Debug, Args)]
pub(crate) struct ListenArgs {
    #[command(flatten)]
    pub(crate) secrets: Secrets,
    /// Forward each event to this URL
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) forward_to: Option<String>,
    /// Listen on this port of this machine; 0 takes a free one [default: 0]
    #[arg(long, value_name = "PORT", conflicts_with = "address")]
    pub(crate) port: Option<u16>,
    /// Listen on this address
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) address: Option<SocketAddr>,
    /// Try to forward an event for this time after it came [default: 4m30s]
    #[arg(long, value_name = "TIME", requires = "forward_to", allow_negative_numbers = true, value_parser = duration)]
    pub(crate) retry_for: Option<Duration>,
}

/// Flags of `ofauth webhook trigger`.
#[derive(Debug, Args)]
pub(crate) struct TriggerArgs {
    /// The name of the event; --list shows them
    #[arg(value_name = "EVENT", required_unless_present = "list")]
    pub(crate) event: Option<String>,
    /// Send it to this URL
    #[arg(long, value_name = "URL", required_unless_present = "list", value_hint = ValueHint::Url)]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) secrets: Secrets,
    /// Sign it in this scheme
    #[arg(long, value_name = "SCHEME", default_value = "ofauth")]
    pub(crate) scheme: SchemeName,
    /// List the names of all events
    #[arg(short, long, conflicts_with_all = ["event", "to", "secret_file"])]
    pub(crate) list: bool,
}

/// How a webhook is signed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SchemeName {
    /// The documented one
    Ofauth,
    /// The older one
    Svix,
}

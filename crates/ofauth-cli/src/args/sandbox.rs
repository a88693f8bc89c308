//! The command line of `ofauth sandbox`.
//!
//! This module only says what may be typed. What a value means is decided by the command.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::values::{address, duration, seed, size};

/// Flags of `ofauth sandbox`.
#[derive(Debug, Args)]
#[command(after_help = "\
Runs until Ctrl-C. Prints its address on standard output, and how to use it on standard error. With -v it prints a line \
for each request, with the reason if it was refused.

A fault file is a JSON array of rules. With this one, the first try of every part, or of a file that is sent whole, fails, \
and one answer is delayed:

  [{\"on\": {\"operation\": \"upload\", \"each_part\": true},
    \"fault\": {\"kind\": \"status\", \"status\": 500}},
   {\"on\": {\"operation\": \"create_post\"},
    \"fault\": {\"kind\": \"delay\", \"ms\": 2000}}]

Some values stand for what does not work: the key sk_sandbox_invalid (401), the connections conn_expired (401), \
conn_forbidden (403) and conn_unknown (401), and file names such as file-413.mp4 or file-500.mp4 (that status).")]
pub(crate) struct SandboxArgs {
    /// Listen on this address; port 0 takes a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = address)]
    pub(crate) address: SocketAddr,
    /// Split uploads into parts of this size [default: 5MiB]
    #[arg(long, value_name = "SIZE", allow_negative_numbers = true, value_parser = size)]
    pub(crate) part_size: Option<u64>,
    /// Refuse larger files with 413 [default: 5GiB]
    #[arg(long, value_name = "SIZE", allow_negative_numbers = true, value_parser = size)]
    pub(crate) max_size: Option<u64>,
    /// Let an upload session expire if nothing was sent for this time [default: 1h]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = duration)]
    pub(crate) session_ttl: Option<Duration>,
    /// Refuse parallel parts with 409
    #[arg(long)]
    pub(crate) refuse_parallel_parts: bool,
    /// Count uploaded bytes but do not keep or hash them, for measurements
    #[arg(long)]
    pub(crate) discard_bytes: bool,
    /// Have a Vault+ copy of the media with this id; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) vault_plus_media: Vec<String>,
    /// Begin with this many items of a collection, as in fans=250,posts=1000; any other has one
    #[arg(long, value_name = "NAME=COUNT", value_delimiter = ',', value_parser = seed)]
    pub(crate) seed: Vec<(String, u64)>,
    /// Serve https, with a certificate made for this run
    #[arg(long)]
    pub(crate) tls: bool,
    /// Play the faults in this JSON file; see the example below
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) faults: Option<PathBuf>,
}

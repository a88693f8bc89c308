//! The command line of `ofauth sandbox`.
//!
//! This module only says what may be typed. What a value means is decided by the command.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::values::{address, duration, rate, seed, size};

/// A connection and what it grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) connection: String,
    pub(crate) permissions: Vec<String>,
}

/// `conn_1=posts:read,messages:write`; what comes behind the sign may be nothing.
fn grant(text: &str) -> Result<Grant, String> {
    let (connection, permissions) = text
        .split_once('=')
        .filter(|(connection, _)| !connection.is_empty())
        .ok_or("not a connection and its permissions: write them as conn_1=posts:read,messages:write")?;
    let permissions = permissions.split(',').filter(|permission| !permission.is_empty()).map(str::to_owned);
    Ok(Grant { connection: connection.to_owned(), permissions: permissions.collect() })
}

/// Flags of `ofauth sandbox`.
#[derive(Debug, Args)]
#[command(after_help = "\
Runs until Ctrl-C. Prints its address on standard output. On standard error it says how to use it, and prints a line for each request \
with its status, and the reason if it was refused. --quiet leaves that out; with --json, -v asks for the lines.

It takes any API key (with --api-key-file that one alone) and any connection, and each may do everything.

A fault file is a JSON array of rules. With this one, the first try of every part, or of a file that is sent whole, fails, \
and one answer is delayed:

  [{\"on\": {\"operation\": \"upload\", \"each_part\": true},
    \"fault\": {\"kind\": \"status\", \"status\": 500}},
   {\"on\": {\"operation\": \"create_post\"},
    \"fault\": {\"kind\": \"delay\", \"ms\": 2000}}]

Some values stand for what does not work: the key sk_sandbox_invalid (401), the connections conn_expired (401), \
conn_forbidden (403) and conn_unknown (401), and file names such as file-413.mp4 or file-500.mp4 (that status), \
processing-error.mp4 (a media that never gets ready) or not-stored.mp4 (a copy that is never stored).

A creator signs in on the page of a Link session as any name @creator.sandbox.com or @creator-otp.sandbox.com, with the \
password good-password and the code 123456. Without a browser:

  curl -d '{\"email\": \"a@creator.sandbox.com\", \"password\": \"good-password\"}' \\
      ADDRESS/_sandbox/link/latest")]
pub(crate) struct SandboxArgs {
    /// Listen on this address; port 0 takes a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = address)]
    pub(crate) address: SocketAddr,
    /// Split uploads into parts of this size [default: 5MiB]
    #[arg(long, value_name = "SIZE", allow_negative_numbers = true, value_parser = size)]
    pub(crate) part_size: Option<u64>,
    /// Refuse larger files with 413 [default: 5GiB, images and audio 50MiB]
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
    /// Have an uploaded media ready once it was seen this often
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub(crate) ready_after: u32,
    /// Have a new copy in Vault+ stored once it was seen this often
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    pub(crate) stored_after: u32,
    /// Let the addresses of copies in Vault+ expire after this time [default: what the connection's settings say, 1h]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = duration)]
    pub(crate) media_url_ttl: Option<Duration>,
    /// Complete a Link session by itself once somebody asked this often how far it is
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) link_after: Option<u32>,
    /// Let a Link session expire that was not completed for this time [default: 30m]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = duration)]
    pub(crate) link_ttl: Option<Duration>,
    /// Take what clients of older documents send: unknown names, null for a field that is not set, routes that were replaced
    #[arg(long)]
    pub(crate) lenient: bool,
    /// Know this connection and no other; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) known_connection: Vec<String>,
    /// Have a connection grant no more than these permissions; may be repeated
    #[arg(long, value_name = "ID=PERMISSION,...", value_parser = grant)]
    pub(crate) permission: Vec<Grant>,
    /// Give the API key these scopes alone: ACCOUNT, or none
    #[arg(long, value_name = "SCOPE,...", value_delimiter = ',')]
    pub(crate) scope: Option<Vec<String>>,
    /// Limit the requests of each connection, such as 60/min or 5/s
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub(crate) rate: Option<u32>,
    /// Allow this many requests at once after a pause [default: half more than the rate of a minute]
    #[arg(long, value_name = "COUNT", requires = "rate", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) burst: Option<u32>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants() {
        let grant_of = |permissions: &[&str]| Grant {
            connection: "conn_1".to_owned(),
            permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
        };
        assert_eq!(
            grant("conn_1=posts:read,messages:write"),
            Ok(grant_of(&["posts:read", "messages:write"]))
        );
        assert_eq!(grant("conn_1="), Ok(grant_of(&[])));
        for wrong in ["", "conn_1", "=posts:read"] {
            assert!(grant(wrong).unwrap_err().contains("conn_1=posts:read"), "{wrong}");
        }
    }
}

//! The command line: subcommands, flags and their help.
//!
//! This module only says what may be typed. What a value means is decided by `config` and the commands.

pub(crate) mod account;
pub(crate) mod content;
pub(crate) mod sandbox;
pub(crate) mod sessions;
pub(crate) mod upload;
mod values;
pub(crate) mod vault;
pub(crate) mod webhook;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueHint};

use crate::exit;
use account::{ConnectionsCommand, LinkArgs, SettingsCommand};
use content::{MessageArgs, PostArgs};
use sandbox::SandboxArgs;
use sessions::SessionsCommand;
use upload::UploadArgs;
use values::{duration, size};
use vault::{VaultCommand, VaultPlusCommand};
use webhook::WebhookCommand;

/// Lines that begin with a space stay as they are and have at most 80 columns; every other line is a paragraph, which
/// is broken where the terminal ends and nowhere else. A test holds all help texts to that.
const ENVIRONMENT: &str = "\
Environment:
  OFAUTH_API_KEY        the API key; no flag takes it, because other users can
                        see flags
  OFAUTH_CONNECTION_ID  the connection, like --connection
  OFAUTH_BASE_URL       the address of the API, like --base-url
  OFAUTH_STATE_DIR      the directory for journals, like --state-dir
  OFAUTH_WEBHOOK_SECRET the signing secret of webhooks, like --secret-file
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
                        the proxy, like --proxy; the lower-case names come
                        first. This machine itself is never reached through a
                        proxy. NO_PROXY works as in curl, and an entry may end
                        in :PORT

Flags override the environment, and the environment overrides the configuration file, \
$XDG_CONFIG_HOME/ofauth/config.toml or ~/.config/ofauth/config.toml (chmod 600):

  api_key = \"...\"
  connection_id = \"conn_...\"
  # also: api_key_file, base_url, ca_file, proxy, allow_origins,
  #       allow_plain_http";

/// What `ofauth` alone says fits on a screen, with all commands: so the lines stand close.
const TEMPLATE: &str = "{about-with-newline}{usage-heading} {usage}\n{all-args}{after-help}";

/// Where each shell looks for scripts, as `ofauth completions --help` and docs/command.md tell.
const COMPLETIONS: &str = "\
Save the script where the shell looks for it, then start a new shell:

  mkdir -p ~/.local/share/bash-completion/completions
  ofauth completions bash > ~/.local/share/bash-completion/completions/ofauth

  mkdir -p ~/.zfunc    # and in ~/.zshrc, before compinit: fpath+=~/.zfunc
  ofauth completions zsh > ~/.zfunc/_ofauth

  mkdir -p ~/.config/fish/completions
  ofauth completions fish > ~/.config/fish/completions/ofauth.fish

In bash, this needs the package bash-completion. Without it, add to ~/.bashrc:

  source <(ofauth completions bash)

The script asks ofauth itself, so you need not replace it when ofauth is updated.";

/// What follows the list of commands in `ofauth --help`.
fn after_help() -> String {
    format!(
        "Examples:\n  ofauth upload --sandbox samples/clip.mp4       try it without an account\n  \
         ofauth upload clip.mp4 photo.jpg --post 'New'  one post with two files\n  \
         ofauth api --list                              every operation of the API\n\n{ENVIRONMENT}\n\n{}",
        exit::TABLE
    )
}

/// Upload media to the OnlyFans vault through OFAuth, and call all of its API
#[derive(Debug, Parser)]
#[command(name = "ofauth", bin_name = "ofauth", version, max_term_width = 110, help_template = TEMPLATE, after_long_help = after_help(), after_help = "Global options, environment and exit codes: ofauth --help")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Upload files to the vault and print a reference for each
    Upload(UploadArgs),
    /// List, show or forget interrupted uploads
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// Check whether the vault still has a file that was uploaded before
    Check(CheckArgs),
    /// Read and change the media and lists of the vault
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Read, store, download and delete the Vault+ copies of media
    #[command(name = "vault-plus", subcommand)]
    VaultPlus(VaultPlusCommand),
    /// Create, read, edit, delete or list posts
    Post(PostArgs),
    /// Send, list or take back chat messages and mass messages
    Message(MessageArgs),
    /// Have a creator sign in, and print the id of the new connection
    Link(LinkArgs),
    /// List, disconnect or invalidate connections
    #[command(subcommand)]
    Connections(ConnectionsCommand),
    /// Show or change the settings of Vault+
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// Show what is left of the request limit of the connection, or of all
    Budget,
    /// Show who the API key belongs to and what it is allowed to do
    Whoami,
    /// Call any operation of the API
    Api(ApiArgs),
    /// Verify, receive and send webhooks
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Run a local OFAuth to develop and test against
    Sandbox(SandboxArgs),
    /// Print the completion script for a shell
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// The shell to complete for
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands
    Man {
        /// Write ofauth.1 and one page for each command into this directory
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        dir: Option<PathBuf>,
    },
    /// Say what may stand at the cursor of a line, for the completion scripts
    #[command(name = "__complete", hide = true)]
    Complete {
        /// Which word the cursor is in, from 0
        index: usize,
        /// The words of the line
        #[arg(last = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
}

/// Flags that every command takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Act for this connection (a linked account), `conn_...`
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) connection: Option<String>,
    /// Run the command for each active connection, one after another
    #[arg(long, global = true, conflicts_with_all = ["connection", "sandbox"])]
    pub(crate) each_connection: bool,
    /// Read the API key from this file instead of OFAUTH_API_KEY
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) api_key_file: Option<PathBuf>,
    /// Read this configuration file instead of the default one
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Use the API at this address [default: https://api.ofauth.com]
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) base_url: Option<String>,
    /// Trust the certificates in this PEM file instead of the system's
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ca_file: Option<PathBuf>,
    /// Use this HTTP proxy instead of the environment's; an empty URL means no proxy
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) proxy: Option<String>,
    /// Also allow uploads to send data and the API key to this server; may be repeated
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) allow_origin: Vec<String>,
    /// Allow http:// to other machines, which sends the API key unencrypted
    #[arg(long, global = true)]
    pub(crate) allow_plain_http: bool,
    /// Give up connecting after this time, such as 5s or 2m [default: 10s]
    #[arg(long, global = true, value_name = "TIME", allow_negative_numbers = true, value_parser = duration)]
    pub(crate) connect_timeout: Option<Duration>,
    /// Give up if no byte has moved for this time [default: 60s]
    #[arg(long, global = true, value_name = "TIME", allow_negative_numbers = true, value_parser = duration)]
    pub(crate) stall_timeout: Option<Duration>,
    /// Give up if no answer has arrived this long after the request [default: 120s]
    #[arg(long, global = true, value_name = "TIME", allow_negative_numbers = true, value_parser = duration)]
    pub(crate) answer_timeout: Option<Duration>,
    /// Keep journals, the rate limit and the etags of uploaded files in this directory
    /// [default: $XDG_STATE_HOME/ofauth or ~/.local/state/ofauth; with --sandbox: none]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) state_dir: Option<PathBuf>,
    /// Run the command against a local OFAuth inside this process, without an account
    #[arg(long, global = true)]
    pub(crate) sandbox: bool,
    /// Split uploads to that sandbox into parts of this size, such as 64KiB
    #[arg(long, global = true, value_name = "SIZE", allow_negative_numbers = true, value_parser = size)]
    pub(crate) sandbox_part_size: Option<u64>,
    /// Print one JSON object per line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Report each step; -vv reports details
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Print only results and errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
}

/// Flags of `ofauth check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints `exists` or `absent`, and the media id if it is known. Both are successes. The service returns an etag for each \
uploaded part. With --json, `ofauth upload` prints them in the field `etags`. The quotes belong to the etag.

Examples:
  ofauth upload clip.mp4 --json | jq -r '.etags[0]'
  ofauth check --etag '\"abc123\"' --size 1024000")]
pub(crate) struct CheckArgs {
    /// The etag that an earlier upload returned, with its quotes
    #[arg(long, value_name = "ETAG", allow_hyphen_values = true, value_parser = free_text)]
    pub(crate) etag: String,
    /// The size of the file in bytes
    #[arg(long, value_name = "BYTES", allow_negative_numbers = true, value_parser = size)]
    pub(crate) size: u64,
}

/// Flags of `ofauth api`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ofauth api --list
  ofauth api --describe list_vault_media
  ofauth api list_vault_media --param limit=10 --param type=video
  ofauth api create_post --body '{\"text\":\"Hello\"}'
  ofauth api create_post --body @post.json")]
pub(crate) struct ApiArgs {
    /// The id of the operation; --list shows them
    #[arg(required_unless_present_any = ["list", "describe"], value_name = "OPERATION")]
    pub(crate) operation: Option<String>,
    /// A path, query or header parameter; repeat it for a list of values
    #[arg(short, long, value_name = "NAME=VALUE", allow_hyphen_values = true, value_parser = free_text)]
    pub(crate) param: Vec<String>,
    /// A parameter that is sent as it is, known or not, allowed or not; repeat it for more
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true, value_parser = free_text)]
    pub(crate) raw_param: Vec<String>,
    /// Print the status and the headers of the answer before its body
    #[arg(short, long, conflicts_with_all = ["paginate", "list", "describe", "json"])]
    pub(crate) include: bool,
    /// Try once: the first failure is the error, also where another try would be safe
    #[arg(long)]
    pub(crate) no_retry: bool,
    /// The body: JSON, a file as `@FILE`, or `-` for standard input
    #[arg(short, long, value_name = "JSON|@FILE|-", allow_hyphen_values = true, value_parser = free_text)]
    pub(crate) body: Option<String>,
    /// Send the body as bytes of this media type
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
    /// Fetch all pages of a list and print one item a line as JSON
    #[arg(long, conflicts_with_all = ["list", "describe", "body"])]
    pub(crate) paginate: bool,
    /// With --paginate, print at most so many items
    #[arg(long, value_name = "N", requires = "paginate", allow_negative_numbers = true)]
    pub(crate) max: Option<u64>,
    /// With --paginate, print one JSON array, which is closed only if nothing failed
    #[arg(long, requires = "paginate")]
    pub(crate) slurp: bool,
    /// With --paginate, go on where an earlier run with the same parameters was left
    #[arg(long, value_name = "TOKEN", requires = "paginate")]
    pub(crate) resume: Option<String>,
    /// List all operations
    #[arg(short, long, conflicts_with_all = ["operation", "describe"])]
    pub(crate) list: bool,
    /// Show the parameters, body fields, answer and permission of an operation
    #[arg(short, long, value_name = "OPERATION", conflicts_with = "operation")]
    pub(crate) describe: Option<String>,
}

/// A text that may begin with a dash, unless it is one of the command's own options: then the text itself was forgotten,
/// and nobody wants to post `--dry-run`. Behind an equals sign it is meant.
pub(crate) fn free_text(text: &str) -> Result<String, String> {
    let is_meant = || std::env::args().any(|argument| is_value_of_long(&argument, text));
    if text.starts_with('-') && is_option(&Cli::command(), text) && !is_meant() {
        return Err(format!("{text} is an option, so the value is missing (if it is meant: --NAME={text})"));
    }
    Ok(text.to_owned())
}

fn is_value_of_long(argument: &str, text: &str) -> bool {
    argument.starts_with("--") && argument.split_once('=').is_some_and(|(_, value)| value == text)
}

/// Whether any command has such an option.
fn is_option(command: &clap::Command, text: &str) -> bool {
    let is_one = |argument: &clap::Arg| {
        let long = argument.get_long().is_some_and(|long| text.strip_prefix("--") == Some(long));
        let short = argument.get_short().is_some_and(|short| text == format!("-{short}"));
        long || short
    };
    command.get_arguments().any(is_one) || command.get_subcommands().any(|below| is_option(below, text))
}

#[cfg(test)]
mod tests {
    use super::{free_text, is_value_of_long};
    use crate::help::{command, parse};

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn no_flag_takes_the_key() {
        assert!(parse(["ofauth", "--api-key", "sk", "whoami"]).is_err());
        assert!(parse(["ofauth", "whoami", "--api-key=sk"]).is_err());
    }

    #[test]
    fn global_flags_stand_on_either_side() {
        for line in [["ofauth", "--sandbox", "whoami"], ["ofauth", "whoami", "--sandbox"]] {
            assert!(parse(line).unwrap().global.sandbox);
        }
    }

    #[test]
    fn a_text_may_begin_with_a_dash_and_an_option_is_none() {
        for text in ["- one", "-5 %", "--- three", "-", "--", "-x.mp4", "--no-such-option", "x=-1"] {
            assert_eq!(free_text(text).as_deref(), Ok(text));
        }
        for option in ["--dry-run", "--json", "-q"] {
            assert!(free_text(option).unwrap_err().contains("the value is missing"), "{option}");
        }
        assert!(is_value_of_long("--post=--json", "--json") && !is_value_of_long("--json", "--json"));
    }
}

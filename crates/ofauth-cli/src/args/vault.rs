//! The command lines of `ofauth vault` and `ofauth vault-plus`, and of what walks a list or waits for media.
//!
//! This module only says what may be typed. What a value means is decided by the commands.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::{Args, Subcommand, ValueHint};

use super::values::{duration, instant};

/// How much of a list is printed.
#[derive(Debug, Default, Args)]
pub(crate) struct Walk {
    /// Print at most so many items
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) max: Option<u64>,
    /// Go on where an earlier run with the same parameters was left
    #[arg(long, value_name = "TOKEN")]
    pub(crate) resume: Option<String>,
}

/// Which media are waited for, and how long.
#[derive(Debug, Args)]
pub(crate) struct WaitArgs {
    /// Media ids; `-` reads them from standard input
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
    /// Give up after this time, such as 10m [default: 30m]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}

/// The commands below `ofauth vault`.
#[derive(Debug, Subcommand)]
pub(crate) enum VaultCommand {
    /// Print the media of the vault, or of one list, one JSON object a line
    List {
        /// Only the media of the list with this id
        #[arg(long, value_name = "LIST", conflicts_with = "type")]
        list: Option<String>,
        /// Only media of this type
        #[arg(long, value_parser = ["photo", "video", "gif", "audio"])]
        r#type: Option<String>,
        #[command(flatten)]
        walk: Walk,
    },
    /// Print the lists, one JSON object a line
    Lists(Walk),
    /// Create a list and print its id
    CreateList {
        /// The name
        name: String,
    },
    /// Rename a list
    RenameList {
        /// The id of the list
        list: String,
        /// The new name
        name: String,
    },
    /// Delete a list; its media stay in the vault
    DeleteList {
        /// The id of the list
        list: String,
    },
    /// Add any number of media to a list
    Add {
        /// The id of the list
        list: String,
        /// Media ids; `-` reads them from standard input
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Remove media from a list; they stay in the vault
    Remove {
        /// The id of the list
        list: String,
        /// Media ids; `-` reads them from standard input
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Add the media of one list to another
    Copy {
        /// The id of the list that has them
        from: String,
        /// The id of the list that gets them
        to: String,
    },
    /// Wait until media are processed, and print each as JSON
    #[command(after_help = "\
Ids are those of the vault, and not upload references: `ofauth vault list` shows them, and `ofauth post get` those of a post. The \
wait ends with an error for an id that six looks in a row do not find in the vault, which is after half a minute.

Example:
  ofauth vault wait 4492994399 --timeout 10m")]
    Wait(WaitArgs),
}

/// The commands below `ofauth vault-plus`.
#[derive(Debug, Subcommand)]
pub(crate) enum VaultPlusCommand {
    /// Look up any number of media by id and print one JSON object per line
    #[command(after_help = "\
Ids without a copy are listed on standard error. With --json, one object has both: {\"items\":[...],\"missing\":[...]}

Example:
  ofauth vault-plus batch 4492994399 4492994400")]
    Batch {
        /// Raw OnlyFans media ids; `-` reads them from standard input
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Print the media that fit all filters, one JSON object a line
    Query(Box<QueryArgs>),
    /// Print one media as JSON
    Get {
        /// The media id
        id: String,
    },
    /// Delete the copies of one media
    Delete {
        /// The media id
        id: String,
    },
    /// Delete all copies of the connection
    Purge {
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Print the media of a vault list that have copies, one JSON object a line
    ListMedia {
        /// The id of the list
        list: String,
    },
    /// Store copies of the media of a vault list, and print what changed
    Sync {
        /// The id of the list
        list: String,
    },
    /// Print how much of the connection is stored
    Status,
    /// Print how much of the account is stored
    Stats,
    /// Wait until copies of media are stored, and print each media as JSON
    Wait {
        #[command(flatten)]
        wait: WaitArgs,
        /// Wait for these variants alone, such as source
        #[arg(long, value_name = "LABEL,...", value_delimiter = ',')]
        label: Vec<String>,
    },
    /// Download a variant of a media to a file, and go on where an earlier run stopped
    #[command(after_help = "\
Prints the name of the file. The size is checked. Run it again after an interruption: what is there is not fetched again.

Example:
  ofauth vault-plus download 4492994399 source -o clip.mp4")]
    Download(DownloadArgs),
}

/// Flags of `ofauth vault-plus query`.
#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    /// Only media with a variant of this status
    #[arg(long, value_parser = ["edge_only", "pending", "storing", "stored", "removed"])]
    pub(crate) status: Option<String>,
    /// Only media of this type
    #[arg(long, value_parser = ["image", "video", "audio"])]
    pub(crate) r#type: Option<String>,
    /// Only media of this content type, such as video/mp4
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
    /// Only media of at least so many seconds
    #[arg(long, value_name = "SECONDS")]
    pub(crate) duration_min: Option<f64>,
    /// Only media of at most so many seconds
    #[arg(long, value_name = "SECONDS")]
    pub(crate) duration_max: Option<f64>,
    /// Only media that were made at this time or later
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) created_from: Option<SystemTime>,
    /// Only media that were made at this time or before
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) created_to: Option<SystemTime>,
    /// Only media that were stored at this time or later
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) cached_from: Option<SystemTime>,
    /// Only media that were stored at this time or before
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) cached_to: Option<SystemTime>,
    /// The order
    #[arg(long, value_name = "ORDER", value_parser = ["createdAt_desc", "createdAt_asc", "cachedAt_desc", "cachedAt_asc", "duration_desc", "duration_asc"])]
    pub(crate) sort: Option<String>,
    #[command(flatten)]
    pub(crate) walk: Walk,
}

/// Flags of `ofauth vault-plus download`.
#[derive(Debug, Args)]
pub(crate) struct DownloadArgs {
    /// The media id
    #[arg(value_name = "MEDIA")]
    pub(crate) media: String,
    /// The variant, such as source, full, preview or thumb
    #[arg(value_name = "LABEL")]
    pub(crate) label: String,
    /// Write to this file [default: MEDIA-LABEL]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Wait until the variant is stored
    #[arg(long)]
    pub(crate) wait: bool,
    /// Give up after this time, such as 10m [default: 30m for --wait, else never]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}

//! The command line of `ofauth upload`.
//!
//! This module only says what may be typed. What a value means is decided by the command.

use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};
use ofauth::RateLimit;

use super::free_text;
use super::values::{duration, in_parallel, size};

/// Flags of `ofauth upload`.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints one upload reference per line, in the order of the files; on a terminal, the name of the file follows. With --json, \
`file` is the exact name, and `fileBase64` has its bytes if it is not UTF-8.

Run the same command again to resume what was interrupted. Nothing is uploaded or posted twice.

--recursive takes images, videos and audio, by name or content, sorted by name. It leaves out hidden files and does not \
follow symbolic links.

Examples:
  ofauth upload clip.mp4
  ofauth upload *.jpg --post 'Three new ones'
  ofauth upload --recursive holiday/ --skip-existing
  ffmpeg ... -f mp4 - | ofauth upload - --filename clip.mp4
  ofauth upload --sandbox samples/clip.mp4 --post 'Hello'")]
pub(crate) struct UploadArgs {
    /// The files to upload; `-` is standard input; a directory needs --recursive
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(crate) files: Vec<PathBuf>,
    /// Also upload the media in directories
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Skip files that were uploaded before, have not changed, and are still in the vault
    #[arg(long)]
    pub(crate) skip_existing: bool,
    /// Use no journal: an interrupted upload starts over next time
    #[arg(long)]
    pub(crate) no_resume: bool,
    /// Upload this many files in parallel, 1 to 64
    #[arg(long = "files", value_name = "N", default_value = "4", allow_negative_numbers = true, value_parser = in_parallel)]
    pub(crate) files_at_once: u16,
    #[command(flatten)]
    pub(crate) speed: Speed,
    /// Use this media type instead of detecting it; --recursive then takes every file
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
    /// Also send formats that the upload guide does not name; the service may refuse them
    #[arg(long)]
    pub(crate) any_format: bool,
    /// Give the file this name in the vault
    #[arg(long, value_name = "NAME", allow_hyphen_values = true, value_parser = free_text)]
    pub(crate) filename: Option<String>,
    /// After all files are uploaded, make one post of them with this text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = free_text)]
    pub(crate) post: Option<String>,
    /// Check files, settings, key and connection, but send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Give up the upload of a file after this time, such as 90s, 5m30s or 2h
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Accept at most this much from standard input, which is kept in a temporary file
    #[arg(long, value_name = "SIZE", default_value = "8GiB", allow_negative_numbers = true, value_parser = size)]
    pub(crate) spool_limit: u64,
}

/// Flags for how fast an upload may go.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Speed {
    /// Send this many parts of a file in parallel, 1 to 64 [default: 4]
    #[arg(short = 'c', long, value_name = "N", allow_negative_numbers = true, value_parser = in_parallel)]
    pub(crate) concurrency: Option<u16>,
    /// Send at most this much per second, such as 2MiB
    #[arg(long, value_name = "SIZE", allow_negative_numbers = true, value_parser = bytes_a_second)]
    pub(crate) bandwidth_limit: Option<NonZeroU64>,
    /// Make at most this many requests, such as 60/min, 2/s or 600/h [default: learned from the service]
    #[arg(long, value_name = "N/UNIT", allow_negative_numbers = true, value_parser = requests_a_minute)]
    pub(crate) request_limit: Option<NonZeroU32>,
    /// After a pause, make up to this many requests at once [default: those of a minute, at most 90]
    #[arg(long, value_name = "N", requires = "request_limit", allow_negative_numbers = true, value_parser = number_of_requests)]
    pub(crate) burst: Option<NonZeroU32>,
}

impl Speed {
    /// The limit of requests, if one was given.
    pub(crate) fn request_limit(&self) -> Option<RateLimit> {
        let per_minute = self.request_limit?.get();
        RateLimit::new(per_minute, self.burst.map_or(per_minute.min(USUAL_BURST), NonZeroU32::get))
    }
}

/// The burst of the service's own plans.
const USUAL_BURST: u32 = 90;

/// Less than this a second is a unit that was left out: the smallest file would take a day.
const SLOWEST: u64 = 1024;

/// A number of bytes a second, which may be written like a size.
fn bytes_a_second(text: &str) -> Result<NonZeroU64, String> {
    let bytes = size(text)?;
    let given = NonZeroU64::new(bytes).filter(|_| bytes >= SLOWEST);
    given.ok_or_else(|| {
        format!(
            "{bytes} bytes a second would take forever: write a unit, such as {bytes}MiB, and at least 1KiB"
        )
    })
}

/// A number of requests a second, minute or hour, in whole requests a minute.
fn requests_a_minute(text: &str) -> Result<NonZeroU32, String> {
    let (number, unit) = text.split_once('/').ok_or(WRONG_RATE)?;
    let number: u32 = number.trim().parse().map_err(|_| WRONG_RATE)?;
    let per_minute = match unit.trim() {
        "s" | "sec" | "second" => number.checked_mul(60).ok_or(WRONG_RATE)?,
        "m" | "min" | "minute" => number,
        "h" | "hour" => number / 60,
        _ => return Err(WRONG_RATE.into()),
    };
    NonZeroU32::new(per_minute).ok_or_else(|| "must be at least one request a minute".into())
}

/// A number of requests at once.
fn number_of_requests(text: &str) -> Result<NonZeroU32, String> {
    let number = text.trim().parse().map_err(|_| "not a whole number of requests")?;
    NonZeroU32::new(number).ok_or_else(|| "must be at least one request at once".into())
}

const WRONG_RATE: &str = "not a rate: write a whole number and a unit, such as 60/min, 2/s or 600/h";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_without_a_unit_is_asked_about() {
        for wrong in ["5", "1023", "100B"] {
            assert!(bytes_a_second(wrong).unwrap_err().contains("write a unit, such as"), "{wrong}");
        }
        for (text, bytes) in [("1KiB", 1024), ("2MiB", 2 << 20), ("500kB", 500_000), ("4M", 4_000_000)] {
            assert_eq!(bytes_a_second(text).map(NonZeroU64::get), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn rates_are_requests_a_minute() {
        let rate = |text| requests_a_minute(text).map(NonZeroU32::get);
        for (text, expected) in [("60/min", 60), ("2/s", 120), ("600/h", 10), ("90/m", 90)] {
            assert_eq!(rate(text), Ok(expected), "{text}");
        }
        for wrong in ["0", "60", "59/h", "1/day", "1.5/s", "-1", "/min", "4294967295/s"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_burst_is_given_or_that_of_a_minute_within_bounds() {
        let limit = |rate, burst| {
            let speed = Speed {
                request_limit: NonZeroU32::new(rate),
                burst: NonZeroU32::new(burst),
                ..Speed::default()
            };
            speed.request_limit().map(|limit| (limit.per_minute.get(), limit.burst.get()))
        };
        assert_eq!(limit(60, 0), Some((60, 60)));
        assert_eq!(limit(600, 0), Some((600, 90)));
        assert_eq!(limit(60, 120), Some((60, 120)));
        assert_eq!(limit(0, 0), None);
    }
}

//! What happens to an upload apart from its progress, in words that a program may show.

use std::fmt;
use std::time::Duration;

use bytesize::ByteSize;

use crate::call::pause::Again;
use crate::system::Time;

/// Something that happened to an upload and that its user should know.
///
/// [`Display`](fmt::Display) is one line without a full stop.
///
/// ```no_run
/// # async fn run(client: ofauth::Client) -> ofauth::Result<()> {
/// use ofauth::Notice;
///
/// let upload = client.upload_path("clip.mp4").on_notice(|notice| match notice {
///     Notice::Resumed { bytes, .. } => println!("{bytes} bytes are there already"),
///     other => println!("{other}"),
/// });
/// upload.await?;
/// # Ok(()) }
/// ```
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The upload of an earlier run is resumed.
    Resumed {
        /// Bytes that need not be sent again.
        bytes: u64,
        /// Parts that the service has.
        parts: u32,
        /// Parts of the plan.
        parts_total: u32,
    },
    /// The source is a stream, which cannot be read again, so the upload has no journal.
    NotResumable,
    /// An earlier run had finished the upload, and its result had not been delivered: nothing is sent.
    AlreadyFinished,
    /// What an earlier run had sent cannot be used, so the upload starts over.
    StartedOver {
        /// Why.
        why: String,
        /// Bytes that are sent again.
        sent_again: u64,
    },
    /// The session ended before the upload did; the parts go into a new one.
    SessionExpired {
        /// Bytes that are sent again.
        sent_again: u64,
    },
    /// At the present rate, or with the present request budget, the session will end before the upload does.
    AtRisk {
        /// How long the rest takes.
        needs: Duration,
        /// How long the session lasts.
        session_left: Duration,
    },
    /// The service asks for a pause that is so long that the session may end by inactivity.
    LongWait {
        /// How long nothing is sent.
        wait: Duration,
    },
    /// A step failed and is retried.
    Retrying {
        /// What failed.
        step: Step,
        /// Why, in a few words: `HTTP 500`, `no connection`.
        why: String,
        /// The status of the service's answer, if there was one.
        status: Option<u16>,
        /// Tries that have failed so far.
        tries: u32,
        /// The number of tries after which the upload fails.
        tries_at_most: u32,
        /// How long until the next try.
        wait: Duration,
    },
    /// The rate limit is used up: nothing new is sent for some seconds. A wait that the session may not outlast is a
    /// [`LongWait`](Self::LongWait) instead; a very short wait shows in the progress only.
    RateLimited {
        /// How long nothing is sent.
        wait: Duration,
    },
    /// The machine was asleep, or the process was stopped: connections are opened again, and their parts are sent again.
    Woke {
        /// How long nothing ran.
        after: Duration,
    },
    /// An earlier run of the same batch had uploaded this file, as the batch's record says: nothing is sent.
    AlreadyRecorded,
    /// A file of a batch is uploaded, and the record of the batch cannot say so. Its own journal does, until the batch is
    /// settled.
    NotRecorded {
        /// Why.
        why: String,
    },
    /// The service of a batch is gone: this file is tried again and again, and the others wait.
    ServiceGone {
        /// Why the last try failed.
        why: String,
        /// The batch stops after so long.
        patience: Duration,
    },
    /// The service of a batch is there again, and the other files go on.
    ServiceBack,
}

/// What an upload does that can fail and be tried again.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Asking for a plan.
    Open,
    /// Sending the part of this number, from 1.
    Part(u32),
    /// Sending a file that goes in one piece.
    File,
    /// Asking the service to finish.
    Complete,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("opening the upload session"),
            Self::Part(number) => write!(f, "part {number}"),
            Self::File => f.write_str("sending the file"),
            Self::Complete => f.write_str("completing the upload"),
        }
    }
}

/// The caller's function for notices.
pub(crate) type Callback = Box<dyn FnMut(&Notice) + Send>;

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resumed { bytes, parts, parts_total } => write!(
                f,
                "resumed: {} in {parts} of {parts_total} parts need not be sent again",
                ByteSize(*bytes).display().iec()
            ),
            Self::AlreadyFinished => {
                f.write_str("an earlier run had finished the upload, so nothing is sent again")
            }
            Self::NotResumable => f.write_str("the source is a stream, so this upload cannot be resumed"),
            Self::StartedOver { why, sent_again: 0 } => write!(f, "starting over, {why}"),
            Self::StartedOver { why, sent_again } => {
                write!(f, "starting over, {why}: {} are sent again", ByteSize(*sent_again).display().iec())
            }
            Self::SessionExpired { sent_again } => write!(
                f,
                "the upload session expired: {} are sent again in a new one",
                ByteSize(*sent_again).display().iec()
            ),
            Self::AtRisk { needs, session_left } => write!(
                f,
                "the rest takes about {} and the upload session ends in {}: it may have to start over",
                Time(*needs),
                Time(*session_left)
            ),
            Self::LongWait { wait } => write!(
                f,
                "the service asks for a pause of {}: the upload session may end meanwhile",
                Time(*wait)
            ),
            Self::Retrying { step, why, tries, tries_at_most, wait, .. } => {
                write!(f, "{step}: {why}, try {tries} of {tries_at_most}, again {}", Again(*wait))
            }
            Self::RateLimited { wait } => {
                write!(f, "waiting for the rate limit, {}", Time(Duration::from_secs(wait.as_secs())))
            }
            Self::Woke { after } => {
                write!(f, "the program did not run for {}: opening new connections", Time(*after))
            }
            Self::AlreadyRecorded => f.write_str("uploaded by an earlier run, so nothing is sent again"),
            Self::NotRecorded { why } => write!(f, "cannot be recorded as uploaded: {why}"),
            Self::ServiceGone { why, patience } => write!(
                f,
                "{why}: retrying this file for up to {} while the other files wait",
                Time(*patience)
            ),
            Self::ServiceBack => f.write_str("the service is back: continuing with the other files"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_one_readable_line() {
        let at_risk =
            Notice::AtRisk { needs: Duration::from_secs(7300), session_left: Duration::from_secs(119) };
        assert_eq!(
            at_risk.to_string(),
            "the rest takes about 2 h 1 min and the upload session ends in 119 s: it may have to start over"
        );
        let resumed = Notice::Resumed { bytes: 5 * 1024 * 1024, parts: 1, parts_total: 4 };
        assert_eq!(resumed.to_string(), "resumed: 5.0 MiB in 1 of 4 parts need not be sent again");
        let retrying = |step, millis| Notice::Retrying {
            step,
            why: "HTTP 500".into(),
            status: Some(500),
            tries: 3,
            tries_at_most: 8,
            wait: Duration::from_millis(millis),
        };
        assert_eq!(retrying(Step::Part(5), 4200).to_string(), "part 5: HTTP 500, try 3 of 8, again in 4 s");
        assert_eq!(
            retrying(Step::Complete, 999).to_string(),
            "completing the upload: HTTP 500, try 3 of 8, again at once"
        );
        let gone = Notice::ServiceGone { why: "no connection".into(), patience: Duration::from_secs(300) };
        assert_eq!(
            gone.to_string(),
            "no connection: retrying this file for up to 5 min while the other files wait"
        );
        let limited = Notice::RateLimited { wait: Duration::from_secs(58) };
        assert_eq!(limited.to_string(), "waiting for the rate limit, 58 s");
    }
}

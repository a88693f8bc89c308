//! What an update would take away. The API replaces a post or a mass message as a whole, so what a command line leaves out is
//! gone: that is found out here, pure, and told with what would keep it. What cannot be read of it is not known here.

use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::Value;

use crate::args::content::{ContentArgs, Recipients};
use crate::failure::{Failure, Result};

/// What the post or message has and the update does not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Loss {
    what: &'static str,
    /// What keeps it on the command line.
    keep: String,
}

/// Whether the command line says something of a field, by its flag or by `--field`.
fn is_given(args: &ContentArgs, flag: bool, name: &str) -> bool {
    let by_field = |field: &String| field.split_once('=').is_some_and(|(field, _)| field == name);
    flag || args.field.iter().any(by_field)
}

/// What of a post or message as the API shows it the command line leaves out.
pub(super) fn losses(raw: &Value, args: &ContentArgs, now: SystemTime) -> Vec<Loss> {
    let mut losses = Vec::new();
    let mut lose = |what, keep| losses.push(Loss { what, keep });
    let text = |name: &str| raw.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if !is_given(args, args.text.is_some(), "text") && (text("text") || text("rawText")) {
        lose("its text", "the text".to_owned());
    }
    if !is_given(args, !args.media.is_empty(), "mediaItems") && has_media(raw) {
        let ids = media_ids(raw);
        let flags = ids.iter().map(|id| format!("--media {id}")).collect::<Vec<_>>();
        lose("its media", if ids.is_empty() { "--media ID".to_owned() } else { flags.join(" ") });
    }
    if let Some(price) = price(raw).filter(|_| !is_given(args, args.price.is_some(), "price")) {
        lose("its price", format!("--price {price}"));
    }
    if let Some(at) = to_come(raw, now).filter(|_| !is_given(args, args.schedule.is_some(), "scheduledDate"))
    {
        lose("the time when it is published", format!("--schedule {at:.0}"));
    }
    losses
}

/// What of a mass message cannot be read and the command line leaves out.
pub(super) fn unsaid(args: &ContentArgs, whom: &Recipients) -> Vec<Loss> {
    let mut losses = Vec::new();
    if !is_given(args, args.schedule.is_some(), "scheduledDate") {
        losses.push(Loss { what: "the time when it goes out", keep: "--schedule TIME".to_owned() });
    }
    let by_flag = !whom.to.is_empty() || !whom.to_list.is_empty();
    if !is_given(args, by_flag, "userIds") && !is_given(args, false, "userLists") {
        losses.push(Loss { what: "its recipients", keep: "--to USER or --to-list LIST".to_owned() });
    }
    losses
}

/// Refuses to lose something.
pub(super) fn refuse(what: &str, losses: &[Loss]) -> Result<()> {
    if losses.is_empty() {
        return Ok(());
    }
    let join = |of: fn(&Loss) -> &str, by: &str| losses.iter().map(of).collect::<Vec<_>>().join(by);
    let (lost, keep) = (join(|loss| loss.what, ", "), join(|loss| &loss.keep, ", "));
    Err(Failure::argument(format!(
        "nothing was changed: an update replaces {what} as a whole, and would take away {lost}"
    ))
    .with_hint(format!("to keep that, also give {keep}; if it is meant, add --replace")))
}

fn has_media(raw: &Value) -> bool {
    let count = raw.get("mediaCount").and_then(Value::as_f64).is_some_and(|count| count > 0.0);
    count || raw.get("media").and_then(Value::as_array).is_some_and(|media| !media.is_empty())
}

fn media_ids(raw: &Value) -> Vec<String> {
    let media = raw.get("media").and_then(Value::as_array).into_iter().flatten();
    media.filter_map(super::content::posted_id).collect()
}

/// A price above 0, as a number or as text.
fn price(raw: &Value) -> Option<f64> {
    let price = match raw.get("price")? {
        Value::String(text) => text.trim_start_matches('$').parse().ok(),
        price => price.as_f64(),
    };
    price.filter(|price| *price > 0.0)
}

/// When it is published, if that is still to come: the API shows that of a post as the time when it was.
fn to_come(raw: &Value, now: SystemTime) -> Option<Timestamp> {
    let now = Timestamp::try_from(now).ok()?;
    let times = ["scheduledDate", "postedAt", "date"].iter().filter_map(|name| raw.get(name)?.as_str());
    times.filter_map(|text| text.parse().ok()).find(|at| *at > now)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        content: ContentArgs,
        #[command(flatten)]
        whom: Recipients,
    }

    fn line(words: &[&str]) -> Line {
        Line::parse_from([&["ofauth"][..], words].concat())
    }

    #[test]
    fn what_the_command_line_leaves_out_is_lost() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let post = json!({"id": 1, "text": "Hi", "media": [{"id": 7}, {"id": "8"}], "mediaCount": 2, "price": 9.5,
            "postedAt": "2027-02-01T09:00:00+00:00"});
        let all = ["the text", "--media 7 --media 8", "--price 9.5", "--schedule 2027-02-01T09:00:00Z"];
        for (raw, words, wanted) in [
            (post.clone(), &[][..], &all[..]),
            (post.clone(), &["typo"], &all[1..]),
            (post.clone(), &["typo", "--media", "7"], &all[2..]),
            (post.clone(), &["", "--field", "mediaItems=[]", "--price", "0", "--schedule", "+1h"], &[]),
            (post.clone(), &["--field", "text=x", "--field", "scheduledDate=x", "--price", "1"], &all[1..2]),
            (
                json!({"id": 1, "text": "Hi", "media": [], "price": 0, "postedAt": "2026-01-01T00:00:00Z"}),
                &["x"],
                &[],
            ),
            (json!({"id": 1, "mediaCount": 3}), &["x"], &["--media ID"]),
            (
                json!({"id": 1, "rawText": "Hi", "price": "$5.00", "media": null}),
                &[],
                &["the text", "--price 5"],
            ),
            (json!({}), &[], &[]),
        ] {
            let lost = losses(&raw, &line(words).content, now);
            let keep: Vec<_> = lost.iter().map(|loss| loss.keep.as_str()).collect();
            assert_eq!(keep, wanted, "{raw} {words:?}");
            assert_eq!(refuse("it", &lost).is_err(), !wanted.is_empty());
        }
    }

    #[test]
    fn what_cannot_be_read_of_a_mass_message_has_to_be_said() {
        for (words, wanted) in [
            (&["x"][..], 2),
            (&["x", "--to", "1"], 1),
            (&["x", "--schedule", "+1h"], 1),
            (&["x", "--schedule", "+1h", "--to-list", "fans"], 0),
            (&["x", "--field", "scheduledDate=null", "--field", "userLists=[1]"], 0),
            (&["x", "--schedule", "+1h", "--except-list", "1"], 1),
        ] {
            let line = line(words);
            assert_eq!(unsaid(&line.content, &line.whom).len(), wanted, "{words:?}");
        }
    }
}

//! What `post` and `message` have in common: content from flags, and the id in the answer.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use ofauth::unversioned::display_safe::is_unsafe;
use ofauth::{Content, MediaItem};
use serde_json::Value;

use crate::args::content::ContentArgs;
use crate::failure::{Failure, Result};

/// How far the clocks of this machine and of the service may be apart.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5 * 60);

/// The content that the flags describe.
pub(crate) fn content(args: &ContentArgs) -> Result<Content> {
    let text = args.text.as_deref().unwrap_or_default();
    if text.is_empty() && args.media.is_empty() {
        return Err(Failure::argument("there is no content: give a text or --media"));
    }
    let mut content = Content::new(text);
    for item in &args.media {
        content = content.media(item.parse::<MediaItem>()?);
    }
    if let Some(price) = args.price {
        content = content.price(price);
    }
    if args.locked_text {
        content = content.locked_text(true);
    }
    if let Some(count) = args.preview_count {
        content = content.preview_media_count(count);
    }
    if let Some(at) = args.schedule {
        still_to_come(at, SystemTime::now())?;
        content = content.schedule(at);
    }
    let by_flags = [
        ("text", !text.is_empty(), "TEXT"),
        ("mediaItems", !args.media.is_empty(), "--media"),
        ("price", args.price.is_some(), "--price"),
        ("isLockedText", args.locked_text, "--locked-text"),
        ("scheduledDate", args.schedule.is_some(), "--schedule"),
        ("previewMediaCount", args.preview_count.is_some(), "--preview-count"),
    ];
    for field in &args.field {
        let (name, value) = split(field, "--field")?;
        if let Some((_, _, flag)) = by_flags.iter().find(|(field, given, _)| *field == name && *given) {
            return Err(Failure::argument(format!("--field {name} and {flag} set the same field: keep one")));
        }
        content = content.field(name, json_or_text(value));
    }
    Ok(content)
}

/// Refuses to publish in the past, by a clock that may be a little wrong.
fn still_to_come(at: SystemTime, now: SystemTime) -> Result<()> {
    if now.duration_since(at).is_ok_and(|late| late > CLOCKS_DIFFER) {
        let (at, now) = (Timestamp::try_from(at), Timestamp::try_from(now));
        let shown =
            |time: Result<Timestamp, _>| time.map_or_else(|_| "?".to_owned(), |time| format!("{time:.0}"));
        let text = format!("--schedule: {} is in the past, it is {} now", shown(at), shown(now));
        return Err(Failure::argument(text).with_hint("give a time that is still to come, such as +2h"));
    }
    Ok(())
}

/// The id of a post or message in the API's answer.
pub(crate) fn posted_id(answer: &Value) -> Option<String> {
    match answer.get("id")? {
        // What would begin a line of its own is no id.
        Value::String(text) if text.contains(is_unsafe) => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Splits `name=value`.
pub(crate) fn split<'a>(text: &'a str, flag: &str) -> Result<(&'a str, &'a str)> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name, value)),
        _ => Err(Failure::argument(format!("{flag} {text}: write it as name=value"))),
    }
}

/// A value as JSON, or as the text that it is.
pub(crate) fn json_or_text(value: &str) -> Value {
    serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_to_be_published_in_the_past_is_refused_with_the_time_now() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        for (late, refused) in [(0, false), (299, false), (300, false), (301, true), (86_400, true)] {
            let end = still_to_come(now - Duration::from_secs(late), now);
            assert_eq!(end.is_err(), refused, "{late}");
            if let Err(failure) = end {
                assert!(failure.text().contains("it is 2027-01-15T08:00:00Z now"), "{}", failure.text());
            }
        }
        assert!(still_to_come(now + Duration::from_secs(1), now).is_ok());
    }

    #[test]
    fn ids_are_read_as_number_and_as_text() {
        assert_eq!(posted_id(&json!({"id": 5})).as_deref(), Some("5"));
        assert_eq!(posted_id(&json!({"id": "p5"})).as_deref(), Some("p5"));
        assert_eq!(posted_id(&json!({})), None);
        assert_eq!(posted_id(&json!({"id": "5\nupload:forged"})), None);
    }

    #[test]
    fn values_are_json_or_plain_text() {
        assert_eq!(json_or_text("5"), json!(5));
        assert_eq!(json_or_text("[1,2]"), json!([1, 2]));
        assert_eq!(json_or_text("2027-01-01"), json!("2027-01-01"));
        assert_eq!(split("a=b=c", "--field").unwrap(), ("a", "b=c"));
        assert!(split("a", "--field").is_err() && split("=b", "--field").is_err());
    }
}

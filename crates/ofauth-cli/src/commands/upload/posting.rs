//! The post of `--post`: made once all files are uploaded, and never twice by the same command.
//!
//! That a post was begun is written down before it is sent, and its end behind it. A run that finds one without an end
//! does not post, for nobody knows whether it was made; one that finds it made tells of it again.

use ofauth::unversioned::display_safe::one_line;
use ofauth::{Content, ErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::batch::Batch;
use super::delivered::Delivered;
use super::done::Done;
use super::summary::Summary;
use crate::commands::content::posted_id;
use crate::events::Event;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::shorten::in_the_middle;
use crate::threads;

/// So many characters of a post's text are shown.
const SHOWN: usize = 40;

/// So many references are named in an advice.
const NAMED: usize = 3;

/// What begins a line of the post, and no other.
const BEGIN: &[u8] = b"{\"post\":";

/// A line of the record about the post.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "post", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum PostLine {
    /// It is about to be sent.
    Begun { text: String, media_items: Vec<String> },
    /// The one before was not made.
    NotMade,
    /// The one before was made.
    Made { answer: Value },
}

/// A post that was begun by an earlier run, and not refused.
#[derive(Debug)]
pub(super) struct Post {
    text: String,
    media_items: Vec<String>,
    /// The post as the service described it, if it is known to be made.
    answer: Option<Value>,
}

impl Post {
    /// Takes in the next line of a record.
    pub(super) fn read(post: &mut Option<Self>, line: &[u8]) {
        if !line.starts_with(BEGIN) {
            return;
        }
        match (serde_json::from_slice(line), post) {
            (Ok(PostLine::Begun { text, media_items }), post) => {
                *post = Some(Self { text, media_items, answer: None });
            }
            (Ok(PostLine::NotMade), post) => *post = None,
            (Ok(PostLine::Made { answer }), Some(post)) => post.answer = Some(answer),
            _ => {}
        }
    }
}

/// Refuses to go on if an earlier run may have made the post.
pub(super) fn refuse_if_in_doubt(delivered: &Delivered) -> Result<()> {
    match delivered.post() {
        Some(post) if post.answer.is_none() => {
            let text = format!(
                "an earlier run with these files may have made the post {:?}: none is made again",
                in_the_middle(&post.text, SHOWN)
            );
            Err(Failure::new(ErrorKind::OutcomeUnknown, text).with_hint(advice(&post.media_items)))
        }
        _ => Ok(()),
    }
}

/// What to do about a post of these that may have been made.
fn advice(media_items: &[String]) -> String {
    let named: Vec<String> = media_items.iter().take(NAMED).map(|item| format!(" -m {item}")).collect();
    let more = match media_items.len() {
        all if all > NAMED => format!(" -m ...` with all {all} references"),
        _ => "`".to_owned(),
    };
    format!(
        "look whether the post is there; if it is not, make it: `ofauth post TEXT{}{more}; in either case, run this \
         command once without --post, which prints the references, uploads nothing again, and ends the record of this \
         post",
        named.concat()
    )
}

impl Batch<'_> {
    /// Makes the post if all files are there, and counts its end.
    pub(super) async fn post_all(&self, text: &str, done: &mut [Done], summary: &mut Summary) {
        let out = &self.job.app.out;
        if !out.told_all() {
            out.say("ofauth: no post was made: its references could not be written to standard output");
            return;
        }
        if summary.end != Exit::Done {
            let (missing, files) = (summary.files.saturating_sub(done.len() as u64), summary.files);
            out.say(&format!("ofauth: no post was made: {missing} of {files} files were not uploaded"));
            return;
        }
        match self.post(text, done).await {
            Ok(()) if !out.told_all() => {}
            Ok(()) => {
                for file in done {
                    file.settle(out).await;
                }
            }
            Err(failure) => {
                out.failure(&failure);
                summary.end = summary.end.worse(failure.exit());
            }
        }
    }

    /// Makes one post of all files, unless an earlier run has.
    async fn post(&self, text: &str, files: &[Done]) -> Result<()> {
        let mut content = Content::new(text);
        let mut media_items = Vec::new();
        for file in files {
            let Some((item, name)) = file.media_item() else {
                let text = format!("no post was made: the API does not name the media of {}", file.name());
                return Err(Failure::new(ErrorKind::InvalidAnswer, text)
                    .with_hint("run the command again without --skip-existing"));
            };
            content = content.media(item);
            media_items.push(name);
        }
        let earlier = self.delivered.as_ref().and_then(|delivered| delivered.post());
        if let Some(post) = earlier.filter(|post| post.text == text && post.media_items == media_items)
            && let Some(answer) = &post.answer
        {
            self.tell_posted("posted by an earlier run as", files, media_items, answer);
            return Ok(());
        }
        let begun = PostLine::Begun { text: text.to_owned(), media_items: media_items.clone() };
        if let Err(error) = self.note_post(begun).await {
            // If it is there after all, this is, too.
            let _ = self.note_post(PostLine::NotMade).await;
            let what = "no post was made, for it cannot be written down";
            return Err(Failure::io(ErrorKind::Journal, what, &error).with_hint("run the command again"));
        }
        let (interrupt, client) = (&self.job.app.interrupt, &self.job.session.client);
        let (end, posted) = match interrupt.or_unknown("the post", client.create_post(&content)).await {
            Ok(answer) => (Some(PostLine::Made { answer: answer.clone() }), Ok(answer)),
            Err(failure) if may_be_made(failure.kind()) => {
                let is_recorded = self.delivered.is_some();
                (None, Err(if is_recorded { failure.with_hint(advice(&media_items)) } else { failure }))
            }
            Err(failure) => (Some(PostLine::NotMade), Err(failure)),
        };
        if let Some(end) = end
            && let Err(error) = self.note_post(end).await
        {
            self.job.app.out.note(&format!("ofauth: how the post ended cannot be written down: {error}"));
        }
        self.tell_posted("posted as", files, media_items, &posted?);
        Ok(())
    }

    /// Writes down how far the post is, if the command keeps a record.
    async fn note_post(&self, line: PostLine) -> std::io::Result<()> {
        let Some(delivered) = self.delivered.clone() else { return Ok(()) };
        let written = threads::run(move || delivered.add_post(&line)).await;
        written.unwrap_or_else(|failure| Err(std::io::Error::other(failure.text())))
    }

    fn tell_posted(&self, how: &str, files: &[Done], media_items: Vec<String>, post: &Value) {
        let (out, id) = (&self.job.app.out, posted_id(post));
        let named = one_line(id.as_deref().unwrap_or("a post whose id the API did not name"));
        // A medium that the vault had is no reference, and can be posted again.
        let uses_up = files.iter().any(|file| matches!(file, Done::Uploaded { .. }));
        let text = format!("{how} {named}{}", if uses_up { ", which uses up the references" } else { "" });
        if !out.is_json() {
            return out.confirm(&text);
        }
        let arrived = out.event(&Event::Posted { id, media_items, post });
        out.tell(arrived, &text);
        if out.is_heard(arrived) {
            out.note(&text);
        }
    }
}

/// Whether a post that ended like this may be there.
fn may_be_made(kind: ErrorKind) -> bool {
    // An answer that cannot be understood may be one to a post that was made.
    matches!(kind, ErrorKind::OutcomeUnknown | ErrorKind::Cancelled | ErrorKind::InvalidAnswer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_tell_whether_a_post_is_in_doubt() {
        let begun = PostLine::Begun { text: "a\n\"b\"".into(), media_items: vec!["upload:1".into()] };
        let line = |line: &PostLine| serde_json::to_string(line).unwrap();
        let read = |lines: &[&PostLine]| {
            let mut post = None;
            lines.iter().for_each(|each| Post::read(&mut post, line(each).as_bytes()));
            post.map(|post| (post.text, post.answer))
        };
        assert!(line(&begun).as_bytes().starts_with(BEGIN), "{}", line(&begun));
        let (not_made, made) = (PostLine::NotMade, PostLine::Made { answer: Value::from(5) });
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[&begun]), Some(("a\n\"b\"".into(), None)));
        assert_eq!(read(&[&begun, &not_made]), None);
        assert_eq!(read(&[&begun, &not_made, &begun]), Some(("a\n\"b\"".into(), None)));
        assert_eq!(read(&[&begun, &made]), Some(("a\n\"b\"".into(), Some(Value::from(5)))));
        assert_eq!(read(&[&made]), None);
    }
}

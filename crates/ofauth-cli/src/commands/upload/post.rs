//! The post of `--post`: made once all files are uploaded, and never twice by the same command.
//!
//! That a post was begun is written down before it is sent, and its end behind it. A run that finds one without an end
//! does not post, for nobody knows whether it was made; one that finds it made tells of it again.

use std::io;
use std::sync::Arc;

use ofauth::unversioned::display_safe::one_line;
use ofauth::{Content, ErrorKind};
use serde_json::Value;

use super::context::UploadContext;
use super::outcome::StoredFile;
use super::post_record::{PostLine, PostRecord};
use super::summary::Summary;
use crate::commands::content::posted_id;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::output::Output;
use crate::output::events::Event;
use crate::terminal::shorten::in_the_middle;
use crate::threads;

/// So many characters of a post's text are shown.
const SHOWN: usize = 40;

/// So many references are named in an advice.
const NAMED: usize = 3;

/// Refuses to go on if an earlier run may have made the post.
pub(super) fn refuse_if_in_doubt(record: &PostRecord) -> Result<()> {
    match &record.begun {
        Some(post) if post.answer.is_none() => {
            let text = format!(
                "an earlier run with these files may have made the post {:?}: it is not made again",
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
        "check whether the post exists; if not, make it: `ofauth post TEXT{}{more}; in either case, run this \
         command once without --post: it prints the references, uploads nothing again, and closes the record of this \
         post",
        named.concat()
    )
}

/// Makes the post if all files are there, and counts its end.
pub(super) async fn post_all(
    upload: &UploadContext<'_>,
    record: Option<&Arc<PostRecord>>,
    text: &str,
    files: &[StoredFile],
    summary: &mut Summary,
) {
    let out = &upload.app.out;
    if !out.told_all() {
        out.say("ofauth: no post was made: its references could not be written to standard output");
        return;
    }
    if summary.end != Exit::Done {
        let (missing, all) = (summary.files.saturating_sub(files.len() as u64), summary.files);
        out.say(&format!("ofauth: no post was made: {missing} of {all} files were not uploaded"));
        return;
    }
    if let Err(failure) = post(upload, record, text, files).await {
        out.failure(&failure);
        summary.end = summary.end.worse(failure.exit());
    }
}

/// Makes one post of all files, unless an earlier run has.
async fn post(
    upload: &UploadContext<'_>,
    record: Option<&Arc<PostRecord>>,
    text: &str,
    files: &[StoredFile],
) -> Result<()> {
    let out = &upload.app.out;
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
    let earlier = record.and_then(|record| record.begun.as_ref());
    if let Some(post) = earlier.filter(|post| post.text == text && post.media_items == media_items)
        && let Some(answer) = &post.answer
    {
        tell(out, "posted by an earlier run as", files, media_items, answer);
        return Ok(());
    }
    let begun = PostLine::Begun { text: text.to_owned(), media_items: media_items.clone() };
    if let Err(error) = write_down(record, begun).await {
        // If it is there after all, this is, too.
        let _ = write_down(record, PostLine::NotMade).await;
        let what = "no post was made, because it cannot be recorded";
        return Err(Failure::io(ErrorKind::Journal, what, &error).with_hint("run the command again"));
    }
    let posted = upload.context.client.create_post(&content).cancel(upload.app.interrupt.cancel()).await;
    let (end, posted) = match interrupt::ended("no post was made", posted) {
        Ok(post) => (Some(PostLine::Made { answer: post.raw().clone() }), Ok(post)),
        Err(failure) if may_be_made(failure.kind()) => {
            (None, Err(if record.is_some() { failure.with_hint(advice(&media_items)) } else { failure }))
        }
        Err(failure) => (Some(PostLine::NotMade), Err(failure)),
    };
    if let Some(end) = end
        && let Err(error) = write_down(record, end).await
    {
        out.note(&format!("ofauth: the result of the post cannot be recorded: {error}"));
    }
    tell(out, "posted as", files, media_items, posted?.raw());
    Ok(())
}

/// Writes down how far the post is, if the command keeps a record.
async fn write_down(record: Option<&Arc<PostRecord>>, line: PostLine) -> io::Result<()> {
    let Some(record) = record.cloned() else { return Ok(()) };
    let written = threads::run(move || record.add(&line)).await;
    written.unwrap_or_else(|failure| Err(io::Error::other(failure.text())))
}

fn tell(out: &Output, how: &str, files: &[StoredFile], media_items: Vec<String>, post: &Value) {
    let id = posted_id(post);
    let named = one_line(id.as_deref().unwrap_or("a post without an id in the answer"));
    // A medium that the vault had is no reference, and can be posted again.
    let uses_up = files.iter().any(|file| matches!(file, StoredFile::Uploaded { .. }));
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

/// Whether a post that ended like this may be there.
fn may_be_made(kind: ErrorKind) -> bool {
    // An answer that cannot be understood may be one to a post that was made.
    matches!(kind, ErrorKind::OutcomeUnknown | ErrorKind::InvalidAnswer)
}

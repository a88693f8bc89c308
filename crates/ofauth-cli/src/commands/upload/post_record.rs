//! How far the post of a command is: that one was begun is written down before it is sent, and its end behind it.
//!
//! One file of lines for each command, under the same name as the library's record of its files, and only while that is
//! open: so no two commands write it. It is forgotten when the command ends with 0.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use ofauth::ErrorKind;
use ofauth::unversioned::line_file::{self, is_torn, naming};
use ofauth::unversioned::private_fs::create_directory;
use ofauth::unversioned::state_format::POST_RECORD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::context::UploadContext;
use crate::failure::{Failure, Result};

/// As long as the files of the command are known.
const LASTS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A line of the record.
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
pub(super) struct BegunPost {
    pub(super) text: String,
    pub(super) media_items: Vec<String>,
    /// The post as the service described it, if it is known to be made.
    pub(super) answer: Option<Value>,
}

/// The record of a command's post.
#[derive(Debug)]
pub(super) struct PostRecord {
    file: File,
    path: PathBuf,
    /// The post that an earlier run began, unless it is known not to have been made.
    pub(super) begun: Option<BegunPost>,
}

impl PostRecord {
    /// Opens what is known of the post; nothing if the command keeps no journal, or none of its runs was to make one.
    pub(super) fn open(upload: &UploadContext<'_>) -> Result<Option<Self>> {
        let Some(state) = upload.record_state() else { return Ok(None) };
        let directory = state.posts();
        let path = directory.join(format!("{}.jsonl", upload.record_name()));
        if upload.args.post.is_none() && path.symlink_metadata().is_err() {
            return Ok(None);
        }
        let opened = create_directory(&directory).map_err(|error| naming(&directory, &error));
        let opened = opened.and_then(|()| {
            line_file::remove_older(&directory, LASTS);
            Self::at(path)
        });
        opened.map(Some).map_err(|error| {
            Failure::io(ErrorKind::Journal, "a post cannot be written down", &error).with_hint(
                "remove that file, or name another directory with --state-dir, or do without: --no-resume",
            )
        })
    }

    /// Opens the record at `path`, which is made if it is missing.
    fn at(path: PathBuf) -> io::Result<Self> {
        let file = line_file::open_locked(&path)?;
        let file = file.ok_or_else(|| naming(&path, &io::Error::other("another process has it")))?;
        line_file::check_format(&file, &path, POST_RECORD)?;
        let mut begun = None;
        let mut read = || {
            // A line that a crash has torn must not spoil the next one.
            if is_torn(&file)? {
                (&file).write_all(b"\n")?;
            }
            line_file::for_each_line(&file, |_, line| BegunPost::read(&mut begun, line))
        };
        read().map_err(|error| naming(&path, &error))?;
        Ok(Self { file, path, begun })
    }

    /// Writes down how far the post is, for good. Blocks on the disk.
    pub(super) fn add(&self, line: &PostLine) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let written = line_file::append(&self.file, &bytes, POST_RECORD).and_then(|_| self.file.sync_data());
        written.map_err(|error| naming(&self.path, &error))
    }

    /// Forgets the post: the command has done what it was asked to.
    pub(super) fn clear(&self) -> Result<()> {
        let forgotten = self.file.set_len(0);
        // An empty record that stays does no harm.
        let _ = std::fs::remove_file(&self.path);
        forgotten.map_err(|error| {
            Failure::io(ErrorKind::Journal, "the post cannot be forgotten", &naming(&self.path, &error))
        })
    }
}

impl BegunPost {
    /// Takes in the next line of a record.
    fn read(post: &mut Option<Self>, line: &[u8]) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::samples;

    #[test]
    fn the_last_lines_tell_whether_a_post_is_in_doubt() {
        let begun = PostLine::Begun { text: "a\n\"b\"".into(), media_items: vec!["upload:1".into()] };
        let line = |line: &PostLine| serde_json::to_string(line).unwrap();
        let read = |lines: &[&PostLine]| {
            let mut post = None;
            lines.iter().for_each(|each| BegunPost::read(&mut post, line(each).as_bytes()));
            post.map(|post| (post.text, post.answer))
        };
        let (not_made, made) = (PostLine::NotMade, PostLine::Made { answer: Value::from(5) });
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[&begun]), Some(("a\n\"b\"".into(), None)));
        assert_eq!(read(&[&begun, &not_made]), None);
        assert_eq!(read(&[&begun, &not_made, &begun]), Some(("a\n\"b\"".into(), None)));
        assert_eq!(read(&[&begun, &made]), Some(("a\n\"b\"".into(), Some(Value::from(5)))));
        assert_eq!(read(&[&made]), None);
    }

    /// What was written once is read by every later version, or refused by name and left as it is.
    #[test]
    fn samples_are_read_or_refused_by_their_version() {
        let whole = samples::sample("post-record-1");
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("record.jsonl");
        let open = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            PostRecord::at(path.clone())
        };
        let post = open(&whole).unwrap().begun.unwrap();
        let expected = ("Hello", &["upload:1".to_owned()][..], None);
        assert_eq!((&*post.text, &*post.media_items, post.answer), expected);
        let torn = [&whole[..], b"{\"post\":\"no"].concat();
        for bytes in samples::cut(&whole).into_iter().chain([torn]) {
            let record = open(&bytes).unwrap();
            record.add(&PostLine::Begun { text: "x".into(), media_items: Vec::new() }).unwrap();
            record.add(&PostLine::Made { answer: Value::from(5) }).unwrap();
            drop(record);
            let post = PostRecord::at(path.clone()).unwrap().begun.unwrap();
            assert_eq!((post.text.as_str(), post.answer), ("x", Some(Value::from(5))));
        }
        for (bytes, why) in samples::refused(&whole) {
            let error = open(&bytes).unwrap_err();
            assert_eq!(error.to_string(), format!("{}: {why}", path.display()));
            assert_eq!(std::fs::read(&path).unwrap(), bytes, "{why}: it is changed");
        }
    }
}

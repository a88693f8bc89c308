//! The lines of a resume record that are about the post: that one was begun is written down before it is sent, and its end
//! behind it. Reads and writes no file.

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
pub(super) struct BegunPost {
    pub(super) text: String,
    pub(super) media_items: Vec<String>,
    /// The post as the service described it, if it is known to be made.
    pub(super) answer: Option<Value>,
}

impl BegunPost {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_tell_whether_a_post_is_in_doubt() {
        let begun = PostLine::Begun { text: "a\n\"b\"".into(), media_items: vec!["upload:1".into()] };
        let line = |line: &PostLine| serde_json::to_string(line).unwrap();
        let read = |lines: &[&PostLine]| {
            let mut post = None;
            lines.iter().for_each(|each| BegunPost::read(&mut post, line(each).as_bytes()));
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

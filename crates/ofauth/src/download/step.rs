//! What an answer of the media host means for a download: pure.

use crate::error::{Error, ErrorKind};

/// What was asked of the media host, and what is known of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// Bytes that are there; the rest was asked for if there are any.
    pub(super) offset: u64,
    /// The mark of the content that they are of.
    pub(super) etag: Option<String>,
    /// The size of the whole file, if it is known.
    pub(super) size: Option<u64>,
}

/// The head of an answer, as far as it matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) content_length: Option<u64>,
    pub(super) content_range: Option<String>,
    pub(super) etag: Option<String>,
    /// Whether the end of the body is told apart from an end of the connection, also without a length.
    pub(super) is_framed: bool,
    /// Whether the body is compressed or the like, which was not asked for.
    pub(super) is_coded: bool,
}

/// What to do.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The body is the rest of the file.
    Append,
    /// The body is the whole file, of this size and with this mark.
    Whole { size: Option<u64>, etag: Option<String> },
    /// What is there is of no use: ask for the whole file.
    AskWhole,
    /// The file is whole.
    Complete,
    /// The address is not valid any more: get another one.
    Renew,
    /// The host failed, which may pass.
    Again,
    /// The answer is not from the media host or not of this file, which may pass: a proxy's, say.
    Odd(Error),
    /// It is no use.
    Over(Error),
}

/// Judges an answer.
pub(super) fn judge(asked: &Asked, answered: &Answered) -> Verdict {
    match answered.status {
        200 => whole(asked, answered),
        206 if asked.offset > 0 => rest(asked, answered),
        // It is whole, or longer than the file and so of something else.
        416 if asked.offset > 0 && asked.size == Some(asked.offset) => Verdict::Complete,
        416 if asked.offset > 0 => Verdict::AskWhole,
        status => match refusal(status) {
            Refusal::Address => Verdict::Renew,
            Refusal::Passing => Verdict::Again,
            Refusal::Other => {
                over(format!("the media host answered {status}, which is no answer to a download"))
            }
        },
    }
}

/// What a refusal is about.
enum Refusal {
    /// The address, which is not valid any more.
    Address,
    /// Something that may pass.
    Passing,
    Other,
}

fn refusal(status: u16) -> Refusal {
    match status {
        401 | 403 | 404 | 410 => Refusal::Address,
        408 | 425 | 429 | 500.. => Refusal::Passing,
        _ => Refusal::Other,
    }
}

/// What the answer to the wish to have a medium stored means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StoreVerdict {
    /// It will be stored.
    Accepted,
    /// The address is not valid any more: get another one.
    Renew,
    /// Look again, and ask again if it is still only in a cache.
    Again,
    /// It is no use.
    Over,
}

/// Judges the status of that answer.
pub(super) fn judge_store(status: u16) -> StoreVerdict {
    match status {
        // Redirects that mean "the same request, elsewhere" were followed.
        200..300 | 303 => StoreVerdict::Accepted,
        // Somebody else may have asked for it.
        409 => StoreVerdict::Again,
        status => match refusal(status) {
            Refusal::Address => StoreVerdict::Renew,
            Refusal::Passing => StoreVerdict::Again,
            Refusal::Other => StoreVerdict::Over,
        },
    }
}

fn whole(asked: &Asked, answered: &Answered) -> Verdict {
    if answered.is_coded {
        return over("the media host sent the file compressed although no compression was asked for");
    }
    if let (Some(size), Some(length)) = (asked.size, answered.content_length)
        && size != length
    {
        let text =
            format!("the file has {size} bytes by what the service says, and the media host sends {length}");
        let error = Error::new(ErrorKind::InvalidAnswer, text);
        // Much may be there: one odd answer is not the end of it.
        return if asked.offset > 0 { Verdict::Odd(error) } else { Verdict::Over(error) };
    }
    if asked.size.is_none() && !tells_its_end(answered) {
        return over("nobody says how large the file is, and the media host does not say where it ends");
    }
    Verdict::Whole { size: asked.size.or(answered.content_length), etag: strong(answered.etag.as_deref()) }
}

/// Whether a body that was cut is told apart from a whole one.
fn tells_its_end(answered: &Answered) -> bool {
    answered.content_length.is_some() || answered.is_framed
}

fn rest(asked: &Asked, answered: &Answered) -> Verdict {
    let Some((from, to, total)) = answered.content_range.as_deref().and_then(range) else {
        return Verdict::AskWhole;
    };
    // A host that knows marks says the mark of a part as well: without one, something between may have made the answer.
    let is_same = answered.etag == asked.etag && (asked.size.is_some() || tells_its_end(answered));
    let is_of_it = total.is_none() || asked.size.is_none() || total == asked.size;
    let fits = asked.size.is_none_or(|size| to < size);
    let length = to.checked_sub(from).and_then(|length| length.checked_add(1));
    let is_whole = answered.content_length.is_none() || answered.content_length == length;
    match from == asked.offset && is_same && is_of_it && fits && is_whole && !answered.is_coded {
        true => Verdict::Append,
        false => Verdict::AskWhole,
    }
}

/// First byte, last byte and size of a `Content-Range`.
fn range(text: &str) -> Option<(u64, u64, Option<u64>)> {
    let (bytes, total) = text.trim().strip_prefix("bytes")?.trim_start().split_once('/')?;
    let (from, to) = bytes.split_once('-')?;
    let total = if total.trim() == "*" { None } else { Some(total.trim().parse().ok()?) };
    let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    (from <= to).then_some((from, to, total))
}

/// A mark by which the rest of the same bytes can be asked for; a weak one is none.
fn strong(etag: Option<&str>) -> Option<String> {
    let is_strong = |text: &&str| text.len() >= 2 && text.starts_with('"') && text.ends_with('"');
    etag.filter(is_strong).map(str::to_owned)
}

fn over(text: impl Into<String>) -> Verdict {
    Verdict::Over(Error::new(ErrorKind::InvalidAnswer, text))
}

/// Whether a download goes on after a failure: pure. What comes again after a start from the beginning is no progress.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// The most bytes that were there.
    best: u64,
    failures: u32,
    renewals: u32,
}

/// So many tries in a row may fail.
const MOST_FAILURES: u32 = 8;

/// So many addresses in a row may be refused.
const MOST_RENEWALS: u32 = 3;

impl Patience {
    /// So many bytes are there now.
    pub(super) fn note(&mut self, bytes: u64) {
        if bytes > self.best {
            *self = Self { best: bytes, failures: 0, renewals: 0 };
        }
    }

    /// The number of failures before this one; nothing if there were enough.
    pub(super) fn fail(&mut self) -> Option<u32> {
        let before = self.failures;
        self.failures = before.saturating_add(1);
        (self.failures < MOST_FAILURES).then_some(before)
    }

    /// The number of refused addresses before this one; nothing if there were enough.
    pub(super) fn renew(&mut self) -> Option<u32> {
        let before = self.renewals;
        self.renewals = before.saturating_add(1);
        (self.renewals < MOST_RENEWALS).then_some(before)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(offset: u64) -> Asked {
        Asked { offset, etag: Some("\"a\"".into()), size: Some(100) }
    }

    fn answered(status: u16, range: &str, etag: &str, length: u64) -> Answered {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Answered {
            status,
            content_length: Some(length),
            content_range: text(range),
            etag: text(etag),
            is_framed: false,
            is_coded: false,
        }
    }

    #[test]
    fn every_answer_has_one_meaning() {
        for (offset, answer, wanted) in [
            (0, answered(200, "", "\"a\"", 100), "Whole"),
            (40, answered(200, "", "\"b\"", 100), "Whole"),
            (0, answered(200, "", "", 99), "Over"),
            (40, answered(206, "bytes 40-99/100", "\"a\"", 60), "Append"),
            (40, answered(206, "bytes 40-79/100", "\"a\"", 40), "Append"),
            (40, answered(206, "bytes 40-99/*", "\"a\"", 60), "Append"),
            (40, answered(206, "bytes 40-99/100", "", 60), "AskWhole"),
            (40, answered(200, "", "\"a\"", 99), "Odd"),
            (40, answered(206, "bytes 40-99/100", "\"b\"", 60), "AskWhole"),
            (40, answered(206, "bytes 39-99/100", "\"a\"", 61), "AskWhole"),
            (40, answered(206, "bytes 40-99/101", "\"a\"", 60), "AskWhole"),
            (40, answered(206, "bytes 40-100/*", "\"a\"", 61), "AskWhole"),
            (40, answered(206, "bytes 40-99/100", "\"a\"", 50), "AskWhole"),
            (40, answered(206, "bytes 99-40/100", "\"a\"", 60), "AskWhole"),
            (40, answered(206, "", "\"a\"", 60), "AskWhole"),
            (40, answered(206, "pages 40-99/100", "\"a\"", 60), "AskWhole"),
            (0, answered(206, "bytes 0-99/100", "\"a\"", 100), "Over"),
            (100, answered(416, "bytes */100", "", 0), "Complete"),
            (40, answered(416, "bytes */100", "", 0), "AskWhole"),
            (0, answered(416, "", "", 0), "Over"),
            (0, answered(401, "", "", 0), "Renew"),
            (0, answered(403, "", "", 0), "Renew"),
            (0, answered(404, "", "", 0), "Renew"),
            (40, answered(410, "", "", 0), "Renew"),
            (0, answered(429, "", "", 0), "Again"),
            (0, answered(503, "", "", 0), "Again"),
            (0, answered(204, "", "", 0), "Over"),
            (0, answered(304, "", "", 0), "Over"),
        ] {
            let verdict = judge(&asked(offset), &answer);
            assert!(format!("{verdict:?}").starts_with(wanted), "{offset} {answer:?}: {verdict:?}");
        }
        let coded = Answered { is_coded: true, ..answered(200, "", "", 100) };
        assert!(matches!(judge(&asked(0), &coded), Verdict::Over(_)));
        let unknown = |answer: Answered| {
            let verdict = judge(&Asked { size: None, ..asked(0) }, &answer);
            format!("{verdict:?}").split([' ', '(']).next().unwrap().to_owned()
        };
        let endless = Answered { content_length: None, ..answered(200, "", "", 0) };
        assert_eq!(unknown(answered(200, "", "", 100)), "Whole");
        assert_eq!(unknown(Answered { is_framed: true, ..endless.clone() }), "Whole");
        assert_eq!(unknown(endless), "Over", "a cut body would be taken for a whole one");
        for (etag, kept) in
            [("\"a\"", Some("\"a\"")), ("W/\"a\"", None), ("a", None), ("\"", None), ("", None)]
        {
            let Verdict::Whole { etag, .. } = judge(&asked(0), &answered(200, "", etag, 100)) else {
                panic!()
            };
            assert_eq!(etag.as_deref(), kept);
        }
    }

    #[test]
    fn every_answer_to_a_wish_to_store_has_one_meaning() {
        use StoreVerdict::*;
        for (statuses, wanted) in [
            (&[200, 201, 202, 204, 303][..], Accepted),
            (&[401, 403, 404, 410], Renew),
            (&[408, 409, 425, 429, 500, 502, 503, 504, 522], Again),
            (&[300, 304, 400, 402, 405, 411, 413, 422, 451], Over),
        ] {
            for status in statuses {
                assert_eq!(judge_store(*status), wanted, "{status}");
            }
        }
    }

    proptest! {
        /// Whatever a host answers, bytes are appended only where they belong.
        #[test]
        fn only_the_rest_is_appended(offset in 1_u64..120, from in 0_u64..120, to in 0_u64..120, total in 0_u64..120) {
            let answer = answered(206, &format!("bytes {from}-{to}/{total}"), "\"a\"", (to + 1).saturating_sub(from));
            if let Verdict::Append = judge(&asked(offset), &answer) {
                prop_assert!(from == offset && to >= from && to < 100 && total == 100);
            }
        }

        /// A download ends: between two steps forward there is a bounded number of failures and new addresses.
        #[test]
        fn patience_ends(notes in prop::collection::vec((0_u64..20, any::<bool>()), 0..200)) {
            let mut patience = Patience::default();
            let (mut best, mut since) = (0, 0);
            for (bytes, renews) in notes {
                patience.note(bytes);
                if bytes > best { best = bytes; since = 0; }
                since += 1;
                let goes_on = if renews { patience.renew().is_some() } else { patience.fail().is_some() };
                prop_assert!(since < MOST_FAILURES + MOST_RENEWALS || !goes_on);
                if !goes_on { break }
            }
        }
    }
}

//! The plan that the simulated service gives out, as the service writes it.

use serde_json::{Value, json};

use super::reply::Reply;
use super::schedule::Schedule;

/// How a file of some size is to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Division {
    pub(crate) single: bool,
    /// Bytes of each part.
    pub(crate) parts: Vec<u64>,
}

impl Division {
    /// As the schedule wants it, for a file that may have another size by now.
    pub(crate) fn new(schedule: &Schedule, size: u64) -> Self {
        if schedule.single {
            return Self { single: true, parts: vec![size] };
        }
        let lengths = schedule.parts.iter();
        let lengths: Box<dyn Iterator<Item = &u64>> = if schedule.traits.plans_in_headers {
            Box::new(lengths.take(1).cycle())
        } else {
            Box::new(lengths.cycle())
        };
        let (mut parts, mut left) = (Vec::new(), size);
        for length in lengths {
            let length = left.min(*length);
            parts.push(length);
            left -= length;
            if left == 0 {
                break;
            }
        }
        // A plan of one part without a list cannot say that it is none of a single upload.
        Self { single: schedule.traits.plans_in_headers && parts.len() == 1, parts }
    }

    /// The answer to init.
    pub(crate) fn reply(&self, id: &str, in_headers: bool, expires_at: Option<&str>) -> Reply {
        let mut plan = json!({"mediaUploadId": id, "expiresAt": expires_at});
        if in_headers {
            return Reply::ok(&plan)
                .with("x-ofauth-upload-total-parts", self.parts.len())
                .with("x-ofauth-upload-part-size", self.parts.first().copied().unwrap_or_default());
        }
        let mut start = 0;
        let parts = self.parts.iter().enumerate().map(|(index, length)| {
            let range = json!({"start": start, "end": start + length - 1});
            start += length;
            json!({"partNumber": index + 1, "uploadUrl": url(id, self.single, index), "byteRange": range})
        });
        let parts: Vec<Value> = parts.collect();
        plan["parts"] = Value::Array(parts);
        plan["partSize"] = json!(self.parts.iter().max());
        plan["uploadType"] = json!(if self.single { "single" } else { "multipart" });
        Reply::ok(&plan)
    }
}

fn url(id: &str, single: bool, index: usize) -> String {
    match single {
        true => format!("/v2/access/uploads/{id}"),
        false => format!("/v2/access/uploads/{id}/parts/{}", index + 1),
    }
}

/// The session and the part, counted from 0, that an address is of.
pub(crate) fn target(url: &url::Url) -> (usize, usize) {
    let words: Vec<&str> = url.path_segments().unwrap().collect();
    let part = words.get(5).map_or(0, |number| number.parse::<usize>().unwrap() - 1);
    (session(words[3]), part)
}

/// The reference of a session.
pub(crate) fn reference(session: usize) -> String {
    format!("upload-{session}")
}

/// The session of a reference.
pub(crate) fn session(reference: &str) -> usize {
    reference.strip_prefix("upload-").unwrap().parse().unwrap()
}

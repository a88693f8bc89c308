//! A server of the API that knows one medium of Vault+, and a media host that serves its bytes as a script says.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use ofauth_tests::exchange::Head;
use ofauth_tests::server::Recorded;
use ofauth_tests::{Answer, Server};
use serde_json::json;

use super::By;
use crate::support::SIGNATURE;

/// The medium.
pub(super) const MEDIA: &str = "4492994399";

/// How the host answers one request.
#[derive(Debug, Clone)]
pub(super) enum Play {
    /// As it should.
    Serve,
    /// As it should, and hangs up after so many bytes of the body.
    Cut(usize),
    /// So many bytes at a time, with a pause between two.
    Drip(usize, Duration),
    /// With this status and nothing else.
    Status(u16),
    /// With the whole file, whatever was asked for.
    TheWhole,
    /// With the whole file, in chunks, without saying how long it is or what it is.
    Chunked,
    /// With the rest, a byte too early.
    WrongRest,
    /// With bytes that are more than the file has.
    Longer,
    /// With another size than it should have.
    OtherSize,
    /// As if it were compressed.
    Coded,
    /// With a redirect.
    Redirect(String),
    /// With nothing.
    Silence,
    /// With another content from now on.
    Changed(Bytes),
}

/// What the host has.
pub(super) struct Host {
    pub(super) content: Mutex<Bytes>,
    script: Mutex<Vec<Play>>,
    /// Whether it marks contents.
    pub(super) etags: bool,
    addresses: AtomicUsize,
    /// Whether it was asked to store the medium, and did not refuse.
    is_stored: AtomicBool,
}

impl Host {
    fn etag(content: &Bytes) -> String {
        format!("\"{:x}-{}\"", content.first().copied().unwrap_or(0), content.len())
    }

    fn next(&self) -> Play {
        let mut script = self.script.lock().unwrap();
        if script.is_empty() { Play::Serve } else { script.remove(0) }
    }

    /// Answers the wish to have the medium stored.
    fn store(&self) -> Option<Answer> {
        Some(match self.next() {
            Play::Status(303) => {
                self.is_stored.store(true, Ordering::SeqCst);
                Answer::new(303).header("Location", "/queued")
            }
            Play::Status(status) => Answer::new(status),
            Play::Redirect(to) => Answer::new(302).header("Location", to),
            Play::Silence => return None,
            // It is carried out, and the answer is lost.
            Play::Cut(_) => {
                self.is_stored.store(true, Ordering::SeqCst);
                return None;
            }
            _ => {
                self.is_stored.store(true, Ordering::SeqCst);
                Answer::new(202)
            }
        })
    }

    fn play(&self, head: &Head) -> Option<Answer> {
        if head.method == "POST" {
            return self.store();
        }
        let play = self.next();
        if let Play::Changed(content) = &play {
            *self.content.lock().unwrap() = content.clone();
        }
        let content = self.content.lock().unwrap().clone();
        let etag = Self::etag(&content);
        let matches = head.header("if-range").is_none_or(|mark| mark == etag);
        let from = head.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
        let from: usize = from.filter(|_| matches).map_or(0, |from| from.parse().unwrap());
        let marked = |answer: Answer| if self.etags { answer.header("ETag", etag.as_str()) } else { answer };
        let serve = |from: usize| match from {
            0 => marked(Answer::with_body(200, "video/mp4", content.to_vec())),
            from if from >= content.len() => {
                Answer::new(416).header("Content-Range", format!("bytes */{}", content.len()))
            }
            from => {
                let range = format!("bytes {from}-{}/{}", content.len() - 1, content.len());
                let answer = Answer::with_body(206, "video/mp4", content[from..].to_vec());
                marked(answer.header("Content-Range", range))
            }
        };
        Some(match play {
            Play::Serve | Play::Changed(_) => serve(from),
            Play::Cut(bytes) => serve(from).cut_at(bytes),
            Play::Drip(bytes, pause) => serve(from).drip(bytes, pause),
            Play::Status(status) => Answer::new(status),
            Play::TheWhole => serve(0),
            Play::Chunked => Answer::with_body(200, "video/mp4", content.to_vec()).chunked(10_000),
            Play::WrongRest => {
                let from = from - 1;
                let range = format!("bytes {from}-{}/{}", content.len() - 1, content.len());
                Answer::with_body(206, "video/mp4", content[from..].to_vec()).header("Content-Range", range)
            }
            Play::Longer => {
                let longer = [&content[..], &[0; 10]].concat();
                Answer::with_body(200, "video/mp4", longer).chunked(10_000)
            }
            Play::OtherSize => Answer::with_body(200, "video/mp4", vec![0; content.len() + 1]),
            Play::Coded => serve(0).header("Content-Encoding", "br"),
            Play::Redirect(to) => Answer::new(302).header("Location", to),
            Play::Silence => return None,
        })
    }
}

/// Both servers.
pub(super) struct Site {
    pub(super) api: Server,
    pub(super) media: Server,
    pub(super) host: Arc<Host>,
}

impl Site {
    /// A medium with this content, whose host plays the script first. `status` is that of the variant.
    pub(super) async fn start(content: Bytes, script: Vec<Play>, etags: bool, status: &'static str) -> Self {
        let host = Arc::new(Host {
            content: Mutex::new(content),
            script: Mutex::new(script),
            etags,
            addresses: AtomicUsize::new(0),
            is_stored: AtomicBool::new(false),
        });
        let played = Arc::clone(&host);
        let media = Server::start(By(move |head: &Head, _: &[u8]| played.play(head))).await;
        let (asked, origin) = (Arc::clone(&host), media.origin().to_owned());
        let api = Server::start(By(move |head: &Head, _: &[u8]| {
            let number = asked.addresses.fetch_add(1, Ordering::SeqCst);
            let size = asked.content.lock().unwrap().len();
            // A variant that is not stored is, after some looks.
            let is_stored = match status {
                "pending" => number >= 3,
                _ => status == "stored" || asked.is_stored.load(Ordering::SeqCst),
            };
            let status = if is_stored { "stored" } else { status };
            let url = format!("{origin}/media/{number}?sig={SIGNATURE}");
            let medium = json!({"id": MEDIA, "type": "video", "duration": 3, "media": {
                "source": {"status": status, "sizeBytes": size, "contentType": "video/mp4", "url": url},
                "thumb": {"status": "removed"},
            }});
            let is_batch = head.method == "POST";
            Some(Answer::json(200, &if is_batch { json!({"items": [medium]}) } else { medium }))
        }))
        .await;
        Self { api, media, host }
    }

    /// The addresses that were asked to store the medium, by number.
    pub(super) fn stores(&self) -> Vec<String> {
        let heads = self.media.requests().into_iter().filter_map(|request| request.head.clone());
        let posts = heads.filter(|head| head.method == "POST");
        let path = |head: Head| head.target.split('?').next().unwrap_or_default().to_owned();
        posts.map(path).collect()
    }

    /// The first bytes that were asked for, by request: 0 for the whole file.
    pub(super) fn asked(&self) -> Vec<u64> {
        let from = |request: &Recorded| {
            let range =
                request.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
            range.map_or(0, |from| from.parse().unwrap())
        };
        self.media.requests().iter().map(from).collect()
    }

    /// Whether the host, which is not trusted, saw a key.
    pub(super) fn saw_key(&self) -> bool {
        self.media.requests().iter().any(|request| {
            let head = request.head.as_ref().unwrap();
            head.headers.iter().any(|(name, value)| {
                name.eq_ignore_ascii_case("apikey")
                    || name.eq_ignore_ascii_case("x-connection-id")
                    || value.contains("sk_")
            })
        })
    }
}

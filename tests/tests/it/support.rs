//! What the tests share: a client under watch, file contents, time bounds, and a way to run slow cases in parallel.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use ofauth::{Client, ClientBuilder, Error, ErrorKind, Source, Upload};
use ofauth_tests::server::Handling;
use ofauth_tests::{Exchange, Guide, Listen, Next, Server, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The API key of every test. It must never be logged or shown.
pub(crate) const KEY: &str = "sk_live_canary_7f3a9c51d2e84b60";
/// A secret in part URLs and in signed media URLs. The same holds for it.
pub(crate) const SIGNATURE: &str = "signature_canary_91be04";
/// The connection of every test.
pub(crate) const CONNECTION: &str = "conn_test";
pub(crate) const KIB: u64 = 1024;
pub(crate) const MIB: u64 = 1024 * 1024;

/// A client of `server`.
pub(crate) fn client(server: &Server) -> Client {
    builder(server).build().unwrap()
}

/// A client of `server` with more to be set.
pub(crate) fn builder(server: &Server) -> ClientBuilder {
    let builder = builder_for(server.origin());
    match server.ca_pem() {
        Some(pem) => builder.ca_pem(pem),
        None => builder,
    }
}

/// A client of the server at `base_url` with more to be set.
pub(crate) fn builder_for(base_url: &str) -> ClientBuilder {
    watch::start(&[KEY, SIGNATURE]);
    Client::builder().api_key(KEY).connection_id(CONNECTION).base_url(base_url)
}

/// A server that follows the guide with one PUT per file.
pub(crate) fn single() -> Guide {
    Guide::single(KEY).query(&query())
}

/// A server that follows the guide with parts of `size` bytes.
pub(crate) fn parts(size: u64) -> Guide {
    Guide::parts(KEY, size).query(&query())
}

/// A query as signed URLs have it.
pub(crate) fn query() -> String {
    format!("X-Sig={SIGNATURE}%2Fa%2Bb%3D&flag&empty=&list=a,b;c~d!*()")
}

/// Takes the server out of the URLs of a plan, so that they lead to wherever the client found it.
pub(crate) fn relative_plan(plan: &mut serde_json::Value) {
    let path = |url: &serde_json::Value| {
        let url = url.as_str().unwrap();
        serde_json::json!(url[url.find("/v2").unwrap()..])
    };
    if !plan["completeUrl"].is_null() {
        plan["completeUrl"] = path(&plan["completeUrl"]);
    }
    for part in plan["parts"].as_array_mut().unwrap() {
        part["uploadUrl"] = path(&part["uploadUrl"]);
    }
}

/// `length` bytes, the same at every run, no two blocks of which are alike. Made at the speed of memory.
pub(crate) fn data(length: u64) -> Bytes {
    const BLOCK: usize = 4096;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut block = Vec::with_capacity(BLOCK);
    while block.len() < BLOCK {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        block.extend_from_slice(&state.to_le_bytes());
    }
    let length = usize::try_from(length).unwrap();
    let mut bytes = block.repeat(length.div_ceil(BLOCK));
    for (number, block) in (length as u64..).zip(bytes.chunks_mut(BLOCK)) {
        block[..8].copy_from_slice(&number.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes.truncate(length);
    Bytes::from(bytes)
}

/// An upload of `bytes` under the name of a video.
pub(crate) fn video(client: &Client, bytes: &Bytes) -> Upload {
    client.upload(Source::bytes(bytes.clone()).filename("clip.mp4"))
}

/// Awaits `work`, and fails if it takes longer than so many seconds.
pub(crate) async fn within<T>(seconds: u64, work: impl IntoFuture<Output = T>) -> T {
    let limit = Duration::from_secs(seconds);
    timeout(limit, work).await.unwrap_or_else(|_| panic!("not within {seconds} s"))
}

/// Checks an error's kind, and that it is fit to be shown: one line of bounded length and no secret in it.
#[track_caller]
pub(crate) fn check(error: &Error, kind: ErrorKind) -> String {
    let shown = error.to_string();
    assert_eq!(error.kind(), kind, "{shown}");
    assert!(!shown.contains(['\n', '\r', '\0', '\u{1b}']), "more than a line: {shown:?}");
    assert!(shown.len() < 2000, "{} bytes of error", shown.len());
    assert!(!shown.trim().is_empty() && !shown.contains("  "), "{shown:?}");
    let mut whole = format!("{shown} {error:?} {error:#?} {:?} {:?}", error.upload_id(), error.request_id());
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        whole.push_str(&format!(" {inner} {inner:?}"));
        source = inner.source();
    }
    assert!(!watch::is_forbidden(&whole), "a secret in {whole}");
    shown
}

/// Cases that run in parallel; each that fails is named.
#[derive(Default)]
pub(crate) struct Together(JoinSet<()>, Vec<(tokio::task::Id, String)>);

impl Together {
    /// Adds a case.
    pub(crate) fn add(&mut self, name: impl Into<String>, case: impl Future<Output = ()> + Send + 'static) {
        let task = self.0.spawn(case);
        self.1.push((task.id(), name.into()));
    }

    /// Runs all to their ends and fails if any failed.
    pub(crate) async fn run(mut self, seconds: u64) {
        assert!(!self.1.is_empty());
        let mut failed = Vec::new();
        let all = async {
            while let Some(ended) = self.0.join_next_with_id().await {
                let id = match &ended {
                    Ok((id, ())) => *id,
                    Err(error) => error.id(),
                };
                let at = self.1.iter().position(|(known, _)| *known == id).unwrap();
                let (_, name) = self.1.swap_remove(at);
                if ended.is_err() {
                    failed.push(name);
                }
            }
        };
        let in_time = timeout(Duration::from_secs(seconds), all).await.is_ok();
        let late: Vec<_> = self.1.iter().map(|(_, name)| name).collect();
        assert!(in_time && failed.is_empty(), "failed: {failed:?}, not within {seconds} s: {late:?}");
    }
}

/// A server that nobody should come to.
pub(crate) async fn trap() -> Server {
    trap_on(Listen::default()).await
}

/// Such a server that listens in a given way.
pub(crate) async fn trap_on(listen: Listen) -> Server {
    fn hang_up(_: &mut Exchange) -> Handling<'_> {
        Box::pin(async { Ok(Next::Close) })
    }
    listen.start(hang_up).await
}

//! The upload guide's protocol on top of the scriptable server: init, parts, single, complete, check.
//!
//! Written from the guide alone and strict about it: a wrong header, length or content type is answered with an
//! error. A script may take over any request. What arrived is kept as digests, to be compared with what was sent.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::exchange::{Exchange, Head, Next};
use crate::response::Answer;
use crate::server::{Handler, Handling, Listen, Server};
use crate::session::{Session, sha256};

/// A step of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// `POST /v2/access/uploads/init`.
    Init,
    /// The PUT of a part.
    Part(u32),
    /// The PUT of a single upload.
    Single,
    /// `POST /v2/access/uploads/complete`.
    Complete,
    /// Anything else.
    Other,
}

/// A request as a script sees it.
#[derive(Debug)]
pub struct Visit<'a> {
    /// What it asks for.
    pub step: Step,
    /// Which session it belongs to, counted from 0; for init, the one that it would open.
    pub session: usize,
    /// How often this step of this session was asked for, this time included.
    pub attempt: usize,
    /// Its head.
    pub head: &'a Head,
}

/// A future that a script made.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;
/// A handler for one request.
pub type Custom = Box<dyn for<'a> FnOnce(&'a mut Exchange) -> Handling<'a> + Send>;

/// What a script has the server do with one request.
pub enum Play {
    /// What the guide says.
    Guide,
    /// Read the body, then give this answer.
    Answer(Answer),
    /// Give this answer at once and close the connection with the body unread.
    Early(Answer),
    /// Read so many bytes of the body, then reset the connection.
    Cut(u64),
    /// Do what the guide says, but end the connection instead of answering.
    Lose,
    /// Do what the guide says, and then this with the connection.
    Ending(Next),
    /// Do what the guide says, and then this instead of answering.
    Worked(Custom),
    /// Read the body and never answer.
    Silence,
    /// Read so many bytes of the body, then neither read nor write.
    Deaf(u64),
    /// Read the body, await this, then do what the guide says.
    Then(Task),
    /// Anything.
    Custom(Custom),
}

type Script = Box<dyn Fn(&Visit<'_>) -> Play + Send + Sync>;
type EditPlan = Box<dyn Fn(&mut Value, usize) + Send + Sync>;
type EditAnswer = Box<dyn Fn(Step, Answer) -> Answer + Send + Sync>;
type Lengths = Box<dyn Fn(u64) -> Vec<u64> + Send + Sync>;

/// A server that follows the guide, before it is started.
pub struct Guide {
    key: String,
    lengths: Option<Lengths>,
    query: String,
    media: Value,
    header_only: bool,
    repeatable_complete: bool,
    script: Script,
    edit_plan: EditPlan,
    edit_answer: EditAnswer,
}

impl Guide {
    /// Every file in one PUT. `key` is the API key that is accepted.
    pub fn single(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            lengths: None,
            query: String::new(),
            media: json!({"id": 12345, "type": "photo", "files": {}}),
            header_only: false,
            repeatable_complete: false,
            script: Box::new(|_| Play::Guide),
            edit_plan: Box::new(|_, _| {}),
            edit_answer: Box::new(|_, answer| answer),
        }
    }

    /// Every file in parts of `part_size` bytes.
    pub fn parts(key: &str, part_size: u64) -> Self {
        Self::uneven(key, move |size| {
            (0..size.div_ceil(part_size)).map(|part| part_size.min(size - part * part_size)).collect()
        })
    }

    /// Every file in parts whose lengths `lengths` makes of the size.
    pub fn uneven(key: &str, lengths: impl Fn(u64) -> Vec<u64> + Send + Sync + 'static) -> Self {
        Self { lengths: Some(Box::new(lengths)), ..Self::single(key) }
    }

    /// Part URLs carry this query.
    pub fn query(mut self, query: &str) -> Self {
        self.query = format!("?{query}");
        self
    }

    /// The `media` of a finished upload; `null` leaves it out.
    pub fn media(mut self, media: Value) -> Self {
        self.media = media;
        self
    }

    /// Answers init in the older way, with headers alone.
    pub fn header_only(mut self) -> Self {
        self.header_only = true;
        self
    }

    /// Completing a finished upload again succeeds, instead of 404.
    pub fn repeatable_complete(mut self) -> Self {
        self.repeatable_complete = true;
        self
    }

    /// Decides about each request as soon as its head was read.
    pub fn script(mut self, script: impl Fn(&Visit<'_>) -> Play + Send + Sync + 'static) -> Self {
        self.script = Box::new(script);
        self
    }

    /// Changes each plan before it is handed out. The number is that of the session.
    pub fn edit_plan(mut self, edit: impl Fn(&mut Value, usize) + Send + Sync + 'static) -> Self {
        self.edit_plan = Box::new(edit);
        self
    }

    /// Changes each answer that the guide prescribes.
    pub fn edit_answer(mut self, edit: impl Fn(Step, Answer) -> Answer + Send + Sync + 'static) -> Self {
        self.edit_answer = Box::new(edit);
        self
    }

    /// Starts plainly.
    pub async fn start(self) -> Site {
        self.listen(Listen::default()).await
    }

    /// Starts with TLS for the loopback address.
    pub async fn start_tls(self) -> Site {
        self.listen(Listen::default().tls(&["127.0.0.1", "localhost"])).await
    }

    /// Starts in a given way.
    pub async fn listen(self, listen: Listen) -> Site {
        let state = Arc::new(State { guide: self, sessions: Mutex::default(), visits: Mutex::default() });
        let server = listen.start(Following(Arc::clone(&state))).await;
        Site { server, state }
    }
}

/// A started [`Guide`]: the server, and what was uploaded to it.
pub struct Site {
    server: Server,
    state: Arc<State>,
}

impl Deref for Site {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Site {
    /// The sessions so far.
    pub fn sessions(&self) -> Vec<Session> {
        self.state.sessions.lock().unwrap().clone()
    }

    /// How often a step was asked for, over all sessions.
    pub fn visits(&self, step: Step) -> usize {
        let visits = self.state.visits.lock().unwrap();
        visits.iter().filter(|((_, known), _)| *known == step).map(|(_, times)| times).sum()
    }

    /// How often a part was asked for beyond once each, over all sessions.
    pub fn repeated_parts(&self) -> Vec<(u32, usize)> {
        let visits = self.state.visits.lock().unwrap();
        let mut repeated: Vec<_> = visits
            .iter()
            .filter_map(|((_, step), times)| match step {
                Step::Part(number) if *times > 1 => Some((*number, *times)),
                _ => None,
            })
            .collect();
        repeated.sort_unstable();
        repeated
    }
}

struct State {
    guide: Guide,
    sessions: Mutex<Vec<Session>>,
    visits: Mutex<HashMap<(usize, Step), usize>>,
}

struct Following(Arc<State>);

impl Handler for Following {
    fn handle<'a>(&'a self, exchange: &'a mut Exchange) -> Handling<'a> {
        Box::pin(self.0.handle(exchange))
    }
}

impl State {
    async fn handle(&self, exchange: &mut Exchange) -> io::Result<Next> {
        let (session, step) = self.route(&exchange.head);
        let play = {
            let attempt = {
                let mut visits = self.visits.lock().unwrap();
                let times = visits.entry((session, step)).or_default();
                *times += 1;
                *times
            };
            (self.guide.script)(&Visit { step, session, attempt, head: &exchange.head })
        };
        match play {
            Play::Guide => {
                let answer = self.follow(exchange, session, step).await?;
                exchange.answer(&(self.guide.edit_answer)(step, answer)).await
            }
            Play::Answer(answer) => {
                exchange.read_body().await?;
                exchange.answer(&answer).await
            }
            Play::Early(answer) => {
                exchange.answer(&answer).await?;
                Ok(Next::Drop)
            }
            Play::Cut(bytes) => {
                exchange.read(bytes).await?;
                Ok(Next::Reset)
            }
            Play::Lose => {
                self.follow(exchange, session, step).await?;
                Ok(Next::Drop)
            }
            Play::Ending(next) => {
                let answer = self.follow(exchange, session, step).await?;
                exchange.answer(&(self.guide.edit_answer)(step, answer)).await?;
                Ok(next)
            }
            Play::Worked(instead) => {
                self.follow(exchange, session, step).await?;
                instead(exchange).await
            }
            Play::Silence => {
                exchange.read_body().await?;
                Ok(Next::Silence)
            }
            Play::Deaf(bytes) => {
                exchange.read(bytes).await?;
                Ok(Next::Deaf)
            }
            Play::Then(task) => {
                exchange.read_body().await?;
                task.await;
                let answer = self.follow(exchange, session, step).await?;
                exchange.answer(&(self.guide.edit_answer)(step, answer)).await
            }
            Play::Custom(custom) => custom(exchange).await,
        }
    }

    fn route(&self, head: &Head) -> (usize, Step) {
        let sessions = self.sessions.lock().unwrap();
        let last = sessions.len().saturating_sub(1);
        match (head.method.as_str(), head.path().strip_prefix("/v2/access/uploads/")) {
            ("POST", Some("init")) => (sessions.len(), Step::Init),
            // Which session a complete means stands in its body: a script sees the newest.
            ("POST", Some("complete")) => (last, Step::Complete),
            ("PUT", Some(rest)) => {
                let (id, part) = match rest.split_once("/parts/") {
                    Some((id, part)) => (id, part.parse().ok().map(Step::Part)),
                    None => (rest, Some(Step::Single)),
                };
                let session = sessions.iter().position(|session| session.id.replace(':', "%3A") == id);
                match (session, part) {
                    (Some(session), Some(step)) => (session, step),
                    _ => (last, Step::Other),
                }
            }
            _ => (last, Step::Other),
        }
    }

    /// Does what the guide says and returns its answer.
    async fn follow(&self, exchange: &mut Exchange, session: usize, step: Step) -> io::Result<Answer> {
        let body = exchange.read_body().await?;
        let head = &exchange.head;
        let bad = |error: &str| Ok(Answer::problem(400, error, "BAD_REQUEST", "req_guide"));
        if head.header("apikey") != Some(&self.guide.key) {
            return Ok(Answer::problem(401, "no such key", "UNAUTHORIZED", "req_guide"));
        }
        if head.header("x-connection-id").is_none_or(str::is_empty) {
            return bad("no connection");
        }
        if head.header("transfer-encoding").is_some() || head.header("expect").is_some() {
            return bad("a header that the guide does not know");
        }
        if matches!(step, Step::Init | Step::Complete)
            && head.header("content-type") != Some("application/json")
        {
            return bad("the body is not declared as JSON");
        }
        match step {
            Step::Init => Ok(self.init(&exchange.origin, body.json())),
            Step::Part(number) => Ok(self.part(session, number, head, body.sha256, body.received)),
            Step::Single => Ok(self.whole(session, head, body.sha256, body.received)),
            Step::Complete => Ok(self.complete(&body.json())),
            Step::Other => Ok(Answer::problem(404, "no such route", "ROUTE_NOT_FOUND", "req_guide")),
        }
    }

    fn init(&self, origin: &str, body: Value) -> Answer {
        let (Some(size), Some(content_type), Some(_)) = (
            body["size"].as_u64().filter(|size| *size > 0),
            body["contentType"].as_str(),
            body["filename"].as_str(),
        ) else {
            return Answer::problem(
                400,
                "filename, size and contentType are required",
                "BAD_REQUEST",
                "req_guide",
            );
        };
        let mut sessions = self.sessions.lock().unwrap();
        let number = sessions.len();
        let id = format!("upload:550e8400-e29b-41d4-a716-{number:012}");
        let lengths = self.guide.lengths.as_ref().map_or_else(|| vec![size], |lengths| lengths(size));
        let session = Session::new(id, size, content_type, &lengths, body.clone());
        let mut plan = session.plan(origin, &self.guide.query, self.guide.lengths.is_none());
        sessions.push(session);
        drop(sessions);
        (self.guide.edit_plan)(&mut plan, number);
        let (total, most) = (plan["totalParts"].to_string(), plan["partSize"].to_string());
        if self.guide.header_only {
            plan = json!({"mediaUploadId": plan["mediaUploadId"]});
        }
        Answer::json(200, &plan)
            .header("x-ofauth-upload-total-parts", total)
            .header("x-ofauth-upload-part-size", most)
    }

    fn part(&self, session: usize, number: u32, head: &Head, digest: Option<Vec<u8>>, length: u64) -> Answer {
        let mut sessions = self.sessions.lock().unwrap();
        let Some(session) = sessions.get_mut(session).filter(|session| session.completed == 0) else {
            return Answer::problem(404, "no such session", "RESOURCE_NOT_FOUND", "req_guide");
        };
        if let Some(refusal) = session.take_part(number, head, digest, length) {
            return refusal;
        }
        Answer::json(
            200,
            &json!({"mediaUploadId": session.id, "partNumber": number, "etag": format!("\"etag-{number}\"")}),
        )
    }

    fn whole(&self, session: usize, head: &Head, digest: Option<Vec<u8>>, length: u64) -> Answer {
        let mut sessions = self.sessions.lock().unwrap();
        let Some(session) = sessions.get_mut(session).filter(|session| session.completed == 0) else {
            return Answer::problem(404, "no such session", "RESOURCE_NOT_FOUND", "req_guide");
        };
        if let Some(refusal) = session.take_part(1, head, digest, length) {
            return refusal;
        }
        session.completed += 1;
        self.finished(&session.id).header("ETag", "\"etag-single\"")
    }

    fn complete(&self, body: &Value) -> Answer {
        let mut sessions = self.sessions.lock().unwrap();
        let session = sessions.iter_mut().find(|session| body == &json!({"mediaUploadId": session.id}));
        let Some(session) =
            session.filter(|session| session.completed == 0 || self.guide.repeatable_complete)
        else {
            return Answer::problem(404, "no such session", "RESOURCE_NOT_FOUND", "req_guide");
        };
        if session.parts.iter().any(|part| part.received.is_none()) {
            return Answer::problem(400, "parts are missing", "BAD_REQUEST", "req_guide");
        }
        // Repeating is finding it finished, not finishing it twice.
        session.completed = 1;
        self.finished(&session.id)
    }

    fn finished(&self, id: &str) -> Answer {
        let mut body = json!({"mediaUploadId": id});
        if !self.guide.media.is_null() {
            body["media"] = self.guide.media.clone();
        }
        Answer::json(200, &body)
    }
}

/// Whether `data` is what the session received, part by part.
pub fn holds(session: &Session, data: &[u8]) -> bool {
    session.parts.iter().all(|part| {
        let range = data.get(part.start as usize..(part.start + part.length) as usize);
        range.is_some_and(|range| part.received.as_deref() == Some(&sha256(range)[..]))
    })
}

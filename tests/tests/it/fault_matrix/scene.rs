//! Sets the scene for a case of the fault matrix: the server, the gate in front of it if the fault lies below HTTP,
//! and a record of when the request in question came.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ofauth_tests::guide::{Custom, Visit};
use ofauth_tests::{Failing, Gate, Guide, Identity, Listen, Next, Pass, Play, Site, Step};
use serde_json::json;

use super::table::Case;
use super::words::{Fault, Phase, Request, Saying, Then};
use crate::support::{KEY, KIB, MIB, query, relative_plan};

/// More than what the kernels on both sides hold, so that a body is certainly not sent whole.
const LARGE: u64 = 4 * MIB;
const SMALL: u64 = 64 * KIB;
/// Bytes of a body that are read before something happens in its middle.
const SOME: u64 = 100 * KIB;
/// By the server's clock, sessions whose end matters end a second after this.
const DATE: &str = "Mon, 02 Jan 2023 00:00:00 GMT";
const END: &str = "2023-01-02T00:00:01.000Z";
/// After this such a session is over.
const PAST_THE_END: Duration = Duration::from_millis(1100);

pub(super) struct Scene {
    pub(super) site: Site,
    pub(super) gate: Option<Arc<Gate>>,
    /// The server that a connection may be led to instead.
    _other: Option<Site>,
    pub(super) plot: Arc<Plot>,
    /// The length of the file.
    pub(super) size: u64,
}

/// What is to happen, and what happened so far.
pub(super) struct Plot {
    case: Case,
    /// Off while an earlier upload warms connections up.
    pub(super) armed: AtomicBool,
    /// When the request in question came.
    pub(super) arrivals: Mutex<Vec<Instant>>,
}

impl Request {
    pub(super) fn step(self) -> Step {
        match self {
            Self::Init => Step::Init,
            Self::FirstPart => Step::Part(1),
            Self::Part => Step::Part(2),
            Self::Single => Step::Single,
            Self::Complete => Step::Complete,
        }
    }

    /// The step before it that goes over a connection of the same pool.
    fn before(self) -> Option<Step> {
        match self {
            Self::Part => Some(Step::Part(1)),
            Self::Complete => Some(Step::Init),
            Self::Init | Self::FirstPart | Self::Single => None,
        }
    }

    /// Which connection of the upload carries it, counted from 0, if it gets a fresh one.
    pub(super) fn connection(self) -> usize {
        match self {
            Self::Init => 0,
            Self::FirstPart | Self::Single => 1,
            Self::Part | Self::Complete => 2,
        }
    }
}

impl Case {
    /// Whether a connection has to be warmed up by an upload before.
    pub(super) fn warms_up(&self) -> bool {
        self.keeps_alive() && self.request.before().is_none()
    }

    /// The step that leaves behind the connection which the request in question finds.
    fn warm_step(&self) -> Step {
        self.request.before().unwrap_or(self.request.step())
    }

    fn keeps_alive(&self) -> bool {
        matches!(self.phase, Phase::Reused | Phase::Idle)
    }

    fn is_below_http(&self) -> bool {
        matches!(self.phase, Phase::Connecting | Phase::ConnectingPlain | Phase::Handshake)
    }

    /// The lengths of the parts. Only what a fault meets in its body has to be long.
    fn lengths(&self) -> Vec<u64> {
        let target = match self.phase {
            Phase::Head | Phase::MidBody | Phase::Early | Phase::Reused => LARGE,
            _ => SMALL,
        };
        match self.request {
            Request::Single => vec![target],
            Request::FirstPart => vec![target, SMALL, SMALL, 10 * KIB],
            Request::Part => vec![SMALL, target, SMALL, 10 * KIB],
            Request::Init | Request::Complete => vec![SMALL, SMALL, SMALL, 10 * KIB],
        }
    }

    fn is_late(&self) -> bool {
        let late = |fault: &Fault| matches!(fault, Fault::Says(Saying { late: true, .. }));
        late(&self.fault) || matches!(&self.then, Then::Meets(fault) if late(fault))
    }

    /// Whether a clock decides how it ends, so that it must not be starved.
    pub(super) fn is_timed(&self) -> bool {
        self.needs_short_clocks() || self.timeout.is_some()
    }

    /// Whether a fault ends by one of the client's clocks, and not by the timeout.
    pub(super) fn needs_short_clocks(&self) -> bool {
        let hangs = |fault: &Fault| {
            matches!(
                fault,
                Fault::FallsSilent | Fault::StopsReading | Fault::Says(Saying { hangs: true, .. })
            )
        };
        let some = hangs(&self.fault) || matches!(&self.then, Then::Meets(fault) if hangs(fault));
        some && self.timeout.is_none()
    }
}

impl Scene {
    /// `tls`: who the server is.
    pub(super) async fn set(case: &Case, tls: Option<&Identity>) -> Self {
        let plot = Arc::new(Plot {
            case: case.clone(),
            armed: AtomicBool::new(!case.warms_up()),
            arrivals: Mutex::default(),
        });
        let lengths = case.lengths();
        let size = lengths.iter().sum();
        let guide = match case.request {
            Request::Single => Guide::single(KEY),
            _ => Guide::uneven(KEY, move |_| lengths.clone()),
        };
        let guide = if matches!(case.then, Then::WorksTwice) { guide.repeatable_complete() } else { guide };
        let (script, closer, late) = (Arc::clone(&plot), Arc::clone(&plot), case.is_late());
        let guide = guide
            .query(&query())
            .script(move |visit| script.play(visit))
            .edit_plan(move |plan, session| {
                if late && session == 0 {
                    plan["expiresAt"] = json!(END);
                }
                relative_plan(plan);
            })
            .edit_answer(move |step, answer| {
                let answer =
                    if closer.closes_after(step) { answer.header("Connection", "close") } else { answer };
                if late { answer.header("Date", DATE) } else { answer }
            });
        let site = guide.listen(listen(tls)).await;
        let other = match case.fault {
            Fault::Foreign => Some(Guide::single(KEY).start_tls().await),
            _ => None,
        };
        let gate = case.is_below_http().then(|| gate(case, &site, other.as_ref()));
        let gate = match gate {
            Some(gate) => Some(Arc::new(gate.start().await)),
            None => None,
        };
        Self { site, gate, _other: other, plot, size }
    }

    /// Where the client goes.
    pub(super) fn base_url(&self) -> String {
        let address = self.gate.as_ref().map_or(self.site.address(), |gate| gate.address());
        let scheme = if self.site.ca_pem().is_some() { "https" } else { "http" };
        format!("{scheme}://{address}")
    }
}

fn listen(tls: Option<&Identity>) -> Listen {
    let listen = Listen::default().receive_buffer(64 * 1024);
    match tls {
        Some(identity) => listen.tls_as(identity),
        None => listen,
    }
}

fn gate(case: &Case, site: &Site, other: Option<&Site>) -> ofauth_tests::gate::Before {
    /// Within the first message of a handshake.
    const IN_HANDSHAKE: usize = 50;
    let heard = if case.phase == Phase::Handshake { IN_HANDSHAKE } else { 0 };
    let gate = Gate::before(site.address());
    let at = case.request.connection();
    let pass = match case.fault {
        Fault::Refused => return gate.shut_at(at),
        Fault::Resets => Pass::Fail(heard, Failing::Reset),
        Fault::Closes => Pass::Fail(heard, Failing::Close),
        Fault::FallsSilent => Pass::Fail(heard, Failing::Silence),
        Fault::NoTls => {
            Pass::Fail(heard, Failing::Say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
        }
        Fault::Foreign => Pass::To(other.unwrap().address()),
        ref fault => panic!("{fault:?} is nothing that happens below HTTP"),
    };
    let for_ever = matches!(case.then, Then::Same);
    gate.script(move |number| if number == at || (for_ever && number > at) { pass } else { Pass::Through })
}

impl Plot {
    /// Whether the answer of `step` ends its connection, so that the request in question gets a fresh one.
    fn closes_after(&self, step: Step) -> bool {
        match (self.case.phase, &self.case.fault) {
            (Phase::Idle, Fault::SaysClose) => self.case.warm_step() == step && self.is_warming(),
            (Phase::Idle | Phase::Reused, _) => false,
            _ => self.case.request.before() == Some(step),
        }
    }

    /// Whether the present upload is the one that the request in question finds a connection of.
    fn is_warming(&self) -> bool {
        self.case.warms_up() != self.armed.load(Ordering::SeqCst)
    }

    fn play(&self, visit: &Visit<'_>) -> Play {
        if let Some(play) = self.before(visit) {
            return play;
        }
        if visit.step != self.case.request.step() || !self.armed.load(Ordering::SeqCst) {
            return Play::Guide;
        }
        let times = {
            let mut arrivals = self.arrivals.lock().unwrap();
            arrivals.push(Instant::now());
            arrivals.len()
        };
        if self.case.is_below_http() || self.case.phase == Phase::Idle {
            return Play::Guide;
        }
        match (&self.case.then, times) {
            (_, 1) | (Then::Same, _) => play(self.case.phase, &self.case.fault),
            (Then::Meets(fault), 2) => play(Phase::Body, fault),
            _ => Play::Guide,
        }
    }

    /// What becomes of the connection that the request in question is going to find idle.
    fn before(&self, visit: &Visit<'_>) -> Option<Play> {
        if self.case.phase != Phase::Idle || visit.step != self.case.warm_step() || !self.is_warming() {
            return None;
        }
        match self.case.fault {
            Fault::Closes => Some(Play::Ending(Next::Drop)),
            Fault::Resets => Some(Play::Ending(Next::Reset)),
            // The answer itself says it; see `closes_after`.
            Fault::SaysClose => None,
            ref fault => panic!("{fault:?} is nothing that happens to an idle connection"),
        }
    }
}

/// What a server does with a request that it has read up to `phase`.
fn play(phase: Phase, fault: &Fault) -> Play {
    let fault = fault.clone();
    let ending: Custom = match fault {
        Fault::Closes => Box::new(|_| Box::pin(async { Ok(Next::Drop) })),
        Fault::Resets => Box::new(|_| Box::pin(async { Ok(Next::Reset) })),
        Fault::FallsSilent => Box::new(|_| Box::pin(async { Ok(Next::Silence) })),
        Fault::StopsReading => Box::new(|_| Box::pin(async { Ok(Next::Deaf) })),
        Fault::Says(saying) => Box::new(move |exchange| {
            Box::pin(async move {
                if saying.late {
                    tokio::time::sleep(PAST_THE_END).await;
                }
                exchange.write(&saying.bytes).await?;
                Ok(match saying {
                    Saying { hangs: true, .. } => Next::Silence,
                    _ if exchange.left() > 0 => Next::Drop,
                    Saying { keeps: true, .. } => Next::Keep,
                    _ => Next::Close,
                })
            })
        }),
        fault => panic!("{fault:?} is nothing that happens above TLS"),
    };
    let read = match phase {
        Phase::Head | Phase::Early | Phase::Reused => 0,
        Phase::MidBody => SOME,
        Phase::Body => u64::MAX,
        Phase::Done => return Play::Worked(ending),
        Phase::Connecting | Phase::ConnectingPlain | Phase::Handshake | Phase::Idle => {
            panic!("{phase:?} is no phase of a request")
        }
    };
    Play::Custom(Box::new(move |exchange| {
        Box::pin(async move {
            match read {
                u64::MAX => drop(exchange.read_body().await?),
                some => drop(exchange.read(some.min(exchange.left() / 2)).await?),
            }
            ending(exchange).await
        })
    }))
}

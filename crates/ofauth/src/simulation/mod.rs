//! The real engine in a simulated world: service, disk, file, clock and chance come from one number, the seed.
//!
//! A seed is a [`schedule`]: the plan, how often what goes wrong, when the process is killed and the file changed. The
//! [`user`] runs the upload again and again as people do, over the [`network`] to the [`service`] and with the journal on
//! the [`disk`]; [`env`] holds time, chance and what happens when. [`check`] says what must hold whatever happens.
//! Time is tokio's paused clock, so that hours take milliseconds, and all runs in one thread, so that a seed always does
//! the same. Sockets and HTTP are not simulated: above "send one request, get what became of it" everything is the code that is
//! shipped, the retry loops of init and complete, bodies, answers, rate limiter and journal included.

mod cancelling;
mod check;
mod disk;
mod env;
pub(crate) mod file;
mod machine;
mod network;
mod pacing;
mod plan;
mod reply;
mod schedule;
mod seeds;
mod service;
mod user;

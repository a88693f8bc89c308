//! The one road of every JSON call, typed, raw or inside an upload.
//!
//! [`transport`] sends a request and repeats it where that is safe; [`retry`] decides whether it is, as a pure
//! function, [`pause`] tells what it waits for; [`typed`] is the generated client's entrance; [`answer`] holds what came back, its [`coding`] undone;
//! [`success`] tells a success from everything else by its [`shape`]; [`problem`] reads the API's error bodies; [`wait`] reads how long the
//! service asks to be left alone; [`tls`] makes the one TLS configuration, with [`given_ca`] for certificates that the
//! caller gave. Connections are [`crate::net`]'s.

pub(crate) mod answer;
mod coding;
mod given_ca;
pub(crate) mod pause;
pub(crate) mod problem;
pub(crate) mod retry;
mod shape;
pub(crate) mod success;
pub(crate) mod tls;
pub(crate) mod transport;
mod typed;
pub(crate) mod wait;

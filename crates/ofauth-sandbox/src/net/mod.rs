//! Connections below HTTP: what they begin with, their certificates, and how they end.

pub(crate) mod protocol;
pub(crate) mod socket;
pub(crate) mod tls;

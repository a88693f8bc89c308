//! Webhooks: what happens here is told to the addresses that were given, signed as the service signs it, and again if nobody
//! took it. Which requests cause which event is said by the handlers.

mod attempt;
pub(crate) mod event;
mod lanes;
pub(crate) mod log;
pub(crate) mod sender;
pub(crate) mod signature;

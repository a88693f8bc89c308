//! Puts bytes on a connection: [`put`] sends one range of the source, which [`body`] reads piece by piece and [`throttle`] slows
//! down where asked; [`attempt`] is what both sides know of one try.

pub(crate) mod attempt;
pub(crate) mod body;
pub(crate) mod put;
pub(crate) mod throttle;

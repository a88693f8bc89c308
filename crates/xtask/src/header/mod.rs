//! `include/ofauth.h`, from the sources of `crates/ofauth-ffi`: how it is laid out, and what programs rely on in it.

mod layout;
mod modules;
mod prototypes;
pub mod surface;

pub use layout::{PATH, artefact, text};
pub use prototypes::{Declaration, Function, Parameter, declarations, functions};

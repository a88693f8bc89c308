//! `cargo xtask update`.
mod compile;
mod files;
mod input;
pub use input::Input;

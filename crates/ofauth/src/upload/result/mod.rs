//! What a finished upload is: [`uploaded`], and the [`sum`] that its content is known by.

pub(crate) mod sum;
pub(crate) mod uploaded;

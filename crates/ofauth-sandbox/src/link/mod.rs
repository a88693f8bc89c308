//! Link sessions: how a creator signs in and a connection comes into being or back. Nothing here answers requests or
//! touches connections.

pub(crate) mod redirect;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod table;

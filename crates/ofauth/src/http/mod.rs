//! What requests and answers mean: pure, below every connection.
//!
//! [`header_names`] has the names of the API's own headers, [`request`] what is sent. [`response`] holds an answer, its
//! [`coding`] undone; [`success`] tells a success from everything else by its [`shape`]; [`api_error`] reads the API's error
//! bodies and [`rate_limit_headers`] how long the service asks to be left alone; [`outcome`] is what became of a request
//! without success, and [`retry`] decides whether it is sent again. Sending is [`crate::net`]'s and [`crate::call`]'s.

pub(crate) mod api_error;
mod coding;
pub(crate) mod header_names;
pub(crate) mod outcome;
pub(crate) mod rate_limit_headers;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod retry;
mod shape;
pub(crate) mod success;

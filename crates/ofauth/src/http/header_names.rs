//! The names of the headers that the API has of its own.

/// Holds the API key.
pub(crate) const API_KEY: &str = "apikey";

/// Holds the connection to act on.
pub(crate) const CONNECTION_ID: &str = "x-connection-id";

//! Writes what is made from the merged document besides the client.

pub mod example;
mod inline;
mod limits;
pub mod openapi;
pub mod page;
mod parameter;
pub mod sandbox;
pub mod schemas;
mod success;
pub mod table;
#[cfg(test)]
mod testing;
pub mod typed_calls;
mod usual;

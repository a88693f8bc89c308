//! The operation that counts subscriptions.

use super::example;
use crate::call::Call;
use crate::document::Operation;
use crate::http::reply::{Payload, Reply};
use crate::lock::lock;
use crate::world::moments::NEWEST;
use crate::world::shape::Frame;

/// Answers how many subscriptions there are.
pub(crate) fn subscriptions(call: &Call, operation: &Operation) -> Reply {
    let counts = lock(&call.state.world).subscription_counts(&call.connection);
    let frame = Frame { base: &call.base, at: NEWEST };
    Reply::new(example::status(operation), Payload::Json(frame.fill(&operation.response, &counts)))
}

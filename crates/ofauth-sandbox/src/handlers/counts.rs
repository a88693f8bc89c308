//! The operation that counts subscriptions.

use serde_json::json;

use super::example;
use crate::call::Call;
use crate::document::Operation;
use crate::http::reply::Reply;
use crate::lock::lock;

/// Answers how many subscriptions there are.
pub(crate) fn subscriptions(call: &Call, operation: &Operation) -> Reply {
    let counts = lock(&call.state.world).subscription_counts(&call.connection);
    example::filled(call, operation, &json!(counts))
}

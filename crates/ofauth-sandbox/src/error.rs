//! The errors that the sandbox answers, in the form that the API documents.
//!
//! An [`ApiError`] knows its status, its `type` and its text; the request id is added when the answer is made.
//! Errors of the sandbox itself (it cannot start, a script cannot be read) are in [`crate::builder`] and
//! [`crate::fault`].

use http::StatusCode;
use serde_json::{Value, json};

/// An answer that refuses a request.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    kind: &'static str,
    message: String,
    action_required: Option<&'static str>,
}

impl ApiError {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), action_required: None }
    }

    /// The error for a status that has a documented `type`; other statuses get the closest of the documented names.
    pub(crate) fn from_status(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, default_type(status), message)
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message)
    }

    pub(crate) fn session_not_provided(message: impl Into<String>) -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, "SESSION_NOT_PROVIDED", message);
        error.action_required = Some("link_connection");
        error
    }

    pub(crate) fn session_expired(message: impl Into<String>) -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, "SESSION_EXPIRED", message);
        error.action_required = Some("refresh_session");
        error
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND", message)
    }

    /// No operation has this path and method; `hint` may say what was meant.
    pub(crate) fn route_not_found(method: &str, path: &str, hint: &str) -> Self {
        let message = format!("no operation answers {method} {path}{hint}");
        Self::new(StatusCode::NOT_FOUND, "ROUTE_NOT_FOUND", message)
    }

    /// What went wrong, for people.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Says more at the end of the text.
    pub(crate) fn add(mut self, hint: &str) -> Self {
        self.message.push_str(hint);
        self
    }

    pub(crate) fn too_large(message: impl Into<String>) -> Self {
        Self::from_status(StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    pub(crate) fn unsupported_type(message: impl Into<String>) -> Self {
        Self::from_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::from_status(StatusCode::CONFLICT, message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::from_status(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// The body of the answer.
    pub(crate) fn body(&self, request_id: &str) -> Value {
        let action = self.action_required;
        error_body(&self.message, self.kind, action, request_id)
    }
}

/// An error body in the documented form.
pub(crate) fn error_body(
    message: &str,
    kind: &str,
    action_required: Option<&str>,
    request_id: &str,
) -> Value {
    let mut body = json!({ "error": message, "type": kind, "requestId": request_id });
    if let (Some(action), Some(fields)) = (action_required, body.as_object_mut()) {
        fields.insert("actionRequired".to_owned(), Value::from(action));
    }
    body
}

/// The `type` of an error with this status. The names for 409, 411, 413, 415 and 5xx are not public: these are guesses.
pub(crate) fn default_type(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "UNAUTHORIZED",
        403 => "FORBIDDEN",
        404 | 410 => "RESOURCE_NOT_FOUND",
        409 | 423 | 425 => "CONFLICT",
        413 => "PAYLOAD_TOO_LARGE",
        415 => "UNSUPPORTED_MEDIA_TYPE",
        429 => "RATE_LIMIT_EXCEEDED",
        502 => "PROXY_ERROR",
        503 => "NETWORK_ERROR",
        500..=599 => "UNKNOWN_ERROR",
        _ => "BAD_REQUEST",
    }
}

/// Why a request got no ordinary answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The sandbox refuses it.
    Refused(ApiError),
    /// The connection ended, by the client or by a fault, before the request was complete.
    Gone,
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}
